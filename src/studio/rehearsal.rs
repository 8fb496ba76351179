//! TEMP
/// TEMP
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "temp")]
pub struct RehearsalReport {
    pub frames_sent: u64,
    pub frames_received: u64,
    pub keyframe_seconds: Option<f64>,
    pub video_kbps: f64,
    pub av_offset_ms: Option<f64>,
    pub latency_ms_median: Option<f64>,
    pub latency_ms_p99: Option<f64>,
    pub lufs: Option<f64>,
    pub true_peak_dbtp: Option<f64>,
    pub verdict: String,
}
