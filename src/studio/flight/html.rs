//! A show's report as one HTML page that needs nothing else: it can be sent to whoever helps.

use std::fmt::Write as _;

use super::read::Gap;
use super::text::{clock, poor_stretches, summary_lines};
use super::words::{FlightWords, Phrase};
use super::{Cause, Flight, FlightSecond};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 120.0;
const RIBBON_HEIGHT: f64 = 28.0;
/// Below a graph, for the times.
const AXIS_HEIGHT: f64 = 24.0;
/// Seconds between times on the axis: the least that gives no more than so many of them.
const TICK_SECONDS: [u32; 16] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21_600, 43_200];
const TICKS_MAX: u32 = 10;
/// Times closer than this are not read, and on a phone, where they are written larger, than this.
const TICK_WIDTH: f64 = 60.0;
const TICK_WIDTH_SMALL: f64 = 105.0;
/// Points of a line: more would not be seen.
const POINTS_MAX: usize = 960;

/// A figure of a second, where it is known.
type Figure = fn(&FlightSecond) -> Option<f64>;
/// What each graph shows: title, unit, named lines.
type Graph = (Phrase, Phrase, Vec<(Phrase, Figure)>);

/// The page, in `words`.
pub fn flight_html(flight: &Flight, words: FlightWords) -> String {
    let started = flight.values("started").next();
    let title = started.map_or_else(|| words.text(Phrase::AShow).to_owned(), |started| words.show_of(started));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title} – Tally</title>\n\
         <style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n",
        language = words.text(Phrase::Language),
        title = escaped(&title)
    );
    for line in summary_lines(flight, words) {
        let _ = writeln!(page, "<p>{}</p>", escaped(&line));
    }
    page += &ribbon(flight, words);
    for wanted in graphs() {
        page += &graph(flight, &wanted, words);
    }
    page += &stretches(flight, words);
    page += &table(
        words.text(Phrase::WhatHappened),
        flight.events.iter().map(|event| {
            let sentence = words.event_sentence(&event.word, &event.sentence);
            [clock(event.at as u32), words.event_word(&event.word).to_owned(), sentence]
        }),
    );
    page += &table(
        words.text(Phrase::WhatItWas),
        flight
            .head
            .iter()
            .map(|(key, value)| [words.head_key(key).to_owned(), words.head_value(key, value), String::new()]),
    );
    page + "</body></html>\n"
}

const STYLE: &str = ":root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}\
h1{font-size:1.5rem}h2{font-size:1.05rem;margin:1.6rem 0 .3rem}p{margin:.2rem 0}\
svg{width:100%;height:auto;display:block;background:color-mix(in srgb,currentColor 5%,transparent);border-radius:6px}\
text{font-size:11px;fill:currentColor}.top{dominant-baseline:hanging}.tick{stroke:currentColor;stroke-opacity:.2}.gap{stroke:#d64545;stroke-width:4}.l0{stroke:#2f7de1}.l1{stroke:#d9822b}.l2{stroke:#2e9e5b}.l3{stroke:#8f5ad6}.l4{stroke:#c2557a}polyline{fill:none;stroke-width:1.5}\
.poor{fill:#d9822b}.away{fill:#d64545}.good{fill:#2e9e5b}i{display:inline-block;width:.8em;height:.2em;margin:0 .4em .2em 0}\
table{border-collapse:collapse;width:100%}td{padding:.15rem .8rem .15rem 0;vertical-align:top;font-variant-numeric:tabular-nums}td:first-child{white-space:nowrap}\
td:not(:last-child){overflow-wrap:break-word}\
@media(max-width:640px){body{margin:1rem auto}text{font-size:26px}.wide{display:none}polyline{stroke-width:4}td{padding-right:.5rem}}";

