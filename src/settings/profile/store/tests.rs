//! What the store of profiles promises.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::media::{Bitrate, FrameRate, Size};
use crate::settings::{
    AudioChoice, Destination, EncodingSettings, FileStore, IngestSettings, MemorySecrets, SecretKind, VideoChoice,
};

const CANARY: &str = "canary-9f3b-stream-key";

fn store_in(folder: &Path) -> ProfileStore {
    ProfileStore::with_secrets(folder.to_owned(), Secrets::in_file(folder, "this is a test"))
}

fn destination(name: &str, key: Option<&str>) -> Destination {
    let stream_key = key.map(StreamKey::new);
    Destination { name: name.to_owned(), stream_key, ..Destination::at("rtmp://live.example.com/app") }
}

fn show(destinations: Vec<Destination>) -> ShowSettings {
    ShowSettings { destinations, ..ShowSettings::default() }
}

/// Every file below `folder` with its bytes as text.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            found.push((path, text));
        }
    }
    found
}

fn profile_file(folder: &Path, name: &str) -> PathBuf {
    folder.join("profiles").join(name)
}

#[test]
fn what_was_set_comes_back_however_unfinished_and_its_secrets_rest_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    assert_eq!((store.session(), store.load_session()), (None, (None, Vec::new())));
    // A profile of the same name as the file's is another thing.
    store.save("session", &show(vec![destination("main", Some("the profile's"))])).unwrap();
    let unfinished = show(vec![destination("main", Some(CANARY)), Destination::at("")]);
    let told = store.keep_session(Some("Church"), &ShowSettings { gain_db: -4.5, ..unfinished.clone() }).unwrap();
    assert!(told[0].to_string().contains("readable only by you"), "{told:?}");
    let session = store.session().unwrap();
    assert_eq!((session.profile.as_deref(), session.settings.gain_db), (Some("Church"), -4.5));
    assert_eq!(session.settings.destinations[0].stream_key, None, "no secret store was asked");
    let (loaded, warnings) = store.load_session();
    let loaded = loaded.unwrap();
    assert_eq!(loaded.settings.destinations[0].stream_key.as_ref().map(StreamKey::reveal), Some(CANARY));
    assert_eq!((loaded.settings.destinations.len(), warnings.len()), (2, 0));
    for (path, text) in files(folder.path()) {
        assert!(path.ends_with("secrets.toml") || !text.contains(CANARY), "{}", path.display());
    }
    assert_eq!(store.list().unwrap().profiles.len(), 1, "it is no profile");
    // Without a profile, and with the key forgotten, nothing of it is left.
    store.keep_session(None, &show(vec![destination("main", None)])).unwrap();
    assert_eq!(store.session().unwrap().profile, None);
    assert_eq!(store.load_session().1, [], "without a profile it has no name, which is no fault");
    assert!(files(folder.path()).iter().all(|(_, text)| !text.contains(CANARY)));
    let kept = store.load("session").unwrap().settings.destinations[0].stream_key.clone();
    assert_eq!(kept.as_ref().map(StreamKey::reveal), Some("the profile's"));
}

#[test]
fn a_session_that_is_no_toml_any_more_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    fs::write(folder.path().join(".session.toml"), "video = [").unwrap();
    assert_eq!(store.session(), None);
    let (session, told) = store.load_session();
    assert_eq!(session, None);
    assert!(
        told[0].to_string().starts_with(".session.toml: line 1 ") && told[0].to_string().contains("set aside"),
        "{told:?}"
    );
    assert_eq!(store.keep_session(None, &show(Vec::new())).unwrap(), []);
    assert!(store.session().is_some());
    assert!(files(folder.path()).iter().any(|(_, text)| text == "video = ["));
}

