//! The flight recorder's file, cut off or written by somebody else: what is read can be told, as text and as a page that
//! runs nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tally::studio::flight::{Flight, FlightWords, flight_html, flight_text};

fuzz_target!(|text: &str| {
    for text in [text.to_owned(), format!("tally show 1\n{text}\n")] {
        let Ok(flight) = Flight::read(&text) else { continue };
        for words in [FlightWords::English, FlightWords::German] {
            flight_text(&flight, words);
            let page = flight_html(&flight, words);
            let of_nothing = flight_html(&Flight::default(), words);
            assert_eq!(page.matches("<script").count(), of_nothing.matches("<script").count());
        }
    }
});
