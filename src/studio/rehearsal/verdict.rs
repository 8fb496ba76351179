//! The verdict on a rehearsal: good, or what is wrong. English stands here; windows in other languages have tables of
//! their own.

use std::fmt;

/// What a viewer got, judged.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing is wrong.
    Good(Good),
    /// These are, the worst first; never empty.
    NotGood(Vec<Fault>),
}

/// What a good rehearsal was like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Good {
    /// Pictures that arrived: all of them. None of a show that is only heard.
    pub pictures: u64,
    /// Seconds from keyframe to keyframe, where there were two.
    pub keyframe_seconds: Option<f64>,
    /// Milliseconds between sound and picture, where that could be measured.
    pub av_offset_ms: Option<f64>,
    /// Loudness in LUFS; `None` of silence.
    pub lufs: Option<f64>,
}

/// Something that is wrong for a viewer.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// A stream that the show waited for was never sent: what arrived stood in for it.
    NothingCame {
        /// What it is called.
        from: String,
    },
    /// Neither picture nor sound arrived.
    NothingArrived,
    /// Pictures did not arrive.
    PicturesMissing {
        /// So many.
        missing: u64,
        /// Of so many.
        sent: u64,
    },
    /// The picture cannot be decoded; the decoder's own words.
    PictureUnreadable(String),
    /// Too long from keyframe to keyframe.
    KeyframesFarApart {
        /// The longest, in seconds.
        longest_seconds: f64,
    },
    /// Keyframes at changing distances.
    KeyframesIrregular {
        /// The shortest, in seconds.
        shortest_seconds: f64,
        /// The longest, in seconds.
        longest_seconds: f64,
    },
    /// Keyframes from which no player can start.
    KeyframesOpen {
        /// So many.
        count: u64,
    },
    /// The sound comes after its picture.
    SoundLate {
        /// So much, in milliseconds.
        ms: f64,
    },
    /// The sound comes before its picture.
    SoundEarly {
        /// So much, in milliseconds.
        ms: f64,
    },
    /// The computer does not keep up: pictures were not encoded.
    PicturesLeftOut {
        /// So many.
        left_out: u64,
        /// Of so many.
        of: u64,
    },
    /// The computer does not keep up: pictures arrive late.
    PicturesLate {
        /// The slowest of a hundred, in milliseconds.
        ms: f64,
    },
    /// There is no sound track.
    NoSound,
    /// The sound cannot be decoded; the decoder's own words.
    SoundUnreadable(String),
    /// The sound clips.
    TooLoud {
        /// True peak in dBTP.
        true_peak_dbtp: f64,
    },
    /// The sound is hardly heard.
    TooQuiet {
        /// Loudness in LUFS.
        lufs: f64,
    },
    /// The measurement itself failed.
    NotMeasured,
}

impl Verdict {
    /// The same of a show in which this was wrong as well, and worse than the rest.
    #[must_use]
    pub(super) fn with_worse(self, worse: impl IntoIterator<Item = Fault>) -> Self {
        let mut worse = worse.into_iter().peekable();
        if worse.peek().is_none() {
            return self;
        }
        let faults = match self {
            Self::Good(_) => Vec::new(),
            Self::NotGood(faults) => faults,
        };
        Self::NotGood(worse.chain(faults).collect())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, parts) = match self {
            Self::Good(good) => ("Good", good.parts()),
            Self::NotGood(faults) => ("Not good", faults.iter().map(ToString::to_string).collect()),
        };
        write!(f, "{head}: {}.", parts.join(if matches!(self, Self::Good(_)) { ", " } else { "; " }))
    }
}

impl Good {
    fn parts(&self) -> Vec<String> {
        // A show without pictures.
        if self.pictures == 0 {
            return vec![match self.lufs {
                Some(lufs) => format!("the sound arrived, at {lufs:.1} LUFS"),
                None => "the sound arrived, and is silence".to_owned(),
            }];
        }
        let mut parts = vec![format!("all {} pictures arrived", self.pictures)];
        if let Some(seconds) = self.keyframe_seconds {
            parts.push(format!("a keyframe every {seconds:.1} s"));
        }
        if let Some(offset) = self.av_offset_ms {
            parts.push(format!("sound and picture within {:.0} ms", whole_ms(offset)));
        }
        parts.push(match self.lufs {
            Some(lufs) => format!("sound at {lufs:.1} LUFS"),
            None => "the sound is silence".to_owned(),
        });
        parts
    }
}

/// An offset for people: whole milliseconds, rounded up, without sign.
pub fn whole_ms(offset_ms: f64) -> f64 {
    offset_ms.abs().ceil().max(1.0)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingCame { from } => write!(f, "nothing came from {from}"),
            Self::NothingArrived => f.write_str("nothing arrived"),
            Self::PicturesMissing { missing, sent } => write!(f, "{missing} of {sent} pictures did not arrive"),
            Self::PictureUnreadable(fault) => write!(f, "a viewer cannot show the picture ({fault})"),
            Self::KeyframesFarApart { longest_seconds } => {
                write!(f, "keyframes are up to {longest_seconds:.1} s apart, services want at most 4 s")
            }
            Self::KeyframesIrregular { shortest_seconds, longest_seconds } => {
                write!(f, "keyframes come irregularly, {shortest_seconds:.1} to {longest_seconds:.1} s apart")
            }
            Self::KeyframesOpen { count } => {
                write!(f, "{count} keyframes need pictures from before them, players cannot start there")
            }
            Self::SoundLate { ms } => write!(f, "the sound comes {ms:.0} ms after the picture"),
            Self::SoundEarly { ms } => write!(f, "the sound comes {ms:.0} ms before the picture"),
            Self::PicturesLeftOut { left_out, of } => {
                write!(f, "{left_out} of {of} pictures were left out, this computer does not keep up")
            }
            Self::PicturesLate { ms } => {
                write!(f, "pictures are up to {ms:.0} ms late, this computer does not keep up")
            }
            Self::NoSound => f.write_str("there is no sound, and services want a sound track"),
            Self::SoundUnreadable(fault) => write!(f, "a viewer cannot hear the sound ({fault})"),
            Self::TooLoud { true_peak_dbtp } => {
                write!(f, "the sound is too loud and clips (true peak {true_peak_dbtp:+.1} dBTP)")
            }
            Self::TooQuiet { lufs } => write!(f, "the sound is very quiet ({lufs:.0} LUFS)"),
            Self::NotMeasured => f.write_str("the picture and the sound could not be measured"),
        }
    }
}
