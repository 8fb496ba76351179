//! What is written is read again; what is foreign does no harm; nothing secret goes out or comes in.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::media::{Bitrate, Size};
use crate::settings::{CardChoice, IngestSettings, StreamKey};

fn show() -> ShowSettings {
    let youtube = Destination {
        name: "YouTube".to_owned(),
        stream_key: Some(StreamKey::new("canary-key")),
        ..Destination::at("rtmps://b.rtmps.youtube.com:443/live2?backup=1")
    };
    let own = Destination {
        name: "Haus & Hof".to_owned(),
        user: Some("me@x".to_owned()),
        password: Some(StreamKey::new("canary-password")),
        tls_ca: Some("/home/canary/ca.pem".into()),
        ..Destination::at("rtmp://[::1]:1936/v2")
    };
    let mut settings = ShowSettings { destinations: vec![youtube, own], ..ShowSettings::default() };
    settings.record = Some("/home/canary/show.flv".into());
    settings.duration = Some(Duration::from_millis(90_500));
    settings.encoding.size = Size::new(720, 1280);
    settings.encoding.frame_rate = "29.97".parse().unwrap();
    settings.encoding.adaptive = false;
    settings
}

#[test]
fn a_show_comes_back_without_its_secrets_and_paths() {
    let link = ShowLink::write(" Sonntag 日曜 & Co ", &show()).unwrap();
    assert!(link.starts_with("tally:show?v=1&") && link.is_ascii() && !link.contains("canary"), "{link}");
    let read = ShowLink::parse(&format!("\n{link} ")).unwrap();
    let mut expected = show();
    expected.record = None;
    for destination in &mut expected.destinations {
        (destination.stream_key, destination.password, destination.tls_ca) = (None, None, None);
    }
    assert_eq!((read.name.as_str(), &read.left_out[..]), ("Sonntag 日曜 & Co", &[][..]));
    assert_eq!(read.settings, expected);
    // And the same link once more.
    assert_eq!(ShowLink::write(&read.name, &read.settings).unwrap(), link);
}

#[test]
fn what_belongs_to_this_computer_stays() {
    let mut mine = show();
    mine.video = VideoChoice::Camera(Some("usb".into()));
    mine.ingest = IngestSettings { listen: "0.0.0.0:1999".parse().unwrap(), key_file: Some("/k.txt".into()) };
    mine.gain_db = -6.0;
    mine.card = CardChoice::Off;
    mine.rehearse = true;
    mine.record_split = "30m".parse().ok();
    mine.encoding.cache_seconds = 20;
    mine.encoding.video_bitrate_min = Some(Bitrate::from_kbps(900));
    let link = ShowLink::parse(&ShowLink::write("a", &mine).unwrap()).unwrap();
    assert_eq!(link.applied_to(&mine), mine);
    // A key never follows to another server.
    let other = ShowLink::parse("tally:show?to=rtmp://other/app&video=test").unwrap().applied_to(&mine);
    assert_eq!((other.destinations.len(), &other.destinations[0].stream_key), (1, &None));
    assert_eq!((other.video, other.record), (VideoChoice::Test, mine.record.clone()));
    // What cannot be a lowest rate with the rate of the link is none.
    let slower = ShowLink::parse("tally:show?vbps=800000").unwrap().applied_to(&mine);
    assert_eq!((slower.encoding.video_bitrate_min, slower.encoding.cache_seconds), (None, 20));
}

