//! The report as a text file, for whoever keeps it or sends it on.

use std::fmt::Write as _;

use super::RehearsalReport;

/// Characters of the longest bar.
const BAR_MAX: f64 = 40.0;

impl RehearsalReport {
    /// All figures, in English. `made_at` says when, `findings` are the sentences for the report's findings.
    pub fn to_text(&self, made_at: &str, findings: &[String]) -> String {
        let mut text = format!("Tally {}: rehearsal of {made_at}\n\n{}\n", env!("CARGO_PKG_VERSION"), self.verdict);
        for sentence in findings {
            let _ = writeln!(text, "- {sentence}");
        }
        let _ = writeln!(text, "\nWhat a viewer got");
        for (name, value) in self.rows() {
            let _ = writeln!(text, "  {name:<13} {value}");
        }
        if !self.kbps_by_second.is_empty() {
            let most = self.kbps_by_second.iter().map(|[video, audio]| video + audio).fold(1.0, f64::max);
            let _ = writeln!(text, "\nRate by second, picture and sound in kb/s");
            for (second, [video, audio]) in self.kbps_by_second.iter().enumerate() {
                let bar = "#".repeat(((video + audio) / most * BAR_MAX).round() as usize);
                let _ = writeln!(text, "  {second:>5} {video:>8.0} {audio:>5.0}  {bar}");
            }
        }
        text
    }

    /// Names and values of the figures, in English.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let number = |value: Option<f64>, unit: &str| {
            value.map_or_else(|| "not measured".to_owned(), |value| format!("{value:.1} {unit}"))
        };
        let stream = &self.stream;
        let size = stream.size.map_or_else(String::new, |size| format!("{size}, "));
        let fps = stream.fps.map_or_else(String::new, |fps| format!("{fps:.2} fps, "));
        let sound = stream.sound.map_or_else(String::new, |(rate, channels)| format!("{rate} Hz, {channels} ch, "));
        let mut keyframes = format!("every {}", number(self.keyframe_seconds, "s"));
        if !self.keyframe_intervals.is_empty() {
            let _ = write!(keyframes, ", {} of {} as chosen", self.keyframes_as_chosen, self.keyframe_intervals.len());
        }
        vec![
            ("frames", format!("{} of {}", self.frames_received, self.frames_sent)),
            ("picture", format!("{size}{fps}{:.0} kb/s", self.video_kbps)),
            ("keyframes", keyframes),
            ("sound", format!("{sound}{:.0} kb/s", stream.audio_kbps)),
            ("loudness", format!("{}, true peak {}", number(self.lufs, "LUFS"), number(self.true_peak_dbtp, "dBTP"))),
            ("A/V offset", number(self.av_offset_ms, "ms")),
            (
                "latency",
                format!("{} median, {} p99", number(self.latency_ms_median, "ms"), number(self.latency_ms_p99, "ms")),
            ),
        ]
    }
}
