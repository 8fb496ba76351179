//! A still picture from a PNG or JPEG file.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageResult, Limits};

use super::{Captured, SourceInfo, VideoSource};
use crate::media::{Picture, PixelAspect, Size, Timestamp};
use crate::video::{ColorMatrix, ColorRange, PixelFormat, RawPicture, jpeg_has_end, to_picture};

/// A picture has at most this many pixels across or down.
const SIDE_MAX: u32 = 16_384;

/// Opens a PNG or JPEG picture in its own size; what is transparent in it is black.
///
/// # Errors
/// A sentence that says why the file cannot be read or decoded.
pub(super) fn open(path: &Path) -> Result<Box<dyn VideoSource>, String> {
    let mut reader = image::ImageReader::open(path)
        .and_then(image::ImageReader::with_guessed_format)
        .map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    reader.limits(limits.clone());
    let format = if reader.format() == Some(image::ImageFormat::Png) { "PNG" } else { "JPEG" };
    if format == "JPEG" && std::fs::read(path).is_ok_and(|data| !jpeg_has_end(&data)) {
        // The decoder makes up what is missing, in grey.
        return Err("it is cut off: its end is missing".to_owned());
    }
    let decoded = decode(reader, limits).map_err(|error| match error {
        ImageError::Limits(_) => format!("it is larger than {SIDE_MAX}x{SIDE_MAX}, or takes too much memory"),
        ImageError::Unsupported(_) => format!("it is a {format} of an unusual kind ({error})"),
        _ => format!("it is damaged or cut off ({error})"),
    })?;
    let size = Size::new(decoded.width(), decoded.height());
    let (format_in, data) = if decoded.color().has_alpha() {
        (PixelFormat::Rgba, on_black(decoded.into_rgba8()).into_raw())
    } else {
        (PixelFormat::Rgb24, decoded.into_rgb8().into_raw())
    };
    let raw = RawPicture {
        format: format_in,
        size,
        stride: 0,
        data: &data,
        matrix: ColorMatrix::Bt709,
        range: ColorRange::Full,
    };
    let mut picture = Picture::black(size);
    to_picture(&raw, &mut picture).map_err(|error| error.to_string())?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(Box::new(Still { picture: Arc::new(picture), name, format: format!("{size} {format}") }))
}

/// Decodes a picture, with its upper side up: cameras and phones write down how they were held.
fn decode(reader: image::ImageReader<BufReader<File>>, mut limits: Limits) -> ImageResult<DynamicImage> {
    let mut decoder = reader.into_decoder()?;
    limits.reserve(decoder.total_bytes())?;
    // What is damaged in this does no harm to the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn on_black(mut picture: image::RgbaImage) -> image::RgbaImage {
    for image::Rgba([r, g, b, alpha]) in picture.pixels_mut() {
        if *alpha != 255 {
            for value in [r, g, b] {
                *value = (u16::from(*value) * u16::from(*alpha) / 255) as u8;
            }
        }
    }
    picture
}

struct Still {
    picture: Arc<Picture>,
    name: String,
    format: String,
}

impl VideoSource for Still {
    fn info(&self) -> SourceInfo {
        SourceInfo {
            address: None,
            id: "file".to_owned(),
            name: self.name.clone(),
            format: self.format.clone(),
            size: Some(self.picture.size()),
            frame_rate: None,
        }
    }

    fn picture_at(&mut self, now: Timestamp) -> Option<Captured> {
        Some(Captured { picture: Arc::clone(&self.picture), pixel_aspect: PixelAspect::SQUARE, captured_at: now })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{SourceError, SourceRemedy};

    fn open_image(name: &str, image: &image::DynamicImage) -> Box<dyn VideoSource> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        image.save(&path).unwrap();
        crate::capture::open_video_file(&path).unwrap()
    }

