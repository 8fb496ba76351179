//! What figures mean: whether the encoder keeps up, whether the network carries the show, and what to choose instead.

use std::time::Duration;

use crate::media::{Bitrate, FrameRate, Size};
use crate::output::Segments;
use crate::settings::EncodingSettings;
use crate::studio::{Problem, ProblemKind, Remedy};

/// From this share of its time on the encoder has no room for a harder picture.
const LOAD_TIGHT: f64 = 0.75;
/// From this share on it falls behind.
const LOAD_TOO_HIGH: f64 = 0.95;
/// Of all pictures, what may be lost before it is spoken of, and before it is too much.
const LOST_TIGHT: f64 = 0.02;
const LOST_TOO_MANY: f64 = 0.05;
/// The share that smaller settings should come to.
const LOAD_WANTED: f64 = 0.6;

/// What is offered of what is planned: a line that just carries the show drops pictures when anything else moves.
pub(super) const RESERVE: f64 = 1.25;
/// Of what was offered, what a network carries that holds it: packets on their way are not counted yet.
const CARRIED_MIN: f64 = 0.95;
/// Media that may wait at the end of an upload that holds.
const WAITING_MAX: Duration = Duration::from_millis(500);
/// Of what the network carries, what a show may use.
const USE_OF_CARRIED: f64 = 0.8;
/// Below this rate no picture is worth it.
const KBPS_MIN: f64 = 200.0;

/// Of all packets, what may be lost before it is spoken of.
const LOSS_WORTH_TELLING: f64 = 0.02;
/// Of fewer packets a handful decides: no share is told.
const SEGMENTS_MIN: u64 = 200;

/// Days before its end from which on a certificate is spoken of.
const DAYS_WORTH_TELLING: i64 = 7;

/// How much of its time the encoder needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EncoderLoad {
    /// Time it takes for a picture ÷ time from picture to picture.
    pub share: f64,
    /// Pictures a second that it encoded.
    pub fps: f64,
    /// Pictures that were lost ÷ pictures that were due.
    pub lost: f64,
}

/// What is wrong with the encoder's load; the first says whether it fails.
pub(super) fn judge_encoder(load: &EncoderLoad, encoding: &EncodingSettings) -> Option<(bool, Problem)> {
    let fails = load.share >= LOAD_TOO_HIGH || load.lost > LOST_TOO_MANY;
    if !fails && load.share < LOAD_TIGHT && load.lost <= LOST_TIGHT {
        return None;
    }
    let kind = if fails { ProblemKind::EncoderTooSlow } else { ProblemKind::EncoderTight };
    let about = format!("{} at {} fps", encoding.size, encoding.frame_rate);
    let problem = Problem::new(kind, about, format!("{:.0} %", load.share * 100.0));
    Some((fails, problem.with_remedy(smaller(load, encoding))))
}

/// The largest form below the chosen one that the encoder should have time for.
fn smaller(load: &EncoderLoad, encoding: &EncodingSettings) -> Option<Remedy> {
    let EncodingSettings { size, frame_rate, .. } = *encoding;
    // Pictures are lost to other programs although each takes little: a smaller picture changes nothing.
    if load.share < LOAD_WANTED {
        return None;
    }
    let slower = if frame_rate.as_f64() > 31.0 { FrameRate::DEFAULT } else { frame_rate };
    let scaled = |part: f64| {
        let even = |side: u32| ((f64::from(side) * part / 2.0).round() as u32 * 2).max(32);
        Size::new(even(size.width), even(size.height))
    };
    let forms = [(size, slower), (scaled(2.0 / 3.0), slower), (scaled(0.5), slower), (scaled(1.0 / 3.0), slower)];
    let cost = |(size, rate): (Size, FrameRate)| size.area() as f64 * rate.as_f64();
    let share_of = |form| load.share * cost(form) / cost((size, frame_rate));
    let mut others = forms.into_iter().filter(|form| *form != (size, frame_rate));
    let fitting = others.clone().find(|form| share_of(*form) <= LOAD_WANTED);
    fitting.or_else(|| others.next_back()).map(|(size, rate)| Remedy::Form(size, rate))
}

/// What an upload carried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Upload {
    /// What the show needs, picture and sound, in kb/s.
    pub planned_kbps: f64,
    /// What was offered, in kb/s.
    pub offered_kbps: f64,
    /// What the network took, in kb/s.
    pub carried_kbps: f64,
    /// Packets that were lost and sent again ÷ all that were sent, if enough were and the system counts them.
    pub packet_loss: Option<f64>,
}