fn graphs() -> Vec<Graph> {
    vec![
        (
            Phrase::Rate,
            Phrase::Kbps,
            vec![(Phrase::Picture, |second| Some(second.video_kbps)), (Phrase::Carried, |second| second.network_kbps)],
        ),
        (
            Phrase::Waiting,
            Phrase::Millis,
            vec![
                (Phrase::Waits, |second| Some(second.queue_ms)),
                (Phrase::RoundTrip, |second| second.rtt_ms),
                (Phrase::CaptureToSocket, |second| second.latency_ms),
            ],
        ),
        (
            Phrase::PicturesLost,
            Phrase::ASecond,
            vec![
                (Phrase::Network, |second| Some(second.dropped_by_network() as f64)),
                (Phrase::Encoder, |second| Some(second.skipped as f64)),
                (Phrase::Computer, |second| Some(second.missed as f64)),
                (Phrase::AwayServer, |second| Some(second.away.into())),
                (Phrase::Bitrate, |second| Some(second.thinned.into())),
            ],
        ),
        (
            Phrase::CostOfPicture,
            Phrase::Millis,
            vec![
                (Phrase::Encoding, |second| second.encode_ms),
                (Phrase::Composing, |second| second.compose_ms),
                (Phrase::Decoding, |second| second.capture_ms),
                (Phrase::Converting, |second| second.convert_ms),
            ],
        ),
        (
            Phrase::LongestWait,
            Phrase::Millis,
            vec![(Phrase::ForTheDisk, |second| second.disk_ms), (Phrase::ForTheSocket, |second| second.write_ms)],
        ),
        (Phrase::Processor, Phrase::OfACore, vec![(Phrase::Program, |second| Some(second.cpu_percent))]),
    ]
}

/// A stripe for each second or group of seconds: green, amber where it was not good, red without a connection.
fn ribbon(flight: &Flight, words: FlightWords) -> String {
    let mut svg = format!(
        "<h2>{}</h2>\n<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{}\">",
        words.text(Phrase::SecondBySecond),
        RIBBON_HEIGHT + AXIS_HEIGHT,
        words.text(Phrase::HowGood)
    );
    let groups = grouped(&flight.seconds);
    let step = WIDTH / groups.len().max(1) as f64;
    for (place, group) in groups.iter().enumerate() {
        let worst = group.iter().filter_map(Cause::of).min();
        let class = match worst {
            None => "good",
            Some(Cause::Away | Cause::SwitchedOff) => "away",
            Some(_) => "poor",
        };
        let told = worst.map_or(words.text(Phrase::Good), |cause| cause.what(words));
        let at = group.first().map_or(0, |second| second.at);
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{:.2}\" y=\"0\" width=\"{:.2}\" height=\"{RIBBON_HEIGHT}\"><title>{} {told}</title></rect>",
            place as f64 * step,
            step.max(0.5),
            clock(at)
        );
    }
    svg + &time_axis(&groups, step, RIBBON_HEIGHT) + &gap_marks(&groups, step, RIBBON_HEIGHT, words) + "</svg>\n"
}

fn graph(flight: &Flight, (title, unit, lines): &Graph, words: FlightWords) -> String {
    let (title, unit) = (words.text(*title), words.text(*unit));
    let groups = grouped(&flight.seconds);
    let worst = |group: &[FlightSecond], of: Figure| {
        group
            .iter()
            .filter_map(of)
            .fold(None, |most: Option<f64>, value| Some(most.map_or(value, |most| most.max(value))))
    };
    let top = lines.iter().flat_map(|(_, of)| groups.iter().filter_map(|group| worst(group, *of))).fold(0.0, f64::max);
    let told = format!("{} {unit}", words.number(top, decimals(top)));
    let scale = if top > 0.0 { (HEIGHT - 16.0) / top } else { 0.0 };
    let step = WIDTH / (groups.len().max(2) - 1) as f64;
    let mut out = format!("<h2>{title}</h2>\n<p>");
    for (number, (name, _)) in lines.iter().enumerate() {
        let _ = write!(
            out,
            "<svg class=\"key\" viewBox=\"0 0 16 6\" style=\"width:16px;display:inline\"><polyline class=\"l{number}\" points=\"0,3 16,3\"/></svg> {name} &nbsp; ",
            name = words.text(*name)
        );
    }
    let _ = write!(
        out,
        "</p>\n<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{}\"><text class=\"top\" x=\"4\" y=\"3\">{told}</text>",
        HEIGHT + AXIS_HEIGHT,
        words.at_most(title, &told)
    );
    for (number, (_, of)) in lines.iter().enumerate() {
        let mut points = String::new();
        let mut finish = |points: &mut String| {
            if !points.is_empty() {
                let _ = write!(out, "<polyline class=\"l{number}\" points=\"{}\"/>", points.trim_end());
                points.clear();
            }
        };
        for (place, group) in groups.iter().enumerate() {
            match worst(group, *of) {
                Some(value) => {
                    let _ = write!(points, "{:.1},{:.1} ", place as f64 * step, HEIGHT - 1.0 - value * scale);
                }
                None => finish(&mut points),
            }
        }
        finish(&mut points);
    }
    out + &time_axis(&groups, step, HEIGHT) + &gap_marks(&groups, step, HEIGHT, words) + "</svg>\n"
}

