//! The check in English, for the command line and for reports.

use super::form::PublishForm;
use super::report::{CheckDetail, CheckStep, CheckVerdict};
use crate::studio::wording;

/// What was seen in a step, in a few words.
pub fn detail_text(step: &CheckStep) -> String {
    match &step.detail {
        CheckDetail::Words(words) => words.clone(),
        CheckDetail::Encoder(load) => {
            format!("uses {:.0} % of the time it has, {:.1} frames a second", load.share * 100.0, load.fps)
        }
        CheckDetail::Certificate { version, days } => {
            let version = version.replace("TLSv1_", "TLS 1.");
            format!("{version}, the certificate holds for {days} more days")
        }
        CheckDetail::Upload(upload) => format!(
            "{:.0} of {:.0} kb/s carried, {:.0} needed",
            upload.carried_kbps, upload.offered_kbps, upload.planned_kbps
        ),
        CheckDetail::Failed => step.problem.as_ref().map(wording::what).unwrap_or_default(),
    }
}

/// What was done about publishing to a destination, and why; and how to try what was not.
pub fn form_text(form: PublishForm) -> String {
    match form {
        PublishForm::Test { service, query } => {
            format!("Published in the form that {service} has for tests (?{query}): nobody saw it.")
        }
        PublishForm::Rehearsal => "Published to this computer only: nobody watched.".to_owned(),
        PublishForm::Asked => "Published, as you asked with --publish: whoever watched may have seen it.".to_owned(),
        PublishForm::Stops => "Stopped before publishing, which the public might have seen: the stream key and the \
             upload were not tried. To try them, use --publish with a key that nobody watches."
            .to_owned(),
        PublishForm::NotReached => "It did not come to publishing: nobody saw anything.".to_owned(),
    }
}

/// What the check came to, in one sentence. `all`: everything was tried.
pub fn verdict_text(verdict: CheckVerdict, all: bool) -> &'static str {
    match (verdict, all) {
        (CheckVerdict::Ready, true) => "Ready.",
        (CheckVerdict::Ready, false) => "Ready, as far as it was tried.",
        (CheckVerdict::ReadyWithWarnings, _) => "Ready, with something to know.",
        (CheckVerdict::NotReady, _) => "Not ready.",
        (CheckVerdict::Cancelled, _) => "Ended before it was done.",
    }
}
