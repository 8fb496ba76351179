//! The keeper of profiles, asked as the window asks it.

use super::*;
use crate::settings::{Destination, MemorySecrets, Secrets, StreamKey};

const PATIENCE: Duration = Duration::from_secs(20);

struct Bench {
    keeper: ProfileKeeper,
    clock: Clock,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self::with(|folder| Secrets::in_file(folder, "this is a test"))
    }

    fn with(secrets: impl FnOnce(&Path) -> Secrets) -> Self {
        Self::at(tempfile::tempdir().unwrap(), secrets)
    }

    fn at(folder: tempfile::TempDir, secrets: impl FnOnce(&Path) -> Secrets) -> Self {
        let clock = Clock::manual();
        let secrets = secrets(folder.path());
        let store = ProfileStore::with_secrets(folder.path().to_owned(), secrets);
        Self { keeper: ProfileKeeper::start(store, clock.clone(), || {}).unwrap(), clock, folder }
    }

    fn ask(&self, request: ProfileRequest) -> ProfileAnswer {
        assert!(self.keeper.ask(request));
        self.keeper.next_answer(PATIENCE).unwrap()
    }

    fn done(&self, request: ProfileRequest) -> ProfileDone {
        self.ask(request).done.unwrap()
    }

    fn refused(&self, request: ProfileRequest) -> String {
        self.ask(request).done.unwrap_err().to_string()
    }

    fn load(&self, name: &str) -> ShowSettings {
        match self.done(ProfileRequest::Load(name.to_owned())) {
            ProfileDone::Loaded(_, settings) => *settings,
            other => panic!("{other:?}"),
        }
    }
}

fn show() -> Box<ShowSettings> {
    let destination =
        Destination { stream_key: Some(StreamKey::new("canary-1234")), ..Destination::at("rtmp://h/app") };
    Box::new(ShowSettings { destinations: vec![destination], ..ShowSettings::default() })
}

fn text(name: &str) -> String {
    name.to_owned()
}

#[test]
fn a_folder_of_recordings_is_made_or_complained_of() {
    let bench = Bench::new();
    let ask = |folder: PathBuf, make| match bench.ask(ProfileRequest::RecordingFolder { folder, make }).done {
        Ok(ProfileDone::RecordingFolder { fault, .. }) => fault,
        other => panic!("{other:?}"),
    };
    let inside = bench.folder.path().join("a/b");
    assert!(ask(inside.clone(), false).is_some() && !inside.exists(), "its disk may be missing");
    assert_eq!(ask(inside.clone(), true), None);
    assert_eq!(std::fs::read_dir(&inside).unwrap().count(), 0);
    std::fs::write(inside.join("file"), "").unwrap();
    assert!(ask(inside.join("file/c"), true).is_some());
}

#[test]
fn of_two_windows_the_first_keeps_what_is_set_and_then_the_other() {
    let bench = Bench::new();
    let keep = |server: &str| {
        let settings = ShowSettings { destinations: vec![Destination::at(server)], ..ShowSettings::default() };
        ProfileRequest::KeepSession(None, Box::new(settings))
    };
    let warns = |answer: &ProfileAnswer| answer.told.contains(&Warning::AnotherWindow);
    assert!(!warns(&bench.ask(ProfileRequest::Resume)));
    let second = Bench::at(bench.folder, |folder| Secrets::in_file(folder, "this is a test"));
    assert!(warns(&second.ask(ProfileRequest::Resume)), "it is told that nothing is kept");
    let kept_server = || match second.done(ProfileRequest::Resume) {
        ProfileDone::Resumed { session, .. } => session.map(|settings| settings.destinations[0].server.clone()),
        other => panic!("{other:?}"),
    };
    assert!(bench.keeper.ask(keep("rtmp://first/app")) && bench.keeper.next_answer(PATIENCE).is_some());
    assert_eq!(second.done(keep("rtmp://second/app")), ProfileDone::LeftToAnother);
    assert_eq!(kept_server().as_deref(), Some("rtmp://first/app"));
    second.done(ProfileRequest::SaveAs(text("Church"), show()));
    drop(bench.keeper);
    assert_eq!(second.done(keep("rtmp://second/app")), ProfileDone::Kept);
    assert_eq!(kept_server().as_deref(), Some("rtmp://second/app"));
}

#[test]
fn profiles_are_saved_renamed_copied_and_read_again() {
    let bench = Bench::new();
    let answer = bench.ask(ProfileRequest::SaveAs(text(" Church "), show()));
    assert_eq!(answer.done.unwrap(), ProfileDone::Saved(text("Church"), show()));
    assert_eq!((answer.names, answer.deleted), (vec![text("Church")], None));
    assert!(answer.told.iter().any(|told| told.to_string().contains("secrets.toml")), "{:?}", answer.told);
    assert!(bench.refused(ProfileRequest::SaveAs(text("church"), show())).contains("already"));
    assert_eq!(bench.load("Church").destinations, show().destinations);

    assert_eq!(bench.done(ProfileRequest::Duplicate(text("Church"))), ProfileDone::Duplicated(text("Church 2")));
    assert_eq!(bench.done(ProfileRequest::Duplicate(text("Church 2"))), ProfileDone::Duplicated(text("Church 3")));
    let renamed = bench.ask(ProfileRequest::Rename { from: text("Church 3"), to: text(" Evening ") });
    assert_eq!(renamed.done.unwrap(), ProfileDone::Renamed { from: text("Church 3"), to: text("Evening") });
    assert_eq!(renamed.names, ["Church", "Church 2", "Evening"]);
    assert_eq!(bench.load("Evening").destinations, show().destinations);
    assert!(bench.refused(ProfileRequest::Load(text("none"))).contains("Church 2"));
}

