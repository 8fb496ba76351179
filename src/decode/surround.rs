//! How more than two channels of AAC are heard on two.

/// Where the decoder says a channel stands (`AUDIO_CHANNEL_TYPE`), without its height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    Front,
    Side,
    Back,
    /// Low frequencies, or nothing that is known.
    Unheard,
}

impl Stand {
    pub(super) fn of(channel_type: u32) -> Self {
        match channel_type & 0x0F {
            1 => Self::Front,
            2 => Self::Side,
            3 => Self::Back,
            _ => Self::Unheard,
        }
    }
}

/// How much of a channel is heard left and right.
pub(super) type Gains = [f32; 2];

const HALF_POWER: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// The gains of `channels`: where each stands, and its number among those that stand there, from the centre outwards in
/// front and towards it behind. Mixed as ITU-R BS.775 says (annex 4: the centre and the surrounds at half their power, no
/// low frequencies), scaled so that nothing clips.
pub(super) fn gains(channels: &[(Stand, usize)]) -> Vec<Gains> {
    let count = |stand: Stand| channels.iter().filter(|(other, _)| *other == stand).count();
    let mut gains: Vec<Gains> = channels.iter().map(|(stand, index)| gains_at(*stand, *index, count(*stand))).collect();
    let sum = |side: fn(&Gains) -> f32| gains.iter().map(side).sum::<f32>();
    let loudest = sum(|gains| gains[0]).max(sum(|gains| gains[1])).max(1.0);
    gains.iter_mut().flatten().for_each(|gain| *gain /= loudest);
    gains
}

/// Of the channel `index` among `count` at a stand: pairs are left and right, and one without another is in the middle.
fn gains_at(stand: Stand, index: usize, count: usize) -> Gains {
    let (is_middle, is_left) = match stand {
        Stand::Front => (count % 2 == 1 && index == 0, index % 2 == count % 2),
        Stand::Side | Stand::Back => (count % 2 == 1 && index + 1 == count, index.is_multiple_of(2)),
        Stand::Unheard => return [0.0; 2],
    };
    let gain = match stand {
        Stand::Front if is_middle => return [HALF_POWER; 2],
        _ if is_middle => return [0.5; 2],
        Stand::Front if index + 2 >= count => 1.0,
        _ => HALF_POWER,
    };
    if is_left { [gain, 0.0] } else { [0.0, gain] }
}

/// Adds what is heard of one `frame` of all channels.
pub(super) fn mixed(frame: &[f32], gains: &[Gains]) -> [f32; 2] {
    frame
        .iter()
        .zip(gains)
        .fold([0.0; 2], |[left, right], (sample, gains)| [left + sample * gains[0], right + sample * gains[1]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_is_heard_where_it_stands_and_nothing_clips() {
        use Stand::{Back, Front, Side, Unheard};
        let (left, right, centre, low) = ([100, 0], [0, 100], [71, 71], [0, 0]);
        let (left_surround, right_surround, behind) = ([71, 0], [0, 71], [50, 50]);
        for (name, channels, expected) in [
            ("3.0", vec![(Front, 1), (Front, 2), (Front, 0)], vec![left, right, centre]),
            ("4.0", vec![(Front, 1), (Front, 2), (Front, 0), (Back, 0)], vec![left, right, centre, behind]),
            (
                "quad",
                vec![(Front, 0), (Front, 1), (Back, 0), (Back, 1)],
                vec![left, right, left_surround, right_surround],
            ),
            (
                "5.1",
                vec![(Front, 1), (Front, 2), (Front, 0), (Unheard, 0), (Back, 0), (Back, 1)],
                vec![left, right, centre, low, left_surround, right_surround],
            ),
            (
                "6.1",
                vec![(Front, 1), (Front, 2), (Front, 0), (Unheard, 0), (Back, 0), (Back, 1), (Back, 2)],
                vec![left, right, centre, low, left_surround, right_surround, behind],
            ),
            (
                "7.1 in front",
                vec![(Front, 3), (Front, 4), (Front, 0), (Unheard, 0), (Back, 0), (Back, 1), (Front, 1), (Front, 2)],
                vec![left, right, centre, low, left_surround, right_surround, left_surround, right_surround],
            ),
            (
                "7.1",
                vec![(Front, 1), (Front, 2), (Front, 0), (Unheard, 0), (Back, 0), (Back, 1), (Side, 0), (Side, 1)],
                vec![left, right, centre, low, left_surround, right_surround, left_surround, right_surround],
            ),
        ] {
            let gains = gains(&channels);
            let all_at_once = mixed(&vec![1.0; channels.len()], &gains);
            assert!(all_at_once.iter().all(|sum| *sum <= 1.001), "{name} would clip: {all_at_once:?}");
            let of_front = |gain: f32| (gain / gains[0][0] * 100.0).round() as i32;
            let heard: Vec<_> = gains.iter().map(|gains| gains.map(of_front)).collect();
            assert_eq!(heard, expected, "{name}");
        }
    }
}
