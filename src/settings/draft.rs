//! Settings while they are edited: they apply at once, every step can be undone and redone, and what must not change
//! while live stays as it is.

use std::collections::VecDeque;

use super::{Destination, ShowSettings, VideoChoice};

/// Most steps that are remembered.
const STEPS_MAX: usize = 100;
/// Changes of one field that follow each other within this are one step: somebody types or drags. In seconds.
const TYPING_SECONDS: f64 = 1.5;

/// A part of the settings that is edited as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The picture's source.
    Video,
    /// The sound's source.
    Audio,
    /// Where incoming streams are received.
    Ingest,
    /// The fader.
    Gain,
    /// What goes out while the picture does not come.
    Card,
    /// Everything about where the show goes.
    Destinations,
    /// Rehearsal instead of a real show.
    Rehearse,
    /// Size of the picture.
    Size,
    /// Pictures a second.
    FrameRate,
    /// Rate of the picture.
    VideoBitrate,
    /// Seconds from keyframe to keyframe.
    Keyframe,
    /// Whether the picture's rate follows the network.
    Adaptive,
    /// Rate of the sound.
    AudioBitrate,
    /// Samples a second.
    SampleRate,
    /// Mono or stereo.
    Channels,
    /// The recording's file, and when another begins.
    Record,
    /// When the show ends by itself.
    Duration,
}

/// Why a field cannot change while live. The words are the window's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lock {
    /// Services end a show whose picture changes its form.
    PictureForm,
    /// Services end a show whose sound changes its form.
    SoundForm,
    /// The connection stands.
    Connected,
    /// The file is being written.
    Recording,
    /// It is read once, when the show starts.
    ReadAtStart,
    /// A show has a picture from its start to its end, or none: its streams are told to the server once.
    HasPicture,
}

impl Lock {
    /// Why the picture cannot come from `to` while a show runs whose picture comes from `from`.
    pub fn between(from: &VideoChoice, to: &VideoChoice) -> Option<Self> {
        ((*from == VideoChoice::None) != (*to == VideoChoice::None)).then_some(Self::HasPicture)
    }
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 17] = [
        Self::Video,
        Self::Audio,
        Self::Ingest,
        Self::Gain,
        Self::Card,
        Self::Destinations,
        Self::Rehearse,
        Self::Size,
        Self::FrameRate,
        Self::VideoBitrate,
        Self::Keyframe,
        Self::Adaptive,
        Self::AudioBitrate,
        Self::SampleRate,
        Self::Channels,
        Self::Record,
        Self::Duration,
    ];

    /// Why it cannot change while a show runs; `None` if it can. Of the picture's source see also `Lock::between`.
    pub const fn lock(self) -> Option<Lock> {
        match self {
            Self::Video | Self::Audio | Self::Gain | Self::VideoBitrate => None,
            Self::Size | Self::FrameRate | Self::Keyframe => Some(Lock::PictureForm),
            Self::AudioBitrate | Self::SampleRate | Self::Channels => Some(Lock::SoundForm),
            Self::Destinations | Self::Rehearse => Some(Lock::Connected),
            Self::Record => Some(Lock::Recording),
            Self::Ingest | Self::Card | Self::Adaptive | Self::Duration => Some(Lock::ReadAtStart),
        }
    }

    /// Whether it differs between `a` and `b`.
    fn differs(self, a: &ShowSettings, b: &ShowSettings) -> bool {
        let (x, y) = (&a.encoding, &b.encoding);
        match self {
            Self::Video => a.video != b.video,
            Self::Audio => a.audio != b.audio,
            Self::Ingest => a.ingest != b.ingest,
            Self::Gain => a.gain_db != b.gain_db,
            Self::Card => a.card != b.card,
            Self::Destinations => a.destinations != b.destinations,
            Self::Rehearse => a.rehearse != b.rehearse,
            Self::Size => x.size != y.size,
            Self::FrameRate => x.frame_rate != y.frame_rate,
            Self::VideoBitrate => x.video_bitrate != y.video_bitrate,
            Self::Keyframe => x.keyframe_seconds != y.keyframe_seconds,
            Self::Adaptive => {
                let of = |e: &super::EncodingSettings| (e.adaptive, e.video_bitrate_min, e.cache_seconds);
                of(x) != of(y)
            }
            Self::AudioBitrate => x.audio_bitrate != y.audio_bitrate,
            Self::SampleRate => x.sample_rate != y.sample_rate,
            Self::Channels => x.channels != y.channels,
            Self::Record => (&a.record, a.record_split) != (&b.record, b.record_split),
            Self::Duration => a.duration != b.duration,
        }
    }
}

