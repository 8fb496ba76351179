//! Real viewers of `tally serve` over HTTP: a browser on the player page, and FFmpeg's HLS reader.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::browser::Browser;
use crate::support::ingest::{Ingest, get};
use crate::support::media::decode_without_a_warning;
use crate::support::process::Process;
use crate::support::publishers::{self, FRAMES};
use crate::support::servers::{new_ffmpeg, system_ffmpeg};
use crate::support::tally::{Show, Tally, number};
use crate::support::time;
use tally::ingest::reachable_address;

const LIMIT: Duration = Duration::from_secs(40);

fn address(ingest: &Ingest, path: &str) -> String {
    format!("http://127.0.0.1:{}{path}", ingest.port("http"))
}

/// Waits until what is seen is no older than `limit_ms` twice in a row, and has moved between.
fn wait_until_close(browser: &mut Browser, ingest: &Ingest, limit_ms: i64) {
    let (mut seen, mut last) = (Vec::new(), None);
    let close = time::poll_every(Duration::from_millis(300), LIMIT, || {
        let now = browser.age_ms();
        let moved = matches!((last, now), (Some((_, before)), Some((_, clock))) if before != clock);
        let both = [last, now].iter().all(|look| look.is_some_and(|(age, _)| (0..limit_ms).contains(&age)));
        seen.push(now.map(|(age, _)| age));
        last = now;
        (moved && both).then_some(())
    });
    if close.is_none() {
        let (complaints, story) = (browser.complaints(), ingest.show.process.story());
        panic!("never within {limit_ms} ms: {seen:?} {complaints}\n{story}");
    }
}

fn show(ingest: &Ingest) -> Show {
    let mut show = Tally::small_show(&ingest.url(), 120).key("cam").start();
    show.wait_until_live();
    show
}

#[test]
fn a_browser_plays_a_second_behind_and_goes_on_when_the_publisher_comes_again() {
    let Some(mut browser) = Browser::open() else { return };
    let ingest = Ingest::start(&[]);
    // Who comes too early waits.
    browser.show(&address(&ingest, "/watch/live/cam"));
    let first = show(&ingest);
    wait_until_close(&mut browser, &ingest, 1500);
    // What the page says of itself is true.
    let told = time::poll_every(Duration::from_millis(300), LIMIT, || {
        let told: f64 = browser.text("behind").trim_end_matches(" s").parse().ok()?;
        let (age, _) = browser.age_ms()?;
        ((told * 1000.0 - age as f64).abs() < 400.0).then_some(())
    });
    assert!(told.is_some(), "{} and {:?}", browser.text("behind"), browser.age_ms());
    assert_eq!(browser.text("size"), "640×360");
    assert_eq!(browser.text("state"), "LIVE");
    drop(first);
    let second = show(&ingest);
    wait_until_close(&mut browser, &ingest, 1500);
    drop(second);
}

