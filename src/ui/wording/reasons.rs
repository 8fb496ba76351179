//! The engine's own reasons in German, and the commonest of the system. What a server, a library or a rarer error of the
//! system said stays as it was said.

/// Reasons, or parts of one between semicolons; `{}` is a figure, a name, or a reason again.
const REASONS: &[[&str; 2]] = &[
    // Files
    ["there is no such file", "diese Datei gibt es nicht"],
    ["it is a folder", "es ist ein Ordner"],
    ["name a file in it", "nenne eine Datei darin"],
    ["it is not a regular file", "es ist keine gewöhnliche Datei"],
    ["it is no file", "es ist keine Datei"],
    ["it is empty", "sie ist leer"],
    ["it has several lines", "sie hat mehrere Zeilen"],
    ["it holds an address", "in ihr steht eine Adresse"],
    ["it is a sound file, without a picture", "es ist eine Tondatei ohne Bild"],
    ["it is a picture, without sound", "es ist ein Bild ohne Ton"],
    ["it is a clip, and no still picture", "es ist ein Clip und kein Standbild"],
    ["it is Matroska or WebM", "es ist Matroska oder WebM"],
    ["it is FLV", "es ist FLV"],
    ["it is AVI", "es ist AVI"],
    ["it is Ogg", "es ist Ogg"],
    ["it is a picture of another kind", "es ist ein Bild anderer Art"],
    ["it is an MPEG transport stream", "es ist ein MPEG-Transportstrom"],
    ["it is an RF64, which is a WAV for more than 4 GB", "es ist ein RF64, eine WAV für mehr als 4 GB"],
    ["it is a text file", "es ist eine Textdatei"],
    ["it is of an unknown kind", "ihre Art ist unbekannt"],
    ["it is a {} of an unusual kind ({})", "es ist ein {} ungewöhnlicher Art ({})"],
    ["it is cut off: its end is missing", "sie ist abgeschnitten: Ihr Ende fehlt"],
    ["it is damaged or cut off ({})", "sie ist beschädigt oder abgeschnitten ({})"],
    ["it is damaged ({})", "sie ist beschädigt ({})"],
    ["it is larger than {}, or takes too much memory", "es ist größer als {} oder braucht zu viel Speicher"],
    ["it is cut off within its first picture", "sie bricht im ersten Bild ab"],
    ["it holds sound but no picture", "sie enthält Ton, aber kein Bild"],
    ["it holds a picture but no sound", "sie enthält ein Bild, aber keinen Ton"],
    ["it holds no picture", "sie enthält kein Bild"],
    ["it holds no sound", "sie enthält keinen Ton"],
    ["it holds no certificate in PEM form", "sie enthält kein Zertifikat in PEM-Form"],
    ["it holds {}", "sie enthält {}"],
    ["it has {} channels", "sie hat {} Kanäle"],
    ["its picture track is empty", "ihre Bildspur ist leer"],
    ["its sound track is empty", "ihre Tonspur ist leer"],
    ["its MP4 header is damaged", "ihr MP4-Kopf ist beschädigt"],
    ["its MP4 header is damaged ({})", "ihr MP4-Kopf ist beschädigt ({})"],
    ["a track without time", "eine Spur ohne Zeit"],
    ["the tables of a track do not fit each other", "die Tabellen einer Spur passen nicht zueinander"],
    [
        "the MP4 is cut off: its header (moov) is missing, so the recording or download was not finished",
        "die MP4 ist abgeschnitten: ihr Kopf (moov) fehlt, Aufnahme oder Download wurden also nicht fertig",
    ],
    [
        "the MP4 is cut off: it has a header but none of the pictures and sound",
        "die MP4 ist abgeschnitten: sie hat einen Kopf, aber weder Bild noch Ton",
    ],
    ["its Y4M header is damaged ({})", "ihr Y4M-Kopf ist beschädigt ({})"],
    ["its first picture is damaged", "ihr erstes Bild ist beschädigt"],
    ["its pictures have headers of different lengths", "die Köpfe ihrer Bilder sind verschieden lang"],
    ["its pictures of {} are too large", "ihre Bilder sind mit {} zu groß"],
    ["its pictures last no time", "ihre Bilder dauern keine Zeit"],
    ["its pixel format is unknown", "ihr Bildformat ist unbekannt"],
    ["its pixel format is {}", "ihr Bildformat ist {}"],
    ["its H.264 has no parameter sets", "ihrem H.264 fehlen die Parametersätze"],
    ["its H.264 cannot be decoded", "ihr H.264 lässt sich nicht dekodieren"],
    ["its AAC sound cannot be decoded", "ihr AAC-Ton lässt sich nicht dekodieren"],
    ["its sound cannot be decoded", "der Ton lässt sich nicht dekodieren"],
    ["its sound cannot be decoded ({})", "der Ton lässt sich nicht dekodieren ({})"],
    ["its sound is of a kind that Tally does not play", "der Ton ist von einer Art, die Tally nicht spielt"],
    ["its {} Hz cannot be turned into {} Hz ({})", "ihre {} Hz lassen sich nicht in {} Hz wandeln ({})"],
    ["all that was written is whole", "alles, was geschrieben wurde, ist ganz"],
    ["{} kB of a piece that was not whole were cut", "{} kB eines Stücks, das nicht ganz war, sind abgeschnitten"],
    ["its disk has not answered for {} s", "der Datenträger antwortet seit {} s nicht"],
    ["Tally plays MP4 (H.264), Y4M, PNG and JPEG", "Tally spielt MP4 (H.264), Y4M, PNG und JPEG"],
    [
        "Tally plays the AAC sound of MP4, WAV, AIFF, FLAC and MP3",
        "Tally spielt den AAC-Ton von MP4, WAV, AIFF, FLAC und MP3",
    ],
    ["Tally plays uncompressed WAV (PCM)", "Tally spielt unkomprimiertes WAV (PCM)"],
    ["Tally plays plain WAV", "Tally spielt gewöhnliches WAV"],
    ["Tally plays 8-bit 4:2:0", "Tally spielt 4:2:0 mit 8 Bit"],
    ["Tally plays {}", "Tally spielt {}"],
    // Devices
    ["it was unplugged", "es wurde abgezogen"],
    ["its driver does not answer", "der Treiber antwortet nicht"],
    ["it offers no format that is understood", "keines der angebotenen Formate ist bekannt"],
    ["it insists on a format that is not understood", "es gibt nur ein unbekanntes Format"],
    ["it says a size that cannot be", "die genannte Größe kann nicht sein"],
    ["it says a rate of zero", "die genannte Bildrate ist null"],
    ["its formats have changed", "die Formate haben sich geändert"],
    ["the sound server does not answer", "der Tonserver antwortet nicht"],
    ["nothing for {} s", "nichts seit {} s"],
    // Incoming streams
    ["its picture is {}", "das Bild ist {}"],
    ["its sound is {}", "der Ton ist {}"],
    ["Tally takes {}", "Tally nimmt {}"],
    ["its picture cannot be decoded: {}", "das Bild lässt sich nicht dekodieren: {}"],
    ["its sound cannot be decoded: {}", "der Ton lässt sich nicht dekodieren: {}"],
    ["the publisher ended the stream", "der Absender hat den Stream beendet"],
    ["the connection was closed", "die Verbindung wurde geschlossen"],
    ["nothing came for too long", "es kam zu lange nichts"],
    ["the server was stopped", "der Server wurde beendet"],
    [
        "this computer is not on a network that others could come from",
        "dieser Rechner ist in keinem Netz, aus dem andere kommen könnten",
    ],
    ["cannot listen at {}: {}", "bei {} lässt sich nichts empfangen: {}"],
    ["the server does not start: {}", "der Server startet nicht: {}"],
    // Servers
    ["failed to lookup address information: {}", "{}"],
    ["the name has no address", "der Name hat keine Adresse"],
    ["Name or service not known", "diesen Namen gibt es nicht"],
    ["Temporary failure in name resolution", "die Namensauflösung antwortet nicht"],
    ["No address associated with hostname", "zu diesem Namen gibt es keine Adresse"],
    ["its answer is not TLS", "was antwortet, ist kein TLS"],
    ["no answer to the TLS handshake within {} s", "keine Antwort auf den TLS-Handschlag binnen {} s"],
    ["the server closed the connection", "der Server hat die Verbindung geschlossen"],
    [
        "the server closed the connection before it had the end of the show",
        "der Server hat die Verbindung geschlossen, bevor er das Ende der Sendung hatte",
    ],
    ["it closed the connection right after it had accepted: {}", "nach der Annahme kam gleich das Ende: {}"],
    ["it said nothing", "ohne ein Wort"],
    ["nothing was acknowledged for {} s", "nichts bestätigt seit {} s"],
    ["the show ended while the connection was down", "die Sendung endete, während die Verbindung weg war"],
    ["the network has changed", "das Netz hat gewechselt"],
    ["this computer slept", "dieser Rechner hat geschlafen"],
    ["no random numbers: {}", "keine Zufallszahlen: {}"],
    ["step {}, {} s", "Schritt {}, {} s"],
    ["step {}: {}", "Schritt {}: {}"],
    ["step {}", "Schritt {}"],
    [
        "the other side speaks TLS: this address wants rtmps, not rtmp",
        "die Gegenseite spricht TLS: nimm rtmps statt rtmp",
    ],
    [
        "the other side speaks HTTP: this is a web port, not an RTMP port",
        "die Gegenseite spricht HTTP: das ist ein Web-Port und kein RTMP-Port",
    ],
    ["the other side speaks {}: this is not an RTMP port", "die Gegenseite spricht {}: das ist kein RTMP-Port"],
    [
        "the other side wants encrypted RTMP (RTMPE, version {})",
        "die Gegenseite will verschlüsseltes RTMP (RTMPE, Version {})",
    ],
    [
        "the other side does not speak RTMP (its first byte is {}, not 3)",
        "die Gegenseite spricht kein RTMP (ihr erstes Byte ist {}, nicht 3)",
    ],
    // Documents
    ["line {} is not valid TOML", "Zeile {} ist kein gültiges TOML"],
    [
        "it has no version, so it was not made by tally profiles export",
        "die Version fehlt, also hat tally profiles export es nicht gemacht",
    ],
    ["it has no name", "der Name fehlt"],
    ["{} = {} cannot be used ({})", "{} = {} ist nicht zu gebrauchen ({})"],
    ["encoding is not a table", "encoding ist keine Tabelle"],
    ["destinations is not a list of tables", "destinations ist keine Liste von Tabellen"],
    ["server is missing", "server fehlt"],
    ["{}server is missing", "{}server fehlt"],
    // What kept a lost connection from coming back: the word of its kind
    ["publish rejected", "Senden abgelehnt"],
    ["publish rejected, {}", "Senden abgelehnt, {}"],
    ["connect rejected", "Anmeldung abgelehnt"],
    ["connect rejected, {}", "Anmeldung abgelehnt, {}"],
    ["connection refused", "Verbindung abgelehnt"],
    ["connection refused, {}", "Verbindung abgelehnt, {}"],
    ["timed out", "keine Antwort in der Zeit"],
    ["timed out, {}", "keine Antwort in der Zeit, {}"],
    ["unreachable", "nicht erreichbar"],
    ["unreachable, {}", "nicht erreichbar, {}"],
    ["dns failed", "Name nicht gefunden"],
    ["dns failed, {}", "Name nicht gefunden, {}"],
    ["closed by server", "vom Server geschlossen"],
    ["closed by server, {}", "vom Server geschlossen, {}"],
    ["already publishing", "dort sendet schon jemand"],
    ["already publishing, {}", "dort sendet schon jemand, {}"],
    ["tls failed", "keine sichere Verbindung"],
    ["tls failed, {}", "keine sichere Verbindung, {}"],
    // Addresses
    [
        "the address has no scheme: it starts with rtmp:// or rtmps://",
        "der Adresse fehlt der Anfang: sie beginnt mit rtmp:// oder rtmps://",
    ],
    ["{}:// is not a scheme: did you mean {}://?", "{}:// gibt es nicht: ist {}:// gemeint?"],
    [
        "{}:// is the address of a web page: the server's address starts with rtmp:// or rtmps://",
        "{}:// ist die Adresse einer Webseite: die des Servers beginnt mit rtmp:// oder rtmps://",
    ],
    ["{}:// is not supported yet: use rtmps:// or rtmp://", "{}:// geht noch nicht: nimm rtmps:// oder rtmp://"],
    [
        "{}:// is not supported: the address starts with rtmp:// or rtmps://",
        "{}:// geht nicht: die Adresse beginnt mit rtmp:// oder rtmps://",
    ],
    [
        "the name of the server is missing: write it like rtmp://live.example.com/app",
        "der Name des Servers fehlt: schreib ihn wie rtmp://live.example.com/app",
    ],
    [
        "the host in the address is wrong (an IPv6 address stands in [brackets])",
        "der Rechner in der Adresse stimmt nicht (eine IPv6-Adresse steht in [Klammern])",
    ],
    [
        "the port in the address is wrong: it is a number from 1 to 65535",
        "der Port in der Adresse stimmt nicht: er ist eine Zahl von 1 bis 65535",
    ],
    ["it has white space inside: copy it again", "sie enthält Leerraum: kopiere sie noch einmal"],
    ["it is far too long: copy it again", "sie ist viel zu lang: kopiere sie noch einmal"],
    // Recordings
    ["{} MB are left, which are kept free", "{} MB sind übrig, die frei bleiben"],
    ["the file is gone", "die Datei ist weg"],
    ["the disk has become read-only", "die Platte ist schreibgeschützt"],
    [
        "the recording needs the room that is left on the disk",
        "den Platz, den die Platte noch hat, braucht die Aufnahme",
    ],
    ["{} frames are missing, from {} to {}", "{} Bilder fehlen, von {} bis {}"],
    ["{} frames are missing, from {} on", "{} Bilder fehlen, von {} an"],
    ["{} frames are missing", "{} Bilder fehlen"],
    ["{} frames and {} packets of sound are missing", "{} Bilder und {} Tonpakete fehlen"],
    ["{} packets of sound are missing", "{} Tonpakete fehlen"],
    ["nothing is recorded", "nichts wird aufgenommen"],
    ["the recording has ended", "die Aufnahme ist zu Ende"],
    ["another program has cut the file", "ein anderes Programm hat die Datei gekürzt"],
    ["the disk did not make the file within {} s", "der Datenträger hat die Datei nicht binnen {} s angelegt"],
    ["the disk did not take the rest within {} s", "der Datenträger hat den Rest nicht binnen {} s angenommen"],
    [
        "what it took is kept, and closed at the next start",
        "was er angenommen hat, bleibt und wird beim nächsten Start abgeschlossen",
    ],
    ["it is being recorded right now", "sie wird gerade aufgenommen"],
    ["it was stopped", "es wurde abgebrochen"],
    ["it cannot be read: {}", "sie ist nicht lesbar: {}"],
    ["{} cannot be read: {}", "{} ist nicht lesbar: {}"],
    ["{} cannot be written: {}", "{} lässt sich nicht schreiben: {}"],
    // The system
    ["Operation not permitted (os error {})", "nicht erlaubt (os error {})"],
    ["No such file or directory (os error {})", "diese Datei oder diesen Ordner gibt es nicht (os error {})"],
    ["Input/output error (os error {})", "Fehler beim Lesen oder Schreiben (os error {})"],
    ["Permission denied (os error {})", "keine Berechtigung (os error {})"],
    ["Device or resource busy (os error {})", "schon in Benutzung (os error {})"],
    ["No such device (os error {})", "dieses Gerät gibt es nicht (os error {})"],
    ["Not a directory (os error {})", "kein Ordner (os error {})"],
    ["Is a directory (os error {})", "ein Ordner (os error {})"],
    ["Too many open files (os error {})", "zu viele offene Dateien (os error {})"],
    ["File too large (os error {})", "Datei zu groß (os error {})"],
    ["No space left on device (os error {})", "kein Platz mehr auf dem Datenträger (os error {})"],
    ["Read-only file system (os error {})", "der Datenträger ist nur lesbar (os error {})"],
    ["Broken pipe (os error {})", "die Gegenseite liest nicht mehr (os error {})"],
    ["File name too long (os error {})", "der Dateiname ist zu lang (os error {})"],
    ["Address already in use (os error {})", "die Adresse ist schon in Benutzung (os error {})"],
    ["Cannot assign requested address (os error {})", "diese Adresse hat dieser Rechner nicht (os error {})"],
    ["Network is down (os error {})", "das Netz ist aus (os error {})"],
    ["Network is unreachable (os error {})", "das Netz ist nicht erreichbar (os error {})"],
    ["Connection reset by peer (os error {})", "die Gegenseite hat die Verbindung abgebrochen (os error {})"],
    ["Connection timed out (os error {})", "keine Antwort in der Zeit (os error {})"],
    ["Connection refused (os error {})", "Verbindung abgelehnt (os error {})"],
    ["Host is down (os error {})", "der Rechner ist aus (os error {})"],
    ["No route to host (os error {})", "kein Weg zu diesem Rechner (os error {})"],
    ["Disk quota exceeded (os error {})", "das erlaubte Kontingent ist voll (os error {})"],
];