/// The share of the packets that were lost between two looks at a connection.
pub(super) fn packet_loss(from: Option<Segments>, to: Option<Segments>) -> Option<f64> {
    let (from, to) = (from?, to?);
    let sent = to.sent.saturating_sub(from.sent);
    (sent >= SEGMENTS_MIN).then(|| (to.lost.saturating_sub(from.lost) as f64 / sent as f64).min(1.0))
}

/// What is wrong with an upload to `about`, with `waiting` at its end; the first says whether it fails. A link that is full
/// loses packets by itself: where the upload does not hold, the loss is told beside that and not instead.
pub(super) fn judge_upload(
    about: &str,
    upload: &Upload,
    waiting: Duration,
    encoding: &EncodingSettings,
) -> Option<(bool, Problem)> {
    let Upload { planned_kbps, offered_kbps, carried_kbps, packet_loss } = *upload;
    let lost = packet_loss.filter(|share| *share > LOSS_WORTH_TELLING).map(|share| format!("{:.1} %", share * 100.0));
    if waiting <= WAITING_MAX || carried_kbps >= offered_kbps * CARRIED_MIN {
        return lost.map(|lost| (false, Problem::new(ProblemKind::PacketLoss, about, lost)));
    }
    let fails = carried_kbps < planned_kbps;
    let kind = if fails { ProblemKind::UploadTooSlow } else { ProblemKind::UploadTight };
    let details = format!("{carried_kbps:.0} of {:.0} kb/s", if fails { planned_kbps } else { offered_kbps });
    let fitting = carried_kbps * USE_OF_CARRIED - f64::from(encoding.audio_bitrate.kbps());
    let fitting = (fitting / 50.0).floor() * 50.0;
    let lower = (fitting >= KBPS_MIN && fitting < f64::from(encoding.video_bitrate.kbps()))
        .then(|| Remedy::VideoBitrate(Bitrate::from_kbps(fitting as u32)));
    Some((fails, Problem::new(kind, about, details).with_remedy(lower).with_packet_loss(lost)))
}

/// Whole days from `now` to `expires`, both since 1970.
pub(super) fn days_left(expires: Duration, now: Duration) -> i64 {
    let days = |left: Duration| i64::try_from(left.as_secs() / 86_400).unwrap_or(i64::MAX);
    if expires >= now { days(expires - now) } else { -1 - days(now - expires) }
}