/// How many decimals a figure needs to be told from another one.
fn decimals(value: f64) -> usize {
    if value.fract() == 0.0 || value >= 10.0 {
        0
    } else if value >= 0.1 {
        1
    } else {
        2
    }
}

/// Times below what is `height` tall, each where its second is: where seconds are missing (the computer slept), so are times.
fn time_axis(groups: &[&[FlightSecond]], step: f64, height: f64) -> String {
    let at = |group: &&[FlightSecond]| group.first().map_or(0, |second| second.at);
    let (first, last) = (groups.first().map_or(0, at), groups.last().map_or(0, at));
    let span = last.saturating_sub(first);
    let every = TICK_SECONDS.into_iter().find(|every| span / every < TICKS_MAX).unwrap_or(86_400);
    let mut axis = String::new();
    let mut free_from = 0.0;
    let mut free_from_small = 0.0;
    let mut due = first.next_multiple_of(every);
    for (place, group) in groups.iter().enumerate() {
        if at(group) < due {
            continue;
        }
        let time = at(group) / every * every;
        due = time + every;
        let x = place as f64 * step;
        if x >= free_from && x <= WIDTH - TICK_WIDTH {
            free_from = x + TICK_WIDTH;
            let is_for_small = x >= free_from_small && x <= WIDTH - TICK_WIDTH_SMALL;
            let class = if is_for_small { "" } else { " class=\"wide\"" };
            if is_for_small {
                free_from_small = x + TICK_WIDTH_SMALL;
            }
            let _ = write!(
                axis,
                "<line class=\"tick\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{}\"/><text{class} x=\"{:.1}\" y=\"{}\">{}</text>",
                height + AXIS_HEIGHT,
                x + 3.0,
                height + AXIS_HEIGHT - 6.0,
                clock(time)
            );
        }
    }
    axis
}

/// A line wherever seconds are missing, because the program did not run.
fn gap_marks(groups: &[&[FlightSecond]], step: f64, height: f64, words: FlightWords) -> String {
    let mut marks = String::new();
    let mut before: Option<&FlightSecond> = None;
    for (place, group) in groups.iter().enumerate() {
        for second in *group {
            let Some(gap) = before.replace(second).and_then(|before| Gap::between(before, second)) else { continue };
            let _ = write!(
                marks,
                "<line class=\"gap\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{height}\"><title>{}</title></line>",
                words.stretch(&clock(gap.at), gap.seconds, Cause::Stood),
                x = place as f64 * step,
            );
        }
    }
    marks
}

/// The seconds in as many groups as are seen at most.
fn grouped(seconds: &[FlightSecond]) -> Vec<&[FlightSecond]> {
    seconds.chunks(seconds.len().div_ceil(POINTS_MAX).max(1)).collect()
}

