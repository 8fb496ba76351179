//! Incoming streams as sources: where they must be sent, and who may.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::settings::{IngestSettings, QrCode, StreamKey};
use crate::studio::KEY_IN_FILE;

/// Where incoming streams must be sent.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct IncomingView {
    /// For picture and sound, where they are incoming streams.
    pub addresses: [Option<String>; 2],
    /// Whether others than this computer may send.
    pub open: bool,
    /// The address with its key, for a device that is to send.
    pub card: Option<SenderCard>,
}

/// An address with its key, and the same for a camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderCard {
    /// The address.
    pub url: String,
    /// Its code; none if it is too long for one.
    pub code: Option<QrCode>,
}

/// What the model keeps of it.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    pub(super) addresses: [Option<String>; 2],
    /// The key that is shown, while it is.
    key: Option<StreamKey>,
}

impl Incoming {
    pub(super) fn show_key(&mut self, key: StreamKey) {
        self.key = Some(key);
    }

    pub(super) fn hide_key(&mut self) {
        self.key = None;
    }

    pub(super) fn view(&self, ingest: &IngestSettings) -> IncomingView {
        let open = !ingest.listen.ip().is_loopback();
        let address = self.addresses.iter().flatten().next().filter(|_| open);
        let card = address.zip(self.key.as_ref()).map(|(address, key)| {
            let url = address.replace(KEY_IN_FILE, key.reveal());
            SenderCard { code: QrCode::of(&url), url }
        });
        IncomingView { addresses: self.addresses.clone(), open, card }
    }
}

/// Received from the whole network, by the key in this file.
pub(super) fn from_the_network(before: &IngestSettings, key_file: PathBuf) -> IngestSettings {
    let listen = match before.listen.ip().is_loopback() {
        true => SocketAddr::from((Ipv4Addr::UNSPECIFIED, before.listen.port())),
        false => before.listen,
    };
    IngestSettings { listen, key_file: Some(key_file) }
}

/// Received from this computer alone.
pub(super) fn from_here(before: &IngestSettings) -> IngestSettings {
    IngestSettings { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, before.listen.port())), key_file: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_in_the_address_only_while_it_is_shown() {
        let here = IngestSettings::default();
        let open = from_the_network(&here, "/home/a/incoming-key.txt".into());
        assert_eq!(open.listen, "0.0.0.0:1935".parse().unwrap());
        assert_eq!(from_here(&open), here);
        let address = format!("rtmp://192.168.1.20:1935/live/phone?key={KEY_IN_FILE}");
        let mut incoming = Incoming { addresses: [Some(address), None], key: None };
        assert_eq!(incoming.view(&open).card, None);
        incoming.show_key(StreamKey::new("k7m2"));
        let card = incoming.view(&open).card.unwrap();
        assert_eq!(card.url, "rtmp://192.168.1.20:1935/live/phone?key=k7m2");
        assert!(card.code.is_some());
        assert_eq!(incoming.view(&here).card, None, "only this computer sends");
        incoming.hide_key();
        assert_eq!(incoming.view(&open).card, None);
    }
}
