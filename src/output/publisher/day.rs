//! A day of a show whose server is killed five hundred times, in virtual time: what decides, places and hands out packets is
//! what runs in the publisher.

use std::time::Duration;

use bytes::Bytes;

use super::Joins;
use super::reconnect::{Decision, Reconnect};
use crate::flow::PacketQueue;
use crate::media::{Packet, PacketKind, Timestamp};
use crate::output::timeline::Timeline;
use crate::output::{Fanout, PublishError, PublishStep, STAY_CURRENT};
use crate::rtmp::client::{ClientError, Step};

const FRAME_MS: i64 = 200;
const GOP: i64 = 10;
const DAY_MS: i64 = 24 * 3600 * 1000;
const KILLS: usize = 500;

struct Random(u64);

impl Random {
    fn up_to(&mut self, end: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.unsigned_abs()) as i64
    }
}

/// From when to when the server is dead, and until when it then holds the old session.
fn outages(random: &mut Random) -> Vec<(i64, i64, i64)> {
    let mut kills: Vec<i64> = (0..KILLS).map(|_| 60_000 + random.up_to(DAY_MS - 600_000)).collect();
    kills.sort_unstable();
    kills
        .into_iter()
        .map(|at| {
            let back = at + random.up_to(90_000);
            (at, back, back + if random.up_to(3) == 0 { random.up_to(20_000) } else { 0 })
        })
        .collect()
}

#[test]
fn a_show_outlives_a_day_of_kills() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let outages = outages(&mut random);
    let fanout = Fanout::new();
    let (output, recorder) = (fanout.add(PacketQueue::new(STAY_CURRENT)), fanout.add(PacketQueue::new(STAY_CURRENT)));
    recorder.activate();
    let mut reconnect = Reconnect::new(1, Duration::from_secs(3600), Joins::No, 11);
    let (mut timeline, mut last_ms, mut in_gop) = (Timeline::new(true), None::<u32>, 0);
    let (mut live, mut try_at, mut started) = (false, Some(0), Timestamp::ZERO);
    let (mut connections, mut recorded, mut worst_return) = (0, 0_i64, 0);
    let mut next_is_keyframe = false;
    let (mut lost_at, mut sound_may_lack, mut heard_ms) = (0, true, None::<u32>);
    let (mut ahead, mut dead_until, mut free_at) = (outages.iter().peekable(), 0, 0);
    for at in (0..DAY_MS).step_by(10) {
        let now = Timestamp::from_millis(at);
        // Outages overlap: it is dead while any lasts, and free when all are over.
        while let Some((_, to, free)) = ahead.next_if(|(from, ..)| *from <= at) {
            (dead_until, free_at) = (dead_until.max(*to), free_at.max(*free));
        }
        let (dead, held) = (at < dead_until, at < free_at);
        let mut failure = None;
        if live && dead {
            (live, lost_at) = (false, at);
            output.suspend();
            failure = Some((PublishError::Broken { step: PublishStep::Live, reason: String::new() }, true));
        }
        if try_at.is_some_and(|time| at >= time) {
            (try_at, started) = (None, now);
            if dead {
                failure = Some((PublishError::Refused, false));
            } else if held {
                let code = "NetStream.Publish.BadName".to_owned();
                let error =
                    ClientError::Rejected { step: Step::Publish, code, description: Some("Already".to_owned()) };
                failure = Some((PublishError::Session(error), false));
            } else {
                (live, next_is_keyframe, connections) = (true, true, connections + 1);
                reconnect.live(now);
                output.resume();
                // Sound of a short outage is handed in.
                sound_may_lack |= at - lost_at > 5900;
                worst_return = worst_return.max(at - free_at);
            }
        }
        if let Some((error, went_live)) = failure {
            match reconnect.failed(now, error, started, went_live, false) {
                Decision::Again { wait, .. } => try_at = Some(at + wait.as_millis() as i64),
                next => panic!("gave up at {at} ms: {next:?}"),
            }
        }
        if at % FRAME_MS == 0 {
            let keyframe = in_gop == 0 || fanout.take_keyframe_wish();
            in_gop = if keyframe { 1 } else { (in_gop + 1) % GOP };
            for kind in [PacketKind::Audio, PacketKind::Video { keyframe }] {
                fanout.push(&Packet { kind, pts: now, dts: now, captured_at: now, data: Bytes::new() });
            }
        }
        while live && let Some(packet) = output.queue().try_pop() {
            if packet.kind == PacketKind::Audio {
                let Some(place) = timeline.place(&packet) else { continue };
                let in_turn = heard_ms.is_none_or(|heard| place.timestamp_ms == heard + FRAME_MS as u32);
                let later = heard_ms.is_none_or(|heard| place.timestamp_ms > heard);
                assert!(in_turn || (sound_may_lack && later), "sound of {place:?} after {heard_ms:?}");
                (heard_ms, sound_may_lack) = (Some(place.timestamp_ms), false);
                continue;
            }
            assert!(packet.is_keyframe() || !next_is_keyframe, "{at} ms begins in the middle");
            next_is_keyframe = false;
            let place = timeline.place(&packet).unwrap().timestamp_ms;
            assert!(last_ms.is_none_or(|last| place > last), "{place} after {last_ms:?}");
            last_ms = Some(place);
        }
        while let Some(packet) = recorder.queue().try_pop() {
            if packet.is_video() {
                assert_eq!(packet.dts.as_millis(), recorded * FRAME_MS, "the recording has a hole");
                recorded += 1;
            }
        }
    }
    assert!(live && connections > KILLS / 2, "{connections} connections");
    assert!(worst_return <= 1500, "live {worst_return} ms after a server was back");
    assert_eq!(recorded, DAY_MS / FRAME_MS);
}
