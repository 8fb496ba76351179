//! Every colour of the window, in three looks. Red means on air and destruction, amber needs you, green is level only, blue
//! is the next act and the focus. Each pair of text and ground has a contrast of 4.5:1 or more (7:1 in high contrast).

use eframe::egui::Color32;

/// Which colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub enum Look {
    /// Light text on a dark ground.
    #[default]
    Dark,
    /// Dark text on a light ground.
    Light,
    /// White on black with strong lines, for those who need it.
    HighContrast,
}

/// The colours of one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tokens {
    /// The window's ground.
    pub bg: Color32,
    /// Strips, sheets and chips.
    pub panel: Color32,
    /// What lies on a panel: buttons, cards, the empty part of a meter.
    pub raised: Color32,
    /// The one hairline.
    pub line: Color32,
    /// Text that is read.
    pub text: Color32,
    /// Text that explains.
    pub dim: Color32,
    /// Shapes that are off; never text.
    pub faint: Color32,
    /// The next act, and the focus.
    pub accent: Color32,
    /// Text on `accent`.
    pub accent_ink: Color32,
    /// On air, as line and lamp.
    pub air: Color32,
    /// On air, as a ground for text.
    pub air_ground: Color32,
    /// Text on `air_ground`.
    pub air_ink: Color32,
    /// Level.
    pub ok: Color32,
    /// Needs you.
    pub warn: Color32,
    /// A meter's clip zone.
    pub clip: Color32,
    /// Behind the picture.
    pub picture: Color32,
}

impl Tokens {
    /// The colours of `look`.
    pub(crate) const fn of(look: Look) -> &'static Self {
        match look {
            Look::Dark => &DARK,
            Look::Light => &LIGHT,
            Look::HighContrast => &HIGH_CONTRAST,
        }
    }
}

const fn hex(rgb: u32) -> Color32 {
    Color32::from_rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

const DARK: Tokens = Tokens {
    bg: hex(0x0f_11_14),
    panel: hex(0x16_19_1e),
    raised: hex(0x1e_22_28),
    line: hex(0x2a_2f_37),
    text: hex(0xe9_ec_ef),
    dim: hex(0x9a_a4_b0),
    faint: hex(0x5d_66_72),
    accent: hex(0x5b_9d_ff),
    accent_ink: hex(0x06_17_2e),
    air: hex(0xff_3b_3f),
    air_ground: hex(0xe0_26_2b),
    air_ink: Color32::WHITE,
    ok: hex(0x43_c8_83),
    warn: hex(0xff_b0_2e),
    clip: hex(0xff_5a_5f),
    picture: Color32::BLACK,
};

const LIGHT: Tokens = Tokens {
    bg: hex(0xf3_f4_f6),
    panel: hex(0xff_ff_ff),
    raised: hex(0xec_ee_f1),
    line: hex(0xd6_da_e0),
    text: hex(0x14_17_1b),
    dim: hex(0x52_5c_68),
    faint: hex(0x8b_95_a1),
    accent: hex(0x1a_62_cc),
    accent_ink: Color32::WHITE,
    air: hex(0xcf_1a_21),
    air_ground: hex(0xd8_1f_26),
    air_ink: Color32::WHITE,
    ok: hex(0x12_74_41),
    warn: hex(0x94_56_00),
    clip: hex(0xc8_1e_24),
    picture: Color32::BLACK,
};

const HIGH_CONTRAST: Tokens = Tokens {
    bg: Color32::BLACK,
    panel: Color32::BLACK,
    raised: hex(0x14_14_14),
    line: hex(0xd0_d0_d0),
    text: Color32::WHITE,
    dim: hex(0xe6_e6_e6),
    faint: hex(0x9c_9c_9c),
    accent: hex(0x6c_c4_ff),
    accent_ink: Color32::BLACK,
    air: hex(0xff_7b_7b),
    air_ground: hex(0xff_7b_7b),
    air_ink: Color32::BLACK,
    ok: hex(0x5c_f0_a0),
    warn: hex(0xff_d0_40),
    clip: hex(0xff_8a_8a),
    picture: Color32::BLACK,
};

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.1: relative luminance.
    fn luminance(colour: Color32) -> f64 {
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.03928 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_pair_of_text_and_ground_can_be_read() {
        assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 1e-6);
        for (look, least) in [(Look::Dark, 4.5), (Look::Light, 4.5), (Look::HighContrast, 7.0)] {
            let t = Tokens::of(look);
            let grounds = [t.bg, t.panel, t.raised];
            for ink in [t.text, t.dim, t.warn, t.accent, t.air, t.clip, t.ok] {
                for ground in grounds {
                    let found = contrast(ink, ground);
                    assert!(found >= least, "{look:?}: {ink:?} on {ground:?} is {found:.2}");
                }
            }
            for (ink, ground) in [(t.accent_ink, t.accent), (t.air_ink, t.air_ground)] {
                let found = contrast(ink, ground);
                assert!(found >= least, "{look:?}: {ink:?} on {ground:?} is {found:.2}");
            }
            for ground in grounds {
                // WCAG 1.4.11: shapes that carry meaning.
                assert!(contrast(t.faint, ground) >= 2.4, "{look:?}: faint on {ground:?}");
            }
        }
    }
}
