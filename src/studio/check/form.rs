//! Whether a destination may be published to in a check: never under a key that the public watches.

use crate::settings::catalogue::Service;
use crate::settings::{Destination, StreamKey};

/// What a check does about publishing to a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishForm {
    /// Publishes in the service's own form for tests: nobody sees it.
    Test {
        /// The service.
        service: &'static str,
        /// What is put behind the key.
        query: &'static str,
    },
    /// Publishes to the ingest on this computer: nobody watches.
    Rehearsal,
    /// Publishes as a show does: the user asked for it.
    Asked,
    /// Stops before it publishes: there is no form for tests, and the public may watch.
    Stops,
    /// Did not come to where it would have published, or stopped.
    NotReached,
}

impl PublishForm {
    /// The stable word of `--json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Test { .. } => "test_form",
            Self::Rehearsal => "rehearsal",
            Self::Asked => "published",
            Self::Stops | Self::NotReached => "not_published",
        }
    }

    /// Whether it publishes at all.
    pub fn publishes(self) -> bool {
        !matches!(self, Self::Stops | Self::NotReached)
    }
}

/// The form for `destination`, and the destination with the key of that form. `publish`: the user asked to publish; a form
/// for tests is used even then.
pub(super) fn of(destination: &Destination, publish: bool) -> (Destination, PublishForm) {
    let tested = Service::of(destination).and_then(|service| {
        let (query, key) = (service.test_query?, destination.stream_key.as_ref()?);
        let has_it = key.reveal().split(['?', '&']).skip(1).any(|part| part == query);
        let key: StreamKey = if has_it { key.clone() } else { service.test_key(key)? };
        Some((key, PublishForm::Test { service: service.name, query }))
    });
    match tested {
        Some((key, form)) => (Destination { stream_key: Some(key), ..destination.clone() }, form),
        None => (destination.clone(), if publish { PublishForm::Asked } else { PublishForm::Stops }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::destination::target;

    fn at(url: &str, key: Option<&str>) -> Destination {
        Destination { stream_key: key.map(StreamKey::new), ..Destination::at(url) }
    }

    #[test]
    fn where_a_service_has_a_form_for_tests_it_is_used_and_never_shown() {
        for (url, key, name) in [
            ("rtmp://live.twitch.tv/app", "live_1_canary", "live_1_canary?bandwidthtest=true"),
            ("rtmp://live.twitch.tv/app", "live_1_canary?x=1", "live_1_canary?x=1&bandwidthtest=true"),
            ("rtmp://live.twitch.tv/app", "live_1_canary?bandwidthtest=true", "live_1_canary?bandwidthtest=true"),
            ("rtmp://live.restream.io/live", "re_canary", "re_canary?test=true"),
        ] {
            for publish in [false, true] {
                let (destination, form) = of(&at(url, Some(key)), publish);
                let target = target(&destination).unwrap().wanted;
                assert_eq!((target.stream_name.as_str(), form.word()), (name, "test_form"));
                let shown = format!("{destination:?} {target:?} {} {} {form:?}", target.about, target.tc_url);
                assert!(!shown.contains("canary"), "{shown}");
            }
        }
    }

    #[test]
    fn everywhere_else_only_the_user_publishes() {
        for url in ["rtmp://a.rtmp.youtube.com/live2", "rtmp://127.0.0.1/live", "rtmp://h.example/app"] {
            let given = at(url, Some("canary-key"));
            assert_eq!(of(&given, false), (given.clone(), PublishForm::Stops));
            assert_eq!(of(&given, true), (given.clone(), PublishForm::Asked));
        }
        // Without a key there is nothing to put the form behind.
        assert_eq!(of(&at("rtmp://live.twitch.tv/app", None), false).1, PublishForm::Stops);
    }
}
