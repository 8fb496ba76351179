//! Which of a camera's formats serves best. Pure.

use std::fmt;

use crate::capture::CameraRequest;
use crate::media::{FrameRate, Size};
use crate::video::PixelFormat;

/// A format that a camera offers and that can be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offered {
    pub pixels: PixelFormat,
    pub size: Size,
    /// `None` where the camera does not tell its rates.
    pub frame_rate: Option<FrameRate>,
}

impl fmt::Display for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.size, name(self.pixels))?;
        match self.frame_rate {
            Some(rate) => write!(f, " at {rate} fps"),
            None => Ok(()),
        }
    }
}

/// The name people know a pixel format by.
pub(super) fn name(pixels: PixelFormat) -> &'static str {
    match pixels {
        PixelFormat::Yuyv => "YUYV",
        PixelFormat::Uyvy => "UYVY",
        PixelFormat::Nv12 => "NV12",
        PixelFormat::Nv21 => "NV21",
        PixelFormat::I420 => "I420",
        PixelFormat::Yv12 => "YV12",
        PixelFormat::Rgb24 => "RGB",
        PixelFormat::Bgr24 => "BGR",
        PixelFormat::Rgba => "RGBA",
        PixelFormat::Bgra => "BGRA",
        PixelFormat::Grey => "grey",
        PixelFormat::Mjpeg => "MJPEG",
    }
}

/// The offer nearest to what is wanted: the exact size first, then the rate, then the pixels that cost least (raw
/// before MJPEG). A camera that gives raw 720p at 10 fps and MJPEG 720p at 30 is opened with MJPEG for 30 fps.
pub(super) fn choose(offers: &[Offered], wanted: CameraRequest) -> Option<Offered> {
    offers.iter().copied().min_by(|a, b| cost(a, wanted).total_cmp(&cost(b, wanted)))
}

fn cost(offer: &Offered, wanted: CameraRequest) -> f64 {
    let (width, height) = (f64::from(offer.size.width), f64::from(offer.size.height));
    let (wide, high) = (f64::from(wanted.size.width), f64::from(wanted.size.height));
    // A larger picture costs time, a smaller one costs sharpness, another shape costs its edges.
    let scale = ((width / wide).min(height / high)).log2();
    let size = if scale >= 0.0 { 1.5 * scale } else { -6.0 * scale };
    let shape = 6.0 * ((width / height) / (wide / high)).log2().abs();
    let rate = offer.frame_rate.map_or(0.3, |rate| {
        let octaves = (rate.as_f64() / wanted.frame_rate.as_f64()).log2();
        // 29.97 for 30 is as good as exact.
        if octaves.abs() < 0.01 {
            octaves.abs()
        } else if octaves > 0.0 {
            0.3 + 0.5 * octaves
        } else {
            0.3 - 3.0 * octaves
        }
    });
    let pixels = match offer.pixels {
        PixelFormat::Nv12 | PixelFormat::I420 => 0.0,
        PixelFormat::Yuyv | PixelFormat::Uyvy | PixelFormat::Nv21 | PixelFormat::Yv12 => 0.02,
        PixelFormat::Rgb24 | PixelFormat::Bgr24 | PixelFormat::Rgba | PixelFormat::Bgra => 0.1,
        PixelFormat::Mjpeg => 0.2,
        PixelFormat::Grey => 8.0,
    };
    size + shape + rate + pixels
}

/// Offers for people: one line for each size and pixel format with its highest rate, the largest first.
pub(super) fn in_words(offers: &[Offered]) -> Vec<String> {
    let mut best: Vec<Offered> = Vec::new();
    for offer in offers {
        match best.iter_mut().find(|known| known.size == offer.size && known.pixels == offer.pixels) {
            Some(known) => {
                if offer.frame_rate.map(FrameRate::as_f64) > known.frame_rate.map(FrameRate::as_f64) {
                    known.frame_rate = offer.frame_rate;
                }
            }
            None => best.push(*offer),
        }
    }
    best.sort_by_key(|offer| std::cmp::Reverse(offer.size.area()));
    best.iter().map(Offered::to_string).collect()
}

/// A part of a stable id: what is neither letter, digit, dot nor dash becomes one dash.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for c in text.trim().chars() {
        if c.is_alphanumeric() || c == '.' {
            slug.push(c);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(pixels: PixelFormat, size: &str, rate: &str) -> Offered {
        Offered { pixels, size: size.parse().unwrap(), frame_rate: Some(rate.parse().unwrap()) }
    }

    fn wanted(size: &str, rate: &str) -> CameraRequest {
        CameraRequest { size: size.parse().unwrap(), frame_rate: rate.parse().unwrap() }
    }

    #[test]
    fn a_usb_camera_gives_mjpeg_where_raw_is_too_slow() {
        let camera = [
            offer(PixelFormat::Yuyv, "640x480", "30"),
            offer(PixelFormat::Yuyv, "1280x720", "10"),
            offer(PixelFormat::Yuyv, "1920x1080", "5"),
            offer(PixelFormat::Mjpeg, "640x480", "30"),
            offer(PixelFormat::Mjpeg, "1280x720", "30"),
            offer(PixelFormat::Mjpeg, "1280x720", "60"),
            offer(PixelFormat::Mjpeg, "1920x1080", "30"),
        ];
        let chosen = |size, rate| choose(&camera, wanted(size, rate)).unwrap();
        assert_eq!(chosen("1280x720", "30"), camera[4]);
        assert_eq!(chosen("1280x720", "60"), camera[5]);
        assert_eq!(chosen("640x480", "30"), camera[0]);
        assert_eq!(chosen("1920x1080", "30"), camera[6]);
        assert_eq!(chosen("1920x1080", "5"), camera[2]);
        assert_eq!(chosen("1600x900", "30"), camera[6]);
        assert_eq!(chosen("640x360", "30"), camera[4]);
        assert_eq!(chosen("3840x2160", "30"), camera[6]);
    }

    #[test]
    fn ntsc_is_as_good_as_30_and_raw_is_better_than_jpeg() {
        let camera = [offer(PixelFormat::Mjpeg, "1280x720", "30"), offer(PixelFormat::Nv12, "1280x720", "29.97")];
        assert_eq!(choose(&camera, wanted("1280x720", "30")), Some(camera[1]));
        let grey = [offer(PixelFormat::Grey, "1280x720", "30"), offer(PixelFormat::Mjpeg, "640x360", "30")];
        assert_eq!(choose(&grey, wanted("1280x720", "30")), Some(grey[1]));
        assert_eq!(choose(&[], wanted("1280x720", "30")), None);
    }

    #[test]
    fn words_and_slugs() {
        let offers = [
            offer(PixelFormat::Yuyv, "640x480", "15"),
            offer(PixelFormat::Yuyv, "640x480", "29.97"),
            offer(PixelFormat::Mjpeg, "1280x720", "30"),
            Offered { pixels: PixelFormat::Nv12, size: Size::new(320, 240), frame_rate: None },
        ];
        assert_eq!(in_words(&offers), ["1280x720 MJPEG at 30 fps", "640x480 YUYV at 29.97 fps", "320x240 NV12"]);
        assert_eq!(slug("usb-0000:00:14.0-1"), "usb-0000-00-14.0-1");
        assert_eq!(slug(" HD Pro Webcam  C920 (046d:082d) "), "HD-Pro-Webcam-C920-046d-082d");
        assert_eq!(slug("Caméra é"), "Caméra-é");
    }
}
