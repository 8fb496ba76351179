//! Cameras, played by the shim.

use std::path::Path;
use std::time::Duration;

use crate::child::{DATA, EVENTS, ID, SECS, SIZE};
use crate::support::{Job, number, pause, shim, value};

const LONG: Duration = Duration::from_secs(30);

fn start(kind: &str, folder: &Path, environment: &[(&str, &str)]) -> Job {
    let mut all = vec![("LD_PRELOAD", shim().to_str().unwrap())];
    all.extend(environment);
    Job::start(kind, folder, &all)
}

/// The luma and chroma of the shim's drawing.
pub(crate) fn drawn(width: usize, height: usize) -> [Vec<u8>; 3] {
    let luma = |x: usize, y: usize| 40 + 150 * x / width + if (x / 80 + y / 80) % 2 == 1 { 30 } else { 0 };
    let all = |columns: usize, rows: usize, f: &dyn Fn(usize, usize) -> usize| {
        (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y))).map(|(x, y)| f(x, y) as u8).collect::<Vec<u8>>()
    };
    [
        all(width, height, &luma),
        all(width / 2, height / 2, &|_, y| 64 + 128 * (2 * y) / height),
        all(width / 2, height / 2, &|x, _| 64 + 128 * (2 * x) / width),
    ]
}

/// Mean absolute difference of each plane.
fn difference(picture: &[u8], drawn: &[Vec<u8>; 3]) -> [f64; 3] {
    let mut rest = picture;
    drawn.each_ref().map(|plane| {
        let (head, tail) = rest.split_at(plane.len());
        rest = tail;
        let sum: u64 = head.iter().zip(plane).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / plane.len() as f64
    })
}

/// The drawing as a JPEG file, by way of RGB (BT.709, limited range). Gives what it is after that way: some of its
/// colours are none in RGB.
pub(crate) fn write_jpeg(path: &Path, width: usize, height: usize) -> [Vec<u8>; 3] {
    let [y, u, v] = drawn(width, height);
    let clip = |value: f64| value.round().clamp(0.0, 255.0) as u8;
    let mut rgb = image::RgbImage::new(width as u32, height as u32);
    let mut shown = [vec![0; width * height], vec![0; width * height / 4], vec![0; width * height / 4]];
    for (x, row, pixel) in rgb.enumerate_pixels_mut() {
        let (x, row) = (x as usize, row as usize);
        let luma = (f64::from(y[row * width + x]) - 16.0) * 255.0 / 219.0;
        let chroma = row / 2 * (width / 2) + x / 2;
        let blue = (f64::from(u[chroma]) - 128.0) * 255.0 / 224.0;
        let red = (f64::from(v[chroma]) - 128.0) * 255.0 / 224.0;
        *pixel = image::Rgb([
            clip(luma + 1.5748 * red),
            clip(luma - 0.1873 * blue - 0.4681 * red),
            clip(luma + 1.8556 * blue),
        ]);
        let [r, g, b] = pixel.0.map(f64::from);
        let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        shown[0][row * width + x] = clip(16.0 + luma * 219.0 / 255.0);
        shown[1][chroma] = clip(128.0 + (b - luma) / 1.8556 * 224.0 / 255.0);
        shown[2][chroma] = clip(128.0 + (r - luma) / 1.5748 * 224.0 / 255.0);
    }
    let file = std::fs::File::create(path).unwrap();
    image::codecs::jpeg::JpegEncoder::new_with_quality(file, 95).encode_image(&rgb).unwrap();
    shown
}

