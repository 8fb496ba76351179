//! A still picture from a PNG or JPEG file.

use std::path::Path;
use std::sync::Arc;

use super::{Captured, SourceError, SourceInfo, VideoSource};
use crate::media::{Picture, PixelAspect, Size, Timestamp};
use crate::video::{ColorMatrix, ColorRange, PixelFormat, RawPicture, to_picture};

/// A picture has at most this many pixels across or down.
const SIDE_MAX: u32 = 16_384;

/// Opens a PNG or JPEG picture in its own size; what is transparent in it is black.
///
/// # Errors
/// `SourceError::Unreadable` where the file cannot be read or decoded.
pub fn open(path: &Path) -> Result<Box<dyn VideoSource>, SourceError> {
    let unreadable = |reason: String| SourceError::Unreadable { path: path.display().to_string(), reason };
    let mut reader = image::ImageReader::open(path)
        .and_then(image::ImageReader::with_guessed_format)
        .map_err(|error| unreadable(error.to_string()))?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    reader.limits(limits);
    let format = if reader.format() == Some(image::ImageFormat::Png) { "PNG" } else { "JPEG" };
    let decoded = reader.decode().map_err(|error| unreadable(format!("not a sound picture: {error}")))?;
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
    to_picture(&raw, &mut picture).map_err(|error| unreadable(error.to_string()))?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(Box::new(Still { picture: Arc::new(picture), name, format: format!("{size} {format}") }))
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
