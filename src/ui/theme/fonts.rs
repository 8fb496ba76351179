//! Inter in two weights, with figures of one width; behind it egui's own symbols, and what the system has for other scripts.

use std::sync::Arc;

use eframe::egui::{Context, FontData, FontDefinitions, FontFamily, FontId, Ui};

use super::scaled;

const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.ttf");
const SEMI_BOLD: &[u8] = include_bytes!("../../../assets/fonts/Inter-SemiBold.ttf");
/// The family of the second weight.
const STRONG: &str = "strong";

/// Gives `ctx` the fonts.
pub(crate) fn install(ctx: &Context) {
    let mut fonts = FontDefinitions::default();
    fonts.font_data.insert("inter".to_owned(), Arc::new(FontData::from_static(REGULAR)));
    fonts.font_data.insert("inter-semibold".to_owned(), Arc::new(FontData::from_static(SEMI_BOLD)));
    let behind = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let family = |first: &str| std::iter::once(first.to_owned()).chain(behind.iter().cloned()).collect::<Vec<_>>();
    fonts.families.insert(FontFamily::Proportional, family("inter"));
    fonts.families.insert(FontFamily::Name(STRONG.into()), family("inter-semibold"));
    ctx.set_fonts(fonts);
}

/// Text that is read: 13 points at a text scale of 100 %.
pub(crate) fn body(ui: &Ui) -> FontId {
    FontId::new(scaled(ui, 13.0), FontFamily::Proportional)
}

/// Labels and hints: 12 points.
pub(crate) fn small(ui: &Ui) -> FontId {
    FontId::new(scaled(ui, 12.0), FontFamily::Proportional)
}

/// The second weight at 13 points.
pub(crate) fn strong(ui: &Ui) -> FontId {
    strong_at(ui, 13.0)
}

/// A figure that is looked for: 20 points.
pub(crate) fn number(ui: &Ui) -> FontId {
    strong_at(ui, 20.0)
}

/// The head of a page or card: 22 points.
pub(crate) fn title(ui: &Ui) -> FontId {
    strong_at(ui, 22.0)
}

/// The primary button: 16 points.
pub(crate) fn strong_large(ui: &Ui) -> FontId {
    strong_at(ui, 16.0)
}

fn strong_at(ui: &Ui, size: f32) -> FontId {
    FontId::new(scaled(ui, size), FontFamily::Name(STRONG.into()))
}

#[cfg(test)]
mod tests {
    use eframe::egui::RawInput;

    use super::*;

    #[test]
    fn figures_have_one_width_and_accents_their_glyphs() {
        let ctx = Context::default();
        install(&ctx);
        let mut output = ctx.run_ui(RawInput::default(), |ui| {
            for family in [FontFamily::Proportional, FontFamily::Name(STRONG.into())] {
                let font = FontId::new(13.0, family);
                ui.ctx().fonts_mut(|fonts| {
                    let widths: Vec<f32> = ('0'..='9').map(|figure| fonts.glyph_width(&font, figure)).collect();
                    assert!(widths.iter().all(|width| *width > 0.0 && (width - widths[0]).abs() < 1e-3), "{widths:?}");
                    assert!("ÄÖÜßéçñłőșžĐΔЖ„“–…·×•".chars().all(|c| fonts.has_glyph(&font, c)));
                });
            }
        });
        // egui wants to know that nobody draws this.
        output.textures_delta.clear();
    }
}
