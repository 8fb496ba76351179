//! What becomes of secrets that cannot be read for a while: nothing.

use super::*;
use crate::settings::{Destination, MemorySecrets};

const KEY: &str = "canary-4be1-stream-key";

/// A user whose secret store can be locked.
struct User {
    folder: tempfile::TempDir,
    memory: MemorySecrets,
    store: ProfileStore,
}

impl User {
    fn new() -> Self {
        let (folder, memory) = (tempfile::tempdir().unwrap(), MemorySecrets::default());
        let secrets = Secrets::with(folder.path(), memory.clone());
        let store = ProfileStore::with_secrets(folder.path().to_owned(), secrets);
        Self { folder, memory, store }
    }

    /// One with a profile `show` that has a key and a login, and a secret store that has been locked since.
    fn locked_out() -> Self {
        let user = Self::new();
        user.store.save("show", &show(vec![destination("main")])).unwrap();
        user.memory.lock(true);
        user
    }

    fn load(&self, name: &str) -> ShowSettings {
        self.store.load(name).unwrap().settings
    }

    /// Key and password of the destinations of `name`, once the store is open again.
    fn secrets_of(&self, name: &str) -> Vec<(String, Option<String>, Option<String>)> {
        self.memory.lock(false);
        let loaded = self.store.load(name).unwrap();
        assert_eq!(loaded.warnings, Vec::new());
        revealed(&loaded.settings)
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }
}

fn revealed(settings: &ShowSettings) -> Vec<(String, Option<String>, Option<String>)> {
    let text = |secret: &Option<StreamKey>| secret.as_ref().map(|secret| secret.reveal().to_owned());
    settings.destinations.iter().map(|d| (d.name.clone(), text(&d.stream_key), text(&d.password))).collect()
}

fn secrets(name: &str, key: Option<&str>, password: Option<&str>) -> (String, Option<String>, Option<String>) {
    (name.to_owned(), key.map(str::to_owned), password.map(str::to_owned))
}

/// Its app has two segments, so that nobody but the user knows where the key would begin.
fn destination(name: &str) -> Destination {
    Destination {
        name: name.to_owned(),
        stream_key: Some(StreamKey::new(KEY)),
        user: Some("me".to_owned()),
        password: Some(StreamKey::new("pass")),
        ..Destination::at("rtmp://live.example.com/app/_definst_")
    }
}

fn show(destinations: Vec<Destination>) -> ShowSettings {
    ShowSettings { destinations, ..ShowSettings::default() }
}

#[test]
fn a_profile_that_is_saved_while_its_secrets_cannot_be_read_keeps_them() {
    let user = User::locked_out();
    for gain_db in [-3.0, -6.0] {
        let loaded = user.store.load("show").unwrap();
        assert_eq!(loaded.warnings.len(), 2, "{:?}", loaded.warnings);
        assert!(
            loaded.warnings[0].to_string().contains("stream key of \"main\"")
                && loaded.warnings[0].to_string().contains("locked")
        );
        let settings = ShowSettings { gain_db, ..loaded.settings };
        assert_eq!(user.store.save("show", &settings).unwrap(), Vec::new());
    }
    assert_eq!(user.secrets_of("show"), [secrets("main", Some(KEY), Some("pass"))]);
    let settings = user.load("show");
    assert_eq!(
        (settings.gain_db, settings.destinations[0].server.as_str()),
        (-6.0, "rtmp://live.example.com/app/_definst_")
    );
    assert!(!user.folder.path().join("secrets.toml").exists());
}

#[test]
fn a_session_that_is_kept_while_its_secrets_cannot_be_read_keeps_them() {
    let user = User::new();
    user.store.keep_session(Some("show"), &show(vec![destination("main")])).unwrap();
    user.memory.lock(true);
    // From what the window opens with, before any secret store was asked, and from what it has afterwards.
    let begins_with = user.store.session().unwrap().settings;
    user.store.keep_session(Some("show"), &ShowSettings { gain_db: -3.0, ..begins_with }).unwrap();
    let (resumed, warnings) = user.store.load_session();
    let resumed = resumed.unwrap();
    assert_eq!((resumed.settings.gain_db, warnings.len()), (-3.0, 2));
    user.store.keep_session(Some("show"), &resumed.settings).unwrap();
    user.memory.lock(false);
    let (resumed, warnings) = user.store.load_session();
    let resumed = resumed.unwrap();
    assert_eq!(revealed(&resumed.settings), [secrets("main", Some(KEY), Some("pass"))]);
    assert_eq!(warnings, Vec::new());
}