#[test]
fn the_fader_is_kept_and_one_that_no_fader_reaches_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    store.save("a", &ShowSettings { gain_db: -7.5, ..show(Vec::new()) }).unwrap();
    assert_eq!(store.load("a").unwrap().settings.gain_db, -7.5);
    assert!(store.save("a", &ShowSettings { gain_db: f32::NAN, ..show(Vec::new()) }).is_err());
    let path = profile_file(folder.path(), "a.toml");
    let text = fs::read_to_string(&path).unwrap().replace("-7.5", "99");
    fs::write(&path, text).unwrap();
    let loaded = store.load("a").unwrap();
    assert_eq!(loaded.settings.gain_db, 0.0);
    assert!(loaded.warnings[0].to_string().contains("gain_db"), "{:?}", loaded.warnings);
}

#[test]
fn a_full_profile_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    let settings = ShowSettings {
        video: VideoChoice::Camera(Some("usb-1.2:0".to_owned())),
        audio: AudioChoice::File(PathBuf::from("/music/ä \"b\".wav")),
        ingest: IngestSettings { listen: "0.0.0.0:1936".parse().unwrap(), key_file: Some(PathBuf::from("/k")) },
        gain_db: -2.5,
        card: crate::settings::CardChoice::Image(PathBuf::from("/pictures/card.png")),
        destinations: vec![
            Destination {
                user: Some("me".to_owned()),
                password: Some(StreamKey::new("pass word")),
                tls_ca: Some(PathBuf::from("/ca.pem")),
                backup_server: Some("rtmp://b.example/live".to_owned()),
                ..destination("main", Some("k?a=b&c"))
            },
            destination("second", None),
        ],
        rehearse: true,
        encoding: EncodingSettings {
            size: Size::new(640, 360),
            frame_rate: FrameRate::new(30_000, 1001).unwrap(),
            video_bitrate: Bitrate::from_bps(1_234_567),
            keyframe_seconds: 1.5,
            audio_bitrate: Bitrate::from_kbps(96),
            sample_rate: 44_100,
            channels: 1,
            adaptive: false,
            video_bitrate_min: Some(Bitrate::from_kbps(600)),
            cache_seconds: 20,
        },
        record: Some(PathBuf::from("/videos/show.flv")),
        record_split: Some("30m".parse().unwrap()),
        duration: Some(Duration::from_millis(90_500)),
    };
    let told = store.save("日本語 Show", &settings).unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    let loaded = store.load("日本語 show").unwrap();
    assert_eq!((loaded.name.as_str(), &loaded.settings, loaded.warnings.len()), ("日本語 Show", &settings, 0));
}

#[test]
fn a_secret_is_in_the_secret_store_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    let in_url = Destination::at(&format!("rtmp://user:{CANARY}@live.example.com/app/{CANARY}?x={CANARY}"));
    let settings = show(vec![destination("a", Some(CANARY)), in_url]);
    let told = store.save("show", &settings).unwrap();
    let seen =
        format!("{settings:?} {settings:#?} {told:?} {:?} {store:?} {:?}", store.load("show").unwrap(), store.list());
    assert!(!seen.contains("canary"), "{seen}");
    store.rename("show", "other").unwrap();
    store.save("other", &store.load("other").unwrap().settings).unwrap();
    let export = folder.path().join("export.toml");
    store.export_to("other", &export, false).unwrap();
    for (path, text) in files(folder.path()) {
        assert_eq!(text.contains("canary"), path.ends_with("secrets.toml"), "{}", path.display());
    }
    let loaded = store.load("other").unwrap().settings;
    assert_eq!(loaded.destinations[0].stream_key, Some(StreamKey::new(CANARY)));
    let second = &loaded.destinations[1];
    assert_eq!(second.server, "rtmp://live.example.com/app");
    assert_eq!(second.stream_key, Some(StreamKey::new(&format!("{CANARY}?x={CANARY}"))));
    assert_eq!((second.user.as_deref(), &second.password), (Some("user"), &Some(StreamKey::new(CANARY))));
}

