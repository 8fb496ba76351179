//! Problems in the window's languages. The English of what happened is the engine's own table, so that the command line says
//! the same; what to do is worded for somebody who has a window and no flags.

use super::Lang;
use crate::studio::wording as engine;
use crate::studio::{Problem, ProblemKind as Kind, Remedy, SourceRemedy, TlsPeer};

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

/// One thing to do about it.
pub(super) fn to_do(lang: Lang, problem: &Problem) -> String {
    let details = &problem.details;
    if problem.kind == Kind::SourceNotFound && !details.is_empty() {
        return lang.pick([
            format!("Choose another; there is {details}."),
            format!("Wähle etwas anderes; es gibt {details}."),
        ]);
    }
    if problem.kind == Kind::PublishRejected && problem.is_nameless() {
        return lang.pick(NAMELESS).to_owned();
    }
    if let Some(remedy) = problem.source_remedy() {
        return lang.pick(source_row(remedy)).to_owned();
    }
    if let Some(row) = recording_row(problem).or_else(|| tls_row(problem)) {
        return lang.pick(row).to_owned();
    }
    match problem.remedy() {
        Some(Remedy::VideoBitrate(bitrate)) if problem.packet_loss().is_some() => lang.pick([
            format!("Use a cable instead of Wi-Fi, or lower the picture's rate to {} kb/s.", bitrate.kbps()),
            format!("Verwende ein Kabel statt WLAN, oder senke die Rate des Bildes auf {} kb/s.", bitrate.kbps()),
        ]),
        Some(Remedy::VideoBitrate(bitrate)) => lang.pick([
            format!("Lower the picture's rate to {} kb/s.", bitrate.kbps()),
            format!("Senke die Rate des Bildes auf {} kb/s.", bitrate.kbps()),
        ]),
        Some(Remedy::Form(size, rate)) => lang.pick([
            format!("Choose a smaller picture: {size} at {rate} fps."),
            format!("Wähle ein kleineres Bild: {size} mit {rate} Bildern/s."),
        ]),
        None if problem.fell_silent() => lang.pick(FELL_SILENT).to_owned(),
        None => lang.pick(to_do_row(problem.kind)).to_owned(),
    }
}

/// The server accepts connections and says nothing.
const FELL_SILENT: [&str; 2] = [
    "Try again in a minute: the server accepts connections and then says nothing. If that stays so, ask who runs it.",
    "Versuche es in einer Minute noch einmal: der Server nimmt Verbindungen an und sagt dann nichts. Bleibt das so, frage, wer \
     ihn betreibt.",
];

/// What is recorded can be marked and seen again.
const RECORD_FIRST: [&str; 2] = ["Record the show first.", "Nimm die Sendung erst auf."];

/// Somebody has deleted or cut a file that was being recorded.
const FILE_LOST: [&str; 2] = [
    "Leave a file alone while it is recorded; it may be renamed.",
    "Lass eine Datei in Ruhe, solange sie aufgenommen wird; umbenannt werden darf sie.",
];

/// Where a recording, or a replay, failed and no disk did.
fn recording_row(problem: &Problem) -> Option<[&'static str; 2]> {
    match (problem.kind, problem.details.as_str()) {
        (Kind::ReplayFailed, Problem::NOTHING_KEPT) => Some(RECORD_FIRST),
        (Kind::ReplayFailed, Problem::NOTHING_YET | Problem::OTHERS_WRITTEN) => {
            Some(["Try again in a moment.", "Versuche es gleich noch einmal."])
        }
        (Kind::MarkFailed, Problem::RECORDED_NO_MORE) => Some(["Record again.", "Nimm wieder auf."]),
        _ if problem.is_file_lost() => Some(FILE_LOST),
        _ => None,
    }
}

/// Where no TLS came. Only to who may speak plain RTMP anything is sent in the open.
fn tls_row(problem: &Problem) -> Option<[&'static str; 2]> {
    match (problem.kind, problem.tls_peer()?) {
        (Kind::TlsNotSpoken, TlsPeer::Service) => Some([
            "Use port 443. If that is the port, something on the way answers in its place, such as a firewall: try another \
             network.",
            "Verwende Port 443. Ist es der schon, antwortet unterwegs etwas anderes, etwa eine Firewall: versuche es in einem \
             anderen Netz.",
        ]),
        (Kind::TimedOut | Kind::ClosedByServer, TlsPeer::Service) => Some([
            "Try another network: something on the way, such as a firewall, may block secure connections. Use port 443.",
            "Versuche es in einem anderen Netz: unterwegs kann etwas sichere Verbindungen sperren, etwa eine Firewall. Verwende \
             Port 443.",
        ]),
        (Kind::TimedOut | Kind::ClosedByServer, TlsPeer::Unknown) => Some([
            "Check the port: if it is one for plain RTMP, use rtmp:// instead; if not, a firewall on the way may block it.",
            "Prüfe den Port: ist es einer für einfaches RTMP, verwende rtmp://; wenn nicht, kann ihn unterwegs eine Firewall \
             sperren.",
        ]),
        _ => None,
    }
}

