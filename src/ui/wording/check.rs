//! The check's sentences.

use super::{Lang, Text, Words};
use crate::media::{Bitrate, FrameRate, Size};
use crate::studio::check::{CheckDetail, CheckStep, CheckSummary, CheckVerdict, PublishForm, detail_text, form_text};

impl Words {
    /// What a step is called.
    pub fn check_step(self, name: &str) -> &'static str {
        self.text(match name {
            "source" => Text::CheckSource,
            "encoder" => Text::CheckEncoder,
            "dns" => Text::CheckDns,
            "tcp" => Text::CheckTcp,
            "tls" => Text::CheckTls,
            "handshake" => Text::CheckHandshake,
            "connect" => Text::CheckConnect,
            "create_stream" => Text::CheckStream,
            "publish" => Text::CheckPublish,
            _ => Text::CheckUpload,
        })
    }

    /// What was seen in it.
    pub fn check_detail(self, step: &CheckStep) -> String {
        match &step.detail {
            // The problem stands below the step.
            CheckDetail::Failed => String::new(),
            _ if self.0 == Lang::English => detail_text(step),
            CheckDetail::Words(words) if step.name == "source" => {
                let (name, form) = words.split_once(": ").map_or((&**words, None), |(name, form)| (name, Some(form)));
                let name = self.source_name(name);
                form.map_or_else(|| name.clone(), |form| format!("{name}: {form}"))
            }
            CheckDetail::Words(words) => words.clone(),
            CheckDetail::Encoder(load) => format!(
                "braucht {:.0} % der Zeit, die er hat, {} Bilder/s",
                load.share * 100.0,
                self.decimal(load.fps, 1)
            ),
            CheckDetail::Certificate { version, days } => {
                format!("{}, das Zertifikat gilt noch {days} Tage", version.replace("TLSv1_", "TLS 1."))
            }
            CheckDetail::Upload(upload) => format!(
                "{:.0} von {:.0} kb/s getragen, {:.0} nötig",
                upload.carried_kbps, upload.offered_kbps, upload.planned_kbps
            ),
        }
    }

    /// What it came to.
    pub fn check_verdict(self, summary: &CheckSummary) -> &'static str {
        let all = summary.destinations.iter().all(|destination| destination.form.publishes());
        self.text(match (summary.verdict, all) {
            (CheckVerdict::Ready, true) => Text::CheckReady,
            (CheckVerdict::Ready, false) => Text::CheckReadySoFar,
            (CheckVerdict::ReadyWithWarnings, _) => Text::CheckReadyWithWarnings,
            (CheckVerdict::NotReady, _) => Text::CheckNotReady,
            (CheckVerdict::Cancelled, _) => Text::CheckCancelled,
        })
    }

    /// What was done about publishing, and why.
    pub fn check_form(self, form: PublishForm) -> String {
        match (self.0, form) {
            (_, PublishForm::Stops) => self.text(Text::CheckStopped).to_owned(),
            (Lang::English, PublishForm::Asked) => {
                "Published, as you asked: whoever watched may have seen it.".to_owned()
            }
            (Lang::English, other) => form_text(other),
            (Lang::German, PublishForm::Test { service, query }) => {
                format!("In der Testform von {service} gesendet (?{query}): niemand hat es gesehen.")
            }
            (Lang::German, PublishForm::Rehearsal) => {
                "Nur an diesen Rechner gesendet: niemand hat zugesehen.".to_owned()
            }
            (Lang::German, PublishForm::Asked) => {
                "Gesendet, wie verlangt: wer zusah, kann es gesehen haben.".to_owned()
            }
            (Lang::German, PublishForm::NotReached) => "Zum Senden kam es nicht: niemand hat etwas gesehen.".to_owned(),
        }
    }

    /// `12 ms`, `3.0 s`.
    pub fn milliseconds(self, ms: f64) -> String {
        match ms {
            ms if ms < 1000.0 => format!("{ms:.0} ms"),
            ms => format!("{} s", self.decimal(ms / 1000.0, 1)),
        }
    }

    /// The button that lowers the picture's rate.
    pub fn lower_rate(self, bitrate: Bitrate) -> String {
        let kbps = bitrate.kbps();
        self.0.pick([format!("Lower to {kbps} kb/s"), format!("Auf {kbps} kb/s senken")])
    }

    /// The button that takes a smaller picture.
    pub fn use_form(self, size: Size, frame_rate: FrameRate) -> String {
        let form = self.picture_format(size, frame_rate);
        self.0.pick([format!("Use {form}"), format!("{form} verwenden")])
    }
}