#[test]
fn destinations_may_be_renamed_and_moved_meanwhile() {
    let user = User::new();
    let second = Destination { stream_key: Some(StreamKey::new("second")), password: None, ..destination("second") };
    user.store.save("show", &show(vec![destination("main"), second])).unwrap();
    user.memory.lock(true);
    let mut settings = user.load("show");
    settings.destinations.reverse();
    // Each takes the other's name.
    settings.destinations[0].name = "main".to_owned();
    settings.destinations[1].name = "second".to_owned();
    user.store.save("show", &settings).unwrap();
    let settings = user.load("show");
    user.store.save("show", &settings).unwrap();
    let expected = [secrets("main", Some("second"), None), secrets("second", Some(KEY), Some("pass"))];
    assert_eq!(user.secrets_of("show"), expected);
    // What was read is kept under its own name again, and nothing is left of the other.
    user.store.save("show", &user.load("show")).unwrap();
    assert_eq!(user.secrets_of("show"), expected);
    let held: Vec<String> = user.memory.held().into_iter().map(|(entry, _)| entry).collect();
    assert_eq!(held, ["show/main/stream_key", "show/second/password", "show/second/stream_key"]);
}

#[test]
fn a_new_destination_of_the_old_name_does_not_take_the_entry() {
    let user = User::locked_out();
    let mut settings = user.load("show");
    settings.destinations[0].name = "old".to_owned();
    let new = Destination { stream_key: Some(StreamKey::new("new")), password: None, ..destination("main") };
    settings.destinations.push(new);
    user.memory.lock(false);
    user.store.save("show", &settings).unwrap();
    assert_eq!(user.secrets_of("show"), [secrets("old", Some(KEY), Some("pass")), secrets("main", Some("new"), None)]);
}

#[test]
fn a_renamed_profile_takes_its_secrets_along() {
    let user = User::locked_out();
    user.store.rename("show", "evening").unwrap();
    // A new one of the old name has entries of its own.
    user.memory.lock(false);
    let other = Destination { stream_key: Some(StreamKey::new("other")), password: None, ..destination("main") };
    user.store.save("show", &show(vec![other])).unwrap();
    assert_eq!(user.secrets_of("evening"), [secrets("main", Some(KEY), Some("pass"))]);
    assert_eq!(user.secrets_of("show"), [secrets("main", Some("other"), None)]);
    user.store.remove("evening").unwrap();
    assert_eq!(user.secrets_of("show"), [secrets("main", Some("other"), None)]);
    user.store.remove("show").unwrap();
    assert_eq!(user.memory.held(), []);
}

#[test]
fn a_copy_shares_what_could_not_be_read_until_it_is() {
    let user = User::locked_out();
    user.store.save("copy", &user.load("show")).unwrap();
    user.store.keep_session(Some("copy"), &user.load("copy")).unwrap();
    // The first gets another key: the copy's stays.
    user.memory.lock(false);
    let mut first = user.load("show");
    first.destinations[0].stream_key = Some(StreamKey::new("another"));
    user.store.save("show", &first).unwrap();
    assert_eq!(user.secrets_of("show"), [secrets("main", Some("another"), Some("pass"))]);
    assert_eq!(user.secrets_of("copy"), [secrets("main", Some(KEY), Some("pass"))]);
    user.store.remove("show").unwrap();
    assert_eq!(user.secrets_of("copy"), [secrets("main", Some(KEY), Some("pass"))]);
    user.store.remove("copy").unwrap();
    assert_eq!(revealed(&user.store.load_session().0.unwrap().settings), [secrets("main", Some(KEY), Some("pass"))]);
    user.store.keep_session(None, &show(Vec::new())).unwrap();
    assert_eq!(user.memory.held(), []);
}