fn stretches(flight: &Flight, words: FlightWords) -> String {
    table(
        words.text(Phrase::WhenNotGood),
        poor_stretches(flight).into_iter().map(|(from, to, cause)| {
            [clock(from), format!("{} s", to - from + 1), format!("{}. {}", cause.what(words), cause.to_do(words))]
        }),
    )
}

fn table(title: &str, rows: impl Iterator<Item = [String; 3]>) -> String {
    let rows: String = rows
        .map(|row| {
            // The last cell may be broken anywhere, so it is one with words.
            let cells = row.iter().filter(|cell| !cell.is_empty());
            let cells: String = cells.map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
            format!("<tr>{cells}</tr>\n")
        })
        .collect();
    if rows.is_empty() { rows } else { format!("<h2>{title}</h2>\n<table>\n{rows}</table>\n") }
}

/// What strangers said (servers' words, devices' names) must not become part of the page.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::second::tests::second;
    use super::*;
    use crate::studio::flight::FlightEvent;

    #[test]
    fn the_page_holds_all_of_it_and_nothing_that_was_said_becomes_markup() {
        let mut flight = Flight::default();
        flight.head.push(("started".to_owned(), "2026-11-26 05:00".to_owned()));
        for at in 0..4000 {
            flight.seconds.push(FlightSecond { dropped: u64::from(at == 7), ..second(at) });
        }
        let said = "<script>alert(1)</script>".to_owned();
        flight.events.push(FlightEvent { at: 7.0, word: "server_warning".to_owned(), sentence: said });
        let page = flight_html(&flight, FlightWords::English);
        assert!(page.contains("Show of 2026-11-26 05:00") && page.contains("&lt;script&gt;"), "{page}");
        assert!(!page.contains("<script") && !page.contains("http"), "it needs nothing else");
        assert!(page.len() < 400_000, "{} bytes", page.len());
        assert_eq!(page.matches("<svg viewBox=\"0 0 960").count(), 7);
        assert!(flight_html(&Flight::default(), FlightWords::English).contains("not a single second"));
        for (value, told) in [(0.0, 0), (3.0, 0), (0.04, 2), (0.4, 1), (9.96, 1), (31.4, 0)] {
            assert_eq!(decimals(value), told, "{value}");
        }
        assert!(page.contains("<style>") && page.contains("@media(max-width:640px)"));
    }

    #[test]
    fn each_graph_has_a_few_times_whatever_its_length() {
        for (seconds, told) in [
            (1, &["0:00:00"][..]),
            (10, &["0:00:00", "0:00:02", "0:00:08"]),
            (95, &["0:00:00", "0:00:10", "0:01:20"]),
            (6 * 3600, &["0:00:00", "1:00:00", "5:00:00"]),
            (60 * 3600, &["0:00:00", "6:00:00", "54:00:00"]),
        ] {
            let flight = Flight { seconds: (0..seconds).map(second).collect(), ..Flight::default() };
            let page = flight_html(&flight, FlightWords::English);
            for graph in page.split("<svg viewBox=\"0 0 960").skip(1) {
                let graph = graph.split_once("</svg>").unwrap().0;
                let times = graph.matches("<line class=\"tick\"").count();
                assert!((1..=11).contains(&times), "{times} times for {seconds} s");
                for time in told {
                    assert!(graph.contains(&format!(">{time}</text>")), "{time} is not below {seconds} s: {graph}");
                }
            }
        }
        // The computer slept for an hour: each time is where its second is.
        let flight = Flight { seconds: (0..30).chain(3600..3630).map(second).collect(), ..Flight::default() };
        let ribbon = ribbon(&flight, FlightWords::English);
        assert_eq!(ribbon.matches("</text>").count(), 2, "{ribbon}");
        assert!(ribbon.contains("<text x=\"483.0\" y=\"46\">1:00:00</text>"), "{ribbon}");
        let page = flight_html(&flight, FlightWords::English);
        assert_eq!(page.matches("<line class=\"gap\"").count(), 7, "in the ribbon and each graph");
        assert!(page.contains("<title>0:00:30 for 3570 s: the program stood still"), "{page}");
    }
}