#[test]
fn removed_renamed_and_changed_profiles_leave_no_secret_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    let secrets = || fs::read_to_string(FileStore::new(folder.path()).path()).unwrap();
    store.save("show", &show(vec![destination("a", Some("key-a")), destination("b", Some("key-b"))])).unwrap();
    store.save("show", &show(vec![destination("a", Some("key-a2"))])).unwrap();
    assert!(secrets().contains("key-a2") && !secrets().contains("key-b"), "{}", secrets());
    store.rename("SHOW", "evening").unwrap();
    assert_eq!(secrets().matches("key-a2").count(), 1);
    assert_eq!(store.load("evening").unwrap().settings.destinations[0].stream_key, Some(StreamKey::new("key-a2")));
    assert!(store.load("show").is_err());
    store.rename("evening", "Evening").unwrap();
    assert_eq!(store.load("evening").unwrap().name, "Evening");
    assert_eq!(store.remove("evening").unwrap(), "Evening");
    assert!(!secrets().contains("key-"), "{}", secrets());
    assert_eq!(files(&folder.path().join("profiles")), []);
}

#[test]
fn names_that_differ_in_case_only_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    store.save("Über", &show(vec![])).unwrap();
    store.save("other", &show(vec![])).unwrap();
    for name in ["über", "ÜBER"] {
        let error = store.save(name, &show(vec![])).unwrap_err();
        assert!(error.to_string().contains("\"Über\" already"), "{error}");
    }
    assert!(matches!(store.rename("other", "über"), Err(SettingsError::Exists { .. })));
    let exported = store.export("Über", false).unwrap().text;
    assert!(matches!(store.import(&exported), Err(SettingsError::Exists { .. })));
    assert_eq!(store.list().unwrap().profiles.len(), 2);
}

#[test]
fn different_names_never_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    let names = ["a b", "a-b", "a_b", "日本", "中国", "../a b", "con"];
    for name in names {
        store.save(name, &show(vec![destination("d", Some(name))])).unwrap();
    }
    for name in names {
        assert_eq!(store.load(name).unwrap().settings.destinations[0].stream_key, Some(StreamKey::new(name)));
    }
    assert_eq!(files(&folder.path().join("profiles")).len(), names.len());
}

#[test]
fn comments_and_unknown_keys_stay() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    store.save("show", &show(vec![destination("a", None), destination("b", None)])).unwrap();
    let path = profile_file(folder.path(), "show.toml");
    let text = fs::read_to_string(&path).unwrap();
    let text = text
        .replace("video = \"auto\"", "# my best camera\nvideo = \"camera\" # the left one\nfuture = [1, 2]")
        .replace("fps = 30", "fps = 30 # enough")
        .replace("name = \"b\"", "name = \"b\"\ncolour = \"red\" # mine");
    fs::write(&path, &text).unwrap();
    let mut settings = store.load("show").unwrap().settings;
    settings.video = VideoChoice::Test;
    settings.encoding.size = Size::new(640, 360);
    settings.destinations.remove(0);
    store.save("show", &settings).unwrap();
    let saved = fs::read_to_string(&path).unwrap();
    for kept in [
        "# my best camera\nvideo = \"test\" # the left one",
        "future = [1, 2]",
        "30 # enough",
        "colour = \"red\" # mine",
    ] {
        assert!(saved.contains(kept), "{kept} in {saved}");
    }
    assert_eq!(store.load("show").unwrap().settings, settings);
}

