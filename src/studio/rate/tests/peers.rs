//! Peers whose receive window sets the pace.

use super::*;

/// Tunnels on this computer, and a peer that opens its window soon.
const PEERS: [Peer; 3] = [
    Peer { buffer: 60_000, opens: 30_000, confirms: false },
    Peer { buffer: 100_000, opens: 60_000, confirms: false },
    Peer { buffer: 100_000, opens: 8_000, confirms: false },
];

#[test]
fn behind_a_peer_that_takes_bytes_in_lumps_the_rate_is_what_goes_on_from_there() {
    for peer in PEERS {
        for carries in [0.6e6, 1e6] {
            for begin in [0.0, 12.0, 12.5, 13.0, 13.5] {
                let throttled = begin..begin + 40.0;
                let run = stream_to(110, 1, 0.0, Some(peer), |t| if throttled.contains(&t) { carries } else { 20e6 });
                let (from, to) = (begin as usize + 5, begin as usize + 40);
                let (lost, turns) = (run.lost(from as i64, to as i64), run.turns(from, to));
                let used: u32 = run.rates[from * 10..to * 10].iter().sum::<u32>() / (to - from) as u32 / 10;
                let story =
                    || format!("{peer:?}, {carries} from {begin} s: {lost}, {turns} turns, {used}: {:?}", run.rates);
                assert!(lost < 0.01 && turns <= 8, "{}", story());
                assert!((f64::from(used) * 1e3 / carries - 0.65).abs() < 0.2, "{}", story());
                assert!(run.first_full_after(to).is_some_and(|after| after < 55.0), "{}", story());
                assert_eq!(run.rates.last(), Some(&WANTED_KBPS), "{}", story());
            }
        }
    }
}

#[test]
fn a_peer_that_takes_nothing_for_a_moment_is_no_narrow_one() {
    for (peer, stands) in
        [PEERS[1], TUNNELS[0], TUNNELS[1]].iter().flat_map(|peer| [(peer, 0.3), (peer, 0.8), (peer, 1.5)])
    {
        let still = |t: f64| (12.0..12.0 + stands).contains(&t) || (20.0..20.0 + stands).contains(&t);
        let run = stream_to(40, 1, 0.0, Some(*peer), |t| if still(t) { 0.0 } else { 20e6 });
        let average = run.rates.iter().sum::<u32>() / run.rates.len() as u32;
        assert!(average >= WANTED_KBPS * 95 / 100, "{peer:?}, {stands} s, {average}: {:?}", run.rates);
    }
}

#[test]
fn a_peer_that_takes_more_again_gets_more() {
    for peer in PEERS {
        let run = stream_to(160, 1, 0.0, Some(peer), |t| match t {
            ..12.0 => 20e6,
            ..40.0 => 0.6e6,
            _ => 1.5e6,
        });
        let used: u32 = run.rates[1000..].iter().sum::<u32>() / 600;
        assert!(used > 750 && run.lost(17, 150) < 0.01, "{peer:?}, {used}, {}: {:?}", run.lost(17, 150), run.rates);
    }
}

#[test]
fn a_peer_with_a_large_buffer_costs_pictures_once() {
    for carries in [0.6e6, 1e6] {
        let run = stream_to(100, 1, 0.0, Some(Peer { buffer: 700_000, opens: 200_000, confirms: false }), |_| carries);
        assert!(run.lost(12, 90) < 0.01, "{carries}, {}: {:?}", run.lost(12, 90), run.rates);
    }
}

/// Tunnels to servers that acknowledge: of little memory and of much.
const TUNNELS: [Peer; 2] = [
    Peer { buffer: 100_000, opens: 60_000, confirms: true },
    Peer { buffer: 4_000_000, opens: 1_000_000, confirms: true },
];

#[test]
fn where_the_server_acknowledges_a_tunnel_holds_no_seconds() {
    for peer in TUNNELS {
        for (carries, worst_ms) in [(0.6e6, 2300), (1e6, 1150), (1.4e6, 750)] {
            for begin in [12.0, 13.0] {
                let run = stream_to(62, 4, 0.0, Some(peer), |t| match t {
                    t if (begin..40.0).contains(&t) => carries,
                    _ => 20e6,
                });
                let story = || format!("{peer:?}, {carries} from {begin} s: {:?}", run.rates);
                let (worst, turns) = (run.worst_delay(|_| false), run.turns(20, 39));
                assert!(worst <= worst_ms && turns <= 3, "{worst} ms, {turns} turns, {}", story());
                assert!(run.audio() + 8 > run.audio_made, "sound was lost, {}", story());
                assert!(run.lost(13, 40) < 0.1, "{} of the pictures, {}", run.lost(13, 40), story());
                assert!(run.first_full_after(40).is_some_and(|after| after < 8.0), "{}", story());
            }
        }
    }
}
