//! What is typed into the fields of the sheet and not taken yet: each field has its own, and keeps it while another is typed
//! into.

use std::collections::BTreeMap;

use super::secrets::SecretText;
use super::{Complaint, Place};
use crate::settings::MendedAddress;

/// What is typed, by destination (counted from 0) and field.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct TypedFields(BTreeMap<(usize, Place), TypedField>);

/// What is typed into one field. It may hold a key in the wrong place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct TypedField {
    /// `None`: what is set is shown.
    pub(super) text: Option<SecretText>,
    /// What was set when it was typed: where that has changed, what was typed is no longer meant.
    pub(super) over: String,
    /// What was set before the first letter of it.
    pub(super) before: String,
    /// Somebody typed it and is in another field now.
    pub(super) is_left: bool,
    /// Why it is not taken.
    pub(super) complaint: Option<Complaint>,
    /// What was probably meant.
    pub(super) mended: Option<MendedAddress>,
    /// All that was typed, of which `text` hides a part once the field is left.
    pub(super) unhidden: Option<SecretText>,
    /// When it last changed, in seconds, unless it was looked at since.
    pub(super) changed_at: Option<f64>,
}

impl TypedFields {
    pub(super) fn get(&self, index: usize, place: Place) -> Option<&TypedField> {
        self.0.get(&(index, place))
    }

    pub(super) fn of(&mut self, index: usize, place: Place) -> &mut TypedField {
        self.0.entry((index, place)).or_default()
    }

    pub(super) fn forget(&mut self, index: usize, place: Place) {
        self.0.remove(&(index, place));
    }

    /// Forgets what is being typed and is not what is set; whether there was something.
    pub(super) fn give_up(&mut self) -> bool {
        let before = self.0.len();
        let is_typed =
            |field: &TypedField| !field.is_left && field.text.as_ref().is_some_and(|text| text.reveal() != field.over);
        self.0.retain(|_, field| !is_typed(field));
        self.0.len() < before
    }

    /// Forgets everything but addresses that were not taken: a show would go to the ones before them.
    pub(super) fn keep_wrong_servers(&mut self) {
        self.0.retain(|(_, place), field| *place == Place::Server && field.complaint.is_some());
    }

    /// The destination `index` is gone, and those behind it move up.
    pub(super) fn remove_destination(&mut self, index: usize) {
        let fields = std::mem::take(&mut self.0).into_iter().filter(|((at, _), _)| *at != index);
        self.0 = fields.map(|((at, place), field)| ((at - usize::from(at > index), place), field)).collect();
    }

    /// Forgets addresses typed over others than are set now, as `server` gives them.
    pub(super) fn forget_outdated<'a>(&mut self, server: impl Fn(usize) -> &'a str) {
        self.0.retain(|(index, place), field| *place != Place::Server || field.over == server(*index));
    }

    /// The first destination whose address was not taken, and what is set there.
    pub(super) fn wrong_server(&self) -> Option<(usize, &str)> {
        let mut wrong =
            self.0.iter().filter(|((_, place), field)| *place == Place::Server && field.complaint.is_some());
        wrong.next().map(|((index, _), field)| (*index, field.over.as_str()))
    }
}
