//! The test picture: made, and read back by measurements.

mod draw;
pub(super) mod font;
mod layout;
mod read;

pub use draw::TestPattern;
pub use read::{flash_is_on, read_block_time};

#[cfg(test)]
mod tests;