/// The fields in which `a` and `b` differ.
pub fn changed_fields(a: &ShowSettings, b: &ShowSettings) -> Vec<Field> {
    Field::ALL.into_iter().filter(|field| field.differs(a, b)).collect()
}

/// Whether `a` and `b` are the same as far as anybody knows: what was not read may be, wherever it rests.
fn are_alike(a: &ShowSettings, b: &ShowSettings) -> bool {
    let mut b = b.clone();
    for (known, other) in a.destinations.iter().zip(&mut b.destinations) {
        let (known, other) = (&known.unread, &mut other.unread);
        for (known, other) in [(&known.stream_key, &mut other.stream_key), (&known.password, &mut other.password)] {
            if known.is_some() && other.is_some() {
                other.clone_from(known);
            }
        }
    }
    *a == b
}

/// Where settings come from.
#[derive(Debug, Default)]
struct Origin {
    /// The profile's name, if there is one.
    profile: Option<String>,
    /// What the profile holds.
    saved: ShowSettings,
    /// What a show that was never saved is called where it comes from.
    called: Option<String>,
}

/// Settings that can be gone back to.
#[derive(Debug)]
struct Step {
    settings: ShowSettings,
    /// Where they come from, if that is another profile than on the other side of the step.
    origin: Option<Origin>,
}

/// Settings with their history.
#[derive(Debug, Default)]
pub struct Draft {
    settings: ShowSettings,
    origin: Origin,
    past: VecDeque<Step>,
    future: Vec<Step>,
    /// The field that is being typed into, and when it last changed, in seconds.
    typing: Option<(Field, f64)>,
    /// No file of the show that runs is open.
    unrecorded: bool,
}

impl Draft {
    /// Without history; `settings` count as saved in `profile`.
    pub fn new(settings: ShowSettings, profile: Option<String>) -> Self {
        Self { origin: Origin { profile, saved: settings.clone(), called: None }, settings, ..Self::default() }
    }

    /// The profile in use.
    pub fn profile(&self) -> Option<&str> {
        self.origin.profile.as_deref()
    }

    /// What a show that was never saved is called where it comes from.
    pub fn called(&self) -> Option<&str> {
        self.origin.called.as_deref().filter(|_| self.origin.profile.is_none())
    }

    /// The settings as they are now.
    pub fn settings(&self) -> &ShowSettings {
        &self.settings
    }

    /// Whether the show that runs is not recorded: what is locked for its file is open then.
    pub fn set_unrecorded(&mut self, unrecorded: bool) {
        self.unrecorded = unrecorded;
    }

    /// Whether there is something to save.
    pub fn has_changes(&self) -> bool {
        self.settings != self.origin.saved && !are_alike(&self.settings, &self.origin.saved)
    }

    /// The profile in use holds `saved`.
    pub fn mark_saved_as(&mut self, saved: ShowSettings) {
        self.origin.saved = saved;
    }

    /// The profile of this name holds `saved` now, which may not be what is set any more; it is in use, unless another was
    /// chosen meanwhile.
    pub fn mark_saved_in(&mut self, profile: &str, saved: &ShowSettings) {
        let mut known = false;
        for origin in self.origins().filter(|origin| origin.profile.as_deref() == Some(profile)) {
            saved.clone_into(&mut origin.saved);
            known = true;
        }
        if !known {
            self.origin = Origin { profile: Some(profile.to_owned()), saved: saved.clone(), called: None };
        }
    }

    /// The profile `from` is called `to`, or is gone, also where undoing leads back to it.
    pub fn rename_profile(&mut self, from: &str, to: Option<&str>) {
        for origin in self.origins().filter(|origin| origin.profile.as_deref() == Some(from)) {
            origin.profile = to.map(str::to_owned);
        }
    }