#[test]
fn values_of_the_wrong_type_fall_back_and_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    fs::create_dir_all(folder.path().join("profiles")).unwrap();
    let text = "name = \"show\"\nvideo = 3\naudio = \"screen\"\nrecord = []\nrehearse = \"yes\"\nduration_seconds = -1\n\
        [encoding]\nsize = \"853x480\"\nfps = 1000\nvideo_bitrate = 0\nkeyframe_seconds = \"2\"\nsample_rate = 16000\n\
        audio_bitrate = \"300k\"\nchannels = 7\nadaptive = 1\n[[destinations]]\nname = \"no server\"\n\
        [[destinations]]\nserver = \"rtmp://h/a\"\nstream_key = [\"canary\"]\n";
    fs::write(profile_file(folder.path(), "show.toml"), text).unwrap();
    let loaded = store.load("show").unwrap();
    let expected = EncodingSettings { sample_rate: 16_000, ..EncodingSettings::default() };
    assert_eq!(loaded.settings.encoding, expected);
    assert_eq!((loaded.settings.video, loaded.settings.destinations.len()), (VideoChoice::Auto, 1));
    let all: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
    let all = all.join("\n");
    for told in [
        "video = 3 ",
        "audio = \"screen\"",
        "record = []",
        "rehearse = \"yes\"",
        "duration_seconds = -1",
        "encoding.size",
        "854x480",
        "encoding.fps = 1000",
        "encoding.video_bitrate = 0",
        "encoding.keyframe_seconds",
        "encoding.audio_bitrate",
        "encoding.channels = 7",
        "encoding.adaptive = 1",
        "destinations[0].server",
        "destinations[1].stream_key = •••",
    ] {
        assert!(all.contains(told), "{told} in {all}");
    }
    assert!(loaded.warnings.iter().all(|warning| warning.to_string().starts_with("profiles/show.toml: ")), "{all}");
    assert!(!all.contains("canary") && loaded.warnings.len() == 14, "{all}");
    assert_eq!(fs::read_to_string(profile_file(folder.path(), "show.toml")).unwrap(), text);
}

#[test]
fn a_broken_file_is_set_aside_once_and_the_others_are_not_harmed() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    store.save("good", &show(vec![])).unwrap();
    let broken = profile_file(folder.path(), "bad.toml");
    fs::write(&broken, "name = \"bad\"\nserver = \"rtmp://h/a/canary\n").unwrap();
    let listing = store.list().unwrap();
    assert_eq!(listing.profiles.len(), 1);
    let told = listing.warnings[0].to_string();
    assert!(told.contains("bad.toml: line 2") && told.contains("broken-1") && !told.contains("canary"), "{told}");
    assert!(store.list().unwrap().warnings.is_empty());
    fs::write(&broken, b"\xff").unwrap();
    let error = store.load("bad").unwrap_err().to_string();
    assert!(error.contains("broken-2"), "{error}");
    store.save("bad", &show(vec![])).unwrap();
    assert!(profile_file(folder.path(), "bad.toml.broken-1").exists());
    assert!(profile_file(folder.path(), "bad.toml.broken-2").exists());
}

#[test]
fn a_secret_typed_into_the_file_works_and_moves_out_on_save() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    fs::create_dir_all(folder.path().join("profiles")).unwrap();
    let path = profile_file(folder.path(), "x.toml");
    fs::write(&path, format!("destinations = [{{ server = \"rtmp://h/a\", stream_key = \"{CANARY}\" }}]\n")).unwrap();
    let loaded = store.load("x").unwrap();
    assert_eq!(loaded.settings.destinations[0].stream_key, Some(StreamKey::new(CANARY)));
    let told: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
    let told = told.join(" ");
    assert!(
        told.contains("plain text") && told.contains("called after its file") && !told.contains("canary"),
        "{told}"
    );
    assert!(!store.export("x", false).unwrap().text.contains("canary"));
    store.save("x", &loaded.settings).unwrap();
    assert!(!fs::read_to_string(&path).unwrap().contains("canary"));
    assert_eq!(store.load("x").unwrap().settings, loaded.settings);
}

