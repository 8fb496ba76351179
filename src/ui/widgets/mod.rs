//! The window's own controls: each has an accessible name, a focus that is seen, and colours from the tokens alone.

mod button;
mod card;
mod chip;
mod field;
mod lamp;
mod meter;
mod paint;
mod picker;
mod picture;
mod primary_button;
mod ribbon;
mod row;
mod second_card;
mod tabs;
mod tick;

pub(crate) use button::{ButtonKind, button, button_width, close_button, kind_button, kind_button_tall};
pub(crate) use card::{CardKind, card, sheet_head};
pub(crate) use chip::{chip, chip_ending};
pub use field::{field, leave_field, secret_field};
pub(crate) use lamp::{lamp, state_pill};
pub(crate) use meter::{fader, meter};
pub(crate) use paint::{announced, focus_ring, galley, galley_within, text, text_on_one_line, told_whole};
pub use picker::menu_item;
pub(crate) use picker::{choose, choose_of, menu_below, picker};
pub use picture::{GlowPicture, PictureView, Pictures};
pub(crate) use primary_button::{PrimaryAnswer, primary_button};
pub(crate) use ribbon::{health_ribbon, sparkline};
pub(crate) use row::row_at_end;
pub(crate) use tabs::tabs;
pub(crate) use tick::tick_box;
