//! Addresses as anything may be pasted: the address that is printed is one that can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tally::rtmp::url::RtmpUrl;

fuzz_target!(|text: &str| {
    for key_given in [false, true] {
        if let Ok(url) = RtmpUrl::parse(text, key_given) {
            let again = RtmpUrl::parse(&url.tc_url(), true);
            let again = again.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((&again.host, again.port), (&url.host, url.port));
        }
    }
});
