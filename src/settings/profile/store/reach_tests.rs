//! What the store does where something it needs is out of reach.

use super::*;
use crate::settings::Destination;

fn store_in(folder: &Path) -> ProfileStore {
    ProfileStore::with_secrets(folder.to_owned(), Secrets::in_file(folder, "this is a test"))
}

fn show() -> ShowSettings {
    let stream_key = Some(StreamKey::new("canary-9f3b-stream-key"));
    let destination = Destination { stream_key, ..Destination::at("rtmp://live.example.com/app") };
    ShowSettings { destinations: vec![destination], ..ShowSettings::default() }
}

#[test]
fn another_tally_is_awaited_for_a_while_and_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, other) = (store_in(folder.path()), store_in(folder.path()));
    store.lock_limit = Duration::from_millis(50);
    let held = other.lock().unwrap();
    let error = store.save("a", &show()).unwrap_err().to_string();
    assert!(error.contains("another Tally") && error.contains("try again"), "{error}");
    drop(held);
    store.lock_limit = LOCK_LIMIT;
    store.save("a", &show()).unwrap();
}

#[cfg(unix)]
#[test]
fn where_the_target_of_a_link_is_away_nothing_is_written_and_it_is_told() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    symlink("/not/mounted/secrets.toml", folder.path().join("secrets.toml")).unwrap();
    let error = store.save("a", &show()).unwrap_err().to_string();
    assert!(error.contains("/not/mounted/secrets.toml, which is not there"), "{error}");
    assert!(folder.path().join("secrets.toml").is_symlink());

    symlink("/not/mounted/b.toml", folder.path().join("profiles/b.toml")).unwrap();
    let warnings = store.list().unwrap().warnings;
    assert!(warnings.len() == 1 && warnings[0].to_string().contains("/not/mounted/b.toml"), "{warnings:?}");
    let error = store.load("b").unwrap_err().to_string();
    assert!(error.contains("/not/mounted/b.toml"), "{error}");
    assert!(folder.path().join("profiles/b.toml").is_symlink());
}

#[cfg(unix)]
#[test]
fn a_profile_that_is_a_link_is_renamed_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    store.save("a", &show()).unwrap();
    let (link, elsewhere) = (folder.path().join("profiles/a.toml"), folder.path().join("elsewhere.toml"));
    fs::rename(&link, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
    store.rename("a", "b").unwrap();
    assert_eq!(fs::read_link(folder.path().join("profiles/b.toml")).unwrap(), elsewhere);
    assert!(!link.is_symlink());
    assert_eq!(store.load("b").unwrap().settings.destinations, show().destinations);
    assert!(store.load("a").is_err());
}

#[cfg(unix)]
#[test]
fn a_pipe_among_the_profiles_is_told_of_and_not_awaited() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_in(folder.path());
    store.save("a", &show()).unwrap();
    let pipe = folder.path().join("profiles/pipe.toml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let listing = store.list().unwrap();
    assert_eq!(listing.profiles.len(), 1);
    assert!(listing.warnings[0].to_string().contains("it is a pipe"), "{:?}", listing.warnings);
    assert!(pipe.exists());
}
