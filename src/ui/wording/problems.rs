//! What happened, in the window's languages. The English is the engine's own table, so that the command line says the same.

use super::Lang;
use crate::studio::wording as engine;
use crate::studio::{Problem, ProblemKind as Kind, SourceRemedy};

/// What happened, in one sentence.
pub(super) fn what(lang: Lang, problem: &Problem) -> String {
    match lang {
        Lang::English => engine::what(problem),
        Lang::German => what_german(problem),
    }
}

fn what_german(problem: &Problem) -> String {
    // The engine's own words for what has no name.
    let about = match problem.about.as_str() {
        "camera" => "Eine Kamera",
        "microphone" => "Ein Mikrofon",
        named => &incoming_german(named).unwrap_or_else(|| named.to_owned()),
    };
    let details = &super::reasons::in_german(&problem.details);
    match problem.kind {
        Kind::BadUrl => format!("Das Ziel {about} ist nicht verwendbar: {details}"),
        Kind::BadSettings => format!("Eine Einstellung ist nicht verwendbar: {details}"),
        Kind::SecretUnread => {
            format!("Streamschlüssel oder Passwort von {about} liegt auf diesem Rechner, ließ sich aber nicht lesen.")
        }
        Kind::DnsFailed => format!("Der Servername {about} hat keine Adresse ({details})."),
        Kind::ConnectionRefused => format!("Bei {about} nimmt niemand an."),
        Kind::TimedOut => format!("{about} hat nicht rechtzeitig geantwortet ({details})."),
        Kind::Unreachable => format!("Das Netz erreicht {about} nicht ({details})."),
        Kind::TlsWrongName if details.is_empty() => format!("Das Zertifikat von {about} gilt für einen anderen Namen."),
        Kind::TlsWrongName => format!("Das Zertifikat von {about} gilt für andere Namen: {details}."),
        Kind::TlsExpired => format!("Das Zertifikat von {about} ist abgelaufen."),
        Kind::TlsNotYetValid => format!("Das Zertifikat von {about} gilt noch nicht."),
        Kind::TlsUnknownCa => {
            format!("Das Zertifikat von {about} hat eine Stelle unterschrieben, die dieser Rechner nicht kennt.")
        }
        Kind::TlsSelfSigned => format!("Das Zertifikat von {about} hat keine Stelle unterschrieben, nur es selbst."),
        Kind::TlsNotSpoken => format!("{about} spricht auf diesem Port kein TLS ({details})."),
        Kind::TlsBadCaFile => format!("Die CA-Datei ist nicht verwendbar: {details}."),
        Kind::TlsFailed => format!("Die sichere Verbindung zu {about} kam nicht zustande: {details}."),
        Kind::ServerWantsTls => format!("{about} verlangt auf diesem Port eine sichere Verbindung."),
        Kind::HttpServer => format!("Bei {about} antwortet ein Webserver, kein Streamingserver."),
        Kind::NotRtmp => format!("Was bei {about} antwortet, spricht kein RTMP ({details})."),
        Kind::ConnectRejected => format!("{about} hat die Verbindung abgelehnt ({details})."),
        Kind::LoginNeeded => format!("{about} verlangt Benutzernamen und Passwort."),
        Kind::LoginRefused => format!("{about} nimmt diesen Benutzernamen oder dieses Passwort nicht an."),
        Kind::PublishRejected => format!("{about} hat den Stream abgelehnt ({details})."),
        Kind::AlreadyPublishing => format!("Mit diesem Schlüssel sendet schon jemand an {about}."),
        Kind::ClosedByServer => format!("{about} hat die Verbindung vor Beginn der Sendung geschlossen ({details})."),
        Kind::ProtocolError => format!("{about} hat etwas gesendet, das kein gültiges RTMP ist ({details})."),
        Kind::Misdirected => {
            format!("{about} schickt die Sendung an eine andere Adresse weiter; dorthin geht sie nicht: {details}.")
        }
        Kind::MoveFailed => format!("{about} bat um eine neue Verbindung, und es kam keine zustande ({details})."),
        Kind::ConnectionLost => format!("Die Verbindung zu {about} ist abgerissen ({details})."),
        Kind::OldSession => format!("{about} hält noch die alte Verbindung und nimmt keine neue an."),
        Kind::OnBackup => {
            format!("Die Sendung geht an den Ersatzserver von {about} und bleibt dort, bis dieser verloren geht.")
        }
        Kind::RetriesEnded => format!("Die Verbindung zu {about} riss ab und kam nicht wieder ({details})."),
        Kind::EndLost => {
            format!("Die letzten {} der Sendung kamen bei {about} nicht an.", details.replace('.', ","))
        }
        Kind::LostWhileChecking => format!("Beim Versuch des Sendens riss die Verbindung zu {about} ab ({details})."),
        Kind::UploadTooSlow => {
            format!("Das Netz trägt nur {} zu {about}{}.", of_german(details), lost_german(problem))
        }
        Kind::UploadTight => {
            let (carried, lost) = (of_german(details), lost_german(problem));
            format!("Das Netz trägt die Sendung zu {about} ohne Reserve: {carried}{lost}.")
        }
        Kind::PacketLoss => {
            let share = details.replace('.', ",");
            format!("{share} der Pakete an {about} gingen unterwegs verloren und mussten noch einmal gesendet werden.")
        }
        Kind::CertificateExpiresSoon if details == "0" => {
            format!("Das Zertifikat von {about} läuft binnen eines Tages ab.")
        }
        Kind::CertificateExpiresSoon => format!("Das Zertifikat von {about} läuft in {details} Tagen ab."),
        Kind::ServerWarning => format!("{about} sagt etwas über den Stream."),
        Kind::SourceNotFound => format!("{about} gibt es hier nicht."),
        Kind::SourcePermission => format!("{about} darf nicht geöffnet werden ({details})."),
        Kind::SourceBusy => format!("{about} wird von einem anderen Programm benutzt ({details})."),
        Kind::SourceUnreadable => format!("{about} ist nicht verwendbar: {details}."),
        Kind::SourceFailed if problem.source_remedy() == Some(SourceRemedy::RestartSound) => {
            format!("Der Audioserver antwortet nicht ({details}).")
        }
        Kind::SourceFailed => format!("{about} startet nicht ({details})."),
        Kind::SourceListen => format!("Bei {about} lassen sich keine Streams empfangen ({details})."),
        Kind::SourceRefused => format!("{about} ist nicht verwendbar: {details}."),
        Kind::SourceAwaited if !details.is_empty() => {
            format!("An {about} sendet noch niemand, aber jemand sendet an {details}.")
        }
        Kind::SourceAwaited => format!("Noch sendet niemand an {about}."),
        Kind::SourceStalled => format!("{about} liefert nichts mehr: {details}."),
        Kind::SourceFrozen => format!("Das Bild von {about} steht still: seit {details} dasselbe."),
        Kind::SourceBlack => format!("Das Bild von {about} ist schwarz."),
        Kind::SourceDamaged => format!("Ein Teil von {about} ist beschädigt: das Bild steht still."),
        Kind::SourceSilent => match problem.inputs() {
            None => format!("Von {about} ist gar nichts zu hören."),
            Some(others) => {
                let what = match others.is_monitor {
                    true => " (das gibt, was ein Ausgang spielt, und ist kein Mikrofon)",
                    false => "",
                };
                let names = others.names.join(", ");
                format!("Von {about}{what} kommt nur digitale Stille. Ist es das richtige? Es gibt auch: {names}.")
            }
        },
        Kind::SourceClipping if problem.source_remedy() == Some(SourceRemedy::LowerGain) => {
            format!("Der Lautstärkeregler macht {about} zu laut: der Ton wird abgeschnitten.")
        }
        Kind::SourceClipping => format!("{about} ist zu laut: der Ton wird abgeschnitten."),
        Kind::MutedTalking => {
            format!("Jemand spricht in {about}, aber der Ton ist stumm: das Publikum hört ihn nicht.")
        }
        Kind::SourceLost => format!("{about} ist weg ({details})."),
        Kind::SourceRestored => match problem.notice_over() {
            Some(Kind::SourceFrozen) => format!("Das Bild von {about} bewegt sich wieder."),
            Some(Kind::SourceBlack) => format!("Das Bild von {about} ist nicht mehr schwarz."),
            Some(Kind::SourceDamaged) => format!("Das Bild von {about} geht hinter dem beschädigten Teil weiter."),
            Some(Kind::SourceSilent) => format!("{about} ist wieder zu hören."),
            Some(Kind::SourceClipping) => format!("{about} ist nicht mehr zu laut."),
            Some(Kind::MutedTalking) => format!("In {about} spricht niemand mehr, während der Ton stumm ist."),
            _ => format!("{about} ist wieder da."),
        },
        Kind::CardUnusable if about.is_empty() => {
            "Für die Tafel ist kein Bild gewählt. An seiner Stelle wird ein Text gezeigt.".to_owned()
        }
        Kind::CardUnusable => {
            format!(
                "Das Bild der Tafel, {about}, ist nicht verwendbar: {details}. An seiner Stelle wird ein Text gezeigt."
            )
        }
        Kind::SourceSubstituted => format!("{about} gibt es hier nicht: das Testsignal wird verwendet."),
        Kind::EncoderFailed => {
            let about = if about.starts_with("video") { "des Bildes" } else { "des Tons" };
            format!("Der Encoder {about} ist ausgefallen ({details}).")
        }
        Kind::EncoderTooSlow => {
            let about = form_german(about);
            format!("Dieser Rechner ist zu langsam für {about}: der Encoder braucht {details} der Zeit, die er hat.")
        }
        Kind::EncoderTight => {
            let about = form_german(about);
            format!("Dieser Rechner reicht knapp für {about}: der Encoder braucht {details} der Zeit, die er hat.")
        }
        Kind::RecordingFailed if problem.is_file_lost() => format!("Die Aufnahme {about} ist zu Ende: {details}."),
        Kind::RecordingFailed => format!("Die Aufnahme {about} lässt sich nicht schreiben ({details})."),
        Kind::RecordingGap => {
            format!("Der Datenträger stand zu lange still: die Aufnahme {about} hat eine Lücke ({details}).")
        }
        Kind::RecordingFileFull => format!(
            "Die Datei {about} ist so groß, wie ihr Datenträger es erlaubt: die Aufnahme geht in {details} weiter, und es \
             fehlt nichts."
        ),
        Kind::RecordingNotSplit => format!(
            "Die nächste Datei der Aufnahme lässt sich nicht anlegen ({details}): sie geht in {about} weiter, und es fehlt nichts."
        ),
        Kind::RecordingNotNoted => format!(
            "Dass die Aufnahme {about} offen ist, lässt sich nicht notieren ({details}): sie läuft weiter, aber nach einem \
             Absturz schließt der nächste Start sie nicht."
        ),
        Kind::DiskFull => format!("Der Datenträger ist voll: die Aufnahme {about} ist zu Ende ({details})."),
        Kind::DiskLow => format!("Der Datenträger hat nur noch Platz für {details} Minuten der Aufnahme {about}."),
        Kind::RecordingRepaired => format!(
            "Die Aufnahme {about} war offen geblieben, als Tally oder der Rechner stehen blieb; sie ist jetzt \
             geschlossen ({details})."
        ),
        Kind::ReplayFailed => {
            format!("Die Wiederholung {about} lässt sich nicht speichern ({}).", replay_german(details))
        }
        Kind::MarkFailed => format!("Es lässt sich kein Moment markieren: {details}."),
        Kind::ReportFailed => format!("Der Bericht der Probe {about} lässt sich nicht schreiben ({details})."),
        Kind::FileUnwritten => format!("Eine Datei lässt sich nicht schreiben: {details}"),
        Kind::MarksLost => format!("Die Marken der Aufnahme {about} lassen sich nicht schreiben ({details})."),
        Kind::IngestFailed => format!("Der Server der Probe startet nicht ({details})."),
        Kind::ProfileWarning => details.clone(),
        Kind::ComputerSlept => format!("Dieser Rechner hat {about} geschlafen; die Sendung ging um {details} weiter."),
        Kind::Internal => format!("Tally ist ausgefallen: {details}."),
    }
}

