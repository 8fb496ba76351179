//! The flight recorder: what each second of a show was like, kept in a file that a crash cannot spoil, and told afterwards.

mod cause;
mod html;
mod log;
mod read;
mod recorder;
mod second;
mod text;
mod words;

pub use cause::Cause;
pub use html::flight_html;
pub(super) use log::FlightLog;
pub use log::keep_flights_in;
pub use read::{Flight, FlightError, FlightEvent, NoFlight};
pub use recorder::FLIGHT_ENDING;
use recorder::FlightRecorder;
pub use second::FlightSecond;
pub use text::flight_text;
pub use words::FlightWords;
