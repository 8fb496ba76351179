//! What belongs to drawing alone: it is no part of what the window knows.

use eframe::egui::Rect;

use super::flight::{Mark, ShowFlight};
use super::panels::profiles::ProfilesState;
use super::panels::settings::SettingsState;

/// What belongs to drawing alone: what is typed, held or open.
#[derive(Default)]
pub struct ViewState {
    /// The sheet of keys.
    pub keys_open: bool,
    /// The primary button.
    pub primary: PrimaryState,
    /// The chips below the picture.
    pub sources: SourcesState,
    /// The problems' own.
    pub problems: ProblemsState,
    /// What the first run asks.
    pub first_run: FirstRunState,
    /// The side sheet's own.
    pub settings: SettingsState,
    /// The profiles menu's own.
    pub profiles: ProfilesState,
    /// The ribbon's own: under the picture or, after the show, in the result card.
    pub ribbon: RibbonState,
    /// Whether a check was put away by the keyboard, which goes on where checks are begun.
    pub(super) check_left: bool,
    /// Whether the settings were closed by the keyboard, which goes on where they are opened.
    pub(super) settings_left: bool,
}

/// What is picked in the ribbon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scrub {
    /// The newest second, whichever that is.
    Now,
    /// A second, by its number since the show was live.
    At(usize),
}

/// The ribbon's own.
#[derive(Clone, Debug, Default)]
pub struct RibbonState {
    /// What is picked; `None`: nothing is.
    pub scrub: Option<Scrub>,
    /// Where it stands, and whether the pointer has moved over it there: one that rests means what it rested on before.
    pub(super) pointed: (Option<Rect>, bool),
    /// The marks as they were drawn last.
    pub(super) marks: Vec<Mark>,
    /// What they were made of: the show, seconds that are gone and there, marks that fit.
    made_of: (u64, usize, usize, usize),
}

impl RibbonState {
    /// Makes the marks anew if another second came or other many fit: not with every frame.
    pub(super) fn refold(&mut self, flight: &ShowFlight, most: usize) {
        let made_of = (flight.number, flight.gone, flight.seconds.len(), most);
        if self.made_of != made_of {
            flight.fold(most, &mut self.marks);
            self.made_of = made_of;
        }
    }
}

/// The problems' own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProblemsState {
    /// Details that are unfolded, by the problem's id.
    pub unfolded: Option<u64>,
    /// Whether more than the newest are shown.
    pub shows_all: bool,
}

/// The primary button's own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PrimaryState {
    /// Held since, in seconds of `View::now`.
    pub held_since: Option<f64>,
    /// Whether the question "End the show?" is open.
    pub asks: bool,
}

/// A field for a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PathState {
    /// What is typed; `None`: the field is closed.
    pub(super) typed: Option<String>,
    /// `SourcesView::files_chosen` when a dialog was asked for a file: once it is another, the field is done.
    pub(super) browsed: Option<usize>,
    /// Whether it was opened just now: it is typed into.
    pub(super) begins: bool,
}

impl PathState {
    pub(super) fn open(&mut self) {
        *self = Self { typed: Some(String::new()), browsed: None, begins: true };
    }
}

/// The chips' own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcesState {
    /// The field for a path of the picture.
    pub(super) video_path: PathState,
    /// The same for the sound.
    pub(super) audio_path: PathState,
    /// The name of a stream being typed for the picture; `None`: the field is closed.
    pub video_stream: Option<String>,
    /// The name of a stream being typed for the sound; `None`: the field is closed.
    pub audio_stream: Option<String>,
    /// Whether the field for a name was opened just now: it is typed into.
    pub begins: bool,
}

impl SourcesState {
    /// Closes a field that is open; whether there was one.
    pub(super) fn give_up(&mut self) -> bool {
        let fields =
            [&mut self.video_path.typed, &mut self.audio_path.typed, &mut self.video_stream, &mut self.audio_stream];
        fields.into_iter().any(|field| field.take().is_some())
    }
}

/// The first run's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstRunState {
    /// Whether the first question has been given the focus.
    pub has_begun: bool,
    /// Whether a service or server is wanted instead of a rehearsal.
    pub to_server: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::DestinationState;
    use crate::studio::flight::FlightSecond;
    use crate::ui::tests::stats;

    #[test]
    fn marks_are_made_when_a_second_came_or_the_width_changed_and_not_with_every_frame() {
        let second = |at| FlightSecond::between(at, None, &stats(DestinationState::Live));
        let mut flight = ShowFlight { number: 1, seconds: (0..100).map(second).collect(), ..ShowFlight::default() };
        let mut state = RibbonState::default();
        state.refold(&flight, 60);
        assert_eq!(state.marks.len(), 50);
        state.marks.clear();
        state.refold(&flight, 60);
        assert!(state.marks.is_empty(), "nothing changed, nothing is made");
        state.refold(&flight, 200);
        assert_eq!(state.marks.len(), 100);
        flight.seconds.push(second(100));
        state.refold(&flight, 200);
        assert_eq!(state.marks.len(), 101);
        flight.number = 2;
        state.marks.clear();
        state.refold(&flight, 200);
        assert_eq!(state.marks.len(), 101, "another show");
    }
}
