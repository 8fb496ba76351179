//! What to do about a problem, in the window's languages: for somebody who has a window and no flags.

use super::Lang;
use crate::studio::{Problem, ProblemKind as Kind, Remedy, SourceRemedy, TlsPeer};

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
        (Kind::ReplayFailed, Problem::ROOM_NEEDED) => Some([
            "Free some space. The recording and the show are not harmed.",
            "Schaffe Platz. Aufnahme und Sendung sind nicht betroffen.",
        ]),
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
        Kind::Misdirected => [
            "Ask the service which address to stream to; one that begins with rtmps:// must lead to another such.",
            "Frag den Dienst nach seiner Adresse; eine mit rtmps:// am Anfang muss zu einer anderen solchen führen.",
        ],
        Kind::MoveFailed => [
            "Nothing to do: the show goes on over the old connection, and Tally connects again when that ends.",
            "Nichts zu tun: die Sendung läuft über die alte Verbindung weiter, und Tally verbindet sich neu, wenn sie endet.",
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
        Kind::RecordingNotNoted => [
            "After a crash: tally repair FILE. To have that done by itself, let TALLY_STATE_DIR name a folder you may write to.",
            "Nach einem Absturz: tally repair DATEI. Damit das von selbst geschieht, muss TALLY_STATE_DIR einen Ordner nennen, in den du schreiben darfst.",
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
        Kind::ReportFailed | Kind::FileUnwritten => [
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