#[test]
fn every_format_gives_the_picture_at_its_rate() {
    let folder = tempfile::tempdir().unwrap();
    let jpeg = folder.path().join("drawing.jpg");
    let in_jpeg = write_jpeg(&jpeg, 1280, 720);
    for (offer, words, rate, limits) in [
        ("YUYV:1280x720@30000/1001", "1280x720 YUYV at 29.97 fps", 29.97, [0.01, 1.0, 1.0]),
        ("NV12:1280x720@30", "1280x720 NV12 at 30 fps", 30.0, [0.01, 0.01, 0.01]),
        ("MJPG:1280x720@30000/1001", "1280x720 MJPEG at 29.97 fps", 29.97, [2.0, 3.0, 3.0]),
    ] {
        let data = folder.path().join("picture.i420");
        let job = start(
            "camera",
            folder.path(),
            &[
                ("SHIM_V4L2_0", offer),
                ("SHIM_V4L2_JPEG", jpeg.to_str().unwrap()),
                (SECS, "2"),
                (DATA, data.to_str().unwrap()),
            ],
        );
        let lines = job.finish(LONG);
        assert!(lines[0].ends_with(words), "{offer}: {lines:?}");
        assert_eq!(value(&lines, "size"), "1280x720");
        let measured = (number(&lines, "pictures") - 1.0) / number(&lines, "span");
        // Pictures may be late or replaced on a busy machine, but never come faster than the camera's clock.
        assert!(measured < rate * 1.005 && measured > rate * 0.3, "{offer}: {measured} fps, {lines:?}");
        let expected = if offer.starts_with("MJPG") { in_jpeg.clone() } else { drawn(1280, 720) };
        let got = difference(&std::fs::read(&data).unwrap(), &expected);
        println!("{offer}: {measured:.3} fps, planes off by {got:?}, {lines:?}");
        assert!(got.iter().zip(limits).all(|(got, limit)| *got <= limit), "{offer}: {got:?} of {limits:?}");
    }
}

#[test]
fn both_ways_to_a_camera_give_the_same_picture() {
    let folder = tempfile::tempdir().unwrap();
    let picture = |id: &str| {
        let data = folder.path().join("picture.i420");
        let environment = [
            // nokhwa does not tell the driver's matrix: every camera counts as BT.601.
            ("SHIM_V4L2_MATRIX", "601"),
            ("SHIM_V4L2_0", "YUYV:1280x720@30"),
            (ID, id),
            (SECS, "1"),
            (DATA, data.to_str().unwrap()),
        ];
        let lines = start("camera", folder.path(), &environment).finish(LONG);
        assert!(lines[0].ends_with("1280x720 YUYV at 30 fps"), "{lines:?}");
        std::fs::read(&data).unwrap()
    };
    let (direct, other) = (picture(""), picture("camera:nokhwa:0"));
    assert_eq!(direct.len(), 1280 * 720 * 3 / 2);
    assert!(direct == other);
    let off = difference(&direct, &drawn(1280, 720));
    assert!(off[0] > 3.0, "the matrix was not looked at: {off:?}");
}

#[test]
fn unplugged_and_plugged_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let control = folder.path().join("control");
    let job = start(
        "camera",
        folder.path(),
        &[
            ("SHIM_V4L2_0", "YUYV:640x480@30"),
            ("SHIM_V4L2_CONTROL", control.to_str().unwrap()),
            (SECS, "25"),
            (EVENTS, "2"),
        ],
    );
    job.wait_line("opened", LONG);
    pause(Duration::from_millis(500));
    std::fs::write(&control, "unplug0").unwrap();
    let lost = job.wait_line("lost", LONG);
    assert!(lost.contains("unplugged"), "{lost}");
    pause(Duration::from_millis(700));
    std::fs::write(&control, "").unwrap();
    job.wait_line("restored", LONG);
    let lines = job.finish(LONG);
    assert!(number(&lines, "pictures") > 20.0, "{lines:?}");
    assert!(number(&lines, "close_ms") < 1500.0, "{lines:?}");
}

#[test]
fn a_stall_is_told_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    for id in ["", "camera:nokhwa:0"] {
        let control = folder.path().join("control");
        drop(std::fs::remove_file(&control));
        let job = start(
            "camera",
            folder.path(),
            &[
                ("SHIM_V4L2_0", "NV12:640x480@30"),
                ("SHIM_V4L2_CONTROL", control.to_str().unwrap()),
                (ID, id),
                (SECS, "25"),
                (EVENTS, "2"),
            ],
        );
        job.wait_line("opened", LONG);
        pause(Duration::from_millis(500));
        std::fs::write(&control, "stall0").unwrap();
        job.wait_line("stalled", LONG);
        std::fs::write(&control, "").unwrap();
        job.wait_line("restored", LONG);
        let lines = job.finish(LONG);
        assert!(number(&lines, "close_ms") < 1500.0, "{id}: {lines:?}");
    }
}

#[test]
fn a_stalled_camera_is_closed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let control = folder.path().join("control");
    std::fs::write(&control, "stall0").unwrap();
    for id in ["", "camera:nokhwa:0"] {
        let environment = [
            ("SHIM_V4L2_0", "YUYV:640x480@30"),
            ("SHIM_V4L2_CONTROL", control.to_str().unwrap()),
            (ID, id),
            (SECS, "0.5"),
        ];
        let lines = start("camera", folder.path(), &environment).finish(LONG);
        assert_eq!(number(&lines, "pictures"), 0.0, "{id}: {lines:?}");
        assert!(number(&lines, "close_ms") < 1500.0, "{id}: {lines:?}");
    }
}

