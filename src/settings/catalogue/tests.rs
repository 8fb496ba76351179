//! The catalogue holds together, and destinations find their service.

use super::*;
use crate::rtmp::url::{RtmpUrl, Scheme};

fn at(name: &str, server: &str) -> Option<&'static str> {
    let destination = Destination { name: name.to_owned(), ..Destination::at(server) };
    Service::of(&destination).map(|service| service.id)
}

#[test]
fn every_address_can_be_read_and_holds_no_key() {
    let mut seen = 0;
    for service in SERVICES {
        for server in service.servers {
            let url = RtmpUrl::parse(server.url, true).unwrap_or_else(|error| panic!("{}: {error}", server.url));
            assert!(!url.app.is_empty() && url.user.is_none(), "{}", server.url);
            assert!(!Destination::at(server.url).has_key_in_url(), "{}", server.url);
            if server.role == ServerRole::Plain || service.limits.tls == Tls::Only {
                assert_eq!(url.scheme == Scheme::Rtmp, server.role == ServerRole::Plain, "{}", server.url);
            }
            assert_eq!(Service::of(&Destination::at(server.url)), Some(service), "{}", server.url);
            seen += 1;
        }
        if let Some(example) = service.example {
            let url = RtmpUrl::parse(example, true).unwrap_or_else(|error| panic!("{example}: {error}"));
            assert!(url.host.chars().any(|c| c.is_ascii_uppercase()), "{example} has no part for the user");
            seen += 1;
        }
    }
    assert!(seen >= 15, "{seen}");
}

#[test]
fn every_row_is_whole() {
    for (index, service) in SERVICES.iter().enumerate() {
        assert!(!service.id.is_empty() && !service.name.is_empty());
        assert!(SERVICES[..index].iter().all(|other| other.id != service.id && other.name != service.name));
        let (year, month) = service.as_of.split_once('-').unwrap();
        assert!(year.parse::<u32>().unwrap() >= 2026 && (1..=12).contains(&month.parse::<u32>().unwrap()));
        let limits = &service.limits;
        let keyframe = &limits.keyframe;
        assert!(keyframe.least.is_none_or(|least| least <= keyframe.wanted), "{}", service.id);
        assert!(keyframe.most.is_none_or(|most| most >= keyframe.wanted), "{}", service.id);
        assert!(limits.rows.windows(2).all(|pair| pair[0].lines <= pair[1].lines), "{}", service.id);
        assert!(limits.rows.iter().all(|row| !row.kbps.is_empty()) && !limits.kbps.is_empty());
        assert!(!limits.sample_rates.is_empty());
        assert!(service.servers.first().is_none_or(|server| server.role == ServerRole::Main));
        assert_eq!(Service::by_id(service.id), Some(service));
    }
}

#[test]
fn a_destination_finds_its_service_by_host_and_else_by_name() {
    for (name, server, service) in [
        ("main", "rtmps://a.rtmps.youtube.com:443/live2", Some("youtube")),
        ("main", "RTMP://LIVE.TWITCH.TV/app", Some("twitch")),
        ("main", "rtmp://fra05.contribute.twitch.tv/app", Some("twitch")),
        ("main", "rtmps://abc.global-contribute.live-video.net/app", Some("kick")),
        ("Amazon IVS", "rtmps://abc.global-contribute.live-video.net/app", Some("ivs")),
        ("Dacast 2", "rtmp://p.ep.example.net/live", Some("dacast")),
        ("YouTube", "", Some("youtube")),
        ("YouTube", "rtmp://my.own.host/live", None),
        ("main", "rtmp://nottwitch.tv/app", None),
        ("main", "rtmp://twitch.tv.example.com/app", None),
        ("", "", None),
    ] {
        assert_eq!(at(name, server), service, "{name} {server}");
    }
}

#[test]
fn a_chosen_service_is_recognised_again() {
    for service in SERVICES {
        assert_eq!(Service::of(&service.destination()), Some(service));
    }
}

#[test]
fn the_test_form_joins_what_the_key_already_has() {
    let twitch = Service::by_id("twitch").unwrap();
    let tested = |key: &str| twitch.test_key(&StreamKey::new(key)).unwrap().reveal().to_owned();
    assert_eq!(tested("live_1"), "live_1?bandwidthtest=true");
    assert_eq!(tested("live_1?a=b"), "live_1?a=b&bandwidthtest=true");
    assert!(Service::by_id("youtube").unwrap().test_key(&StreamKey::new("k")).is_none());
}

#[test]
fn rates_follow_the_size_and_the_frame_rate() {
    let limits = &Service::by_id("youtube").unwrap().limits;
    assert_eq!(limits.kbps_for(720, 29.97), 0..=4000);
    assert_eq!(limits.kbps_for(720, 60.0), 0..=12_000);
    assert_eq!(limits.kbps_for(2160, 30.0), ANY_KBPS);
}
