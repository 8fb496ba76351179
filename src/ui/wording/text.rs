//! The fixed strings: one row each, English and German side by side.

macro_rules! table {
    ($table:ident; $($name:ident: $english:literal, $german:literal;)*) => {
        /// Fixed strings of the window, named by what they say in English.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $table {
            $(#[doc = $english] $name,)*
        }

        impl $table {
            /// Every string.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }

        /// The string in every language, in the order of `Lang::ALL`.
        pub(super) const fn row(text: $table) -> [&'static str; 2] {
            match text {
                $($table::$name => [$english, $german],)*
            }
        }
    };
}

pub(super) use table;

table! {
    Text;

    // The window
    AppName: "Tally", "Tally";
    Settings: "Settings", "Einstellungen";
    Picture: "Picture", "Bild";
    Sound: "Sound", "Ton";
    Camera: "Camera", "Kamera";
    Microphone: "Microphone", "Mikrofon";
    Close: "Close", "Schließen";
    Cancel: "Cancel", "Abbrechen";
    Keys: "Keys", "Tasten";
    NoProfile: "No profile", "Kein Profil";

    // Sources
    FirstCamera: "First camera", "Erste Kamera";
    DefaultMicrophone: "Default microphone", "Standardmikrofon";
    TestPicture: "Test picture", "Testbild";
    TestTone: "Test tone", "Testton";
    Clip: "Clip…", "Clip …";
    ClipPath: "Path of a clip or picture", "Pfad eines Clips oder Bildes";
    SoundClipPath: "Path of a sound or clip", "Pfad eines Tons oder Clips";
    IncomingStream: "Incoming stream…", "Eingehender Stream …";
    PictureStreamName: "Name of the stream for the picture", "Name des Streams für das Bild";
    SoundStreamName: "Name of the stream for the sound", "Name des Streams für den Ton";
    StreamNameWrong: "A name such as phone, without question marks or spaces around it", "Ein Name wie phone, ohne Fragezeichen und ohne Leerzeichen darum";
    UseStream: "Use this stream", "Diesen Stream verwenden";
    CopyAddress: "Copy address", "Adresse kopieren";
    UseClip: "Use this file", "Diese Datei verwenden";
    NoPicture: "No picture", "Kein Bild";
    NoSound: "Silence", "Stille";
    LookingForDevices: "Looking for devices…", "Geräte werden gesucht …";
    NoCameraFound: "No camera found", "Keine Kamera gefunden";
    NoMicrophoneFound: "No microphone found", "Kein Mikrofon gefunden";
    Opening: "Opening…", "Wird geöffnet …";
    CameraPermission: "To allow the camera, add yourself to the group “video” and log in again", "Um die Kamera zu erlauben, nimm dich in die Gruppe „video“ auf und melde dich neu an";
    PictureOff: "This show has no picture", "Diese Sendung hat kein Bild";
    LivePicture: "Picture of the show", "Bild der Sendung";

    // States
    StateReady: "READY", "BEREIT";
    StateConnecting: "CONNECTING", "VERBINDET";
    StateLive: "LIVE", "LIVE";
    StateRecording: "RECORDING", "AUFNAHME";
    StateRehearsal: "REHEARSAL", "PROBE";
    StateReconnecting: "RECONNECTING", "VERBINDET NEU";
    StateOffAir: "OFF AIR", "NICHT AUF SENDUNG";
    StateEnding: "ENDING", "ENDET";
    StateOff: "OFF", "AUS";

    // The primary button
    GoLive: "Go live", "Live gehen";
    Rehearse: "Rehearse", "Proben";
    CancelConnecting: "Connecting… Cancel", "Verbindet … Abbrechen";
    HoldToEnd: "Hold to end show", "Zum Beenden halten";
    EndShow: "End show", "Sendung beenden";
    EndNow: "End at once", "Sofort beenden";
    KeepGoing: "Keep going", "Weitermachen";
    EndShowQuestion: "End the show?", "Sendung beenden?";
    Ending: "Ending…", "Endet …";
    RecordOnly: "Record", "Aufnehmen";
    SaveReplay: "Save the last 30 s", "Letzte 30 s sichern";
    ChooseDestination: "Choose destination…", "Ziel wählen …";

    // The strip
    To: "to", "an";
    Behind: "behind", "hinter";
    Dropped: "dropped", "verworfen";
    Recording: "rec", "Aufn.";
    RecordingReady: "ready", "bereit";
    RecordingOff: "off", "aus";
    RecordingFailed: "failed", "gescheitert";
    ThisComputer: "this computer", "diesen Rechner";
    ThisComputerItself: "this computer", "dieser Rechner";
    SeveralServers: "several servers", "mehrere Server";
    NoDestination: "no destination", "kein Ziel";
    LastMinute: "The last minute", "Die letzte Minute";

    // The ribbon
    Health: "Health of the show, second by second", "Zustand der Sendung, Sekunde für Sekunde";
    SecondBySecond: "Second by second", "Sekunde für Sekunde";
    SecondRate: "Rate", "Rate";
    SecondQueue: "Waits for the network", "Wartet auf das Netz";
    SecondBehind: "More than a second of the show waited for the network.", "Mehr als eine Sekunde der Sendung wartete auf das Netz.";
    Decoding: "Decoding", "Decodieren";
    Converting: "Converting", "Umwandeln";
    Composing: "Composing", "Zusammensetzen";
    Encoding: "Encoding", "Encodieren";
    MoreHappened: "… and more", "… und mehr";

    // The sentence of truth
    AllGood: "All good", "Alles gut";
    AllGoodRehearsal: "All good. Nothing leaves this computer", "Alles gut. Nichts verlässt diesen Rechner";
    AllGoodShared: "All good. Whoever has the address can watch", "Alles gut. Wer die Adresse hat, kann zusehen";
    ReadyNoDestination: "Choose where the show goes, or rehearse on this computer", "Wähle, wohin die Sendung geht, oder probe auf diesem Rechner";
    ConnectingNow: "Reaching the server", "Der Server wird angesprochen";
    EndingNow: "Sending what is left and closing the recording", "Der Rest wird gesendet, die Aufnahme geschlossen";
    ShowOver: "The show is over", "Die Sendung ist vorbei";
    RehearsalOver: "The rehearsal is over", "Die Probe ist vorbei";
    RecordingOver: "The recording is over", "Die Aufnahme ist vorbei";
    MutedTalking: "You are muted: nobody hears you", "Du bist stumm: niemand hört dich";
    YouAreMuted: "You are muted", "Du bist stumm";
    NoSoundComes: "No sound comes from the microphone", "Vom Mikrofon kommt kein Ton";
    ComputerTooSlow: "This computer cannot keep up: frames are skipped", "Dieser Rechner kommt nicht mit: Bilder werden ausgelassen";
    ComesBack: "Viewers wait until the connection is back", "Die Zuschauer warten, bis die Verbindung wieder da ist";
    NoLivePicture: "The show has no live picture", "Die Sendung hat kein lebendes Bild";
    StillPicture: "The show's picture stands still", "Das Bild der Sendung steht still";
    NobodyGetsIt: "Nobody gets the show: every server is switched off", "Niemand bekommt die Sendung: alle Server sind ausgeschaltet";
    NotRecorded: "Nothing is recorded. The stream goes on", "Nichts wird aufgenommen. Der Stream läuft weiter";
    RecordThisShow: "Record this show", "Diese Sendung aufnehmen";
    RecordAgain: "Record again", "Wieder aufnehmen";
    NobodyHears: "Nobody would hear you", "Niemand würde dich hören";
    RehearsalUnrecorded: "A rehearsal is not recorded", "Eine Probe wird nicht aufgenommen";
    NothingToMark: "Nothing is recorded, so nothing was marked", "Es wird nichts aufgenommen, also wurde nichts gemerkt";
    NothingToSave: "Nothing is on air, so there is nothing to save", "Es läuft keine Sendung, also gibt es nichts zu sichern";
    GoWithoutSound: "Go without sound", "Ohne Ton senden";

    // Sound
    Mute: "Mute", "Stumm";
    Unmute: "Unmute", "Ton an";
    Volume: "Volume", "Lautstärke";
    Level: "Level", "Pegel";
    Lufs: "LUFS", "LUFS";
    Clipped: "Clipped", "Übersteuert";
    ClearClip: "Clipped: clear", "Übersteuert: löschen";
    Muted: "muted", "stumm";

    // Problems
    ServerSaid: "The server says", "Der Server sagt";
    Details: "Details", "Einzelheiten";
    CopyReport: "Copy report", "Bericht kopieren";
    Dismiss: "Dismiss", "Ausblenden";
    TryAgain: "Try again", "Noch einmal";
    ShowFewer: "Show fewer", "Weniger zeigen";

    // Incoming streams
    LetSend: "Let a phone send…", "Ein Telefon senden lassen …";
    LetSendHint: "Tally then receives streams from your network, from whoever has the key", "Tally empfängt dann aus deinem Netz, von jedem, der den Schlüssel hat";
    ShowSender: "Show address and code…", "Adresse und Code zeigen …";
    OnlyHere: "Only this computer", "Nur dieser Rechner";
    SenderTitle: "Send from a phone", "Von einem Telefon senden";
    SenderHint: "Type or scan this into an app that sends RTMP, such as Larix Broadcaster, in the same network. The key is kept in a file that only you can read.", "Tippe oder scanne das in eine App, die RTMP sendet, etwa Larix Broadcaster, im selben Netz. Der Schlüssel liegt in einer Datei, die nur du lesen kannst.";

    // Rehearsal
    Program: "Program", "Programm";
    ViewerGets: "What a viewer gets", "Was ein Zuschauer bekommt";
    ViewerWaits: "Nothing has arrived yet", "Noch ist nichts angekommen";
    ViewerSound: "Viewer's sound", "Ton des Zuschauers";
    WatchElsewhere: "Watch on another device…", "Auf anderem Gerät ansehen …";
    WatchElsewhereTitle: "Watch on another device", "Auf einem anderen Gerät ansehen";
    ShareQuestion: "Let other devices watch?", "Dürfen andere Geräte zusehen?";
    ShareHint: "Tally then listens to your network. Whoever has the address with its key can watch until the rehearsal ends.", "Tally ist dann in deinem Netz erreichbar. Wer die Adresse mit ihrem Schlüssel hat, kann bis zum Ende der Probe zusehen.";
    ShareYes: "Let them watch", "Zusehen lassen";
    ShareNo: "Not now", "Jetzt nicht";
    ShareOnHint: "Scan the code with a phone in the same network, or open the address there.", "Scanne den Code mit einem Telefon im selben Netz oder öffne dort die Adresse.";
    ShareFailed: "Other devices cannot watch", "Andere Geräte können nicht zusehen";
    ShareCode: "QR code of the address", "QR-Code der Adresse";

    // Check
    Check: "Check…", "Prüfen …";
    CheckTitle: "Check before the show", "Prüfung vor der Sendung";
    CheckPublishToo: "Publish 10 s, viewers may see it", "10 s senden, Zuschauer können es sehen";
    CheckAgain: "Check again", "Noch einmal prüfen";
    CheckingNow: "A check is running: you can go live when it is over", "Eine Prüfung läuft: danach kannst du live gehen";
    CheckSource: "Source", "Quelle";
    CheckEncoder: "Encoder", "Encoder";
    CheckDns: "Server's name", "Servername";
    CheckTcp: "Connection", "Verbindung";
    CheckTls: "Encryption", "Verschlüsselung";
    CheckHandshake: "Handshake", "Handschlag";
    CheckConnect: "Server's answer", "Antwort";
    CheckStream: "Stream", "Stream";
    CheckPublish: "Stream key", "Streamschlüssel";
    CheckUpload: "Upload", "Hochladen";
    CheckDone: "done", "erledigt";
    CheckWarned: "done, with something to know", "erledigt, mit einem Hinweis";
    CheckFailed: "failed", "fehlgeschlagen";
    CheckRuns: "running", "läuft";
    CheckWatches: "Watching the sources and the encoder…", "Quellen und Encoder werden beobachtet …";
    CheckConnects: "Reaching the server…", "Der Server wird angesprochen …";
    CheckUploads: "Trying the upload for ten seconds…", "Das Hochladen wird zehn Sekunden lang versucht …";
    CheckEnding: "Ending…", "Endet …";
    CheckReady: "Ready", "Bereit";
    CheckReadySoFar: "Ready, as far as it was tried", "Bereit, soweit es versucht wurde";
    CheckReadyWithWarnings: "Ready, with something to know", "Bereit, mit einem Hinweis";
    CheckNotReady: "Not ready", "Nicht bereit";
    CheckCancelled: "Ended before it was done", "Beendet, bevor es fertig war";
    CheckStopped: "Stopped before publishing, which the public might have seen: the stream key and the upload were not tried. The button below tries them: take a key that nobody watches.", "Vor dem Senden angehalten, das die Öffentlichkeit hätte sehen können: Streamschlüssel und Hochladen wurden nicht versucht. Der Knopf unten versucht sie: nimm einen Schlüssel, den niemand sieht.";

    // Result
    ResultTitle: "That was the show", "Das war die Sendung";
    ResultRecording: "That was the recording", "Das war die Aufnahme";
    ResultRehearsal: "That was the rehearsal", "Das war die Probe";
    ResultFailed: "The show ended early", "Die Sendung endete vorzeitig";
    ResultRecordingFailed: "The recording ended early", "Die Aufnahme endete vorzeitig";
    ResultNeverLive: "The show did not begin", "Die Sendung begann nicht";
    Length: "Length", "Länge";
    Interruptions: "Interruptions", "Unterbrechungen";
    AverageRate: "Average rate", "Mittlere Rate";
    Loudness: "Loudness", "Lautheit";
    WorstMoment: "Worst second", "Schlechteste Sekunde";
    FramesLost: "Frames lost", "Verlorene Bilder";
    RecordingAt: "Recording", "Aufnahme";
    None: "none", "keine";
    NotMeasured: "not measured", "nicht gemessen";
    Done: "Done", "Fertig";
    Verdict: "What a viewer got", "Was ein Zuschauer bekam";
    Frames: "Pictures", "Bilder";
    Keyframes: "Keyframes", "Schlüsselbilder";
    SoundOffset: "Sound after picture", "Ton nach Bild";
    Latency: "Latency", "Verzögerung";
    RateBySecond: "Rate by second", "Rate je Sekunde";
    RetryNow: "Try now", "Jetzt versuchen";
    NotSaved: "not saved", "nicht gespeichert";
    SaveReport: "Save report", "Bericht speichern";
    ReportAt: "Report", "Bericht";

    // First run
    FirstRunTitle: "Three questions, then you can go live", "Drei Fragen, dann kannst du live gehen";
    FirstRunHint: "Everything else has a sensible value. You can change all of it later.", "Alles andere hat einen sinnvollen Wert. Du kannst alles später ändern.";
    WhereTo: "Where to", "Wohin";
    RehearseHere: "Rehearse on this computer", "Auf diesem Rechner proben";
    RehearseHint: "Nothing leaves this computer. You see and measure what a viewer would get.", "Nichts verlässt diesen Rechner. Du siehst und misst, was ein Zuschauer bekäme.";
    ServiceOrServer: "A service or server…", "Ein Dienst oder Server …";
    ServiceHint: "Next, choose the service and paste its stream key", "Als Nächstes wählst du den Dienst und fügst seinen Streamschlüssel ein";
    NoCameraYet: "No camera was found, so the test picture stands in. Plug a camera in and it comes up here.", "Keine Kamera gefunden, darum das Testbild. Schließe eine Kamera an, dann erscheint sie hier.";
    Skip: "Skip", "Überspringen";
    StartRehearsal: "Start rehearsal", "Probe beginnen";
    Continue: "Continue", "Weiter";

    // Keys
    KeysTitle: "Keys", "Tasten";
    KeyGoLive: "Go live, end show", "Live gehen, Sendung beenden";
    KeyRehearse: "Rehearse", "Proben";
    KeyMute: "Mute, unmute", "Stumm, Ton an";
    KeyRecord: "Record, with or without going live; end recording", "Aufnehmen, live oder nicht; Aufnahme beenden";
    KeyReplay: "Save the last 30 s", "Die letzten 30 s sichern";
    KeyMark: "Mark this moment in the recording", "Diesen Moment in der Aufnahme merken";
    KeySettings: "Settings", "Einstellungen";
    KeyUndo: "In the settings: undo", "In den Einstellungen: rückgängig";
    KeyRedo: "In the settings: redo", "In den Einstellungen: wiederholen";
    KeyHelp: "This sheet", "Diese Übersicht";
    KeyNext: "Next control, previous control", "Nächstes, voriges Bedienelement";
    KeyPress: "Press a button, open a list", "Knopf drücken, Liste öffnen";
    KeyMove: "Move the volume", "Lautstärke ändern";
    KeyScrub: "In the ribbon: a mark back or on", "Im Band: eine Marke zurück oder vor";
    KeyScrubPoor: "In the ribbon: to poor seconds", "Im Band: zu schlechten Sekunden";
    KeyClose: "Close what is open", "Schließen, was offen ist";
    KeyZoom: "Larger text, smaller text, 100 %", "Größerer Text, kleinerer Text, 100 %";

    // Tabs
    TabDestination: "Destination", "Ziel";
    TabPicture: "Picture", "Bild";
    TabSound: "Sound", "Ton";
    TabRecording: "Recording", "Aufnahme";
    TabKeys: "Keys", "Tasten";
    TabAbout: "About", "Über Tally";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_string_is_there_in_every_language_and_follows_the_house() {
        assert!(Text::ALL.len() > 100);
        for text in Text::ALL {
            for string in row(*text) {
                assert!(!string.trim().is_empty() && string.trim() == string, "{text:?}: {string:?}");
                assert!(!string.ends_with(':') && !string.contains("..."), "{text:?}: {string:?}");
            }
        }
    }
}
