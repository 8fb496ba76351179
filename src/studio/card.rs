//! What goes out while the picture does not come: drawn words, or a picture of the user's own.

use std::path::Path;

use super::stage::Card;
use super::{Problem, ProblemKind};
use crate::capture::{Captured, read_card_file};
use crate::settings::{CardChoice, CardWords};

/// The card of `choice`, and what is wrong with its picture, if it cannot be had: then it is words.
pub(super) fn card_of(choice: &CardChoice) -> (Card, Option<Problem>) {
    match choice {
        CardChoice::Off => (Card::Off, None),
        CardChoice::Words(language) => (in_words(*language), None),
        CardChoice::Image(path) => match picture_of(path) {
            Ok(captured) => (Card::Image(captured.picture), None),
            Err(problem) => (in_words(CardWords::default()), Some(problem)),
        },
    }
}

/// What is wrong with the picture at `path` as a card. Reads the file: not for the thread of the window.
pub fn card_fault(path: &Path) -> Option<Problem> {
    picture_of(path).err()
}

fn picture_of(path: &Path) -> Result<Captured, Problem> {
    if path.as_os_str().is_empty() {
        return Err(Problem::new(ProblemKind::CardUnusable, "", ""));
    }
    match read_card_file(path) {
        Ok(Some(captured)) => Ok(captured),
        Ok(None) => Err(Problem::new(ProblemKind::CardUnusable, path.display().to_string(), "it holds no picture")),
        Err(error) => {
            let mut problem = Problem::from_source(&error);
            problem.kind = ProblemKind::CardUnusable;
            Err(problem)
        }
    }
}

fn in_words(language: CardWords) -> Card {
    Card::Words(match language {
        CardWords::English => "ONE MOMENT PLEASE",
        CardWords::German => "EINEN MOMENT BITTE",
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::studio::wording::{to_do, what};

    #[test]
    fn a_picture_that_is_not_there_is_named_as_the_cards_and_words_go_out() {
        let (card, problem) = card_of(&CardChoice::Image(PathBuf::from("/nowhere/card.png")));
        assert_eq!(card, Card::Words("ONE MOMENT PLEASE"));
        let problem = problem.unwrap();
        assert_eq!(problem, card_fault(Path::new("/nowhere/card.png")).unwrap());
        assert_eq!(
            what(&problem),
            "The card's picture /nowhere/card.png cannot be used: there is no such file. Words go out in its place."
        );
        assert_eq!(to_do(&problem), "Check its name and folder, or choose another file.");
    }

    #[test]
    fn a_picture_that_is_yet_to_be_chosen_is_asked_for() {
        let problem = card_fault(Path::new("")).unwrap();
        assert_eq!(what(&problem), "No picture is chosen for the card. Words go out in its place.");
        assert_eq!(to_do(&problem), "Choose a picture: PNG or JPEG.");
    }

    #[test]
    fn a_picture_that_is_there_is_the_card() {
        let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("icons/tally-128.png");
        let (card, problem) = card_of(&CardChoice::Image(picture));
        assert!(matches!(card, Card::Image(_)) && problem.is_none());
        assert_eq!(card_of(&CardChoice::Off), (Card::Off, None));
    }
}
