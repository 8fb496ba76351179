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