/// `reason` in German, where it is known.
pub(super) fn in_german(reason: &str) -> String {
    reason.split("; ").map(part_in_german).collect::<Vec<_>>().join("; ")
}

fn part_in_german(part: &str) -> String {
    let known = REASONS.iter().find_map(|[english, german]| Some((gaps_of(part, english)?, german)));
    let Some((gaps, german)) = known else { return part.to_owned() };
    let mut gaps = gaps.into_iter();
    let mut told = String::new();
    for (index, words) in german.split("{}").enumerate() {
        if index > 0 {
            told.push_str(&gaps.next().map_or_else(String::new, part_in_german));
        }
        told.push_str(words);
    }
    told
}

/// What stands in `text` where `form` has `{}`; `None` where it is not of this form.
fn gaps_of<'a>(text: &'a str, form: &str) -> Option<Vec<&'a str>> {
    let mut words = form.split("{}");
    let mut rest = text.strip_prefix(words.next()?)?;
    let mut words = words.peekable();
    let mut gaps = Vec::new();
    while let Some(next) = words.next() {
        let at = match words.peek() {
            // The last words end the text: what stands before them may hold the same.
            None => rest.len().checked_sub(next.len()).filter(|at| rest.get(*at..) == Some(next))?,
            Some(_) => rest.find(next)?,
        };
        let gap = &rest[..at];
        if gap.is_empty() {
            return None;
        }
        gaps.push(gap);
        rest = &rest[at + next.len()..];
    }
    rest.is_empty().then_some(gaps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studio::{Problem, ProblemKind};
    use crate::ui::wording::{Lang, Words};

    #[test]
    fn reasons_that_streamers_meet_are_german_and_others_stay() {
        for (reason, german) in [
            ("there is no such file", "diese Datei gibt es nicht"),
            ("it is a folder; name a file in it", "es ist ein Ordner; nenne eine Datei darin"),
            (
                "it is a sound file, without a picture; Tally plays MP4 (H.264), Y4M, PNG and JPEG",
                "es ist eine Tondatei ohne Bild; Tally spielt MP4 (H.264), Y4M, PNG und JPEG",
            ),
            ("it holds HEVC (H.265); Tally plays H.264", "sie enthält HEVC (H.265); Tally spielt H.264"),
            ("failed to lookup address information: Name or service not known", "diesen Namen gibt es nicht"),
            ("step tls, 5 s", "Schritt tls, 5 s"),
            ("242 frames are missing, from 0:00:05 to 0:00:14", "242 Bilder fehlen, von 0:00:05 bis 0:00:14"),
            ("another program has cut the file", "ein anderes Programm hat die Datei gekürzt"),
            ("destinations[1].server is missing", "destinations[1].server fehlt"),
            ("publish rejected, step live", "Senden abgelehnt, Schritt live"),
            ("timed out, step tcp, 5 s", "keine Antwort in der Zeit, Schritt tcp, 5 s"),
            (
                "clip.mp4 cannot be read: its disk has not answered for 1 s",
                "clip.mp4 ist nicht lesbar: der Datenträger antwortet seit 1 s nicht",
            ),
            ("its MP4 header is damaged (a track without time)", "ihr MP4-Kopf ist beschädigt (eine Spur ohne Zeit)"),
            ("it is damaged (unexpected end (of it))", "sie ist beschädigt (unexpected end (of it))"),
            (
                "step live: Connection reset by peer (os error 104)",
                "Schritt live: die Gegenseite hat die Verbindung abgebrochen (os error 104)",
            ),
            ("all that was written is whole", "alles, was geschrieben wurde, ist ganz"),
            (
                "7 kB of a piece that was not whole were cut",
                "7 kB eines Stücks, das nicht ganz war, sind abgeschnitten",
            ),
            ("Value too large (os error 75)", "Value too large (os error 75)"),
            ("it holds ", "it holds "),
            ("NetStream.Publish.Denied", "NetStream.Publish.Denied"),
            ("", ""),
        ] {
            assert_eq!(in_german(reason), german);
        }
        for [english, german] in REASONS {
            assert_eq!(english.matches("{}").count(), german.matches("{}").count(), "{english}");
            assert_eq!(
                in_german(&english.replace("{}", "7")),
                german.replace("{}", "7"),
                "another form is found first"
            );
        }
        let missing = Problem::new(ProblemKind::SourceUnreadable, "/v/a.mp4", "there is no such file");
        let german = Words(Lang::German).what(&missing);
        assert_eq!(german, "/v/a.mp4 ist nicht verwendbar: diese Datei gibt es nicht.");
    }
}
