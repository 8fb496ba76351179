//! The system's own file dialogs, on a thread of their own. Where there are none that is told, and a path is typed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::flow::{Popped, Queue};

/// Files that give a picture, by their endings.
const PICTURE_ENDINGS: [&str; 7] = ["mp4", "m4v", "mov", "y4m", "png", "jpg", "jpeg"];
/// Files that give sound.
const SOUND_ENDINGS: [&str; 10] = ["wav", "flac", "mp3", "mp4", "m4a", "m4v", "mov", "aif", "aiff", "aifc"];

/// What a dialog is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialogRequest {
    /// A profile to import.
    ImportProfile,
    /// Where to export a profile of this name to.
    ExportProfile(String),
    /// A certificate file for a destination, counted from 0.
    TlsCa(usize),
    /// A picture for the card.
    Card,
    /// A clip or still for the picture.
    Picture,
    /// A sound or clip for the sound.
    Sound,
    /// The folder of recordings; the dialog begins there.
    RecordingFolder(PathBuf),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialogAnswer {
    /// Whether there are dialogs at all; told once, some milliseconds after the start.
    Available(bool),
    /// Chosen.
    Chosen(DialogRequest, PathBuf),
    /// Closed without a choice.
    Cancelled(DialogRequest),
}

/// Shows dialogs, one at a time.
#[derive(Debug)]
pub struct Dialogs {
    requests: Queue<DialogRequest>,
    answers: Queue<DialogAnswer>,
    /// Whether one is open, or about to be.
    is_open: Arc<AtomicBool>,
}

/// What shows dialogs.
trait Native {
    fn is_available(&self) -> bool;
    fn choose(&self, request: &DialogRequest) -> Option<PathBuf>;
}

impl Dialogs {
    /// Starts the thread of dialogs. `notify` is called, on it, after each answer.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(notify: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        Self::start_with(System, notify)
    }

    fn start_with(native: impl Native + Send + 'static, notify: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let (requests, answers) = (Queue::new(1), Queue::new(8));
        let is_open = Arc::new(AtomicBool::new(false));
        let closed = Arc::clone(&is_open);
        let (asked, told) = (requests.clone(), answers.clone());
        let tell = move |answer| {
            if told.push(answer).is_ok() {
                notify();
            }
        };
        let work = move || {
            let available = native.is_available();
            tell(DialogAnswer::Available(available));
            if !available {
                return;
            }
            loop {
                let request = match asked.pop(Duration::from_secs(3600)) {
                    Popped::Value(request) => request,
                    Popped::Empty => continue,
                    Popped::Closed => return,
                };
                let chosen = native.choose(&request);
                closed.store(false, Ordering::Release);
                tell(match chosen {
                    Some(path) => DialogAnswer::Chosen(request, path),
                    None => DialogAnswer::Cancelled(request),
                });
            }
        };
        // Nobody joins it: an open dialog belongs to the desktop, cannot be closed from here, and must not keep the
        // program from ending.
        std::thread::Builder::new().name("dialogs".to_owned()).spawn(work)?;
        Ok(Self { requests, answers, is_open })
    }

    /// Asks for a dialog; `false` if one is open already. Whatever is asked meanwhile was asked by mistake: the second click of
    /// two would open another after the first.
    pub fn ask(&self, request: DialogRequest) -> bool {
        !self.is_open.swap(true, Ordering::AcqRel) && self.requests.push(request).is_ok()
    }

    /// The next answer, waiting at most `limit`; zero polls.
    pub fn next_answer(&self, limit: Duration) -> Option<DialogAnswer> {
        match self.answers.pop(limit) {
            Popped::Value(answer) => Some(answer),
            Popped::Empty | Popped::Closed => None,
        }
    }
}

impl Drop for Dialogs {
    fn drop(&mut self) {
        self.requests.close();
    }
}

/// The dialogs of this system.
struct System;

impl Native for System {
    #[cfg(target_os = "linux")]
    fn is_available(&self) -> bool {
        portal_answers().unwrap_or(false)
    }

    #[cfg(not(target_os = "linux"))]
    fn is_available(&self) -> bool {
        true
    }

    fn choose(&self, request: &DialogRequest) -> Option<PathBuf> {
        let dialog = rfd::FileDialog::new();
        let among = |name: &str, endings: &[&str]| rfd::FileDialog::new().add_filter(name, &in_both_cases(endings));
        match request {
            DialogRequest::ImportProfile => among("Tally", &["toml"]).pick_file(),
            DialogRequest::ExportProfile(name) => {
                let safe: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
                dialog.add_filter("Tally", &["toml"]).set_file_name(format!("{safe}.toml")).save_file()
            }
            DialogRequest::TlsCa(_) => among("PEM", &["pem", "crt", "cer"]).pick_file(),
            DialogRequest::Card => among("PNG, JPEG", &["png", "jpg", "jpeg"]).pick_file(),
            DialogRequest::Picture => among("MP4, Y4M, PNG, JPEG", &PICTURE_ENDINGS).pick_file(),
            DialogRequest::Sound => among("WAV, FLAC, MP3, MP4", &SOUND_ENDINGS).pick_file(),
            DialogRequest::RecordingFolder(folder) => dialog.set_directory(folder).pick_folder(),
        }
    }
}