#[test]
fn a_lost_secret_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let memory = MemorySecrets::default();
    let secrets = Secrets::with(folder.path(), memory.clone());
    let store = ProfileStore::with_secrets(folder.path().to_owned(), secrets);
    store.save("show", &show(vec![destination("a", Some("key"))])).unwrap();
    memory.remove("show/a/stream_key").unwrap();
    let loaded = store.load("show").unwrap();
    assert_eq!(loaded.settings.destinations[0].stream_key, None);
    let told = loaded.warnings[0].to_string();
    assert!(told.contains("stream key of \"a\"") && told.contains("give it again"), "{told}");
    // A show that would go out without it does not begin.
    assert!(loaded.settings.destinations[0].lacks_secrets());
}

#[test]
fn a_copy_of_a_profile_is_called_after_its_file_and_has_none_of_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    let sunday = show(vec![destination("main", Some(CANARY))]);
    store.save("sunday", &sunday).unwrap();
    // By its file's name it comes first.
    let copied =
        fs::read_to_string(profile_file(folder.path(), "sunday.toml")).unwrap().replace("fps = 30", "fps = 60");
    fs::write(profile_file(folder.path(), "monday.toml"), copied).unwrap();
    let listing = store.list().unwrap();
    let names: Vec<_> = listing.profiles.iter().map(|profile| profile.name.as_str()).collect();
    assert_eq!(names, ["monday", "sunday"]);
    let taken = DocumentWarning::NameTaken { name: "sunday".to_owned() };
    assert_eq!(listing.warnings, [Warning::Document("profiles/monday.toml".to_owned(), taken)]);
    assert_eq!(store.load("sunday").unwrap().settings, sunday);
    let monday = store.load("monday").unwrap().settings;
    assert_eq!(monday.encoding.frame_rate, FrameRate::new(60, 1).unwrap());
    assert!(monday.destinations[0].lacks_secrets());
    // Once it is saved it is a profile like any other.
    store.save("monday", &show(vec![destination("main", Some("another"))])).unwrap();
    assert_eq!(store.list().unwrap().warnings, Vec::new());
    assert_eq!(store.remove("monday").unwrap(), "monday");
    assert_eq!(store.load("sunday").unwrap().settings, sunday);
}

#[test]
fn a_destination_that_was_copied_by_hand_does_not_get_the_key_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    store.save("show", &show(vec![destination("main", Some(CANARY))])).unwrap();
    let path = profile_file(folder.path(), "show.toml");
    let text = fs::read_to_string(&path).unwrap();
    let block = text[text.find("[[destinations]]").unwrap()..].replace("live.example.com", "elsewhere.example");
    fs::write(&path, format!("{text}\n{block}")).unwrap();
    let [first, second] = <[_; 2]>::try_from(store.load("show").unwrap().settings.destinations).unwrap();
    assert_eq!((first.name.as_str(), first.stream_key), ("main", Some(StreamKey::new(CANARY))));
    assert_eq!((second.name.as_str(), &second.stream_key), ("main 2", &None));
    assert!(second.lacks_secrets() && second.server.contains("elsewhere"));
}