/// Why a replay is refused; what the system says of a disk stays as it is.
fn replay_german(details: &str) -> &str {
    match details {
        Problem::NOTHING_KEPT => "die letzten Sekunden werden nur behalten, solange eine Sendung aufgenommen wird",
        Problem::NOTHING_YET => "es gibt noch nichts, das sich noch einmal sehen ließe",
        Problem::OTHERS_WRITTEN => "andere werden noch geschrieben",
        other => other,
    }
}

/// What the engine calls an incoming stream.
fn incoming_german(about: &str) -> Option<String> {
    let picture = about.strip_suffix(" (picture)").map(|name| format!("{name} (Bild)"));
    picture.or_else(|| about.strip_suffix(" (sound)").map(|name| format!("{name} (Ton)")))
}

/// The engine's `1000 of 3128 kb/s`.
fn of_german(details: &str) -> String {
    details.replace(" of ", " von ")
}

/// What an upload that does not hold has lost, as the end of a sentence.
fn lost_german(problem: &Problem) -> String {
    let share = problem.packet_loss().map(|share| share.replace('.', ","));
    share.map_or_else(String::new, |share| format!("; {share} der Pakete gingen unterwegs verloren"))
}

/// The engine's `1280x720 at 30 fps`.
fn form_german(about: &str) -> String {
    about.replace(" at ", " mit ").replace(" fps", " Bildern/s")
}
