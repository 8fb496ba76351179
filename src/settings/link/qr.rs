//! The QR code of a link, as squares to draw.

use qrcode::{Color, EcLevel};

/// Squares, dark or light, row by row. Leave four squares of light around it (ISO/IEC 18004, 5.3.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrCode {
    side: usize,
    dark: Vec<bool>,
}

impl QrCode {
    /// The code of `text`; `None` if it is too long for one.
    pub fn of(text: &str) -> Option<Self> {
        // Low correction: a screen is not scratched, and larger squares are easier to read.
        let code = qrcode::QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
        let side = code.width();
        let dark = code.into_colors().into_iter().map(|color| color == Color::Dark).collect();
        Some(Self { side, dark })
    }

    /// Squares in a row and in a column.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Whether the square is dark; those outside are light.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.side && self.dark.get(y * self.side + x).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: &QrCode) -> String {
        let (scale, quiet) = (4, 4);
        let pixels = (code.side() + 2 * quiet) * scale;
        let light = |x: usize, y: usize| {
            let square = |at: usize| (at / scale).checked_sub(quiet);
            let dark = square(x).zip(square(y)).is_some_and(|(x, y)| code.is_dark(x, y));
            if dark { 0 } else { 255 }
        };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(pixels, pixels, light);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    #[test]
    fn a_reader_reads_what_was_written() {
        for text in ["tally:show?v=1", "tally:show?v=1&name=Gottesdienst+%C3%BC&to=rtmps%3A%2F%2Fh%2Fapp"] {
            assert_eq!(read(&QrCode::of(text).unwrap()), text);
        }
        let longest = format!("tally:show?{}", "a1-".repeat(super::super::LINK_LENGTH_MAX / 3 - 4));
        assert_eq!(read(&QrCode::of(&longest).unwrap()), longest);
    }

    #[test]
    fn what_no_code_holds_is_none_and_outside_is_light() {
        assert!(QrCode::of(&"x".repeat(3000)).is_none());
        let code = QrCode::of("x").unwrap();
        assert!(code.is_dark(0, 0) && !code.is_dark(code.side(), 0) && !code.is_dark(0, code.side()));
    }
}