#[test]
fn what_may_be_secret_in_an_address_is_exported_only_with_the_secrets() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, other) = (store_in(here.path()), store_in(there.path()));
    let token = Destination {
        server: format!("rtmp://live.example.com/app?token={CANARY}"),
        ..destination("main", Some("key"))
    };
    store.save("show", &show(vec![token.clone()])).unwrap();
    let Export { text: without, told, .. } = store.export("show", false).unwrap();
    assert!(!without.contains("canary") && without.contains("rtmp://live.example.com/app"), "{without}");
    assert_eq!(told, [Warning::PartOfAddressLeftOut { destination: "main".to_owned() }]);
    // Whoever imports it is told what is missing.
    let (_, told) = other.import(&without).unwrap();
    let missing = Warning::SecretMissing { secret: SecretKind::StreamKey, destination: "main".to_owned() };
    assert!(told.contains(&missing), "{told:?}");
    assert_eq!(other.load("show").unwrap().warnings, Vec::new());
    other.remove("show").unwrap();
    let Export { text: with, told, .. } = store.export("show", true).unwrap();
    assert!(with.starts_with("# A profile of Tally WITH ITS SECRETS.") && told.is_empty(), "{with} {told:?}");
    assert!(!other.import(&with).unwrap().1.contains(&missing));
    assert_eq!(other.load("show").unwrap().settings, show(vec![token]));
    // Its secrets are not in the file any more, and it does not say so.
    let kept = profile_file(there.path(), "show.toml");
    assert!(fs::read_to_string(&kept).unwrap().starts_with("# A profile of Tally. Secrets are not kept here."));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_copy_of_the_key_in_an_address_is_not_exported_without_the_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    let server = |tail: &str| format!("rtmp://live.example.com/app{tail}");
    store.save("show", &show(vec![destination("main", Some(CANARY))])).unwrap();
    let path = profile_file(folder.path(), "show.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(&server(""), &server(&format!("/{CANARY}/x")))).unwrap();
    let Export { text: without, told, .. } = store.export("show", false).unwrap();
    assert!(!without.contains("canary") && without.contains(&server("/")), "{without}");
    assert_eq!(told, [Warning::PartOfAddressLeftOut { destination: "main".to_owned() }]);
}

#[test]
fn exports_carry_secrets_only_when_asked_and_import_elsewhere() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, other) = (store_in(here.path()), store_in(there.path()));
    let settings = show(vec![destination("a", Some(CANARY))]);
    store.save("show", &settings).unwrap();
    let without = store.export("show", false).unwrap().text;
    assert!(!without.contains("canary"), "{without}");
    let (name, told) = other.import(&without).unwrap();
    assert_eq!((name.as_str(), told.len()), ("show", 1), "{told:?}");
    assert_eq!(other.load("show").unwrap().warnings, Vec::new());
    other.remove("show").unwrap();

    let path = there.path().join("show.toml");
    store.export_to("show", &path, true).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(store.export_to("show", &path, true).unwrap_err().to_string().contains("already"));
    other.import(&fs::read_to_string(&path).unwrap()).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(other.load("show").unwrap().settings, settings);
    for (path, text) in files(there.path()) {
        assert_eq!(text.contains("canary"), path.ends_with("secrets.toml"), "{}", path.display());
    }
}

#[test]
fn a_bad_import_is_refused_whole_and_quotes_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    for (text, told) in [
        ("name = \"canary", "line 1"),
        ("name = \"x\"", "version"),
        ("version = 1", "no name"),
        ("version = 2\nvideo = \"canary\"", "was written by a newer Tally: update this one"),
        ("version = 1\nname = \"x\"\nvideo = \"screen\"", "video"),
        (
            "version = 1\nname = \"x\"\n[[destinations]]\nserver = \"rtmp://h/a\"\nstream_key = [\"canary\"]",
            "stream_key",
        ),
        ("version = 1\nname = \"x\"\n[[destinations]]\nserver = \"http://h/a/canary\"", "rtmp://"),
        ("version = 1\nname = \" \"", "name"),
        ("version = 1\nname = \"x\"\nencoding = 3", "encoding is not a table"),
        ("version = 1\nname = \"x\"\ndestinations = 3", "destinations is not a list of tables"),
        ("version = 1\nname = \"x\"\n[[destinations]]\nname = \"a\"", "server is missing"),
    ] {
        let error = store.import(text).unwrap_err().to_string();
        assert!(error.contains(told) && !error.contains("canary"), "{text}: {error}");
        let mends = ["default", "there are none", "left out", "it: "];
        assert!(mends.iter().all(|mend| !error.contains(mend)), "it is refused whole: {error}");
    }
    assert!(store.list().unwrap().profiles.is_empty());
}

