//! Each rule, and that fixes settle what they are for.

use proptest::prelude::*;

use super::*;
use crate::settings::catalogue::SERVICES;
use crate::settings::{AudioChoice, Destination, SecretEntry, StreamKey, VideoChoice};

/// A show to the service `id` that it has nothing against.
fn show_to(id: &str) -> ShowSettings {
    let service = Service::by_id(id).unwrap();
    let mut destination = Destination { stream_key: Some(StreamKey::new("key-1234")), ..service.destination() };
    if destination.server.is_empty() {
        destination.server = service
            .example
            .unwrap_or("rtmps://h.example/live")
            .replace("ID", "a1")
            .replace("HOST", "h")
            .replace("REGION", "va");
    }
    if service.asks_login {
        (destination.user, destination.password) = (Some("me".to_owned()), Some(StreamKey::new("pw")));
    }
    fitted(&ShowSettings { destinations: vec![destination], ..ShowSettings::default() })
}

fn rules(settings: &ShowSettings) -> Vec<(Rule, Severity)> {
    lint(settings).into_iter().map(|finding| (finding.rule, finding.severity)).collect()
}

/// What is found after `change`, which must be `rule` alone, and that its fix settles it.
fn one(id: &str, rule: Rule, severity: Severity, change: impl Fn(&mut ShowSettings)) -> Finding {
    let mut settings = show_to(id);
    assert_eq!(rules(&settings), [], "{id} before");
    change(&mut settings);
    let findings = lint(&settings);
    assert_eq!(rules(&settings), [(rule, severity)], "{id}");
    if let Some(fix) = &findings[0].fix {
        assert_eq!(rules(&fix.applied(&settings)), [], "{id} {fix:?}");
    }
    findings.into_iter().next().unwrap()
}

#[test]
fn the_defaults_suit_nearly_every_service() {
    for service in SERVICES {
        let left = lint(&show_to(service.id));
        let names: Vec<_> = left.iter().map(|finding| finding.rule).collect();
        assert_eq!(names, [], "{}", service.id);
    }
}

#[test]
fn keyframes_of_youtube_as_in_the_window() {
    let found = one("youtube", Rule::KeyframeTooLong, Severity::Refusal, |s| s.encoding.keyframe_seconds = 8.0);
    assert_eq!(found.wanted, Some(Quantity::Seconds(2.0)));
    assert_eq!(found.given, Some(Quantity::Seconds(8.0)));
    assert_eq!(found.refused_beyond, Some(Quantity::Seconds(4.0)));
    assert_eq!(found.fix, Some(Fix::Keyframe(2.0)));
    one("youtube", Rule::KeyframeTooLong, Severity::Warning, |s| s.encoding.keyframe_seconds = 3.0);
}

#[test]
fn keyframes_may_be_too_short() {
    one("cloudflare", Rule::KeyframeTooShort, Severity::Refusal, |s| s.encoding.keyframe_seconds = 1.0);
    one("twitch", Rule::KeyframeTooShort, Severity::Warning, |s| s.encoding.keyframe_seconds = 0.2);
}

#[test]
fn rates_by_service_and_size() {
    let rate = |kbps| move |s: &mut ShowSettings| s.encoding.video_bitrate = Bitrate::from_kbps(kbps);
    let found = one("twitch", Rule::VideoBitrateTooHigh, Severity::Refusal, rate(6001));
    assert_eq!(found.fix, Some(Fix::VideoBitrate(Bitrate::from_kbps(6000))));
    one("youtube", Rule::VideoBitrateTooHigh, Severity::Warning, rate(9000));
    one("ivs", Rule::VideoBitrateTooHigh, Severity::Refusal, rate(5000));
    one("facebook", Rule::VideoBitrateTooLow, Severity::Advice, rate(1000));
    one("cloudflare", Rule::VideoBitrateTooLow, Severity::Advice, rate(1999));
    one("facebook", Rule::AudioBitrateTooHigh, Severity::Warning, |s| {
        s.encoding.audio_bitrate = Bitrate::from_kbps(192);
    });
}

