//! The whole program against FFmpeg on the same clip and the same kind of server: CPU, memory, threads, start, latency
//! and picture quality; what further destinations cost; and the window beside OBS Studio's figures (`benches/publish.rs` measures sending alone).
//! `cargo bench --bench show`; `TALLY_BENCH_PAIRS` sets how often each is run in turn (5), `TALLY_BENCH_SECONDS` how long
//! each run streams (20), `TALLY_BENCH_ONLY` picks parts by name.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run stops")]

mod clip;
mod cost;
mod destinations;
mod floor;
mod latency;
mod measure;
mod quality;
mod table;
mod window;

#[path = "../../tests/window/display.rs"]
#[expect(dead_code, reason = "the display of the window's tests, of which a part is used")]
mod display;

#[path = "../../tests/window/reader.rs"]
#[expect(dead_code, reason = "the screen reader of the window's tests, of which the bus is used")]
mod reader;

#[path = "../../tests/real/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests' harness, of which a part is used")]
mod support;

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "the component benchmarks' clip reader")]
mod parts;

use table::Table;

/// How the benchmark was asked to run.
pub(crate) struct Plan {
    /// Runs of each contestant.
    pub(crate) pairs: usize,
    /// Streamed seconds of each run.
    pub(crate) seconds: u32,
}

/// A part's name and its work.
type Part = (&'static str, fn(&Plan) -> Table);

fn main() {
    let words: Vec<_> = std::env::args().collect();
    if let [_, first, clip, seconds, pace] = words.as_slice()
        && first == floor::CHILD
    {
        return floor::child(std::path::Path::new(clip), seconds.parse().unwrap(), pace);
    }
    let number =
        |name: &str, otherwise: u32| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise);
    let pairs = number("TALLY_BENCH_PAIRS", 5).max(1) as usize;
    let plan = Plan { pairs, seconds: number("TALLY_BENCH_SECONDS", 20).max(5) };
    let only = std::env::var("TALLY_BENCH_ONLY").unwrap_or_default();
    let parts: [Part; 6] = [
        ("cost", cost::measure),
        ("destinations", destinations::measure),
        ("start", latency::measure_start),
        ("latency", latency::measure),
        ("quality", quality::measure),
        ("window", window::measure),
    ];
    println!("medians of {} runs of {} s each", plan.pairs, plan.seconds);
    for (name, measure) in parts {
        if only.is_empty() || only.split(',').any(|wanted| wanted == name) {
            println!("\n{}", measure(&plan));
        }
    }
}
