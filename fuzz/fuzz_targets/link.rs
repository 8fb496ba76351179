//! Links as anything may be pasted: what is read is a valid show without secrets, and is written and read again the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tally::settings::ShowLink;

fuzz_target!(|text: &str| {
    for text in [text.to_owned(), format!("tally:show?{text}")] {
        let Ok(link) = ShowLink::parse(&text) else { continue };
        assert!(link.settings.validate().is_ok());
        assert!(link.settings.destinations.iter().all(|d| d.stream_key.is_none() && d.password.is_none()));
        let Ok(written) = ShowLink::write(&link.name, &link.settings) else { continue };
        let Ok(again) = ShowLink::parse(&written) else { panic!("a link that was written cannot be read") };
        assert_eq!(ShowLink::write(&again.name, &again.settings).as_ref(), Ok(&written));
    }
});