/// A certificate that is about to expire.
pub(super) fn judge_certificate(about: &str, days: i64) -> Option<Problem> {
    let soon = days < DAYS_WORTH_TELLING;
    soon.then(|| Problem::new(ProblemKind::CertificateExpiresSoon, about, days.max(0).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(width: u32, height: u32, fps: &str) -> EncodingSettings {
        EncodingSettings {
            size: Size::new(width, height),
            frame_rate: fps.parse().unwrap(),
            ..EncodingSettings::default()
        }
    }

    fn load(share: f64, lost: f64) -> EncoderLoad {
        EncoderLoad { share, fps: 30.0, lost }
    }

    #[test]
    fn an_encoder_with_time_to_spare_is_not_spoken_of() {
        assert_eq!(judge_encoder(&load(0.38, 0.0), &form(1280, 720, "30")), None);
        let (fails, problem) = judge_encoder(&load(0.8, 0.0), &form(1280, 720, "30")).unwrap();
        assert!(!fails && problem.kind == ProblemKind::EncoderTight && problem.details == "80 %", "{problem:?}");
        let (fails, problem) = judge_encoder(&load(0.4, 0.1), &form(1280, 720, "30")).unwrap();
        assert!(fails && problem.remedy().is_none(), "other programs take its time: {problem:?}");
    }

    #[test]
    fn smaller_settings_are_those_it_has_time_for() {
        for (share, size, fps, expected) in [
            (1.1, (1920, 1080), "60", Remedy::Form(Size::new(1920, 1080), FrameRate::DEFAULT)),
            (1.3, (1920, 1080), "30", Remedy::Form(Size::new(1280, 720), FrameRate::DEFAULT)),
            (1.3, (1280, 720), "30", Remedy::Form(Size::new(854, 480), FrameRate::DEFAULT)),
            (2.2, (1280, 720), "30", Remedy::Form(Size::new(640, 360), FrameRate::DEFAULT)),
            (1.3, (720, 1280), "25", Remedy::Form(Size::new(480, 854), "25".parse().unwrap())),
            (50.0, (3840, 2160), "30", Remedy::Form(Size::new(1280, 720), FrameRate::DEFAULT)),
        ] {
            let (fails, problem) = judge_encoder(&load(share, 0.5), &form(size.0, size.1, fps)).unwrap();
            assert!(fails && problem.kind == ProblemKind::EncoderTooSlow);
            assert_eq!(problem.remedy(), Some(expected), "{share} {size:?}");
        }
    }

    fn upload(carried_kbps: f64, waiting_ms: u64) -> Option<(bool, Problem)> {
        losing(carried_kbps, waiting_ms, None)
    }

    fn losing(carried_kbps: f64, waiting_ms: u64, packet_loss: Option<f64>) -> Option<(bool, Problem)> {
        let upload = Upload { planned_kbps: 3128.0, offered_kbps: 3910.0, carried_kbps, packet_loss };
        judge_upload("rtmp://h/app", &upload, Duration::from_millis(waiting_ms), &EncodingSettings::default())
    }

    #[test]
    fn an_upload_holds_is_tight_or_too_slow() {
        assert_eq!(upload(3905.0, 20), None);
        assert_eq!(upload(3700.0, 300), None, "a keyframe is on its way");
        let (fails, tight) = upload(3400.0, 1500).unwrap();
        assert!(!fails && tight.kind == ProblemKind::UploadTight && tight.details == "3400 of 3910 kb/s", "{tight:?}");
        assert_eq!(tight.remedy(), Some(Remedy::VideoBitrate(Bitrate::from_kbps(2550))));
        let (fails, slow) = upload(1000.0, 7000).unwrap();
        assert!(fails && slow.kind == ProblemKind::UploadTooSlow && slow.details == "1000 of 3128 kb/s", "{slow:?}");
        assert_eq!(slow.remedy(), Some(Remedy::VideoBitrate(Bitrate::from_kbps(650))));
        let (fails, none) = upload(0.0, 8000).unwrap();
        assert!(fails && none.remedy().is_none());
    }

    #[test]
    fn lost_packets_are_told_where_enough_were_sent_to_know() {
        let at = |sent, lost| Some(Segments { sent, lost });
        let mark = at(400, 30);
        for (to, share, told) in [
            (at(1900, 30), Some(0.0), None),
            (at(1900, 45), Some(0.01), None),
            (at(1900, 60), Some(0.02), None),
            (at(1900, 75), Some(0.03), Some("3.0 %")),
            (at(1900, 102), Some(0.048), Some("4.8 %")),
            // A handful of few.
            (at(599, 60), None, None),
            // A system that does not count.
            (None, None, None),
        ] {
            let measured = packet_loss(mark, to);
            assert_eq!(measured, share, "{to:?}");
            let judged = losing(3905.0, 20, measured);
            let wanted = told.map(|share| (false, Problem::new(ProblemKind::PacketLoss, "rtmp://h/app", share)));
            assert_eq!(judged, wanted, "{to:?}");
        }
        assert_eq!(packet_loss(None, at(1900, 100)), None);
    }

    #[test]
    fn where_the_upload_does_not_hold_the_loss_is_told_beside_that() {
        for (carried, share, kind, told) in [
            (1000.0, Some(0.05), ProblemKind::UploadTooSlow, Some("5.0 %")),
            (3400.0, Some(0.05), ProblemKind::UploadTight, Some("5.0 %")),
            (1000.0, Some(0.01), ProblemKind::UploadTooSlow, None),
        ] {
            let (fails, problem) = losing(carried, 7000, share).unwrap();
            assert_eq!((problem.kind, fails), (kind, kind == ProblemKind::UploadTooSlow));
            assert!(problem.packet_loss() == told && problem.remedy().is_some(), "{problem:?}");
            let [what, to_do] = [crate::studio::wording::what(&problem), crate::studio::wording::to_do(&problem)];
            assert_eq!(what.contains("; 5.0 % of the packets were lost"), told.is_some(), "{what}");
            assert!(to_do.contains("cable") == told.is_some() && to_do.contains("--video-bitrate"), "{to_do}");
        }
        // Without a rate that would do.
        let (_, problem) = losing(0.0, 8000, Some(0.4)).unwrap();
        assert!(problem.remedy().is_none() && problem.packet_loss() == Some("40.0 %"), "{problem:?}");
    }

    #[test]
    fn days_are_whole_and_a_week_is_told() {
        let day = Duration::from_secs(86_400);
        let now = day * 20_000;
        for (expires, days) in
            [(now + day * 7, 7), (now + day * 7 - Duration::from_secs(1), 6), (now, 0), (now - day, -2)]
        {
            assert_eq!(days_left(expires, now), days);
        }
        assert_eq!(judge_certificate("h", 7), None);
        assert_eq!(judge_certificate("h", 6).unwrap().details, "6");
    }
}
