//! A secret store, or a lock, that may never answer: asked on a thread of its own, for some seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::Builder;
use std::time::Duration;

use super::SecretStore;
use crate::settings::{SettingsError, StreamKey, Warning};

/// How long the system's store may take: it may ask its user to unlock it, and whoever starts a show may not wait for ever.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// `store`, which fails where it does not answer within `limit`. While a call has not come back no other is made: each would wait
/// as long.
pub(super) struct Bounded<S> {
    store: S,
    limit: Duration,
    unanswered: Arc<AtomicBool>,
}

impl<S: SecretStore + Clone + 'static> Bounded<S> {
    pub(super) fn new(store: S, limit: Duration) -> Self {
        Self { store, limit, unanswered: Arc::default() }
    }

    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&S) -> Result<T, SettingsError> + Send + 'static,
    ) -> Result<T, SettingsError> {
        if self.unanswered.swap(true, Ordering::AcqRel) {
            return Err(self.silent());
        }
        let (store, unanswered) = (self.store.clone(), Arc::clone(&self.unanswered));
        let answer = bounded("secret-store", self.limit, move || {
            let answer = question(&store);
            unanswered.store(false, Ordering::Release);
            answer
        });
        answer.unwrap_or_else(|| Err(self.silent()))
    }

    fn silent(&self) -> SettingsError {
        let reason = format!("it does not answer ({} s); unlock it, or set TALLY_NO_KEYRING=1", self.limit.as_secs());
        SettingsError::Secret { reason }
    }
}

impl<S: SecretStore + Clone + 'static> SecretStore for Bounded<S> {
    fn get(&self, entry: &str) -> Result<Option<StreamKey>, SettingsError> {
        let entry = entry.to_owned();
        self.ask(move |store| store.get(&entry))
    }

    fn set(&self, entry: &str, secret: &StreamKey) -> Result<Option<Warning>, SettingsError> {
        let (entry, secret) = (entry.to_owned(), secret.clone());
        self.ask(move |store| store.set(&entry, &secret))
    }

    fn remove(&self, entry: &str) -> Result<(), SettingsError> {
        let entry = entry.to_owned();
        self.ask(move |store| store.remove(&entry))
    }
}

/// Runs `work` on a thread of its own for at most `limit`. `None` when it takes longer: the thread is then left to itself,
/// because a call into the system cannot be cancelled. It ends with the call, or with the program.
pub(in crate::settings) fn bounded<T: Send + 'static>(
    name: &str,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (answer, answered) = sync_channel(1);
    // Nobody hears it once the asker has given up: the value is dropped on this thread.
    let worker = Builder::new().name(name.to_owned()).spawn(move || drop(answer.send(work())));
    worker.ok()?;
    answered.recv_timeout(limit).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use super::*;
    use crate::settings::secrets::Secrets;

    /// Answers once it is opened.
    #[derive(Clone, Default)]
    struct Shut(Arc<(Mutex<bool>, Condvar)>);

    impl Shut {
        fn open(&self) {
            *self.0.0.lock().unwrap() = true;
            self.0.1.notify_all();
        }

        fn wait(&self) {
            drop(self.0.1.wait_while(self.0.0.lock().unwrap(), |open| !*open).unwrap());
        }
    }

    impl SecretStore for Shut {
        fn get(&self, _: &str) -> Result<Option<StreamKey>, SettingsError> {
            self.wait();
            Ok(Some(StreamKey::new("kept")))
        }

        fn set(&self, _: &str, _: &StreamKey) -> Result<Option<Warning>, SettingsError> {
            self.wait();
            Ok(None)
        }

        fn remove(&self, _: &str) -> Result<(), SettingsError> {
            self.wait();
            Ok(())
        }
    }

    #[test]
    fn where_the_store_does_not_answer_the_file_steps_in_until_it_does() {
        let folder = tempfile::tempdir().unwrap();
        let shut = Shut::default();
        let secrets = Secrets::with(folder.path(), Bounded::new(shut.clone(), Duration::from_millis(50)));
        let error = secrets.get("a").unwrap_err().to_string();
        assert!(error.contains("does not answer") && error.contains("TALLY_NO_KEYRING"), "{error}");
        let told = secrets.set("a", &StreamKey::new("new")).unwrap().unwrap().to_string();
        assert!(told.contains("secrets.toml") && told.contains("does not answer"), "{told}");
        assert_eq!(secrets.get("a").unwrap().unwrap().reveal(), "new");
        secrets.remove("a").unwrap();
        shut.open();
        // The call that was given up comes back some time, and then the store is asked again.
        let answers =
            || bounded("pause", Duration::from_millis(5), std::thread::park).is_none() && secrets.get("a").is_ok();
        assert!((0..1000).any(|_| answers()));
    }
}
