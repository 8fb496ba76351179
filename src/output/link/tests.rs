//! What is known of a link by looks at it, played.

use super::*;
use crate::output::link_view::Segments;

fn sample(millis: i64, acked: u64, outstanding: u64) -> LinkSample {
    let path = Duration::from_millis(2);
    LinkSample {
        at: Timestamp::from_millis(millis),
        acked,
        outstanding,
        writing: 0,
        queued: 0,
        rtt: path + Duration::from_millis(outstanding / 150),
        rtt_min: path,
        segments: None,
        window: Window::Open,
        written: 0,
        confirmed: 0,
    }
}

#[test]
fn a_full_window_does_not_excuse_what_is_overdue_on_a_short_path() {
    // As Linux tells it: 1.2 Mb/s, acknowledged in lumps, and a smoothed round trip that has hardly risen.
    for (path, is_found) in [(1, true), (120, false)] {
        let mut link = Link::default();
        for millis in (0..400).step_by(5) {
            let (made, lumps) = (millis as u64 * 330, millis as u64 / 75);
            let path = Duration::from_millis(path);
            link.observe(LinkSample {
                acked: lumps * 11_250,
                outstanding: made - lumps * 11_250,
                rtt: path + Duration::from_millis(millis as u64 / 10),
                rtt_min: path,
                window: Window::Full,
                ..sample(millis, 0, 0)
            });
        }
        let view = link.view();
        assert_eq!(view.glimpsed.is_some_and(|bps| bps.abs_diff(1_200_000) < 300_000), is_found, "{view:?}");
        // A lump is not taken for the link's speed.
        assert!(view.room.is_none_or(|room| room < 40_000), "{view:?}");
    }
}

#[test]
fn where_nothing_waited_a_late_look_sees_no_silence() {
    let mut link = Link::default();
    link.observe(sample(0, 100, 0));
    // The program was stopped for six seconds, and has just written.
    link.observe(sample(6000, 100, 5000));
    assert_eq!(link.view().silent, Duration::ZERO);
    (6000..=9000).step_by(50).for_each(|millis| link.observe(sample(millis, 100, 5000)));
    assert_eq!(link.view().silent, Duration::from_secs(3));
    // Stopped again, between two looks at what waits.
    link.observe(sample(15_000, 100, 5000));
    assert_eq!(link.view().silent, Duration::ZERO);
}

#[test]
fn a_link_that_sets_the_pace_is_measured_within_a_third_of_a_second() {
    let mut link = Link::default();
    // 150 bytes a millisecond go through, 330 come.
    for millis in (0..300).step_by(13) {
        link.observe(sample(millis, millis as u64 * 150, 7000 + millis as u64 * 180));
    }
    let view = link.view();
    assert!(view.carried.is_some_and(|bps| bps.abs_diff(1_200_000) < 1000), "{view:?}");
    assert_eq!(view.silent, Duration::ZERO);
    assert!(view.delay > Duration::from_millis(200), "{view:?}");
}

#[test]
fn what_comes_through_in_lumps_is_measured_from_lump_to_lump() {
    // 4500 bytes every 30 ms, looked at when they come and in between.
    for phase in 0..6 {
        let mut link = Link::default();
        for millis in (0..400).step_by(5) {
            let acked = (millis as u64 + phase * 5) / 30 * 4500;
            link.observe(sample(millis, acked, 7000 + millis as u64 * 180));
        }
        let view = link.view();
        assert!(view.carried.is_some_and(|bps| bps.abs_diff(1_200_000) < 60_000), "{phase}: {view:?}");
    }
}

#[test]
fn a_link_with_room_is_not_measured_by_what_little_is_sent() {
    let mut link = Link::default();
    for millis in (0..1000).step_by(13) {
        link.observe(sample(millis, millis as u64 * 330, 4000));
    }
    assert_eq!(link.view().carried, None);
    // A long path always holds something: that is no queue.
    let mut link = Link::default();
    for millis in (0..1000).step_by(13) {
        let long = Duration::from_millis(80);
        link.observe(LinkSample { rtt: long, rtt_min: long, ..sample(millis, millis as u64 * 330, 330 * 80) });
    }
    assert_eq!(link.view().carried, None);
}

#[test]
fn silence_is_told_while_something_waits() {
    let mut link = Link::default();
    link.observe(sample(0, 5000, 0));
    for millis in (100..4000).step_by(100) {
        link.observe(sample(millis, 5000, 9000));
    }
    assert_eq!(link.view().silent, Duration::from_millis(3800), "since something waits");
    link.observe(sample(4000, 5001, 9000));
    assert_eq!(link.view().silent, Duration::ZERO);
    link.observe(sample(9000, 5001, 0));
    assert_eq!(link.view().silent, Duration::ZERO, "nothing waits");
}

#[test]
fn a_large_packet_tells_how_fast_it_went_through() {
    let mut link = Link::default();
    let start = Timestamp::from_millis(1000);
    link.handed_over(start, 2000, sample(1000, 0, 2000));
    assert!(!link.wants_looks(), "too small to tell anything");
    link.handed_over(start, 40_000, sample(1002, 2000, 40_000));
    for millis in (1005..1100).step_by(5) {
        link.observe(sample(millis, 2000 + (millis as u64 - 1002) * 1000, 1));
    }
    assert!(!link.wants_looks());
    let Passed { at, bps, .. } = link.view().passed.unwrap();
    // 40 kB in 45 ms less 2 ms of the path.
    assert_eq!((bps.abs_diff(7_441_860) < 1000, at.as_millis()), (true, 1045), "{bps}");
}

