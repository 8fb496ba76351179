//! From tokens to egui's style, so that its own widgets (text fields, menus, scroll bars) look like ours.

use eframe::egui::epaint::FontColorTransferFunction;
use eframe::egui::{
    Context, CornerRadius, FontFamily, FontId, Id, Margin, Shadow, Stroke, Style, TextStyle, Theme, Ui, Vec2, Visuals,
};

use super::{Look, RADIUS, RADIUS_LARGE, Tokens};

#[derive(Clone, Copy)]
struct Applied {
    look: Look,
    scale: f32,
}

/// Text scale that is accepted: 80 to 200 %.
const SCALE: std::ops::RangeInclusive<f32> = 0.8..=2.0;

fn applied_id() -> Id {
    Id::unique("tally look")
}

/// Gives `ctx` the colours of `look` and text of `scale` (1.0 is 100 %; 0.8 to 2.0). Cheap when nothing changed.
pub(crate) fn apply(ctx: &Context, look: Look, scale: f32) {
    let scale = scale.clamp(*SCALE.start(), *SCALE.end());
    let before: Option<Applied> = ctx.data(|data| data.get_temp(applied_id()));
    if before.is_some_and(|before| before.look == look && before.scale == scale) {
        return;
    }
    ctx.data_mut(|data| data.insert_temp(applied_id(), Applied { look, scale }));
    let theme = if look == Look::Light { Theme::Light } else { Theme::Dark };
    ctx.set_theme(theme);
    ctx.set_style_of(theme, style(look, scale));
    // A slow hand presses a button too, and so does one on a computer that is slow for a moment.
    ctx.options_mut(|options| options.input_options.max_click_duration = f64::INFINITY);
}

/// The colours of the moment.
pub(crate) fn tokens(ui: &Ui) -> &'static Tokens {
    let applied: Option<Applied> = ui.ctx().data(|data| data.get_temp(applied_id()));
    Tokens::of(applied.map_or(Look::default(), |applied| applied.look))
}

/// The text scale of the moment.
pub(crate) fn scale(ui: &Ui) -> f32 {
    let applied: Option<Applied> = ui.ctx().data(|data| data.get_temp(applied_id()));
    applied.map_or(1.0, |applied| applied.scale)
}

/// `points` at the text scale of the moment: for whatever must grow with text.
pub(crate) fn scaled(ui: &Ui, points: f32) -> f32 {
    points * scale(ui)
}

fn style(look: Look, scale: f32) -> Style {
    let t = Tokens::of(look);
    let mut visuals = if look == Look::Light { Visuals::light() } else { Visuals::dark() };
    visuals.override_text_color = Some(t.text);
    // egui makes light text on dark bolder than the font is drawn: half of that is enough.
    let gamma = if look == Look::Light { 1.0 } else { 0.8 };
    visuals.text_options.color_transfer_function = FontColorTransferFunction::Gamma(gamma);
    visuals.weak_text_color = Some(t.dim);
    visuals.panel_fill = t.bg;
    visuals.window_fill = t.panel;
    visuals.window_stroke = Stroke::new(1.0, t.line);
    visuals.window_corner_radius = CornerRadius::same(RADIUS_LARGE as u8);
    visuals.menu_corner_radius = CornerRadius::same(RADIUS_LARGE as u8);
    visuals.window_shadow = Shadow::NONE;
    visuals.popup_shadow = Shadow::NONE;
    visuals.extreme_bg_color = t.bg;
    visuals.faint_bg_color = t.raised;
    visuals.code_bg_color = t.raised;
    visuals.hyperlink_color = t.accent;
    visuals.warn_fg_color = t.warn;
    visuals.error_fg_color = t.clip;
    visuals.selection.bg_fill = t.accent.gamma_multiply(0.35);
    visuals.selection.stroke = Stroke::new(2.0, t.accent);
    visuals.text_cursor.stroke = Stroke::new(2.0, t.accent);
    let states = &mut visuals.widgets;
    for (state, fill, line) in [
        (&mut states.noninteractive, t.panel, t.line),
        (&mut states.inactive, t.raised, t.line),
        (&mut states.hovered, t.raised, t.faint),
        (&mut states.active, t.raised, t.accent),
        (&mut states.open, t.raised, t.faint),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::new(1.0, line);
        state.fg_stroke = Stroke::new(1.0, t.text);
        state.corner_radius = CornerRadius::same(RADIUS as u8);
        state.expansion = 0.0;
    }
    let mut style = Style { visuals, ..Style::default() };
    style.text_styles = [
        (TextStyle::Small, 12.0),
        (TextStyle::Body, 13.0),
        (TextStyle::Button, 13.0),
        (TextStyle::Heading, 22.0),
        (TextStyle::Monospace, 12.0),
    ]
    .into_iter()
    .map(|(kind, size)| {
        let family = if kind == TextStyle::Monospace { FontFamily::Monospace } else { FontFamily::Proportional };
        (kind, FontId::new(size * scale, family))
    })
    .collect();
    style.spacing.item_spacing = Vec2::splat(8.0);
    style.spacing.button_padding = Vec2::new(12.0, 6.0);
    style.spacing.interact_size = Vec2::new(28.0, 28.0) * scale;
    style.spacing.icon_width *= scale;
    style.spacing.icon_width_inner *= scale;
    style.spacing.icon_spacing *= scale;
    style.spacing.slider_width *= scale;
    style.spacing.menu_margin = Margin::same(6);
    style.spacing.window_margin = Margin::same(12);
    style.interaction.selectable_labels = false;
    style
}