#[test]
fn size_and_frame_rate() {
    let found = one("linkedin", Rule::PictureTooLarge, Severity::Warning, |s| s.encoding.size = Size::new(1920, 1080));
    assert_eq!(found.wanted, Some(Quantity::Size(Size::new(1280, 720))));
    one("linkedin", Rule::FrameRateTooHigh, Severity::Warning, |s| s.encoding.frame_rate = "60".parse().unwrap());
    one("twitch", Rule::FrameRateTooHigh, Severity::Warning, |s| s.encoding.frame_rate = "120".parse().unwrap());
    let turned = one("tiktok", Rule::NotPortrait, Severity::Warning, |s| s.encoding.size = Size::new(1920, 1080));
    assert!(matches!(turned.fix, Some(Fix::Size(Size { width: 1080, height: 1920 }, _))), "{turned:?}");
    one("ivs", Rule::PictureMissing, Severity::Refusal, |s| s.video = VideoChoice::None);
    // A size that is too large for IVS comes down together with its rate.
    let mut settings = show_to("ivs");
    settings.encoding.size = Size::new(3840, 2160);
    settings.encoding.video_bitrate = Bitrate::from_kbps(20_000);
    assert_eq!(rules(&fitted(&settings)), []);
}

#[test]
fn sound() {
    one("vimeo", Rule::SampleRate, Severity::Warning, |s| s.encoding.sample_rate = 44_100);
    one("youtube", Rule::SampleRate, Severity::Warning, |s| s.encoding.sample_rate = 32_000);
    one("youtube", Rule::Mono, Severity::Advice, |s| s.encoding.channels = 1);
}

#[test]
fn what_cannot_be_encoded_or_sent_is_a_refusal_told_once() {
    let mut mono = show_to("nginx-rtmp");
    (mono.encoding.audio_bitrate, mono.encoding.channels) = (Bitrate::from_kbps(320), 1);
    mono.destinations.push(Destination::at("rtmp://other.example/live"));
    assert_eq!(rules(&mono), [(Rule::AudioBitrateUnusable, Severity::Refusal), (Rule::Mono, Severity::Advice)]);
    let found = lint(&mono).remove(0);
    assert_eq!((found.destination, &found.fix), (0, &Some(Fix::AudioBitrate(Bitrate::from_kbps(288)))));
    assert_eq!(rules(&found.fix.unwrap().applied(&mono)), [(Rule::Mono, Severity::Advice)]);
    one("nginx-rtmp", Rule::Unencodable, Severity::Refusal, |s| s.encoding.size = Size::new(853, 480));
    one("nginx-rtmp", Rule::NothingToSend, Severity::Refusal, |s| {
        (s.video, s.audio) = (VideoChoice::None, AudioChoice::Silence);
    });
}

#[test]
fn a_fix_of_the_sounds_form_brings_its_rate_along() {
    let mut settings = show_to("youtube");
    let encoding = &mut settings.encoding;
    (encoding.sample_rate, encoding.channels, encoding.audio_bitrate) = (32_000, 2, Bitrate::from_kbps(320));
    encoding.set_sound_form(48_000, 1);
    let changed = Fix::SampleRate(32_000).applied(&settings);
    assert_eq!((changed.encoding.audio_bitrate.kbps(), changed.encoding.validate().is_ok()), (192, true));
}

#[test]
fn length() {
    one("linkedin", Rule::TooLong, Severity::Warning, |s| s.duration = Some(Duration::from_secs(5 * 3600)));
}

#[test]
fn addresses_and_encryption() {
    let server = |text: &'static str| move |s: &mut ShowSettings| s.destinations[0].server = text.to_owned();
    let found = one("facebook", Rule::NotEncrypted, Severity::Refusal, server("rtmp://rtmp-api.facebook.com:80/rtmp/"));
    assert_eq!(found.fix, Some(Fix::Server(0, "rtmps://rtmp-api.facebook.com:443/rtmp/")));
    one("youtube", Rule::NotEncrypted, Severity::Advice, server("rtmp://a.rtmp.youtube.com/live2"));
    one("kick", Rule::NotEncrypted, Severity::Refusal, server("rtmp://a.global-contribute.live-video.net/app"));
    one("kick", Rule::ServerMissing, Severity::Refusal, server(" "));
    one("kick", Rule::ServerIsExample, Severity::Refusal, server("rtmps://ID.global-contribute.live-video.net/app"));
    one("nginx-rtmp", Rule::ServerUnreadable, Severity::Refusal, server("rmtp://h/live"));
}