/// Where a stream that has no key was refused.
const NAMELESS: [&str; 2] = [
    "Enter a stream key in Settings, under Destination; on a server of your own it may be any name.",
    "Trage in den Einstellungen unter „Ziel“ einen Streamschlüssel ein; auf einem eigenen Server darf es irgendein Name sein.",
];

/// What to do about a source that is no device.
fn source_row(remedy: SourceRemedy) -> [&'static str; 2] {
    match remedy {
        SourceRemedy::Permission => [
            "Give yourself permission to read this file, or choose another.",
            "Gib dir die Erlaubnis, diese Datei zu lesen, oder wähle eine andere.",
        ],
        SourceRemedy::Restore => [
            "Restore the file; Tally goes on with it as soon as it can be read.",
            "Stell die Datei wieder her; Tally macht mit ihr weiter, sobald sie sich lesen lässt.",
        ],
        SourceRemedy::Name => [
            "Check its name and folder, or choose another file.",
            "Prüfe Namen und Ordner, oder wähle eine andere Datei.",
        ],
        SourceRemedy::OtherPicture => [
            "Choose another file: MP4 (H.264), Y4M, PNG or JPEG.",
            "Wähle eine andere Datei: MP4 (H.264), Y4M, PNG oder JPEG.",
        ],
        SourceRemedy::OtherSound => [
            "Choose another file: MP4 (AAC), WAV, AIFF, FLAC or MP3.",
            "Wähle eine andere Datei: MP4 (AAC), WAV, AIFF, FLAC oder MP3.",
        ],
        SourceRemedy::OtherCard => ["Choose another picture: PNG or JPEG.", "Wähle ein anderes Bild: PNG oder JPEG."],
        SourceRemedy::OtherKey => {
            ["Give a file that holds the key and nothing else.", "Gib eine Datei an, in der nur der Schlüssel steht."]
        }
        SourceRemedy::OtherIfNotMeant => [
            "Nothing to do, if it is meant to be so; otherwise choose another clip.",
            "Nichts zu tun, wenn es so sein soll; sonst wähle einen anderen Clip.",
        ],
        SourceRemedy::LowerGain => ["Turn the volume down.", "Stell die Lautstärke niedriger."],
        SourceRemedy::RestartSound => [
            "Restart it (on Linux: systemctl --user restart pipewire-pulse, or pulseaudio -k), then choose the sound again.",
            "Starte ihn neu (unter Linux: systemctl --user restart pipewire-pulse oder pulseaudio -k), dann wähle den Ton noch einmal.",
        ],
        SourceRemedy::SameName => [
            "Send to the name that is awaited, letter by letter; Tally takes it up by itself.",
            "Sende an den erwarteten Namen, Buchstabe für Buchstabe; Tally nimmt es dann von selbst.",
        ],
        SourceRemedy::SendAgain => [
            "Begin to send again; Tally takes it up by itself.",
            "Fang wieder an zu senden; Tally nimmt es dann von selbst.",
        ],
    }
}

