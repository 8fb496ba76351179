//! The card that is shown in place of a picture that does not come: a line of text on a calm ground.

use super::test_pattern::font::{GLYPH_HEIGHT, GLYPH_WIDTH, glyph};
use crate::media::{Picture, Size};

/// The ground, a dark blue: luma and both chroma.
const GROUND: [u8; 3] = [44, 142, 120];
/// The letters and the line below them.
const LETTERS: u8 = 215;

/// A card of `size` that says `words`: capitals, of which the font has those it needs.
pub fn draw_card(size: Size, words: &str) -> Picture {
    let mut picture = Picture::black(size);
    for (plane, value) in picture.planes_mut().into_iter().zip(GROUND) {
        plane.fill(value);
    }
    let (width, height) = (size.width as usize, size.height as usize);
    let letters: Vec<char> = words.chars().collect();
    // Two thirds of the width for the words, a column between two letters.
    let columns = (letters.len() * (GLYPH_WIDTH + 1)).saturating_sub(1).max(1);
    let dot = (width * 2 / 3 / columns).min(height / 3 / (GLYPH_HEIGHT + 4));
    if dot == 0 {
        return picture;
    }
    let (left, top) = ((width - columns * dot) / 2, (height - (GLYPH_HEIGHT + 4) * dot) / 2);
    let [luma, ..] = picture.planes_mut();
    let mut fill = |x: usize, y: usize, w: usize, h: usize| {
        for row in luma.chunks_exact_mut(width).skip(y).take(h) {
            row[x..x + w].fill(LETTERS);
        }
    };
    for (place, letter) in letters.into_iter().enumerate() {
        for (row, bits) in glyph(letter).into_iter().enumerate() {
            for column in (0..GLYPH_WIDTH).filter(|column| bits >> (GLYPH_WIDTH - 1 - column) & 1 == 1) {
                fill(left + (place * (GLYPH_WIDTH + 1) + column) * dot, top + row * dot, dot, dot);
            }
        }
    }
    fill(left, top + (GLYPH_HEIGHT + 3) * dot, columns * dot, dot);
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_of_any_size_is_a_calm_ground_with_letters_in_its_middle() {
        for (width, height) in [(2, 2), (16, 16), (320, 180), (1280, 720), (720, 1280), (1920, 1080), (333, 101)] {
            for words in ["ONE MOMENT PLEASE", "EINEN MOMENT BITTE", ""] {
                let size = Size::new(width, height);
                let picture = draw_card(size, words);
                let [luma, u, v] = picture.planes();
                assert_eq!([luma[0], u[0], v[0]], GROUND, "{size}");
                assert_eq!(luma.last(), Some(&GROUND[0]), "{size}");
                let lit = luma.iter().filter(|&&luma| luma == LETTERS).count();
                assert_eq!(lit > 0, width >= 200 && height >= 33 * 3, "{size} {words:?}: {lit}");
            }
        }
    }

    #[test]
    fn every_letter_of_both_languages_is_in_the_font() {
        for letter in "ONE MOMENT PLEASE EINEN MOMENT BITTE".chars().filter(|letter| *letter != ' ') {
            assert_ne!(glyph(letter), [0; GLYPH_HEIGHT], "{letter}");
        }
    }
}