    /// A profile that was deleted while it was in use is back.
    pub fn restore_profile(&mut self, profile: String) {
        self.origin.profile = Some(profile);
    }

    fn origins(&mut self) -> impl Iterator<Item = &mut Origin> {
        let steps = self.past.iter_mut().chain(&mut self.future);
        steps.filter_map(|step| step.origin.as_mut()).chain([&mut self.origin])
    }

    /// Gives each destination whose secrets were not read those that `kept` has for the same one, also in what can be
    /// undone: no step, and nothing that was typed meanwhile is lost.
    pub fn fill_secrets(&mut self, kept: &ShowSettings) {
        let unchanged = self.settings == self.origin.saved;
        let steps = self.past.iter_mut().chain(&mut self.future);
        let history = steps.map(|step| &mut step.settings).chain([&mut self.settings]);
        for destination in history.flat_map(|settings| &mut settings.destinations) {
            let same = |other: &&Destination| other.name == destination.name && other.server == destination.server;
            let Some(known) = kept.destinations.iter().find(same) else { continue };
            let Destination { stream_key, password, unread, .. } = destination;
            if stream_key.is_none() && unread.stream_key.is_some() {
                (*stream_key, unread.stream_key) = (known.stream_key.clone(), known.unread.stream_key.clone());
            }
            if password.is_none() && unread.password.is_some() {
                (*password, unread.password) = (known.password.clone(), known.unread.password.clone());
            }
        }
        if unchanged {
            self.origin.saved = self.settings.clone();
        }
    }

    /// Takes `settings` at `now` (seconds on any clock). While `live`, nothing changes if something locked would.
    ///
    /// # Errors
    /// The first lock.
    pub fn edit(&mut self, settings: ShowSettings, now: f64, live: bool) -> Result<(), Lock> {
        let changed = changed_fields(&self.settings, &settings);
        if changed.is_empty() {
            return Ok(());
        }
        self.check(&settings, live)?;
        let only = if let [field] = changed[..] { Some(field) } else { None };
        let goes_on = |(field, at): (Field, f64)| Some(field) == only && (0.0..TYPING_SECONDS).contains(&(now - at));
        let before = std::mem::replace(&mut self.settings, settings);
        if !self.typing.is_some_and(goes_on) {
            self.remember(Step { settings: before, origin: None });
        }
        self.future.clear();
        // Choices of destinations are whole steps unless somebody types in the same list of them.
        self.typing = only.map(|field| (field, now));
        Ok(())
    }

    /// Takes what the program chose where nobody has chosen yet: nothing to undo, and without a profile nothing to save.
    pub fn offer(&mut self, change: impl Fn(&mut ShowSettings)) {
        change(&mut self.settings);
        if self.origin.profile.is_none() {
            change(&mut self.origin.saved);
        }
    }

    /// Takes the settings of a profile, which is in use then. Undoing it leads back to the profile before.
    ///
    /// # Errors
    /// While `live`, the first lock.
    pub fn load(&mut self, profile: String, settings: ShowSettings, live: bool) -> Result<(), Lock> {
        self.check(&settings, live)?;
        let is_step = self.settings != settings || self.origin.profile.as_ref() != Some(&profile);
        let origin = Origin { profile: Some(profile), saved: settings.clone(), called: None };
        let before = self.exchange(Step { settings, origin: Some(origin) });
        if is_step {
            self.remember(before);
            self.future.clear();
        }
        self.typing = None;
        Ok(())
    }

    /// Takes the settings of a show that comes from elsewhere, where it is `called` that: no profile is in use then, and
    /// saving writes over none. Undoing it leads back to the profile before.
    ///
    /// # Errors
    /// While `live`, the first lock.
    pub fn open(&mut self, called: &str, settings: ShowSettings, live: bool) -> Result<(), Lock> {
        if settings == self.settings {
            return Ok(());
        }
        self.check(&settings, live)?;
        let called = Some(called.trim().to_owned()).filter(|called| !called.is_empty());
        let origin = Origin { profile: None, saved: self.settings.clone(), called };
        let before = self.exchange(Step { settings, origin: Some(origin) });
        self.remember(before);
        self.future.clear();
        self.typing = None;
        Ok(())
    }