fn to_do_row(kind: Kind) -> [&'static str; 2] {
    match kind {
        Kind::BadUrl => [
            "Write the server like rtmp://server/app or rtmps://server/app.",
            "Schreibe den Server wie rtmp://server/app oder rtmps://server/app.",
        ],
        Kind::BadSettings => ["Change that value in Settings.", "Ändere diesen Wert in den Einstellungen."],
        Kind::SecretUnread => [
            "Unlock this computer's keyring and start Tally again, or type it anew in Settings.",
            "Entsperre den Schlüsselbund dieses Rechners und starte Tally neu, oder gib ihn in den Einstellungen neu ein.",
        ],
        Kind::DnsFailed => [
            "Check the server's name for a typing mistake, and that this computer is online.",
            "Prüfe den Servernamen auf Tippfehler und ob dieser Rechner online ist.",
        ],
        Kind::ConnectionRefused => [
            "Check the port in the destination, and that the server is running.",
            "Prüfe den Port im Ziel und ob der Server läuft.",
        ],
        Kind::TimedOut => [
            "Check the server's name and port; a firewall may block it. Try rtmps:// on port 443.",
            "Prüfe Name und Port des Servers; eine Firewall kann ihn sperren. Versuche rtmps:// auf Port 443.",
        ],
        Kind::Unreachable => [
            "Check that this computer is online and that the address is right.",
            "Prüfe, ob dieser Rechner online ist und die Adresse stimmt.",
        ],
        Kind::TlsWrongName => [
            "Use the name the certificate is for; if yours is right, ask the server's owner.",
            "Verwende den Namen, für den das Zertifikat gilt; stimmt deiner, frage den Betreiber.",
        ],
        Kind::TlsExpired => [
            "Ask the server's owner to renew it, and check this computer's date.",
            "Bitte den Betreiber, es zu erneuern, und prüfe das Datum dieses Rechners.",
        ],
        Kind::TlsNotYetValid => ["Check this computer's date and time.", "Prüfe Datum und Uhrzeit dieses Rechners."],
        Kind::TlsUnknownCa => [
            "If it is a private server you trust, give its CA file in Settings; otherwise do not stream to it.",
            "Ist es ein eigener Server, dem du traust, gib in den Einstellungen seine CA-Datei an; sonst sende nicht dorthin.",
        ],
        Kind::TlsSelfSigned => [
            "If it is a private server you trust, give its certificate as the CA file in Settings; otherwise do not stream to it.",
            "Ist es ein eigener Server, dem du traust, gib in den Einstellungen sein Zertifikat als CA-Datei an; sonst sende nicht dorthin.",
        ],
        Kind::TlsNotSpoken => [
            "Use rtmp:// instead of rtmps://, or the port for secure connections (often 443).",
            "Verwende rtmp:// statt rtmps:// oder den Port für sichere Verbindungen (oft 443).",
        ],
        Kind::TlsBadCaFile => [
            "Choose a file with the CA's certificate in PEM form.",
            "Wähle eine Datei mit dem Zertifikat der CA im PEM-Format.",
        ],
        Kind::TlsFailed => [
            "Try again; if it stays so, send these words to the server's owner.",
            "Versuche es noch einmal; bleibt es so, schicke diese Worte dem Betreiber.",
        ],
        Kind::ServerWantsTls => ["Use rtmps:// instead of rtmp://.", "Verwende rtmps:// statt rtmp://."],
        Kind::HttpServer => {
            ["Check the port: RTMP is usually 1935, RTMPS 443.", "Prüfe den Port: RTMP hat meist 1935, RTMPS 443."]
        }
        Kind::NotRtmp => ["Check the server's name and port.", "Prüfe Name und Port des Servers."],
        Kind::ConnectRejected => [
            "Check the part of the address after the server's name, and the login if it asks for one.",
            "Prüfe den Teil der Adresse nach dem Servernamen und, falls verlangt, die Anmeldung.",
        ],
        Kind::LoginNeeded => [
            "Enter the user name and the password in Settings, under Destination.",
            "Trage Benutzernamen und Passwort in den Einstellungen unter „Ziel“ ein.",
        ],
        Kind::LoginRefused => [
            "Check the user name and the password; capital letters count.",
            "Prüfe Benutzernamen und Passwort; Groß- und Kleinschreibung zählt.",
        ],
        Kind::PublishRejected => [
            "Copy the stream key again from the service's page.",
            "Kopiere den Streamschlüssel noch einmal von der Seite des Dienstes.",
        ],
        Kind::AlreadyPublishing => [
            "End the other stream, or wait a minute until the server has noticed that it is over.",
            "Beende den anderen Stream oder warte eine Minute, bis der Server sein Ende bemerkt hat.",
        ],
        Kind::ClosedByServer => [
            "Check the destination and the stream key: some servers close without a word.",
            "Prüfe Ziel und Streamschlüssel: manche Server schließen wortlos.",
        ],
        Kind::ProtocolError => [
            "Check that the destination is an RTMP server; if it is, please report this.",
            "Prüfe, ob das Ziel ein RTMP-Server ist; wenn ja, melde das bitte.",
        ],
        Kind::ConnectionLost => {
            ["Nothing to do: Tally connects again by itself.", "Nichts zu tun: Tally verbindet sich von selbst neu."]
        }
        Kind::OldSession => [
            "Nothing to do: Tally asks again every second until the server has noticed.",
            "Nichts zu tun: Tally fragt jede Sekunde wieder, bis der Server es bemerkt hat.",
        ],
        Kind::OnBackup => [
            "Nothing to do: viewers get the show from there.",
            "Nichts zu tun: das Publikum sieht die Sendung von dort.",
        ],
        Kind::RetriesEnded => {
            ["Check the network and the server, then go live again.", "Prüfe Netz und Server, dann geh wieder live."]
        }
        Kind::EndLost => [
            "Check the network and the server; at a lower rate of the picture less is left to send at the end.",
            "Prüfe Netz und Server; bei einer niedrigeren Bitrate des Bildes ist am Ende weniger übrig.",
        ],
        Kind::LostWhileChecking => {
            ["Check the network and the server, then check again.", "Prüfe Netz und Server, dann prüfe noch einmal."]
        }
        Kind::UploadTooSlow | Kind::UploadTight => [
            "Use another network, such as a cable instead of Wi-Fi.",
            "Verwende ein anderes Netz, etwa ein Kabel statt WLAN.",
        ],
        Kind::PacketLoss => [
            "Use a cable instead of Wi-Fi, or move closer to the router; if it stays so, tell your provider.",
            "Verwende ein Kabel statt WLAN oder geh näher an den Router; bleibt es so, sag es deinem Anbieter.",
        ],
        Kind::CertificateExpiresSoon => ["Ask the server's owner to renew it.", "Bitte den Betreiber, es zu erneuern."],
        Kind::ServerWarning => {
            ["Read the server's words; it still takes what is sent.", "Lies die Worte des Servers; er nimmt weiter an."]
        }
        Kind::SourceNotFound => {
            ["Connect it, or choose another source.", "Schließe das Gerät an oder wähle eine andere Quelle."]
        }
        Kind::SourcePermission => [
            "Give yourself permission: for a camera on Linux, add yourself to the group video and log in again.",
            "Gib dir die Erlaubnis: für eine Kamera unter Linux nimm dich in die Gruppe video auf und melde dich neu an.",
        ],
        Kind::SourceBusy => [
            "Close the program that uses it, then choose it again.",
            "Schließe das Programm, das es benutzt, und wähle es dann neu.",
        ],
        Kind::SourceUnreadable => ["Choose another file.", "Wähle eine andere Datei."],
        Kind::SourceFailed => [
            "Unplug it and plug it in again, or choose another.",
            "Zieh es ab und steck es wieder an, oder wähle ein anderes.",
        ],
        Kind::SourceListen => [
            "End the program that uses this address, then choose the stream again.",
            "Beende das Programm, das diese Adresse benutzt, und wähle den Stream dann neu.",
        ],
        Kind::SourceRefused => [
            "Choose H.264 (8-bit 4:2:0, progressive) and AAC in the app that sends; Tally takes it up by itself.",
            "Wähle in der App, die sendet, H.264 (8 Bit, 4:2:0, progressiv) und AAC; Tally nimmt es dann von selbst.",
        ],
        Kind::SourceAwaited => [
            "Begin to send there; Tally takes it up by itself.",
            "Fang dort an zu senden; Tally nimmt es dann von selbst.",
        ],
        Kind::SourceStalled => [
            "Check its cable or its network; Tally goes on by itself.",
            "Prüfe das Kabel oder das Netz; Tally macht von selbst weiter.",
        ],
        Kind::SourceFrozen => [
            "Nothing, if it is to stand still, as a slide does. If not: a camera that moved before is restarted once by itself; \
             if that does not help, unplug it and plug it in again.",
            "Nichts, wenn es stillstehen soll wie eine Folie. Wenn nicht: Eine Kamera, die sich vorher bewegt hat, wird einmal \
             von selbst neu gestartet; hilft das nicht, zieh sie ab und steck sie wieder an.",
        ],
        Kind::SourceBlack => {
            ["Take the cover off the lens, or turn on a light.", "Nimm den Deckel vom Objektiv oder mach Licht an."]
        }
        Kind::SourceDamaged => [
            "Copy or export the file again, or choose another; its picture goes on by itself.",
            "Kopiere oder exportiere die Datei neu, oder wähle eine andere; ihr Bild geht von selbst weiter.",
        ],
        Kind::SourceSilent => [
            "Unmute it at the device itself, or choose another.",
            "Schalte es am Gerät selbst ein oder wähle ein anderes.",
        ],
        Kind::SourceClipping => {
            ["Turn its level down, or speak from further away.", "Dreh es leiser oder sprich aus größerem Abstand."]
        }
        Kind::MutedTalking => {
            ["Unmute, if it is for the viewers.", "Schalte den Ton ein, wenn es für das Publikum ist."]
        }
        Kind::SourceLost => [
            "Plug it in or start it again; Tally uses it as soon as it is back.",
            "Steck es an oder starte es neu; Tally verwendet es, sobald es da ist.",
        ],
        Kind::SourceRestored => ["Nothing to do: it is used again.", "Nichts zu tun: es wird wieder verwendet."],
        Kind::CardUnusable => ["Choose a picture: PNG or JPEG.", "Wähle ein Bild: PNG oder JPEG."],
        Kind::SourceSubstituted => {
            ["Connect one, or choose another source.", "Schließe eines an oder wähle eine andere Quelle."]
        }
        Kind::EncoderFailed => [
            "Please report this, with the report that Copy report gives.",
            "Bitte melde das mit dem Bericht, den „Bericht kopieren“ gibt.",
        ],
        Kind::EncoderTooSlow | Kind::EncoderTight => [
            "End other programs that keep this computer busy.",
            "Beende andere Programme, die diesen Rechner beschäftigen.",
        ],
        Kind::RecordingFailed => [
            "Choose a folder you may write to, on a disk that answers.",
            "Wähle einen Ordner, in den du schreiben darfst, auf einem Datenträger, der antwortet.",
        ],
        Kind::RecordingGap => [
            "Record to a faster disk, or end what else writes to this one. The recording goes on.",
            "Nimm auf einen schnelleren Datenträger auf, oder beende, was sonst auf diesen schreibt. Die Aufnahme läuft weiter.",
        ],
        Kind::RecordingFileFull => [
            "Nothing to do: both files play. A disk with exFAT or NTFS takes larger ones.",
            "Nichts zu tun: beide Dateien laufen. Ein Datenträger mit exFAT oder NTFS nimmt größere.",
        ],
        Kind::RecordingNotSplit => [
            "See that its folder is there and can be written to: it is tried again at each keyframe.",
            "Sieh nach, ob ihr Ordner da ist und beschrieben werden darf: bei jedem Schlüsselbild wird es wieder versucht.",
        ],
        Kind::DiskFull => [
            "Free some space, or record to another disk.",
            "Schaffe Platz oder nimm auf einen anderen Datenträger auf.",
        ],
        Kind::DiskLow => [
            "Free some space: the recording ends before the disk is full.",
            "Schaffe Platz: die Aufnahme endet, bevor der Datenträger voll ist.",
        ],
        Kind::RecordingRepaired => ["Nothing to do: it plays.", "Nichts zu tun: sie läuft."],
        Kind::MarkFailed => RECORD_FIRST,
        Kind::ReportFailed => [
            "Choose a folder you may write to, on a disk with some room.",
            "Wähle einen Ordner, in den du schreiben darfst, auf einem Datenträger mit Platz.",
        ],
        Kind::MarksLost => ["The report of the show has them.", "Im Bericht der Sendung stehen sie."],
        Kind::ReplayFailed => [
            "Record to a folder you may write to, on a disk with some room. The show is not harmed.",
            "Nimm in einen Ordner auf, in den du schreiben darfst, auf einen Datenträger mit Platz. Die Sendung ist nicht \
             betroffen.",
        ],
        Kind::IngestFailed => {
            ["Try again; if it stays so, please report it.", "Versuche es noch einmal; bleibt es so, melde es bitte."]
        }
        Kind::ProfileWarning => {
            ["Save the profile again to mend it.", "Speichere das Profil neu, dann ist es in Ordnung."]
        }
        Kind::ComputerSlept => [
            "Keep this computer from going to sleep during a show: plug it in, leave its lid open, turn sleep off.",
            "Lass diesen Rechner während einer Sendung nicht schlafen: Netzteil anstecken, Deckel offen lassen, \
             Ruhezustand abschalten.",
        ],
        Kind::Internal => [
            "Please report this, with the report that Copy report gives.",
            "Bitte melde das mit dem Bericht, den „Bericht kopieren“ gibt.",
        ],
    }
}
