//! The languages, and which one this system speaks.

use crate::settings::CardWords;
use crate::studio::flight::FlightWords;

/// A language of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub enum Lang {
    /// English.
    #[default]
    English,
    /// Deutsch.
    German,
}

impl Lang {
    /// Every language, in the order of a row of the table.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// What the card that stands in for a picture speaks.
    pub fn card_words(self) -> CardWords {
        self.pick([CardWords::English, CardWords::German])
    }

    /// What a show's report speaks.
    pub fn flight_words(self) -> FlightWords {
        self.pick([FlightWords::English, FlightWords::German])
    }

    /// The language's own name for itself.
    pub fn name(self) -> &'static str {
        self.pick(["English", "Deutsch"])
    }

    /// Of a row of the table, the string of this language.
    pub(crate) fn pick<T>(self, row: [T; 2]) -> T {
        let [english, german] = row;
        match self {
            Self::English => english,
            Self::German => german,
        }
    }

    /// The language of a system whose locale variables hold `values`, in the order in which they count
    /// (`LC_ALL`, `LC_MESSAGES`, `LANG`): the first that is set and not empty.
    pub fn of_locale<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let first = values.into_iter().flatten().find(|value| !value.is_empty()).unwrap_or_default();
        if first.split(['_', '.', '@', '-']).next() == Some("de") { Self::German } else { Self::English }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_that_is_set_counts() {
        for (values, wanted) in [
            ([None, None, Some("de_DE.UTF-8")], Lang::German),
            ([Some(""), Some("de"), Some("en_GB.UTF-8")], Lang::German),
            ([Some("C"), None, Some("de_DE.UTF-8")], Lang::English),
            ([None, None, None], Lang::English),
            ([None, None, Some("den_XX")], Lang::English),
        ] {
            assert_eq!(Lang::of_locale(values), wanted, "{values:?}");
        }
    }
}