    fn remember(&mut self, before: Step) {
        if self.past.len() == STEPS_MAX {
            self.past.pop_front();
        }
        self.past.push_back(before);
    }

    /// Takes what `step` holds; gives the step back from there.
    fn exchange(&mut self, step: Step) -> Step {
        let origin = step.origin.map(|origin| std::mem::replace(&mut self.origin, origin));
        Step { settings: std::mem::replace(&mut self.settings, step.settings), origin }
    }

    /// The next change is a step of its own: a field was left.
    pub fn end_typing(&mut self) {
        self.typing = None;
    }

    /// Whether there is a step to undo.
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is a step to redo.
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// Whether the step to undo may be undone, while a show runs if `live`.
    pub fn may_undo(&self, live: bool) -> bool {
        self.past.back().is_some_and(|before| self.check(&before.settings, live).is_ok())
    }

    /// The same of the step to redo.
    pub fn may_redo(&self, live: bool) -> bool {
        self.future.last().is_some_and(|after| self.check(&after.settings, live).is_ok())
    }

    /// Goes one step back; `false` if there is none.
    ///
    /// # Errors
    /// While `live`, the first lock of what would change.
    pub fn undo(&mut self, live: bool) -> Result<bool, Lock> {
        let Some(before) = self.past.back() else { return Ok(false) };
        self.check(&before.settings, live)?;
        if let Some(before) = self.past.pop_back() {
            let after = self.exchange(before);
            self.future.push(after);
        }
        self.typing = None;
        Ok(true)
    }

    /// Takes one step that was undone; `false` if there is none.
    ///
    /// # Errors
    /// While `live`, the first lock of what would change.
    pub fn redo(&mut self, live: bool) -> Result<bool, Lock> {
        let Some(after) = self.future.last() else { return Ok(false) };
        self.check(&after.settings, live)?;
        if let Some(after) = self.future.pop() {
            let before = self.exchange(after);
            self.past.push_back(before);
        }
        self.typing = None;
        Ok(true)
    }

