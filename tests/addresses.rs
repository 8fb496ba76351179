//! A URL means the same whether settings split it or the protocol reads it whole.

use tally::rtmp::url::RtmpUrl;
use tally::settings::{Destination, ShowSettings, StreamKey};

#[test]
fn splitting_a_url_changes_nothing_for_the_server() {
    for url in [
        "rtmp://live.example.com/app",
        "rtmp://live.example.com/app/",
        "rtmp://live.example.com",
        "rtmp://live.example.com/",
        "rtmp://live.example.com/app/key",
        "RTMPS://live.example.com:443/v2/pub/key?a=b&c=%20/d",
        "rtmps://b.example.com:443/live2?backup=1/key",
        "rtmp://live.example.com/v2/pub/",
        "rtmp://live.example.com/v2/pub/?x=1",
        "rtmp://live.example.com/app/_definst_",
        "rtmp://[2001:db8::1]:1936/app/key",
        "rtmp://us%40er:pa%3Ass@live.example.com/app/key",
        "rtmp://user:p@ss@live.example.com/app",
        "  rtmp://live.example.com/app/key\r\n",
        "rtmp://live.example.com//key",
        "rtmp://live.example.com?x=y/key",
    ] {
        for key in [None, Some("its-own-key")] {
            let whole = RtmpUrl::parse(url, key.is_some()).unwrap();
            let destination = Destination { stream_key: key.map(StreamKey::new), ..Destination::at(url) };
            let show = ShowSettings { destinations: vec![destination], ..ShowSettings::default() };
            let split = show.with_secrets_split().destinations.remove(0);
            let read = RtmpUrl::parse(&split.server, split.stream_key.is_some()).unwrap();
            assert_eq!(
                (read.tc_url(), read.stream_name, read.user, read.password),
                (whole.tc_url(), None, None, None),
                "{url}"
            );
            let name = key.map(str::to_owned).or(whole.stream_name);
            assert_eq!(split.stream_key.map(|key| key.reveal().to_owned()), name, "{url}");
            assert_eq!(
                (split.user, split.password.map(|key| key.reveal().to_owned())),
                (whole.user, whole.password),
                "{url}"
            );
        }
    }
}