#[test]
fn keys_and_logins() {
    one("youtube", Rule::KeyMissing, Severity::Refusal, |s| s.destinations[0].stream_key = None);
    one("dacast", Rule::LoginIncomplete, Severity::Warning, |s| s.destinations[0].password = None);
    one("youtube", Rule::LoginIncomplete, Severity::Warning, |s| s.destinations[0].user = Some("me".into()));
    let found = one("youtube", Rule::SentTwice, Severity::Refusal, |s| s.destinations.push(s.destinations[0].clone()));
    assert_eq!((found.destination, found.given), (1, Some(Quantity::Destination(0))));
    // What was not read cannot be sent, whoever asks for it.
    for id in ["youtube", "nginx-rtmp"] {
        one(id, Rule::SecretUnread, Severity::Refusal, |s| {
            s.destinations[0].stream_key = None;
            s.destinations[0].unread.stream_key = Some(SecretEntry("kept".into()));
        });
    }
    one("dacast", Rule::SecretUnread, Severity::Refusal, |s| {
        s.destinations[0].password = None;
        s.destinations[0].unread.password = Some(SecretEntry("kept".into()));
    });
    // A server of one's own may take anybody.
    let mut own = show_to("nginx-rtmp");
    own.destinations[0].stream_key = None;
    assert_eq!(rules(&own), []);
}

#[test]
fn a_fix_never_harms_another_destination() {
    let mut settings = show_to("cloudflare");
    settings.destinations.extend(show_to("dacast").destinations);
    // Cloudflare refuses below 2 s, Dacast wants 1 s: nothing suits both.
    settings.encoding.keyframe_seconds = 2.0;
    let findings = lint(&settings);
    assert_eq!(rules(&settings), [(Rule::KeyframeTooLong, Severity::Warning)]);
    assert_eq!((findings[0].destination, &findings[0].fix), (1, &None));
    // Dacast and YouTube: what suits Dacast suits both.
    let mut settings = show_to("youtube");
    settings.destinations.extend(show_to("dacast").destinations);
    settings.encoding.keyframe_seconds = 8.0;
    assert!(lint(&settings).iter().all(|finding| finding.fix == Some(Fix::Keyframe(1.0))));
}

#[test]
fn the_worst_comes_first() {
    let mut settings = show_to("youtube");
    settings.encoding.channels = 1;
    settings.encoding.keyframe_seconds = 8.0;
    settings.encoding.sample_rate = 32_000;
    let severities: Vec<_> = lint(&settings).iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Severity::Refusal, Severity::Warning, Severity::Advice]);
}

proptest! {
    #[test]
    fn applying_fixes_comes_to_an_end_and_keeps_the_show_valid(
        chosen in prop::collection::vec(0..SERVICES.len(), 1..4),
        keyframe in 0.1_f64..20.0, kbps in 50_u32..50_000, fps in 1_u32..240, channels in 1_u16..=2,
        size in prop::sample::select(vec![(640, 360), (1280, 720), (1920, 1080), (3840, 2160), (720, 1280), (720, 720)]),
        sample_rate in prop::sample::select(vec![16_000, 32_000, 44_100, 48_000]), audio in 16_u32..=96,
    ) {
        let mut settings = ShowSettings::default();
        for (n, index) in chosen.into_iter().enumerate() {
            let mut destination = SERVICES[index].destination();
            destination.stream_key = Some(StreamKey::new(&format!("key-{n}")));
            settings.destinations.push(destination);
        }
        let encoding = &mut settings.encoding;
        encoding.keyframe_seconds = keyframe;
        encoding.video_bitrate = Bitrate::from_kbps(kbps);
        encoding.frame_rate = FrameRate::new(fps, 1).unwrap();
        (encoding.channels, encoding.sample_rate) = (channels, sample_rate);
        encoding.audio_bitrate = Bitrate::from_kbps(audio);
        encoding.size = Size::new(size.0, size.1);
        prop_assume!(settings.encoding.validate().is_ok());
        let worst = |settings: &ShowSettings| lint(settings).len();
        let fitted = fitted(&settings);
        prop_assert!(worst(&fitted) <= worst(&settings));
        prop_assert!(lint(&fitted).iter().all(|finding| finding.fix.is_none()));
        prop_assert!(fitted.encoding.validate().is_ok());
    }
}