#[test]
fn what_is_typed_anew_replaces_it_and_what_is_taken_away_is_forgotten() {
    let user = User::locked_out();
    let mut settings = user.load("show");
    settings.destinations[0].stream_key = Some(StreamKey::new("typed"));
    user.store.save("show", &settings).unwrap();
    assert_eq!(user.secrets_of("show"), [secrets("main", Some("typed"), Some("pass"))]);

    let user = User::locked_out();
    let settings = user.load("show");
    user.memory.lock(false);
    user.store.save("show", &ShowSettings { destinations: Vec::new(), ..settings }).unwrap();
    assert_eq!(user.memory.held(), []);
}

#[test]
fn a_store_that_must_not_be_asked_has_not_said_that_there_is_nothing() {
    let user = User::new();
    user.store.save("show", &show(vec![destination("main")])).unwrap();
    // As over SSH with TALLY_NO_KEYRING=1.
    let apart = Secrets::in_file(user.folder.path(), "TALLY_NO_KEYRING is set");
    let apart = ProfileStore::with_secrets(user.folder.path().to_owned(), apart);
    let loaded = apart.load("show").unwrap();
    assert!(loaded.warnings[0].to_string().contains("TALLY_NO_KEYRING is set"), "{:?}", loaded.warnings);
    apart.save("show", &ShowSettings { gain_db: -3.0, ..loaded.settings }).unwrap();
    assert_eq!(user.secrets_of("show"), [secrets("main", Some(KEY), Some("pass"))]);
}

#[test]
fn an_export_names_no_entry_of_this_computer_and_an_import_takes_none() {
    let user = User::locked_out();
    user.store.rename("show", "evening").unwrap();
    assert!(user.file("profiles/evening.toml").contains("show/main/stream_key"));
    for with_secrets in [false, true] {
        let Export { text, holds_secrets, lacks_secrets, .. } = user.store.export("evening", with_secrets).unwrap();
        // Nothing is claimed that is not there.
        assert!(!holds_secrets && !text.contains("WITH ITS SECRETS") && lacks_secrets == with_secrets, "{text}");
        // That there is a key is told; where it is, is not.
        assert!(text.contains("stream_key_kept = true") && !text.contains("show/main"), "{text}");
    }
    // Somebody else's file cannot get at a key by naming its entry.
    user.memory.lock(false);
    let theirs = user.file("profiles/evening.toml").replace("evening", "theirs").replace("live.example.com", "evil");
    let theirs = theirs.replace("/app/_definst_", "/app");
    user.store.import(&theirs).unwrap();
    assert_eq!(user.secrets_of("theirs"), [secrets("main", None, None)]);
}

#[test]
fn a_key_for_senders_that_cannot_be_read_is_not_replaced() {
    let user = User::new();
    let (file, key) = user.store.incoming_key("first").unwrap();
    assert_eq!(key.reveal(), "first");
    // A file that is no text cannot be read, whoever asks.
    fs::write(&file, b"\xff\xfe").unwrap();
    let error = user.store.incoming_key("second").unwrap_err().to_string();
    assert!(error.contains("incoming-key.txt"), "{error}");
    assert_eq!(fs::read(&file).unwrap(), b"\xff\xfe");
    fs::write(&file, "").unwrap();
    assert_eq!(user.store.incoming_key("second").unwrap().1.reveal(), "second");
}

#[test]
fn what_a_crash_has_left_goes_with_the_next_change() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Secrets::in_file(folder.path(), "this is a test");
    let store = ProfileStore::with_secrets(folder.path().to_owned(), secrets);
    store.save("show", &ShowSettings::default()).unwrap();
    store.secrets.set("show/main/stream_key", &StreamKey::new("canary")).unwrap();
    store.secrets.set("shows/main/stream_key", &StreamKey::new("other")).unwrap();
    let left = [".secrets.toml.tmp-1", "profiles/.new.toml.tmp-1"].map(|name| folder.path().join(name));
    left.iter().for_each(|file| fs::write(file, "canary").unwrap());
    store.remove("show").unwrap();
    assert!(left.iter().all(|file| !file.exists()));
    let kept = fs::read_to_string(folder.path().join("secrets.toml")).unwrap();
    assert!(!kept.contains("canary") && kept.contains("other"), "{kept}");
}
