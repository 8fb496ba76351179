//! Every string the window shows, in every language it speaks: rows of one table, chosen by exhaustive matches, so that
//! neither a sentence nor a language can be forgotten.

mod check;
mod figures;
mod findings;
mod flight;
mod language;
mod problems;
mod reasons;
mod remedies;
mod settings;
mod settings_error;
mod text;
mod verdict;
mod warnings;

pub use language::Lang;
pub use settings::SettingsText;
pub use text::Text;

use crate::studio::Problem;

/// The window's words in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Words(pub Lang);

impl Words {
    /// A fixed string.
    pub fn text(self, text: Text) -> &'static str {
        self.0.pick(text::row(text))
    }

    /// What happened, in one sentence.
    pub fn what(self, problem: &Problem) -> String {
        problems::what(self.0, problem)
    }

    /// Why, in the engine's own words.
    pub fn reason(self, reason: &str) -> String {
        match self.0 {
            Lang::English => reason.to_owned(),
            Lang::German => reasons::in_german(reason),
        }
    }

    /// One thing to do about it.
    pub fn to_do(self, problem: &Problem) -> String {
        remedies::to_do(self.0, problem)
    }
}