#[test]
fn no_form_of_a_secret_goes_out() {
    for (server, key) in [
        ("rtmp://h/app/canary", None),
        ("rtmp://me:canary@h/app", None),
        ("rtmp://h/app?token=canary", None),
        ("rtmp://h/app?token=canary/canary", None),
        ("rtmp://h/app/canary", Some("canary")),
        ("rtmp://h/v2/pub/canary?x", Some("canary")),
    ] {
        let destination = Destination { stream_key: key.map(StreamKey::new), ..Destination::at(server) };
        let settings = ShowSettings { destinations: vec![destination], ..ShowSettings::default() };
        let link = ShowLink::write("a", &settings).unwrap();
        assert!(!link.contains("canary"), "{server}: {link}");
        assert_eq!(ShowLink::parse(&link).unwrap().settings.destinations.len(), 1, "{link}");
    }
    // A host or an app may be named as the key is.
    for server in ["rtmp://live.example.com/app", "rtmp://h/live", "rtmp://h/live/x"] {
        let destination = Destination { stream_key: Some(StreamKey::new("live")), ..Destination::at(server) };
        assert_eq!(public_server(&destination, server), server);
    }
    let files = ShowSettings {
        video: VideoChoice::File("/canary.mp4".into()),
        audio: AudioChoice::Microphone(Some("canary".into())),
        ..ShowSettings::default()
    };
    assert!(!ShowLink::write("a", &files).unwrap().contains("canary"));
}

#[test]
fn what_cannot_be_used_is_left_out_and_the_rest_stays() {
    for (pairs, left_out) in [
        ("v=2&size=640x360", LeftOut::Newer),
        ("v=1&size=640x360&colour=red", LeftOut::Unknown),
        ("size=640x360&fps=9999", LeftOut::Unusable),
        ("size=640x360&key=1e9", LeftOut::Unusable),
        ("size=640x360&for=-1", LeftOut::Unusable),
        ("size=640x360&hz=1", LeftOut::Unusable),
        ("size=640x360&video=file:/etc/passwd", LeftOut::Unusable),
        ("size=640x360&to=http://h/x", LeftOut::Unusable),
        ("size=640x360&as=nobody", LeftOut::Unusable),
        ("size=640x360&name=a%00b", LeftOut::Unusable),
        ("size=640x360&stream_key=theirs", LeftOut::Secret),
        ("size=640x360&to=rtmp://u:theirs@h/app", LeftOut::Secret),
    ] {
        let read = ShowLink::parse(&format!("tally:show?{pairs}")).unwrap();
        assert_eq!(read.left_out, [left_out], "{pairs}");
        assert_eq!(read.settings.encoding.size, Size::new(640, 360), "{pairs}");
        assert!(read.settings.destinations.is_empty(), "{pairs}");
        assert!(!format!("{read:?}").contains("theirs"));
    }
}

#[test]
fn order_does_not_matter_to_rates_that_bind_each_other() {
    let read = ShowLink::parse("TALLY://Show?abps=192000&hz=16000&ch=2").unwrap();
    assert_eq!((read.settings.encoding.sample_rate, read.left_out.len()), (16_000, 0));
}

#[test]
fn what_is_no_link_is_told() {
    for (text, error) in [
        ("https://example.com", LinkError::NotALink),
        ("tally:other?v=1", LinkError::NotALink),
        ("tally:", LinkError::NotALink),
        ("tally:show?", LinkError::Empty),
        ("tal", LinkError::NotALink),
        ("tallü", LinkError::NotALink),
    ] {
        assert_eq!(ShowLink::parse(text), Err(error), "{text}");
    }
    assert_eq!(ShowLink::parse(&format!("tally:show?name={}", "x".repeat(3000))), Err(LinkError::TooLong));
    let many = (0..16).map(|n| Destination { name: "n".repeat(200), ..Destination::at(&format!("rtmp://h{n}/a")) });
    let settings = ShowSettings { destinations: many.collect(), ..ShowSettings::default() };
    assert_eq!(ShowLink::write("a", &settings), Err(LinkError::TooLong));
}

proptest! {
    #[test]
    fn foreign_links_are_valid_or_refused(pairs in "([a-z]{1,8}=[ -~]{0,30}&){0,8}") {
        if let Ok(read) = ShowLink::parse(&format!("tally:show?{pairs}")) {
            prop_assert!(read.settings.validate().is_ok());
            prop_assert!(read.settings.destinations.iter().all(|d| d.stream_key.is_none() && d.password.is_none()));
        }
    }
}
