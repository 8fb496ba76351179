//! Silence as a source of sound.

use super::{AudioRead, AudioSource, SourceInfo};

/// Digital silence.
pub fn open_audio(sample_rate: u32, channels: u16) -> Box<dyn AudioSource> {
    Box::new(Silence { sample_rate, channels })
}

struct Silence {
    sample_rate: u32,
    channels: u16,
}

impl AudioSource for Silence {
    fn info(&self) -> SourceInfo {
        SourceInfo {
            address: None,
            id: "silence".to_owned(),
            name: "Silence".to_owned(),
            format: format!("{} Hz, {} channel(s)", self.sample_rate, self.channels),
            size: None,
            frame_rate: None,
        }
    }

    fn read(&mut self, _start: i64, out: &mut [f32]) -> AudioRead {
        out.fill(0.0);
        AudioRead::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_overwrites_what_was_there() {
        let mut out = [1.0; 64];
        assert_eq!(open_audio(48_000, 2).read(-5, &mut out), AudioRead::default());
        assert_eq!(out, [0.0; 64]);
    }
}