/// Endings as they are found: the system's filters tell `MOV`, as a phone writes it, from `mov`.
fn in_both_cases(endings: &[&str]) -> Vec<String> {
    endings.iter().flat_map(|ending| [(*ending).to_owned(), ending.to_ascii_uppercase()]).collect()
}

/// Whether the desktop's portal runs or would be started when asked.
#[cfg(target_os = "linux")]
fn portal_answers() -> zbus::Result<bool> {
    const PORTAL: &str = "org.freedesktop.portal.Desktop";
    let bus = zbus::blocking::Connection::session()?;
    let daemon = zbus::blocking::fdo::DBusProxy::new(&bus)?;
    if daemon.list_names()?.iter().any(|name| name.as_str() == PORTAL) {
        return Ok(true);
    }
    Ok(daemon.list_activatable_names()?.iter().any(|name| name.as_str() == PORTAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    struct Fake(bool);

    impl Native for Fake {
        fn is_available(&self) -> bool {
            self.0
        }
        fn choose(&self, request: &DialogRequest) -> Option<PathBuf> {
            match request {
                DialogRequest::RecordingFolder(folder) => Some(folder.join("chosen")),
                _ => None,
            }
        }
    }

    #[test]
    fn files_of_phones_and_cameras_are_offered_too() {
        assert!(in_both_cases(&PICTURE_ENDINGS).contains(&"MOV".to_owned()));
        assert!(in_both_cases(&SOUND_ENDINGS).contains(&"WAV".to_owned()));
    }

    #[test]
    fn answers_name_what_was_asked() {
        let dialogs = Dialogs::start_with(Fake(true), || {}).unwrap();
        assert_eq!(dialogs.next_answer(PATIENCE), Some(DialogAnswer::Available(true)));
        let folder = DialogRequest::RecordingFolder("/v".into());
        assert!(dialogs.ask(folder.clone()));
        assert_eq!(dialogs.next_answer(PATIENCE), Some(DialogAnswer::Chosen(folder, "/v/chosen".into())));
        assert!(dialogs.ask(DialogRequest::ImportProfile));
        assert_eq!(dialogs.next_answer(PATIENCE), Some(DialogAnswer::Cancelled(DialogRequest::ImportProfile)));
    }

    #[test]
    fn while_a_dialog_is_open_no_other_waits_for_its_end() {
        struct Slow(Queue<()>);
        impl Native for Slow {
            fn is_available(&self) -> bool {
                true
            }
            fn choose(&self, _: &DialogRequest) -> Option<PathBuf> {
                self.0.pop(PATIENCE);
                None
            }
        }
        let closed = Queue::new(8);
        let dialogs = Dialogs::start_with(Slow(closed.clone()), || {}).unwrap();
        assert_eq!(dialogs.next_answer(PATIENCE), Some(DialogAnswer::Available(true)));
        for _ in 0..2 {
            assert!(dialogs.ask(DialogRequest::Card));
            // It is on its way, then it is open.
            for _ in 0..20 {
                assert!(!dialogs.ask(DialogRequest::Card));
                std::thread::yield_now();
            }
            while dialogs.requests.waiting() > 0 {
                std::thread::yield_now();
            }
            assert!(!dialogs.ask(DialogRequest::Sound));
            closed.push(()).unwrap();
            assert_eq!(dialogs.next_answer(PATIENCE), Some(DialogAnswer::Cancelled(DialogRequest::Card)));
        }
        assert_eq!(dialogs.next_answer(Duration::ZERO), None);
    }

    #[test]
    fn without_dialogs_that_is_told_and_nothing_opens() {
        let dialogs = Dialogs::start_with(Fake(false), || {}).unwrap();
        assert_eq!(dialogs.next_answer(PATIENCE), Some(DialogAnswer::Available(false)));
        let request = DialogRequest::RecordingFolder("/v".into());
        assert!(dialogs.ask(request.clone()));
        assert!(!dialogs.ask(request));
        assert_eq!(dialogs.next_answer(Duration::ZERO), None);
    }

    #[test]
    fn the_system_is_asked_without_harm() {
        let dialogs = Dialogs::start(|| {}).unwrap();
        assert!(matches!(dialogs.next_answer(PATIENCE), Some(DialogAnswer::Available(_))));
    }
}
