//! Links that carry nothing for seconds.

use super::*;

#[test]
fn an_outage_is_over_when_the_link_is_back() {
    for seconds in [1.0, 3.0] {
        let run = stream(40, 10, |t| if (10.0..10.0 + seconds).contains(&t) { 0.0 } else { 10e6 });
        let back = 10_000 + (seconds * 1e3) as i64;
        let story = || format!("{:?}", &run.rates[90..200]);
        assert!(run.worst_delay(|at| (back..back + 300).contains(&at)) < 700, "{}", story());
        let first_picture = run.arrived.iter().find(|a| a.video && a.at_ms >= back && a.at_ms - a.sent_ms < 300);
        assert!(first_picture.is_some_and(|a| a.at_ms < back + 500), "{first_picture:?}");
        assert!(run.first_full_after((back / 1000) as usize).is_some_and(|after| after <= 10.0), "{}", story());
        assert!(run.audio() + 2 >= run.audio_made, "{} of {}", run.audio(), run.audio_made);
    }
}

#[test]
fn an_outage_from_which_the_system_comes_back_in_steps_lowers_nothing_for_long() {
    for phase in 0..20 {
        let back = 13.0 + f64::from(phase) / 100.0;
        let run = stream(20, 1, |t| match t - 10.0 {
            ..0.0 => 10e6,
            // What was lost is sent again a segment at a time, and all else waits behind it.
            still if still < back - 10.0 => 0.0,
            still if still < back - 9.7 && (still * 1e3) as i64 % 25 != 0 => 0.0,
            _ => 10e6,
        });
        let full = run.first_full_after(14);
        assert!(full.is_some_and(|full| full <= 3.0), "{back} s, {full:?}: {:?}", &run.rates[125..]);
    }
}

#[test]
fn what_is_measured_right_after_an_outage_counts_it_in_and_is_not_believed() {
    let mut controller = RateController::new(&EncodingSettings::default());
    let mut look = |ms: i64, link| controller.observe(Timestamp::from_millis(ms), alone(link));
    let ms = Duration::from_millis;
    for silent in (0..3800).step_by(50) {
        assert_eq!(look(silent, LinkView { silent: ms(silent as u64), ..LinkView::default() }), None);
    }
    // As a real system on a busy computer told it: the first bytes are acknowledged, and all else seems to have gone.
    assert_eq!(look(3810, LinkView { delay: ms(11), ..LinkView::default() }), None);
    let behind = LinkView { carried: Some(489_861), glimpsed: Some(489_861), delay: ms(2283), ..LinkView::default() };
    assert_eq!(look(3870, behind), None);
    assert_eq!(look(3930, LinkView { delay: ms(67), ..LinkView::default() }), None);
    assert_eq!(look(3990, LinkView::default()), None);
    // What is still so half a second later is true.
    assert!(look(4330, behind).is_some());
}