#[test]
fn a_browser_on_another_device_plays_by_the_key_it_was_given() {
    let Some(mut browser) = Browser::open() else { return };
    let Some(here) = reachable_address() else {
        crate::support::not_tested("this computer has no network");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    // A passphrase: a page's script writes its space in another way than the address has it.
    std::fs::write(&file, "open sesame\n").unwrap();
    let ingest = Ingest::start(&["--http", "0.0.0.0:0", "--play-key-file", &file.to_string_lossy()]);
    let _show = show(&ingest);
    let page = |key: &str| format!("http://{here}:{}/watch/live/cam?key={key}", ingest.port("http"));
    browser.show(&page("open%20sesame"));
    wait_until_close(&mut browser, &ingest, 1500);
    assert_eq!(browser.text("state"), "LIVE");
    browser.show(&page("close%20sesame"));
    assert!(browser.run("return document.body.textContent").as_str().unwrap().contains("needs the key"));
}

/// FFmpeg sends pictures that pass this filter, for a minute in real time, with sound or without.
fn uneven(url: &str, filter: &str, with_sound: bool) -> Process {
    let mut command = Command::new(system_ffmpeg());
    command.args(["-hide_banner", "-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i"]);
    command.arg("testsrc2=size=320x180:rate=30");
    if with_sound {
        command.args(["-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-c:a", "aac"]);
    }
    command.args(["-t", "60", "-vf", filter, "-vsync", "vfr", "-pix_fmt", "yuv420p", "-c:v", "libx264"]);
    // What FFmpeg holds back of the sound until the next picture comes is not held back by others.
    command.args(["-preset", "ultrafast", "-tune", "zerolatency", "-g", "60", "-max_interleave_delta", "200k"]);
    command.args(["-f", "flv", url]);
    Process::start(&mut command)
}

/// Waits until the page's video has gone on for so many seconds.
fn wait_until_played(browser: &mut Browser, ingest: &Ingest, seconds: f64) {
    let at = |browser: &mut Browser| browser.run("return document.getElementById('video').currentTime").as_f64();
    let (mut before, mut played) = (at(browser).unwrap_or(0.0), 0.0);
    let done = time::poll_every(Duration::from_millis(300), LIMIT, || {
        let now = at(browser)?;
        // A jump is no playing.
        played += Some(now - before).filter(|step| (0.0..1.0).contains(step)).unwrap_or(0.0);
        before = now;
        (played >= seconds).then_some(())
    });
    if done.is_none() {
        let (complaints, state) = (browser.complaints(), browser.text("state") + &browser.text("message"));
        panic!("{played} s were played: {state} {complaints}\n{}", ingest.show.process.story());
    }
}

#[test]
fn a_browser_plays_on_when_the_publisher_comes_again_without_its_sound() {
    let Some(mut browser) = Browser::open() else { return };
    let ingest = Ingest::start(&[]);
    let url = format!("{}/cam", ingest.url());
    let first = uneven(&url, "null", true);
    browser.show(&address(&ingest, "/watch/live/cam"));
    wait_until_played(&mut browser, &ingest, 3.0);
    drop(first);
    let _second = uneven(&url, "null", false);
    wait_until_played(&mut browser, &ingest, 5.0);
}

#[test]
fn a_browser_says_which_half_of_a_stream_it_does_not_play() {
    let Some(mut browser) = Browser::open() else { return };
    let ingest = Ingest::start(&[]);
    browser.show(&address(&ingest, "/watch/live/cam"));
    let mut publish = Command::new(system_ffmpeg());
    publish.args([
        "-hide_banner",
        "-nostdin",
        "-v",
        "error",
        "-re",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x180:rate=30",
    ]);
    publish.args([
        "-re",
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:sample_rate=44100",
        "-t",
        "60",
        "-pix_fmt",
        "yuv420p",
    ]);
    publish.args(["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "30", "-c:a", "pcm_s16le"]);
    publish.args(["-f", "flv", &format!("{}/cam", ingest.url())]);
    let _publisher = Process::start(&mut publish);
    wait_until_played(&mut browser, &ingest, 1.0);
    let note = browser.text("note");
    assert!(note.contains("PCM"), "{note}");
    let offered = browser.run("return !document.getElementById('sound').hidden");
    assert_eq!(offered.as_bool(), Some(false), "there is no sound to turn on");
}

#[test]
fn a_browser_plays_on_through_pauses_of_the_pictures() {
    let Some(mut browser) = Browser::open() else { return };
    // Pauses of three seconds, and one picture a second.
    for filter in ["select='lt(mod(t,7),4)'", "select='not(mod(n,30))'"] {
        let ingest = Ingest::start(&[]);
        let _publisher = uneven(&format!("{}/cam", ingest.url()), filter, true);
        browser.show(&address(&ingest, "/watch/live/cam"));
        wait_until_played(&mut browser, &ingest, 6.0);
    }
}

/// What the page says, from now until it says this.
fn said_until(browser: &mut Browser, ingest: &Ingest, last: &str) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let done = time::poll_every(Duration::from_millis(100), LIMIT, || {
        let state = browser.text("state");
        if said.last() != Some(&state) {
            said.push(state);
        }
        (said.last().is_some_and(|state| state == last)).then_some(())
    });
    assert!(done.is_some(), "{said:?} {}\n{}", browser.complaints(), ingest.show.process.story());
    said
}

#[test]
fn a_browser_tells_a_publisher_that_pauses_from_a_connection_that_is_too_slow() {
    const WAITING: &str = "Waiting for the stream…";
    const LATE: &str = "The connection is too slow at the moment…";
    let Some(mut browser) = Browser::open() else { return };
    let ingest = Ingest::start(&[]);
    let publisher = uneven(&format!("{}/cam", ingest.url()), "null", true);
    browser.show(&address(&ingest, "/watch/live/cam"));
    wait_until_played(&mut browser, &ingest, 3.0);
    // Its computer stands still for some seconds.
    publisher.signal(libc::SIGSTOP);
    said_until(&mut browser, &ingest, WAITING);
    let behind = time::poll(LIMIT, || (browser.text("behind") == "–").then_some(()));
    assert!(behind.is_some(), "{}", browser.text("behind"));
    let until = time::now() + Duration::from_secs(3);
    while time::now() < until {
        assert_eq!((browser.text("state"), browser.text("behind")), (WAITING.to_owned(), "–".to_owned()));
    }
    publisher.signal(libc::SIGCONT);
    let said = said_until(&mut browser, &ingest, "LIVE");
    assert!(!said.iter().any(|state| state == LATE), "{said:?}");
    wait_until_played(&mut browser, &ingest, 3.0);
    browser.throttle(8_000);
    said_until(&mut browser, &ingest, LATE);
}

#[test]
fn a_browser_plays_whole_segments_and_by_its_own_hls() {
    let Some(mut browser) = Browser::open() else { return };
    let ingest = Ingest::start(&[]);
    let _show = show(&ingest);
    browser.show(&address(&ingest, "/watch/live/cam?latency=normal"));
    wait_until_close(&mut browser, &ingest, 3000);
    browser.show(&address(&ingest, "/watch/live/cam?player=native"));
    // Its own rules keep it three segments behind.
    wait_until_close(&mut browser, &ingest, 10_000);
    // The way from the first page to the stream.
    browser.show(&address(&ingest, "/"));
    browser.run("document.querySelector('a').click()");
    assert_eq!(browser.run("return location.pathname"), "/watch/live/cam");
}

/// FFmpeg reads the HLS of what `publisher` sends for so long, and writes it as MP4. Its messages, but those about itself: it
/// reads the init segment again with each playlist, and notices.
fn read_hls(program: &Path, url: &str, file: &Path) -> String {
    let mut command = Command::new(program);
    command.args(["-hide_banner", "-nostdin", "-y", "-v", "warning", "-i", url, "-c", "copy"]).arg(file);
    let mut process = Process::start(&mut command);
    process.succeed(LIMIT);
    let said = process.stderr.text();
    said.lines().filter(|line| !line.contains("Found duplicated MOOV Atom")).collect::<Vec<_>>().join("\n")
}

fn pictures(file: &Path) -> usize {
    let args = ["-v", "error", "-select_streams", "v", "-count_packets", "-show_entries", "stream=nb_read_packets"];
    let file = file.to_string_lossy();
    let (text, _) = crate::support::process::run("ffprobe", args.into_iter().chain(["-of", "csv=p=0", &file]));
    text.trim().trim_end_matches(',').parse().unwrap_or_else(|_| panic!("no count in {text}"))
}

#[test]
fn ffmpeg_of_both_generations_reads_hls_to_the_end() {
    let mut ingest = Ingest::start(&[]);
    let publisher = publishers::ffmpeg(&system_ffmpeg(), &format!("{}/cam", ingest.url()));
    ingest.show.wait_for("publish_started event", LIMIT, |event| event["event"] == "publish_started");
    let url = address(&ingest, "/hls/live/cam/index.m3u8");
    // Packaging begins with the first request, while the first keyframe is still the last: the readers may be slow to start.
    let port = ingest.port("http");
    let first = time::thread(move || get(port, "/hls/live/cam/index.m3u8"));
    let files = ["old.mp4", "new.mp4"].map(|name| ingest.folder().join(name));
    let readers = [system_ffmpeg(), new_ffmpeg()];
    // Each begins at the first segment and ends at the end that is told once nobody publishes any more.
    let threads: Vec<_> = readers
        .into_iter()
        .zip(&files)
        .map(|(program, file)| {
            let (url, file) = (url.clone(), file.clone());
            time::thread(move || read_hls(&program, &url, &file))
        })
        .collect();
    ingest.check("cam", publisher);
    assert!(first.join().unwrap().contains("video.m3u8"));
    for (thread, file) in threads.into_iter().zip(&files) {
        assert_eq!(thread.join().unwrap(), "", "{}", file.display());
        assert_eq!(pictures(file), FRAMES);
        decode_without_a_warning(file);
    }
}

#[test]
fn newer_codecs_are_in_hls_too() {
    let new = new_ffmpeg();
    let mut ingest = Ingest::start(&[]);
    let mut publish = Command::new(&new);
    publish.args([
        "-hide_banner",
        "-nostdin",
        "-v",
        "error",
        "-re",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x180:rate=25",
    ]);
    publish.args([
        "-re",
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:sample_rate=48000",
        "-t",
        "6",
        "-pix_fmt",
        "yuv420p",
    ]);
    publish.args(["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-g", "25"]);
    publish.args(["-c:a", "libopus", "-f", "flv", &format!("{}/new", ingest.url())]);
    let _publisher = Process::start(&mut publish);
    ingest.show.wait_for("publish_started event", LIMIT, |event| event["event"] == "publish_started");
    let url = address(&ingest, "/hls/live/new/index.m3u8");
    let mut probe = Process::start(Command::new(&new).args([
        "-hide_banner",
        "-nostdin",
        "-v",
        "info",
        "-i",
        &url,
        "-t",
        "1",
        "-f",
        "null",
        "-",
    ]));
    probe.succeed(LIMIT);
    let said = probe.stderr.text();
    assert!(said.contains("Video: hevc") && said.contains("Audio: opus"), "{said}");
    assert!(said.contains("320x180"), "{said}");
}

#[test]
fn mp4_recordings_are_whole_and_survive_a_kill() {
    let mut ingest = Ingest::start(&["--record-format", "mp4"]);
    publishers::ffmpeg(&system_ffmpeg(), &format!("{}/whole", ingest.url())).succeed(LIMIT);
    let ended = ingest.ended("whole");
    assert_eq!(number(&ended, "frames") as usize, FRAMES, "{ended}");
    let whole = ingest.folder().join("whole.mp4");
    assert_eq!(decode_without_a_warning(&whole), FRAMES);
    // A second one of the name, cut off in its third second.
    let _publisher = publishers::ffmpeg(&system_ffmpeg(), &format!("{}/whole", ingest.url()));
    let third_second = time::poll(LIMIT, || (ingest.status()["streams"][0]["frames"].as_f64()? > 75.0).then_some(()));
    assert!(third_second.is_some(), "{}", ingest.show.process.story());
    ingest.show.process.kill();
    let cut = ingest.folder().join("whole-2.mp4");
    let left = decode_without_a_warning(&cut);
    assert!((60..FRAMES).contains(&left), "{left} pictures");
}

#[test]
fn what_mp4_does_not_take_is_told() {
    let mut ingest = Ingest::start(&["--record-format", "mp4"]);
    let mut publish = Command::new(system_ffmpeg());
    publish.args([
        "-hide_banner",
        "-nostdin",
        "-v",
        "error",
        "-re",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x180:rate=25",
    ]);
    publish.args(["-t", "2", "-c:v", "flv1", "-f", "flv", &format!("{}/old", ingest.url())]);
    Process::start(&mut publish).succeed(LIMIT);
    let problem = ingest.show.wait_for("problem", LIMIT, |event| event["event"] == "problem");
    assert!(problem["what"].as_str().is_some_and(|what| what.contains("Sorenson H.263")), "{problem}");
    ingest.show.process.signal(libc::SIGTERM);
    ingest.show.end(Duration::from_secs(5)).expect_code(8);
}
