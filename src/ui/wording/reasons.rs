//! The engine's own reasons in German, as far as streamers meet them: missing and unplayable files, names without an address,
//! connections that break. What the system, a library or a server said stays as it was said.

/// Whole reasons, or whole parts of one between semicolons.
const WHOLE: &[[&str; 2]] = &[
    // Files
    ["there is no such file", "diese Datei gibt es nicht"],
    ["it is a folder", "es ist ein Ordner"],
    ["name a file in it", "nenne eine Datei darin"],
    ["it is not a regular file", "es ist keine gewöhnliche Datei"],
    ["it is empty", "sie ist leer"],
    ["it is a sound file, without a picture", "es ist eine Tondatei ohne Bild"],
    ["it is a picture, without sound", "es ist ein Bild ohne Ton"],
    ["it is a clip, and no still picture", "es ist ein Clip und kein Standbild"],
    ["it is Matroska or WebM", "es ist Matroska oder WebM"],
    ["it is FLV", "es ist FLV"],
    ["it is AVI", "es ist AVI"],
    ["it is Ogg", "es ist Ogg"],
    ["it is a picture of another kind", "es ist ein Bild anderer Art"],
    ["it is an MPEG transport stream", "es ist ein MPEG-Transportstrom"],
    ["it is a text file", "es ist eine Textdatei"],
    ["it is of an unknown kind", "ihre Art ist unbekannt"],
    ["it holds sound but no picture", "sie enthält Ton, aber kein Bild"],
    ["it holds a picture but no sound", "sie enthält ein Bild, aber keinen Ton"],
    ["it holds no picture", "sie enthält kein Bild"],
    ["it holds no sound", "sie enthält keinen Ton"],
    ["its picture track is empty", "ihre Bildspur ist leer"],
    ["its sound track is empty", "ihre Tonspur ist leer"],
    ["its MP4 header is damaged", "ihr MP4-Kopf ist beschädigt"],
    ["Tally plays MP4 (H.264), Y4M, PNG and JPEG", "Tally spielt MP4 (H.264), Y4M, PNG und JPEG"],
    [
        "Tally plays the AAC sound of MP4, WAV, AIFF, FLAC and MP3",
        "Tally spielt den AAC-Ton von MP4, WAV, AIFF, FLAC und MP3",
    ],
    // Servers
    ["the name has no address", "der Name hat keine Adresse"],
    ["Name or service not known", "diesen Namen gibt es nicht"],
    ["Temporary failure in name resolution", "die Namensauflösung antwortet nicht"],
    ["No address associated with hostname", "zu diesem Namen gibt es keine Adresse"],
    ["its answer is not TLS", "was antwortet, ist kein TLS"],
    ["the server closed the connection", "der Server hat die Verbindung geschlossen"],
];

/// How parts begin whose rest is a figure, a format or another's words.
const BEGINNINGS: &[[&str; 2]] = &[
    ["failed to lookup address information: ", ""],
    ["no answer to the TLS handshake within ", "keine Antwort auf den TLS-Handschlag binnen "],
    ["nothing was acknowledged for ", "nichts bestätigt seit "],
    ["step ", "Schritt "],
    ["it holds ", "sie enthält "],
    ["its sound is ", "ihr Ton ist "],
    ["Tally plays ", "Tally spielt "],
];

/// `reason` in German, where it is known.
pub(super) fn in_german(reason: &str) -> String {
    reason.split("; ").map(part_in_german).collect::<Vec<_>>().join("; ")
}

fn part_in_german(part: &str) -> String {
    if let Some([_, german]) = WHOLE.iter().find(|[english, _]| *english == part) {
        return (*german).to_owned();
    }
    let begun = BEGINNINGS.iter().find_map(|[english, german]| Some((part.strip_prefix(english)?, german)));
    match begun {
        Some((rest, german)) => format!("{german}{}", part_in_german(rest)),
        None => part.to_owned(),
    }
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
            ("Permission denied (os error 13)", "Permission denied (os error 13)"),
            ("", ""),
        ] {
            assert_eq!(in_german(reason), german);
        }
        let missing = Problem::new(ProblemKind::SourceUnreadable, "/v/a.mp4", "there is no such file");
        let german = Words(Lang::German).what(&missing);
        assert_eq!(german, "/v/a.mp4 ist nicht verwendbar: diese Datei gibt es nicht.");
    }
}
