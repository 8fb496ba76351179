//! The look: one file of colours, what it does to egui's style, the fonts.

mod apply;
mod fonts;
mod tokens;

pub(crate) use apply::{apply, scale, scaled, tokens};
pub(crate) use fonts::{body, install, number, small, strong, strong_large, title};
pub use tokens::Look;
pub(crate) use tokens::Tokens;

/// Corner radius of chips, fields and small buttons, in points.
pub(crate) const RADIUS: f32 = 7.0;
/// The step of all spacing, in points.
pub(crate) const STEP: f32 = 4.0;
/// Corner radius of cards, the picture and the primary button, in points.
pub(crate) const RADIUS_LARGE: f32 = 10.0;