#[test]
fn what_was_deleted_comes_back_with_its_secrets_once() {
    let bench = Bench::new();
    bench.done(ProfileRequest::Save(text("a"), show()));
    bench.done(ProfileRequest::Save(text("b"), show()));
    assert_eq!(bench.ask(ProfileRequest::Delete(text("a"))).deleted, Some(text("a")));
    let answer = bench.ask(ProfileRequest::Delete(text("b")));
    assert_eq!((answer.names.len(), answer.deleted), (0, Some(text("b"))));
    assert_eq!(bench.done(ProfileRequest::UndoDelete), ProfileDone::Restored(text("b")));
    assert_eq!(bench.load("b").destinations, show().destinations);
    assert_eq!(bench.done(ProfileRequest::UndoDelete), ProfileDone::Forgotten);
    // A name that was taken meanwhile is not overwritten.
    bench.done(ProfileRequest::Delete(text("b")));
    bench.done(ProfileRequest::Save(text("B"), Box::default()));
    let answer = bench.ask(ProfileRequest::UndoDelete);
    assert!(answer.done.is_err() && answer.deleted == Some(text("b")));
}

#[test]
fn while_the_keyring_is_locked_profiles_are_copied_deleted_and_brought_back_with_their_keys() {
    let memory = MemorySecrets::default();
    let bench = Bench::with(|folder| Secrets::with(folder, memory.clone()));
    bench.done(ProfileRequest::Save(text("a"), show()));
    memory.lock(true);
    let answer = bench.ask(ProfileRequest::Duplicate(text("a")));
    assert!(answer.told[0].to_string().contains("cannot be read now"), "{:?}", answer.told);
    bench.done(ProfileRequest::Delete(text("a")));
    bench.done(ProfileRequest::UndoDelete);
    memory.lock(false);
    for name in ["a", "a 2"] {
        assert_eq!(bench.load(name).destinations, show().destinations);
    }
}

#[test]
fn after_ten_minutes_it_is_gone_and_that_is_told() {
    let bench = Bench::new();
    bench.done(ProfileRequest::Save(text("a"), show()));
    bench.done(ProfileRequest::Delete(text("a")));
    bench.clock.advance_to(Timestamp::ZERO + Duration::from_secs(599));
    assert_eq!(bench.ask(ProfileRequest::Resume).deleted, Some(text("a")));
    bench.clock.advance_to(Timestamp::ZERO + Duration::from_secs(600));
    let answer = bench.keeper.next_answer(PATIENCE).unwrap();
    assert_eq!((answer.done.unwrap(), answer.deleted), (ProfileDone::Forgotten, None));
}

#[test]
fn profiles_go_out_without_secrets_and_come_in() {
    let bench = Bench::new();
    let path = bench.folder.path().join("out.toml");
    let export = |replace| ProfileRequest::Export { name: text("a"), path: path.clone(), replace };
    bench.done(ProfileRequest::Save(text("a"), show()));
    assert_eq!(bench.done(export(false)), ProfileDone::Exported(path.clone()));
    assert!(!std::fs::read_to_string(&path).unwrap().contains("canary"));
    // Nothing is overwritten unless the user was asked.
    assert!(bench.refused(export(false)).contains("out.toml"));
    std::fs::write(&path, "old").unwrap();
    bench.done(export(true));
    assert!(bench.refused(ProfileRequest::Import(path.clone())).contains("already"));
    bench.done(ProfileRequest::Delete(text("a")));
    assert_eq!(bench.done(ProfileRequest::Import(path)), ProfileDone::Imported(text("a")));
    assert_eq!(bench.load("a").destinations[0].stream_key, None);
    let missing = bench.folder.path().join("missing.toml");
    assert!(bench.refused(ProfileRequest::Import(missing)).contains("missing.toml"));
    let huge = bench.folder.path().join("huge.toml");
    std::fs::write(&huge, vec![b' '; FILE_LENGTH_MAX as usize + 1]).unwrap();
    assert!(bench.refused(ProfileRequest::Import(huge)).contains("too large"));
}

#[test]
fn relative_paths_become_whole_when_saved() {
    let bench = Bench::new();
    let mut settings = show();
    settings.record = Some("show.flv".into());
    bench.done(ProfileRequest::Save(text("a"), settings));
    assert!(bench.load("a").record.unwrap().is_absolute());
}
