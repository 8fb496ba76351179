//! What goes out while the picture does not come: the values of `--card`.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The card that stands in for a picture that has stopped for more than a second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardChoice {
    /// None: the last picture stays.
    Off,
    /// One that asks for a moment of patience, in this language.
    Words(CardWords),
    /// A picture from a PNG or JPEG file.
    Image(PathBuf),
}

/// The language of the card of words. A profile does not keep it: it is that of whoever starts the show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CardWords {
    /// One moment please.
    #[default]
    English,
    /// Einen Moment bitte.
    German,
}

impl Default for CardChoice {
    fn default() -> Self {
        Self::Words(CardWords::English)
    }
}

impl CardChoice {
    /// The same; a card of words is in this language.
    #[must_use]
    pub fn in_words(self, words: CardWords) -> Self {
        match self {
            Self::Words(_) => Self::Words(words),
            other => other,
        }
    }
}

impl FromStr for CardChoice {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "off" => Self::Off,
            "on" | "" => Self::default(),
            path => Self::Image(PathBuf::from(path)),
        })
    }
}

impl fmt::Display for CardChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Words(_) => f.write_str("on"),
            Self::Image(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_reads_back_as_it_is_written() {
        for text in ["off", "on", "/a b/card.png", "./off"] {
            let Ok(read) = text.parse::<CardChoice>();
            assert_eq!(read.to_string(), text);
        }
        let german = CardChoice::default().in_words(CardWords::German);
        assert_eq!((german.to_string().as_str(), german != CardChoice::default()), ("on", true));
        assert_eq!(CardChoice::Off.in_words(CardWords::German), CardChoice::Off);
    }
}
