//! What the desktop wants windows to look like, where it tells: a thread asks its portal once and hears of changes.

use super::theme::Look;
use crate::flow::Latest;

/// Hears what the desktop wants.
#[derive(Debug)]
pub(super) struct Desktop(Latest<Option<Look>>);

impl Desktop {
    /// Starts the thread. `notify` is called, on it, after each change.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(notify: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let slot = Latest::new();
        let told = slot.clone();
        let work = move || {
            let tell = |look| {
                told.put(look);
                notify();
            };
            if let Err(error) = watch(tell) {
                tracing::debug!(%error, "the desktop does not say how windows are to look");
            }
        };
        // Nobody joins it: it waits for the desktop, which may have nothing to say for days.
        std::thread::Builder::new().name("desktop".to_owned()).spawn(work)?;
        Ok(Self(slot))
    }

    /// What it wants, if that has changed; `Some(None)`: it does not mind.
    pub(super) fn take(&self) -> Option<Option<Look>> {
        self.0.take()
    }
}

#[cfg(target_os = "linux")]
use portal::watch;

/// Elsewhere the window itself hears of it.
#[cfg(not(target_os = "linux"))]
fn watch(_tell: impl Fn(Option<Look>)) -> Result<(), std::convert::Infallible> {
    Ok(())
}

/// The settings of the portal (XDG Desktop Portal, `org.freedesktop.portal.Settings`).
#[cfg(target_os = "linux")]
mod portal {
    use zbus::blocking::{Connection, Proxy};
    use zbus::zvariant::{OwnedValue, Value};

    use crate::ui::theme::Look;

    const NAMESPACE: &str = "org.freedesktop.appearance";

    /// Tells what is wanted, now and whenever it changes; returns when the bus is gone.
    pub(super) fn watch(tell: impl Fn(Option<Look>)) -> zbus::Result<()> {
        watch_on(&Connection::session()?, tell)
    }

    pub(super) fn watch_on(bus: &Connection, tell: impl Fn(Option<Look>)) -> zbus::Result<()> {
        const PATH: &str = "/org/freedesktop/portal/desktop";
        let portal = Proxy::new(bus, "org.freedesktop.portal.Desktop", PATH, "org.freedesktop.portal.Settings")?;
        let changes = portal.receive_signal("SettingChanged")?;
        tell(wanted(&portal));
        for _change in changes {
            tell(wanted(&portal));
        }
        Ok(())
    }

    fn wanted(portal: &Proxy<'_>) -> Option<Look> {
        if read(portal, "contrast") == Some(1) {
            return Some(Look::HighContrast);
        }
        match read(portal, "color-scheme") {
            Some(1) => Some(Look::Dark),
            Some(2) => Some(Look::Light),
            _ => None,
        }
    }

    fn read(portal: &Proxy<'_>, key: &str) -> Option<u32> {
        let answer: OwnedValue = portal.call("Read", &(NAMESPACE, key)).ok()?;
        let mut value: &Value<'_> = &answer;
        // `Read` wraps the value once more than it says.
        while let Value::Value(inner) = value {
            value = inner;
        }
        value.downcast_ref().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::flow::Worker;
        use std::os::unix::net::UnixStream;
        use std::sync::mpsc::sync_channel;
        use std::time::Duration;
        use zbus::blocking::connection::Builder;

        /// A portal that says what it is told to say.
        struct Portal {
            scheme: u32,
            contrast: u32,
        }

        #[zbus::interface(name = "org.freedesktop.portal.Settings")]
        impl Portal {
            fn read(&self, namespace: &str, key: &str) -> zbus::fdo::Result<OwnedValue> {
                let value = match (namespace, key) {
                    (NAMESPACE, "color-scheme") => self.scheme,
                    (NAMESPACE, "contrast") => self.contrast,
                    _ => return Err(zbus::fdo::Error::Failed("not found".to_owned())),
                };
                OwnedValue::try_from(Value::Value(Box::new(Value::from(value))))
                    .map_err(|error| zbus::fdo::Error::Failed(error.to_string()))
            }

            #[zbus(signal)]
            async fn setting_changed(
                emitter: &zbus::object_server::SignalEmitter<'_>,
                namespace: &str,
                key: &str,
                value: Value<'_>,
            ) -> zbus::Result<()>;
        }

        #[test]
        fn what_the_desktop_wants_is_heard_and_its_changes_too() {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let guid = "0123456789abcdef0123456789abcdef";
            let path = "/org/freedesktop/portal/desktop";
            let patience = Duration::from_secs(20);
            // Both ends greet each other: neither can be made before the other has begun.
            let (made, server) = sync_channel(1);
            let making = Worker::spawn("portal", move |_| {
                let server = Builder::async_io_unix_stream(theirs).server(guid).unwrap().p2p();
                let portal = Portal { scheme: 2, contrast: 0 };
                made.send(server.serve_at(path, portal).unwrap().build().unwrap()).unwrap();
            });
            let bus = Builder::async_io_unix_stream(ours).p2p().build().unwrap();
            let server = server.recv_timeout(patience).unwrap();
            let (sender, told) = sync_channel(16);
            let watching = Worker::spawn("watch", move |_| watch_on(&bus, |look| _ = sender.send(look)).unwrap());
            assert_eq!(told.recv_timeout(patience), Ok(Some(Look::Light)));
            let portal = server.object_server().interface::<_, Portal>(path).unwrap();
            for (scheme, contrast, look) in [(1, 0, Some(Look::Dark)), (1, 1, Some(Look::HighContrast)), (0, 0, None)] {
                (portal.get_mut().scheme, portal.get_mut().contrast) = (scheme, contrast);
                let told_of =
                    Portal::setting_changed(portal.signal_emitter(), NAMESPACE, "color-scheme", Value::U32(0));
                zbus::block_on(told_of).unwrap();
                assert_eq!(told.recv_timeout(patience), Ok(look));
            }
            drop(portal);
            drop(server);
            assert!(watching.unwrap().join() && making.unwrap().join());
        }
    }
}
