//! The services, as of the date in each row. The order is that of the window's list.

use super::{KeyPlace, Keyframe, Limits, Server, ServerRole, Service, Shape, Strictness, Tls, VideoRow};

const AS_OF: &str = "2026-11";

const COMMON: Limits = Limits::COMMON;

/// A server that somebody runs: nothing is known but what suits all.
const OWN: Service = Service {
    id: "",
    name: "",
    servers: &[],
    example: Some("rtmp://HOST/live"),
    hosts: &[],
    limits: COMMON,
    asks_login: false,
    test_query: None,
    key_place: KeyPlace::OwnServer,
    as_of: AS_OF,
};

/// A service that gives every user, event or channel an own address.
const EACH: Service = Service { example: None, key_place: KeyPlace::EachEvent, ..OWN };

const fn main(url: &'static str) -> Server {
    Server { url, role: ServerRole::Main }
}

const fn plain(url: &'static str) -> Server {
    Server { url, role: ServerRole::Plain }
}

const fn up_to(lines: u32, fps: u32, least: u32, most: u32) -> VideoRow {
    VideoRow { lines, fps, kbps: least..=most }
}

/// Every service that is known.
pub static SERVICES: &[Service] = &[
    Service {
        id: "youtube",
        name: "YouTube",
        servers: &[
            main("rtmps://a.rtmps.youtube.com:443/live2"),
            Server { url: "rtmps://b.rtmps.youtube.com:443/live2?backup=1", role: ServerRole::Backup },
            plain("rtmp://a.rtmp.youtube.com/live2"),
        ],
        hosts: &["rtmps.youtube.com", "rtmp.youtube.com"],
        limits: Limits {
            keyframe: Keyframe { wanted: 2.0, least: None, most: Some(4.0) },
            rows: &[up_to(720, 30, 0, 4000), up_to(1080, 60, 0, 12_000)],
            audio_kbps_max: Some(160),
            tls: Tls::Offered,
            ..COMMON
        },
        key_place: KeyPlace::Page("studio.youtube.com"),
        ..EACH
    },
    Service {
        id: "twitch",
        name: "Twitch",
        servers: &[main("rtmp://live.twitch.tv/app")],
        hosts: &["twitch.tv"],
        limits: Limits {
            kbps: 0..=6000,
            strictness: Strictness::Refuses,
            audio_kbps_max: Some(160),
            tls: Tls::Offered,
            ..COMMON
        },
        test_query: Some("bandwidthtest=true"),
        key_place: KeyPlace::Page("dashboard.twitch.tv/settings/stream"),
        ..EACH
    },
    Service {
        id: "facebook",
        name: "Facebook Live",
        servers: &[main("rtmps://rtmp-api.facebook.com:443/rtmp/")],
        hosts: &["rtmp-api.facebook.com"],
        limits: Limits {
            keyframe: Keyframe { wanted: 2.0, least: None, most: Some(4.0) },
            rows: &[up_to(720, 30, 1500, 4000), up_to(1080, 30, 3000, 6000)],
            kbps: 0..=6000,
            lines_max: Some(1080),
            audio_kbps_max: Some(128),
            sample_rates: &[48_000],
            needs_picture: true,
            tls: Tls::Only,
            hours_max: Some(8),
            ..COMMON
        },
        key_place: KeyPlace::Page("facebook.com/live/producer"),
        ..EACH
    },
    Service {
        id: "kick",
        name: "Kick",
        example: Some("rtmps://ID.global-contribute.live-video.net/app"),
        hosts: &["global-contribute.live-video.net"],
        limits: Limits {
            kbps: 0..=8000,
            strictness: Strictness::Refuses,
            audio_kbps_max: Some(160),
            tls: Tls::Only,
            ..COMMON
        },
        ..EACH
    },
    Service {
        id: "linkedin",
        name: "LinkedIn Live",
        limits: Limits {
            rows: &[up_to(720, 30, 0, 3500)],
            kbps: 0..=3500,
            lines_max: Some(720),
            fps_max: Some(30),
            audio_kbps_max: Some(128),
            sample_rates: &[48_000],
            tls: Tls::Offered,
            hours_max: Some(4),
            ..COMMON
        },
        ..EACH
    },
    Service {
        id: "tiktok",
        name: "TikTok",
        limits: Limits { shape: Shape::Portrait, tls: Tls::Offered, ..COMMON },
        ..EACH
    },
    Service {
        id: "x",
        name: "X",
        example: Some("rtmp://REGION.pscp.tv:80/x"),
        hosts: &["pscp.tv"],
        limits: Limits {
            keyframe: Keyframe { wanted: 3.0, least: None, most: None },
            kbps: 0..=12_000,
            audio_kbps_max: Some(128),
            ..COMMON
        },
        ..EACH
    },
    Service {
        id: "vimeo",
        name: "Vimeo",
        servers: &[main("rtmps://rtmp-global.cloud.vimeo.com:443/live")],
        hosts: &["cloud.vimeo.com"],
        limits: Limits {
            kbps: 0..=5000,
            audio_kbps_max: Some(128),
            sample_rates: &[48_000],
            tls: Tls::Offered,
            ..COMMON
        },
        ..EACH
    },
    Service {
        id: "restream",
        name: "Restream",
        servers: &[main("rtmp://live.restream.io/live")],
        hosts: &["restream.io"],
        test_query: Some("test=true"),
        key_place: KeyPlace::Page("app.restream.io"),
        ..EACH
    },
    Service {
        id: "dacast",
        name: "Dacast",
        limits: Limits {
            keyframe: Keyframe { wanted: 1.0, least: None, most: None },
            kbps: 0..=7000,
            audio_kbps_max: Some(128),
            ..COMMON
        },
        asks_login: true,
        ..EACH
    },
    Service {
        id: "cloudflare",
        name: "Cloudflare Stream",
        servers: &[main("rtmps://live.cloudflare.com:443/live/")],
        hosts: &["live.cloudflare.com"],
        limits: Limits {
            keyframe: Keyframe { wanted: 2.0, least: Some(2.0), most: Some(10.0) },
            kbps: 2000..=14_000,
            tls: Tls::Only,
            ..COMMON
        },
        key_place: KeyPlace::Page("dash.cloudflare.com"),
        ..EACH
    },
    Service {
        id: "mux",
        name: "Mux",
        servers: &[main("rtmps://global-live.mux.com:443/app"), plain("rtmp://global-live.mux.com:5222/app")],
        hosts: &["global-live.mux.com"],
        limits: Limits { kbps: 0..=5000, audio_kbps_max: Some(160), tls: Tls::Offered, ..COMMON },
        key_place: KeyPlace::Page("dashboard.mux.com"),
        ..EACH
    },
    Service {
        id: "ivs",
        name: "Amazon IVS",
        example: Some("rtmps://ID.global-contribute.live-video.net:443/app/"),
        hosts: &["global-contribute.live-video.net"],
        limits: Limits {
            rows: &[up_to(480, 60, 0, 1500), up_to(720, 60, 0, 4500), up_to(1080, 60, 0, 8500)],
            kbps: 0..=8500,
            strictness: Strictness::Refuses,
            lines_max: Some(1080),
            audio_kbps_max: Some(160),
            needs_picture: true,
            tls: Tls::Only,
            ..COMMON
        },
        ..EACH
    },
    Service { id: "trovo", name: "Trovo", ..EACH },
    Service { id: "api-video", name: "api.video", ..EACH },
    Service { id: "picarto", name: "Picarto", ..EACH },
    Service { id: "dlive", name: "DLive", ..EACH },
    Service { id: "wowza", name: "Wowza", asks_login: true, ..OWN },
    Service { id: "nginx-rtmp", name: "nginx-rtmp", ..OWN },
    Service { id: "srs", name: "SRS", ..OWN },
    Service { id: "mediamtx", name: "MediaMTX", asks_login: true, ..OWN },
    Service { id: "owncast", name: "Owncast", ..OWN },
    Service { id: "ant-media", name: "Ant Media", ..OWN },
];
