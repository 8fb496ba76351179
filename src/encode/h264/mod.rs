//! H.264 by OpenH264, built from source.
//!
//! The settings were chosen by `cargo bench --bench encode`: Big Buck Bunny, 132 pictures of 1280x720 at 25 frames a
//! second, 2500 kb/s, a keyframe every two seconds, processor time of one 2-core server. *Behind* is how far a link
//! of exactly the rate falls behind at worst.
//!
//! | settings | SSIM | worst picture | CPU ms | wall ms | rate | largest keyframe | behind |
//! | --- | --- | --- | --- | --- | --- | --- | --- |
//! | **chosen**: CABAC, low complexity, keyframes 500 % | .9813 | .9565 | 6.2 | 6.2 | +0.1 % | 69 kB | 220 ms |
//! | the same in 2 slices by 2 threads | .9813 | .9552 | 6.2 | 4.0 | +0.2 % | 69 kB | 274 ms |
//! | the same in 4 slices by 4 threads | .9811 | .9551 | 6.8 | 4.3 | 0.0 % | 69 kB | 221 ms |
//! | CAVLC | .9786 | .9510 | 5.9 | 5.9 | +0.1 % | 75 kB | 241 ms |
//! | medium (or high) complexity | .9820 | .9581 | 7.7 | 7.7 | +0.2 % | 66 kB | 211 ms |
//! | background detection | .9777 | .9565 | 5.6 | 5.6 | −1.7 % | 69 kB | 220 ms |
//! | overshoot left alone | .9816 | .9565 | 6.4 | 6.4 | +2.8 % | 69 kB | 278 ms |
//! | keyframes 200 % | .9790 | .9224 | 5.8 | 5.8 | +0.2 % | 69 kB | 220 ms |
//! | keyframes 400 % | .9804 | .9421 | 6.4 | 6.4 | 0.0 % | 69 kB | 220 ms |
//! | keyframes 800 % | .9827 | .9650 | 6.7 | 6.7 | +0.1 % | 83 kB | 283 ms |
//!
//! On the noisy reference clip two slices cost 12 % more processor time, so that 720p at 30 frames a second stays at
//! one. Adaptive quantisation is off inside the library whatever one asks. The rate limit only steers frame
//! skipping, which is off. Ten seconds at 2500 kb/s, then 1250, then 1875, changed while it runs: +0.0 %, −2.3 %,
//! +0.0 %.
//!
//! The coarsest quantiser is 48 in place of the library's 42: at 400 kb/s wanted moving, noisy content (`testsrc2` with
//! noise, 720p) takes 600 and not 780, and snow a fraction of its 53 Mb/s; at usual rates nothing changes. What is
//! still too much is left out before it is encoded (`vbv`).
//!
//! What is copied for a picture: the library takes the picture into a padded one of its own, and the slices are
//! copied once, from the library's memory into the packet.

mod encoder;
mod library;
mod limits;
mod vbv;

pub use encoder::{Complexity, H264Encoder, H264Tuning, open_h264};