    #[test]
    fn pictures_have_their_size_and_colours() {
        let red = image::RgbImage::from_pixel(33, 21, image::Rgb([191, 0, 0]));
        for name in ["red.png", "red.jpg"] {
            let mut source = open_image(name, &red.clone().into());
            assert_eq!(source.info().size, Some(Size::new(33, 21)));
            let first = source.picture_at(Timestamp::from_millis(5)).unwrap();
            assert_eq!(first.captured_at, Timestamp::from_millis(5));
            for (plane, wanted) in first.picture.planes().into_iter().zip([51u8, 109, 212]) {
                assert!(plane.iter().all(|value| value.abs_diff(wanted) <= 2), "{name}");
            }
            let second = source.picture_at(Timestamp::from_millis(50)).unwrap();
            assert!(Arc::ptr_eq(&first.picture, &second.picture));
        }
    }

    #[test]
    fn a_photo_of_a_phone_that_was_held_upright_stands_upright() {
        // Red at the left; to be turned by a quarter to the right, it is red at the top.
        let lying = image::RgbImage::from_fn(64, 32, |x, _| image::Rgb(if x < 32 { [191, 0, 0] } else { [0, 0, 191] }));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("photo.jpg");
        image::DynamicImage::from(lying).save(&path).unwrap();
        let plain = std::fs::read(&path).unwrap();
        // CIPA DC-008 (Exif), 4.5: one entry, 0x112, which is 6.
        let mut exif = b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
        exif.extend(b"\0\x06\0\0\0\0\0\0");
        std::fs::write(&path, [&plain[..2], &exif, &plain[2..]].concat()).unwrap();
        for open in [crate::capture::open_video_file, crate::capture::open_card_file] {
            let mut source = open(&path).unwrap();
            assert_eq!(source.info().size, Some(Size::new(32, 64)));
            let picture = source.picture_at(Timestamp::ZERO).unwrap().picture;
            let [_, _, red] = picture.planes();
            assert!(red[..16 * 15].iter().all(|v| *v > 180) && red[16 * 17..].iter().all(|v| *v < 140));
        }
    }

    #[test]
    fn what_is_no_picture_for_the_card_is_told_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let [whole, whole_jpeg] = ["whole.png", "whole.jpg"].map(|name| {
            let path = folder.path().join(name);
            image::RgbImage::new(99, 99).save(&path).unwrap();
            std::fs::read(&path).unwrap()
        });
        for (name, bytes, told) in [
            ("notes.txt", &b"buy milk"[..], "it is a text file"),
            ("song.wav", b"RIFF\0\0\0\0WAVE", "it is a sound file, without a picture"),
            ("clip.y4m", b"YUV4MPEG2 W64 H64", "it is a clip, and no still picture"),
            ("cut.png", &whole[..whole.len() / 2], "it is damaged or cut off ("),
            ("cut.jpg", &whole_jpeg[..whole_jpeg.len() - 40], "it is cut off: its end is missing"),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let Err(SourceError::Unreadable { reason, remedy, .. }) = crate::capture::open_card_file(&path) else {
                panic!("{name} opened")
            };
            assert!(reason.starts_with(told), "{name}: {reason}");
            assert_eq!(remedy, SourceRemedy::OtherCard);
        }
    }

    #[test]
    fn what_is_transparent_is_black() {
        let clear = image::RgbaImage::from_pixel(8, 8, image::Rgba([255, 255, 255, 0]));
        let mut source = open_image("clear.png", &clear.into());
        let picture = source.picture_at(Timestamp::ZERO).unwrap().picture;
        assert!(picture.planes()[0].iter().all(|&y| y == 16));
    }

    #[test]
    fn grey_and_deep_pictures_open() {
        let grey = image::GrayImage::from_pixel(5, 4, image::Luma([255]));
        let mut source = open_image("grey.png", &grey.into());
        let picture = source.picture_at(Timestamp::ZERO).unwrap().picture;
        assert!(picture.planes()[0].iter().all(|&y| y.abs_diff(235) <= 1));
        let deep = image::ImageBuffer::<image::Rgb<u16>, Vec<u16>>::from_pixel(6, 6, image::Rgb([0; 3]));
        assert_eq!(open_image("deep.png", &deep.into()).info().size, Some(Size::new(6, 6)));
    }
}
