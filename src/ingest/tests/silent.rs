//! Publishers whose network changed, in virtual time: the old connection says nothing, and a new one wants the name.

use std::io::IoSlice;

use super::*;
use crate::ingest::conversation::Conversation;
use crate::ingest::shared::Shared;

/// A publisher and the server's end of its connection, without a network.
struct Talk {
    clock: Clock,
    session: ClientSession,
    conversation: Conversation,
    events: Vec<ClientEvent>,
}

impl Talk {
    fn begin(shared: &Arc<Shared>, port: u16, name: &str) -> Self {
        let config = client_config("rtmp://h/live".to_owned(), name);
        let clock = shared.clock.clone();
        let conversation = Conversation::new(SocketAddr::from(([192, 0, 2, 7], port)), Arc::clone(shared)).unwrap();
        let session = ClientSession::new(clock.now(), config);
        let mut talk = Self { clock, session, conversation, events: Vec::new() };
        talk.exchange();
        talk
    }

    /// Until neither has anything to say.
    fn exchange(&mut self) {
        loop {
            let mut sent = false;
            while let Some(output) = match self.session.poll_output() {
                Output::Timeout(_) | Output::Idle => None,
                output => Some(output),
            } {
                match output {
                    Output::Transmit(bytes) => {
                        self.conversation.input(&bytes);
                        sent = true;
                    }
                    Output::Event(event) => self.events.push(event),
                    Output::Timeout(_) | Output::Idle => {}
                }
            }
            while self.conversation.has_unsent() {
                let mut slices = [IoSlice::new(&[]); 1];
                self.conversation.fill(&mut slices);
                let bytes = slices[0].to_vec();
                self.conversation.sent(bytes.len());
                self.session.handle_input(self.clock.now(), &bytes);
                sent = true;
            }
            if !sent {
                return;
            }
        }
    }

    fn is_publishing(&self) -> bool {
        self.events.iter().any(|event| matches!(event, ClientEvent::Published { .. }))
    }

    fn picture(&mut self, at_ms: u32) {
        self.session.send_media(MediaKind::Video, at_ms, &video_tag_header(true, 0), Bytes::from_static(b"picture"));
        self.exchange();
    }
}

fn shared(key: Option<&str>) -> (Arc<Shared>, Events) {
    let mut config = IngestConfig::new("127.0.0.1:0".parse().unwrap());
    config.publish_key = key.and_then(PublishKey::new);
    let events = Events::default();
    let told = Arc::clone(&events);
    let tell = move |event| told.lock().unwrap().push(event);
    (Arc::new(Shared::new(config, Clock::manual(), Arc::new(tell), None)), events)
}

/// Begins and ends of publishes, in their order, by port.
fn order(events: &Events) -> Vec<(bool, u16)> {
    let told = |event: &IngestEvent| match event {
        IngestEvent::PublishStarted { peer, .. } => Some((true, peer.port())),
        IngestEvent::PublishEnded { peer, reason, .. } => {
            assert!(matches!(reason, EndReason::Silent | EndReason::ServerStopped), "{reason}");
            Some((false, peer.port()))
        }
        _ => None,
    };
    events.lock().unwrap().iter().filter_map(told).collect()
}

#[test]
fn who_has_been_silent_for_five_seconds_gives_way() {
    for key in [None, Some("s3cret")] {
        let (shared, events) = shared(key);
        let name = key.map_or("cam".to_owned(), |key| format!("cam?key={key}"));
        let at = |ms| shared.clock.advance_to(Timestamp::from_millis(ms));
        let mut old = Talk::begin(&shared, 1, &name);
        assert!(old.is_publishing());
        at(1000);
        old.picture(0);
        // It may only have paused.
        at(5900);
        assert!(!Talk::begin(&shared, 2, &name).is_publishing());
        at(6000);
        if key.is_some() {
            assert!(!Talk::begin(&shared, 3, "cam?key=guess").is_publishing());
            assert!(!Talk::begin(&shared, 4, "cam").is_publishing());
        }
        assert_eq!(order(&events), [(true, 1)]);
        let mut new = Talk::begin(&shared, 5, &name);
        assert!(new.is_publishing());
        assert_eq!(order(&events), [(true, 1), (false, 1), (true, 5)]);
        new.picture(0);
        // What the old one still had on its way is of no stream any more, and it is told so.
        old.picture(40);
        assert!(old.conversation.is_ending());
        assert!(old.events.iter().any(|event| matches!(event, ClientEvent::Failed(_))));
        let frames = |shared: &Shared| shared.stats().streams.iter().map(|stream| stream.frames).collect::<Vec<_>>();
        assert_eq!(frames(&shared), [1]);
        drop(old);
        new.picture(40);
        assert_eq!(frames(&shared), [2]);
        // One that sends is not driven out.
        for second in 0..20 {
            at(7000 + second * 1000);
            new.picture(second as u32 * 1000 + 80);
            assert!(!Talk::begin(&shared, 6, &name).is_publishing());
        }
        drop(new);
        assert_eq!(order(&events), [(true, 1), (false, 1), (true, 5), (false, 5)]);
    }
}