/// A train of 60 kB over a link that carries `rate` bytes a millisecond and lets `bucket` bytes through at once.
fn train(rate: u64, bucket: u64) -> Link {
    let mut link = Link::default();
    link.observe(sample(990, 5000, 0));
    link.train_leaves(60_000, LinkSample { writing: 16_000, queued: 44_000, ..sample(1000, 5000, 0) });
    for millis in (1005..2600).step_by(5) {
        let through = (bucket + (millis as u64 - 1002) * rate).min(60_000);
        link.observe(sample(millis, 5000 + through, 60_000 - through));
    }
    link
}

#[test]
fn a_train_tells_what_a_link_carries_beyond_what_its_shaper_lets_through() {
    for bucket in [0, 8000, 16_000, 24_000, 28_000] {
        let link = train(150, bucket);
        let Passed { bps, is_train, .. } = link.view().passed.unwrap();
        assert!(bps.abs_diff(1_200_000) < 60_000 && is_train, "{bucket}: {bps}");
        assert!(
            link.view().train_for.is_none() && link.view().carried.is_none(),
            "nothing is concluded from its queue"
        );
    }
    let wide = train(1250, 16_000).view().passed.unwrap().bps;
    assert!(wide > 7_000_000, "{wide}");
    // A link that stands still tells nothing, and is not waited for.
    let link = train(0, 0);
    assert!(link.view().train_for.is_none() && link.view().passed.is_none(), "{:?}", link.view());
}

/// A look at a path of 100 ms whose round trips take `rtt` now.
fn far(millis: i64, acked: u64, outstanding: u64, rtt: u64) -> LinkSample {
    let (rtt, rtt_min) = (Duration::from_millis(rtt), Duration::from_millis(100));
    LinkSample { rtt, rtt_min, ..sample(millis, acked, outstanding) }
}

#[test]
fn a_congestion_window_that_opens_says_nothing_of_the_link() {
    let lost = |lost| Some(Segments { sent: 100, lost });
    let mut link = Link::default();
    // 100 bytes a millisecond get through, 330 come: the window is full, and the path shows no queue.
    let opening = |millis: i64| LinkSample {
        window: Window::Full,
        segments: lost(0),
        ..far(millis, millis as u64 * 100, 10_000 + millis as u64 * 230, 110)
    };
    (0..1000).step_by(13).for_each(|millis| link.observe(opening(millis)));
    assert_eq!((link.view().carried, link.view().room), (None, None));
    // It never gets wider: there is a reason.
    (1000..2500).step_by(13).for_each(|millis| link.observe(opening(millis)));
    assert!(link.view().carried.is_some_and(|bps| bps.abs_diff(800_000) < 2000), "{:?}", link.view());

    // The same after a loss: the window tells of the path.
    let mut link = Link::default();
    (0..1000).step_by(13).for_each(|millis| {
        link.observe(LinkSample { segments: lost(u64::from(millis > 100)), ..opening(millis) });
    });
    assert!(link.view().carried.is_some(), "{:?}", link.view());

    // A path that does show a queue is full; but not while the system sends next to nothing to see how short it is.
    for (window, is_full) in [(Window::Full, true), (Window::Tiny, false)] {
        let mut link = Link::default();
        link.observe(far(0, 0, 0, 105));
        (13..900).step_by(13).for_each(|millis| {
            link.observe(LinkSample { window, rtt: Duration::from_millis(300), ..opening(millis) });
        });
        assert_eq!(link.view().carried.is_some(), is_full, "{:?}", link.view());
    }
}

#[test]
fn round_trips_that_vary_are_no_queue() {
    let mut link = Link::default();
    for millis in (0..20_000_i64).step_by(13) {
        // Between 130 and 170 ms, never as short as the first ones were.
        let rtt = 130 + (millis as u64 / 13 * 17) % 40;
        link.observe(far(millis, millis as u64 * 330, 330 * rtt, rtt));
        if millis > 1000 {
            let view = link.view();
            assert!(view.carried.is_none() && view.room.is_none(), "{millis}: {view:?}");
            assert!(view.delay <= Duration::from_millis(41), "{millis}: {view:?}");
        }
    }
    // A queue that stays is one, however long it stays.
    for millis in (20_000..60_000_i64).step_by(13) {
        link.observe(far(millis, 6_600_000 + (millis as u64 - 20_000) * 150, 60_000, 400));
    }
    assert!(link.view().delay > Duration::from_millis(150), "{:?}", link.view());
}

#[test]
fn a_path_with_a_queue_gets_no_more_than_it_takes() {
    let mut link = Link::default();
    link.observe(far(0, 0, 0, 100));
    for millis in (13..600_i64).step_by(13) {
        link.observe(far(millis, millis as u64 * 150, 15_000 + millis as u64 * 180, 100 + millis as u64 / 2));
    }
    // 150 bytes a millisecond over 100 ms, and 200 ms of it that may wait.
    let room = link.view().room;
    assert!(room.is_some_and(|room| room.abs_diff(45_000) < 1500), "{room:?}");
    // Nothing moves: more packets tell the system which were lost.
    (600..750).step_by(13).for_each(|millis| link.observe(far(millis, 90_000, 120_000, 400)));
    assert_eq!(link.view().room, None);
}