#[test]
fn what_cannot_be_written_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("config");
    fs::write(&taken, "a file where the folder should be").unwrap();
    let store = store_in(&taken);
    let error = store.save("show", &show(vec![])).unwrap_err().to_string();
    assert!(error.contains("cannot make") && error.contains("config"), "{error}");
    assert!(store.save("", &show(vec![])).is_err());
    let mut bad = show(vec![]);
    bad.encoding.channels = 9;
    assert!(store_in(folder.path()).save("x", &bad).is_err());
    assert!(store_in(folder.path()).list().unwrap().profiles.is_empty());
}

#[cfg(unix)]
#[test]
fn an_unreadable_profile_is_left_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    store.save("good", &show(vec![])).unwrap();
    let path = profile_file(folder.path(), "a-folder.toml");
    fs::create_dir(&path).unwrap();
    let listing = store.list().unwrap();
    assert_eq!((listing.profiles.len(), listing.warnings.len()), (1, 1));
    assert!(path.exists());
}

#[test]
fn destinations_of_one_name_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    store.save("show", &show(vec![destination("a", Some("one1")), destination("a", Some("two2"))])).unwrap();
    let loaded = store.load("show").unwrap().settings.destinations;
    let seen: Vec<_> = loaded.iter().map(|d| (d.name.as_str(), d.stream_key.as_ref().unwrap().reveal())).collect();
    assert_eq!(seen, [("a", "one1"), ("a 2", "two2")]);
}

fn any_settings() -> impl Strategy<Value = ShowSettings> {
    let video = prop_oneof![
        Just(VideoChoice::Auto),
        Just(VideoChoice::Test),
        "[^\\x00]{1,20}".prop_map(|id| VideoChoice::Camera(Some(id))),
        "[^\\x00]{1,20}".prop_map(|path| VideoChoice::File(PathBuf::from(path))),
    ];
    let destination = ("[a-z日 ]{1,8}", "[!-~]{0,30}", proptest::option::of("[!-~ ]{0,10}"))
        .prop_map(|(name, key, user)| Destination { user, ..destination(&name, (!key.is_empty()).then_some(&key)) });
    let destinations = proptest::collection::vec(destination, 0..3);
    let encoding = (16u32..1900, 16u32..1000, 1u32..=240, 50_000u32..50_000_000, 0.1f64..20.0, any::<bool>());
    let encoding = encoding.prop_map(|(w, h, fps, bps, keyframe_seconds, adaptive)| EncodingSettings {
        size: Size::new(w * 2, h * 2),
        frame_rate: FrameRate::new(fps * 1000, 1001).or(FrameRate::new(fps, 1)).unwrap(),
        video_bitrate: Bitrate::from_bps(bps),
        keyframe_seconds,
        adaptive,
        ..EncodingSettings::default()
    });
    (video, destinations, encoding, 1u64..10_000_000, any::<bool>()).prop_map(
        |(video, destinations, encoding, millis, rehearse)| ShowSettings {
            video,
            destinations,
            encoding,
            rehearse,
            duration: Some(Duration::from_millis(millis)),
            ..ShowSettings::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_saved_is_loaded(settings in any_settings(), name in "[^\\x00-\\x1f\\x7f-\\x9f-][^\\x00-\\x1f\\x7f-\\x9f]{0,30}") {
        prop_assume!(checked_name(&name).is_ok());
        let folder = tempfile::tempdir().unwrap();
        let store = store_in(folder.path());
        store.save(&name, &settings).unwrap();
        store.save(&name, &settings).unwrap();
        let loaded = store.load(&name).unwrap();
        prop_assert_eq!(&loaded.settings, &settings.with_secrets_split());
        prop_assert_eq!(loaded.warnings, Vec::new());
    }

    #[test]
    fn no_document_makes_reading_fail(text in ".{0,200}") {
        if let Ok(document) = text.parse::<DocumentMut>() {
            let mut document = document;
            read_profile(&document, "x");
            write_profile(&mut document, "x", &ShowSettings::default(), &[]).unwrap();
            prop_assert!(document.to_string().parse::<DocumentMut>().is_ok());
        }
    }
}
