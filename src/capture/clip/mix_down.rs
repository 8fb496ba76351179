//! How the channels of a sound file are mixed to two.

use symphonia::core::audio::{Channels, Position};

/// How much of a channel is heard left and right.
pub(super) type Gains = [f32; 2];

/// Of one channel, which is heard on both sides.
pub(super) const MONO: &[Gains] = &[[1.0, 1.0]];
/// Of two.
pub(super) const STEREO: &[Gains] = &[[1.0, 0.0], [0.0, 1.0]];

const HALF_POWER: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// The gains of `channels`, in the order in which they come. More than two are mixed as ITU-R BS.775 says (annex 4: the
/// centre and the surrounds at half their power, no low frequencies), scaled so that nothing clips.
pub(super) fn gains_of(channels: &Channels) -> Vec<Gains> {
    match channels.count() {
        1 => return MONO.to_vec(),
        2 => return STEREO.to_vec(),
        _ => {}
    }
    let mut gains: Vec<_> = positions(channels).iter().map(|place| gains_at(*place)).collect();
    gains.resize(channels.count(), [0.0; 2]);
    let sum = |side: usize| gains.iter().map(|gains| gains[side]).sum::<f32>();
    let loudest = sum(0).max(sum(1)).max(1.0);
    gains.iter_mut().flatten().for_each(|gain| *gain /= loudest);
    gains
}

/// Where the channels stand, in their order.
fn positions(channels: &Channels) -> Vec<Position> {
    let count = channels.count();
    match channels {
        // The first ones there are: that is what the library says of a file that says nothing.
        Channels::Positioned(told) if u32::try_from(count).ok().and_then(Position::from_count) != Some(*told) => {
            told.iter().collect()
        }
        _ => usual_positions(count),
    }
}

/// Where this many channels usually stand, in the order of WAVE files; of more than eight the others are not heard.
fn usual_positions(count: usize) -> Vec<Position> {
    let (front, back) = (Position::FRONT_LEFT | Position::FRONT_RIGHT, Position::REAR_LEFT | Position::REAR_RIGHT);
    let (centre, low) = (Position::FRONT_CENTER, Position::LFE1);
    let sides = Position::SIDE_LEFT | Position::SIDE_RIGHT;
    let all = match count {
        0..=2 => front,
        3 => front | centre,
        4 => front | back,
        5 => front | centre | back,
        6 => front | centre | low | back,
        7 => front | centre | low | Position::REAR_CENTER | sides,
        _ => front | centre | low | back | sides,
    };
    all.iter().collect()
}

fn gains_at(place: Position) -> Gains {
    const LEFT: Position = Position::FRONT_LEFT.union(Position::FRONT_LEFT_WIDE);
    const RIGHT: Position = Position::FRONT_RIGHT.union(Position::FRONT_RIGHT_WIDE);
    const LOW: Position = Position::LFE1.union(Position::LFE2);
    const LEFT_SURROUND: Position = Position::REAR_LEFT
        .union(Position::SIDE_LEFT)
        .union(Position::FRONT_LEFT_CENTER)
        .union(Position::TOP_FRONT_LEFT)
        .union(Position::TOP_REAR_LEFT);
    const RIGHT_SURROUND: Position = Position::REAR_RIGHT
        .union(Position::SIDE_RIGHT)
        .union(Position::FRONT_RIGHT_CENTER)
        .union(Position::TOP_FRONT_RIGHT)
        .union(Position::TOP_REAR_RIGHT);
    match place {
        place if LEFT.contains(place) => [1.0, 0.0],
        place if RIGHT.contains(place) => [0.0, 1.0],
        place if LEFT_SURROUND.contains(place) => [HALF_POWER, 0.0],
        place if RIGHT_SURROUND.contains(place) => [0.0, HALF_POWER],
        place if LOW.contains(place) => [0.0, 0.0],
        place if place == Position::FRONT_CENTER => [HALF_POWER, HALF_POWER],
        // One surround is heard on both sides, with half its power in each; so is what is above and below.
        _ => [0.5, 0.5],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The gains without their common scale, rounded to hundredths.
    fn told(channels: Channels) -> Vec<[i32; 2]> {
        let gains = gains_of(&channels);
        let front = gains[0][0];
        let sides = [0, 1].map(|side| gains.iter().map(|gains| gains[side]).sum::<f32>());
        assert!(sides.iter().all(|sum| *sum <= 1.001), "{sides:?} would clip");
        gains.iter().map(|gains| gains.map(|gain| (gain / front * 100.0).round() as i32)).collect()
    }

    #[test]
    fn each_channel_is_heard_where_it_stands() {
        let (left, right, centre, low) = ([100, 0], [0, 100], [71, 71], [0, 0]);
        let (left_surround, right_surround, back) = ([71, 0], [0, 71], [50, 50]);
        let front = Position::FRONT_LEFT | Position::FRONT_RIGHT;
        let sides = Position::SIDE_LEFT | Position::SIDE_RIGHT;
        let rear = Position::REAR_LEFT | Position::REAR_RIGHT;
        let (middle, lfe) = (Position::FRONT_CENTER, Position::LFE1);
        for (name, places, expected) in [
            ("2.1", front | lfe, vec![left, right, low]),
            ("3.0", front | middle, vec![left, right, centre]),
            ("quad", front | rear, vec![left, right, left_surround, right_surround]),
            ("4.0", front | middle | Position::REAR_CENTER, vec![left, right, centre, back]),
            ("5.1", front | middle | lfe | rear, vec![left, right, centre, low, left_surround, right_surround]),
            ("5.1(side)", front | middle | lfe | sides, vec![left, right, centre, low, left_surround, right_surround]),
            (
                "6.1",
                front | middle | lfe | sides | Position::REAR_CENTER,
                vec![left, right, centre, low, back, left_surround, right_surround],
            ),
            (
                "7.1",
                front | middle | lfe | sides | rear,
                vec![left, right, centre, low, left_surround, right_surround, left_surround, right_surround],
            ),
        ] {
            assert_eq!(told(Channels::Positioned(places)), expected, "{name}");
        }
    }

    #[test]
    fn channels_of_which_nothing_is_said_stand_where_they_usually_do() {
        for count in 3..=8u16 {
            let usual = usual_positions(count.into()).into_iter().collect();
            let unsaid = Position::from_count(count.into()).unwrap();
            for channels in [Channels::Discrete(count), Channels::Positioned(unsaid)] {
                assert_eq!(told(channels), told(Channels::Positioned(usual)), "{count}");
            }
        }
        assert_eq!(gains_of(&Channels::Discrete(20)).len(), 20);
        assert_eq!(gains_of(&Channels::Discrete(1)), MONO);
    }
}