    /// Whether `wanted` may be taken.
    fn check(&self, wanted: &ShowSettings, live: bool) -> Result<(), Lock> {
        if !live {
            return Ok(());
        }
        let picture = Lock::between(&self.settings.video, &wanted.video);
        let mut locks = changed_fields(&self.settings, wanted).into_iter().filter_map(Field::lock).chain(picture);
        locks.find(|lock| !(self.unrecorded && *lock == Lock::Recording)).map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Bitrate;
    use crate::settings::{SecretEntry, StreamKey};
    use proptest::prelude::*;

    fn rate(kbps: u32) -> ShowSettings {
        let mut settings = ShowSettings::default();
        settings.encoding.video_bitrate = Bitrate::from_kbps(kbps);
        settings
    }

    fn kbps(draft: &Draft) -> u32 {
        draft.settings().encoding.video_bitrate.kbps()
    }

    #[test]
    fn steps_are_undone_and_redone() {
        let mut draft = Draft::new(rate(1), None);
        draft.edit(rate(2), 0.0, false).unwrap();
        draft.edit(rate(3), 10.0, false).unwrap();
        assert_eq!((draft.undo(false), kbps(&draft)), (Ok(true), 2));
        assert_eq!((draft.undo(false), kbps(&draft)), (Ok(true), 1));
        assert_eq!(draft.undo(false), Ok(false));
        assert_eq!((draft.redo(false), kbps(&draft)), (Ok(true), 2));
        assert!(draft.can_undo() && draft.can_redo());
        // A new step ends what could be redone.
        draft.edit(rate(9), 20.0, false).unwrap();
        assert_eq!((draft.can_redo(), draft.redo(false)), (false, Ok(false)));
    }

    #[test]
    fn typing_is_one_step_until_the_field_is_left_or_another_changes() {
        let mut draft = Draft::new(rate(1), None);
        for (n, at) in [(2, 0.0), (3, 1.0), (4, 2.0)] {
            draft.edit(rate(n), at, false).unwrap();
        }
        let mut other = rate(4);
        other.video = VideoChoice::Test;
        draft.edit(other.clone(), 2.1, false).unwrap();
        other.encoding.video_bitrate = Bitrate::from_kbps(5);
        draft.edit(other.clone(), 2.2, false).unwrap();
        draft.end_typing();
        other.encoding.video_bitrate = Bitrate::from_kbps(6);
        draft.edit(other, 2.3, false).unwrap();
        let seen: Vec<_> = (0..5).map_while(|_| draft.undo(false).unwrap().then(|| kbps(&draft))).collect();
        assert_eq!(seen, [5, 4, 4, 1]);
    }

    #[test]
    fn the_same_again_is_no_step() {
        let mut draft = Draft::new(rate(1), None);
        draft.edit(rate(1), 0.0, true).unwrap();
        assert!(!draft.can_undo() && !draft.has_changes());
        draft.edit(rate(2), 0.0, true).unwrap();
        assert!(draft.has_changes());
        draft.mark_saved_as(rate(2));
        assert!(!draft.has_changes());
        assert_eq!((draft.undo(true), draft.has_changes()), (Ok(true), true));
    }

    #[test]
    fn undoing_the_choice_of_a_profile_leads_back_to_the_one_before() {
        let named = |name: &str| Some(name.to_owned());
        let of = |draft: &Draft| (draft.profile().map(str::to_owned), kbps(draft), draft.has_changes());
        let mut draft = Draft::new(rate(1), named("a"));
        draft.edit(rate(2), 0.0, false).unwrap();
        draft.load("b".to_owned(), rate(3), false).unwrap();
        draft.edit(rate(4), 0.0, false).unwrap();
        assert_eq!(of(&draft), (named("b"), 4, true));
        draft.undo(false).unwrap();
        assert_eq!(of(&draft), (named("b"), 3, false));
        draft.undo(false).unwrap();
        assert_eq!(of(&draft), (named("a"), 2, true));
        // What becomes of a profile meanwhile is so wherever the steps lead.
        draft.mark_saved_in("b", &rate(4));
        draft.rename_profile("b", Some("c"));
        draft.redo(false).unwrap();
        assert_eq!(of(&draft), (named("c"), 3, true));
        draft.redo(false).unwrap();
        assert_eq!(of(&draft), (named("c"), 4, false));
        draft.rename_profile("a", None);
        draft.undo(false).unwrap();
        draft.undo(false).unwrap();
        assert_eq!(of(&draft), (None, 2, true));
        // The same one again, as it is, is no step.
        draft.load("d".to_owned(), rate(5), false).unwrap();
        draft.load("d".to_owned(), rate(5), false).unwrap();
        draft.undo(false).unwrap();
        assert_eq!(of(&draft), (None, 2, true));
    }

    #[test]
    fn while_live_only_the_rate_and_the_sources_change() {
        let open: Vec<_> = Field::ALL.into_iter().filter(|field| field.lock().is_none()).collect();
        assert_eq!(open, [Field::Video, Field::Audio, Field::Gain, Field::VideoBitrate]);

        let mut draft = Draft::new(rate(1), None);
        let mut both = rate(2);
        both.encoding.channels = 1;
        assert_eq!(draft.edit(both.clone(), 0.0, true), Err(Lock::SoundForm));
        assert_eq!((kbps(&draft), draft.can_undo()), (1, false));
        draft.edit(both, 0.0, false).unwrap();
        // What was changed before the show stays for as long as the show runs.
        assert_eq!((draft.may_undo(true), draft.may_undo(false)), (false, true));
        assert_eq!((draft.undo(true), kbps(&draft)), (Err(Lock::SoundForm), 2));
        assert_eq!(draft.undo(false), Ok(true));
        assert_eq!(draft.redo(true), Err(Lock::SoundForm));
        assert_eq!((draft.may_redo(true), draft.may_redo(false)), (false, true));
        assert!(draft.can_redo());
    }

    #[test]
    fn secrets_that_are_read_later_are_there_after_undo_and_never_where_they_were_taken_away() {
        let kept = |key: Option<&str>| {
            let mut destination = Destination { name: "main".to_owned(), ..Destination::at("rtmp://h/app") };
            destination.stream_key = key.map(StreamKey::new);
            destination.unread.stream_key = key.is_none().then(|| SecretEntry("kept".to_owned()));
            vec![destination]
        };
        let mut draft = Draft::new(ShowSettings { destinations: kept(None), ..rate(1) }, None);
        draft.edit(ShowSettings { destinations: kept(None), ..rate(2) }, 0.0, false).unwrap();
        let mut forgotten = draft.settings().clone();
        forgotten.destinations[0].set_stream_key(None);
        draft.edit(forgotten, 10.0, false).unwrap();
        draft.fill_secrets(&ShowSettings { destinations: kept(Some("k")), ..rate(1) });
        let key = |draft: &Draft| draft.settings().destinations[0].stream_key.clone();
        assert_eq!(key(&draft), None);
        for kbps_then in [2, 1] {
            draft.undo(false).unwrap();
            assert_eq!((kbps(&draft), key(&draft)), (kbps_then, Some(StreamKey::new("k"))));
        }
    }

    #[test]
    fn two_profiles_that_differ_in_what_was_not_read_are_two_and_none_of_them_is_changed_by_that() {
        let kept_in = |entry: &str| {
            let mut destination = Destination::at("rtmp://h/app");
            destination.unread.stream_key = Some(SecretEntry(entry.to_owned()));
            ShowSettings { destinations: vec![destination], ..rate(1) }
        };
        let mut draft = Draft::new(kept_in("a/h/stream_key"), None);
        draft.mark_saved_as(kept_in(".session/h/stream_key"));
        assert!(!draft.has_changes());
        draft.edit(kept_in("b/h/stream_key"), 0.0, false).unwrap();
        let unread = draft.settings().destinations[0].unread.stream_key.clone();
        assert_eq!(unread.map(|SecretEntry(entry)| entry).as_deref(), Some("b/h/stream_key"));
        let mut forgotten = draft.settings().clone();
        forgotten.destinations[0].set_stream_key(None);
        draft.edit(forgotten, 10.0, false).unwrap();
        assert!(draft.has_changes());
    }

    #[test]
    fn every_field_is_seen_and_alone() {
        let plain = ShowSettings::default();
        let mut changed = ShowSettings {
            video: VideoChoice::None,
            audio: crate::settings::AudioChoice::Silence,
            ingest: crate::settings::IngestSettings { key_file: Some("k".into()), ..plain.ingest.clone() },
            gain_db: 1.0,
            card: crate::settings::CardChoice::Off,
            destinations: vec![Destination::at("rtmp://h/a")],
            rehearse: true,
            record: Some("a.flv".into()),
            record_split: Some("2G".parse().unwrap()),
            duration: Some(std::time::Duration::from_secs(1)),
            encoding: plain.encoding.clone(),
        };
        let encoding = &mut changed.encoding;
        encoding.size = crate::media::Size::new(64, 64);
        encoding.frame_rate = "5".parse().unwrap();
        encoding.video_bitrate = Bitrate::from_kbps(77);
        encoding.keyframe_seconds = 1.0;
        encoding.audio_bitrate = Bitrate::from_kbps(77);
        (encoding.sample_rate, encoding.channels, encoding.adaptive) = (44_100, 1, false);
        assert_eq!(changed_fields(&plain, &changed), Field::ALL);
        assert_eq!(changed_fields(&changed, &changed.clone()), []);
    }

    proptest! {
        #[test]
        fn undoing_everything_leads_back_as_far_as_is_remembered(steps in prop::collection::vec(1_u32..1000, 0..300)) {
            let mut draft = Draft::new(rate(0), None);
            let mut seen = vec![0];
            for (n, step) in steps.iter().enumerate() {
                draft.edit(rate(*step), n as f64 * 10.0, false).unwrap();
                if seen.last() != Some(step) {
                    seen.push(*step);
                }
            }
            let last = kbps(&draft);
            let mut undone = 0;
            while draft.undo(false).unwrap() {
                undone += 1;
            }
            prop_assert_eq!(undone, (seen.len() - 1).min(STEPS_MAX));
            prop_assert_eq!(kbps(&draft), seen[seen.len() - 1 - undone]);
            while draft.redo(false).unwrap() {}
            prop_assert_eq!(kbps(&draft), last);
        }
    }
}