#[test]
fn errors_say_whose_fault_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let control = folder.path().join("control");
    for (word, id, expected) in [
        ("deny0", "", &["error Permission", "/dev/video0"][..]),
        ("deny0", "camera:usb-0000-00-14.0-1-Shim-Camera-0", &["error Permission", "/dev/video0"]),
        ("busy0", "", &["error Busy", "usb-0000-00-14.0-1-Shim-Camera-0"]),
        ("", "camera:nobody", &["error NotFound", "camera:nobody", "camera:usb-0000-00-14.0-1-Shim-Camera-0"]),
        ("unplug0", "", &["error NotFound", "available: none"]),
    ] {
        std::fs::write(&control, word).unwrap();
        let environment =
            [("SHIM_V4L2_0", "YUYV:640x480@30"), ("SHIM_V4L2_CONTROL", control.to_str().unwrap()), (ID, id)];
        let lines = start("camera", folder.path(), &environment).finish(LONG);
        for part in expected {
            assert!(lines[0].contains(part), "{word} {id}: {lines:?} lacks {part}");
        }
    }
}

#[test]
fn a_camera_that_will_not_be_set_is_tried_another_way() {
    let folder = tempfile::tempdir().unwrap();
    let control = folder.path().join("control");
    std::fs::write(&control, "broken0").unwrap();
    let environment = [
        ("SHIM_V4L2_0", "YUYV:640x480@30"),
        ("SHIM_V4L2_CONTROL", control.to_str().unwrap()),
        (SIZE, "640x480"),
        (SECS, "1"),
    ];
    let lines = start("camera", folder.path(), &environment).finish(LONG);
    assert!(lines[0].contains("640x480 YUYV at 30 fps"), "{lines:?}");
    assert!(number(&lines, "pictures") > 10.0, "{lines:?}");
}

#[test]
fn two_cameras_are_listed_by_stable_ids() {
    let folder = tempfile::tempdir().unwrap();
    let environment = [
        ("SHIM_V4L2_0", "YUYV:640x480@30,YUYV:1280x720@10,MJPG:1280x720@30"),
        ("SHIM_V4L2_1", "NV12:1920x1080@60000/1001"),
        ("SHIM_V4L2_CARD_1", "HD Pro Webcam C920"),
        ("PULSE_SERVER", "unix:/nonexistent"),
    ];
    let lines = start("list", folder.path(), &environment).finish(LONG);
    let cameras: Vec<&String> = lines.iter().filter(|line| line.starts_with("Camera")).collect();
    assert_eq!(
        cameras,
        [
            "Camera camera:usb-0000-00-14.0-1-Shim-Camera-0|Shim Camera 0|true|/dev/video0|1280x720 YUYV at 10 fps; \
             1280x720 MJPEG at 30 fps; 640x480 YUYV at 30 fps",
            "Camera camera:usb-0000-00-14.0-2-HD-Pro-Webcam-C920|HD Pro Webcam C920|false|/dev/video1|1920x1080 NV12 \
             at 59.94 fps",
        ]
    );
}

#[test]
fn a_camera_that_this_studio_holds_itself_is_opened_again_whatever_changes() {
    let folder = tempfile::tempdir().unwrap();
    let control = folder.path().join("control");
    for word in ["", "slow0"] {
        std::fs::write(&control, word).unwrap();
        let environment = [
            ("SHIM_V4L2_0", "YUYV:640x480@30,YUYV:320x240@30"),
            ("SHIM_V4L2_MOVE", "1"),
            ("SHIM_V4L2_CONTROL", control.to_str().unwrap()),
            ("PULSE_SERVER", "unix:/nonexistent"),
        ];
        let lines = start("reopen", folder.path(), &environment).finish(LONG);
        let steps = ["default", "chosen", "smaller", "test", "again", "overtaken", "live", "on-air"];
        assert_eq!(lines.len(), steps.len() + 1, "{word}: {lines:?}");
        for (step, line) in steps.iter().zip(&lines) {
            assert!(line.starts_with(&format!("{step} ready")), "{word}: {lines:?}");
        }
        assert_eq!(value(&lines, "failure"), "None", "{word}: {lines:?}");
        // While the camera is opened again on air its last picture, or the card, goes out.
        assert!(number(&lines, "fps") > 25.0, "{word}: {lines:?}");
    }
}
