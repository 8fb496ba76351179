//! The one table of sentences: what happened, and what to do. The window and the command line read the same.

use super::{Problem, ProblemKind, Remedy, SourceRemedy, TlsPeer};

/// What happened, in one sentence.
pub fn what(problem: &Problem) -> String {
    let about = &problem.about;
    let details = &problem.details;
    match problem.kind {
        ProblemKind::BadUrl => format!("The destination {about} cannot be used: {details}"),
        ProblemKind::BadSettings | ProblemKind::FileUnwritten => sentence(details),
        ProblemKind::SecretUnread => {
            format!("The stream key or password of {about} is kept on this computer, but could not be read.")
        }
        ProblemKind::DnsFailed => format!("The name of the server {about} has no address ({details})."),
        ProblemKind::ConnectionRefused => format!("Nobody listens at {about}."),
        ProblemKind::TimedOut => format!("{about} did not answer in time ({details})."),
        ProblemKind::Unreachable => format!("The network does not reach {about} ({details})."),
        ProblemKind::TlsWrongName if details.is_empty() => {
            format!("The certificate of {about} is for another name.")
        }
        ProblemKind::TlsWrongName => format!("The certificate of {about} is for other names: {details}."),
        ProblemKind::TlsExpired => format!("The certificate of {about} has expired."),
        ProblemKind::TlsNotYetValid => format!("The certificate of {about} is not valid yet."),
        ProblemKind::TlsUnknownCa => {
            format!("The certificate of {about} was signed by an authority this computer does not know.")
        }
        ProblemKind::TlsSelfSigned => format!("The certificate of {about} was signed by no authority, only by itself."),
        ProblemKind::TlsNotSpoken => format!("{about} does not speak TLS on this port ({details})."),
        ProblemKind::TlsBadCaFile => format!("The CA file cannot be used: {details}."),
        ProblemKind::TlsFailed => format!("The secure connection to {about} failed: {details}."),
        ProblemKind::ServerWantsTls => format!("{about} wants a secure connection on this port."),
        ProblemKind::HttpServer => format!("A web server answers at {about}, not a streaming server."),
        ProblemKind::NotRtmp => format!("What answers at {about} does not speak RTMP ({details})."),
        ProblemKind::ConnectRejected => format!("{about} refused the connection ({details})."),
        ProblemKind::LoginNeeded => format!("{about} asks for a user name and a password."),
        ProblemKind::LoginRefused => format!("{about} does not accept this user name or password."),
        ProblemKind::PublishRejected => format!("{about} refused the stream ({details})."),
        ProblemKind::AlreadyPublishing => format!("Somebody streams to {about} with this key already."),
        ProblemKind::ClosedByServer => format!("{about} closed the connection before the show was live ({details})."),
        ProblemKind::ProtocolError => format!("{about} sent something that is not valid RTMP ({details})."),
        ProblemKind::Misdirected => {
            format!("{about} sends the show on to another address, which is not followed: {details}.")
        }
        ProblemKind::MoveFailed => format!("{about} asked for a new connection, and none could be made ({details})."),
        ProblemKind::ConnectionLost => format!("The connection to {about} was lost ({details})."),
        ProblemKind::OldSession => format!("{about} still holds the old connection and takes no new one yet."),
        ProblemKind::OnBackup => {
            format!("The show goes to the backup server of {about}, and stays there until that is lost.")
        }
        ProblemKind::RetriesEnded => format!("The connection to {about} was lost and did not come back ({details})."),
        ProblemKind::EndLost => format!("The last {details} of the show did not arrive at {about}."),
        ProblemKind::LostWhileChecking => {
            format!("The connection to {about} was lost while the upload was tried ({details}).")
        }
        ProblemKind::UploadTooSlow => format!("The network carries only {details} to {about}{}.", lost(problem)),
        ProblemKind::UploadTight => {
            format!("The network carries the show to {about}, with nothing to spare: {details}{}.", lost(problem))
        }
        ProblemKind::PacketLoss => {
            format!("{details} of the packets to {about} were lost on the way and had to be sent again.")
        }
        ProblemKind::CertificateExpiresSoon if details == "0" => {
            format!("The certificate of {about} expires within a day.")
        }
        ProblemKind::CertificateExpiresSoon => format!("The certificate of {about} expires in {details} days."),
        ProblemKind::ServerWarning => format!("{about} says something about the stream."),
        ProblemKind::SourceNotFound => format!("There is no {about}."),
        ProblemKind::SourcePermission => format!("{about} may not be opened ({details})."),
        ProblemKind::SourceBusy => format!("{about} is in use by another program ({details})."),
        ProblemKind::SourceUnreadable => format!("{about} cannot be used: {details}."),
        ProblemKind::SourceFailed if problem.source_remedy() == Some(SourceRemedy::RestartSound) => {
            format!("The sound server does not answer ({details}).")
        }
        ProblemKind::SourceFailed => format!("{about} does not start ({details})."),
        ProblemKind::SourceListen => format!("Streams cannot be received at {about} ({details})."),
        ProblemKind::SourceRefused => format!("{about} cannot be used: {details}."),
        ProblemKind::SourceAwaited if !details.is_empty() => {
            format!("Nobody sends to {about} yet, but somebody sends to {details}.")
        }
        ProblemKind::SourceAwaited => format!("Nobody sends to {about} yet."),
        ProblemKind::SourceStalled => format!("{about} has stopped sending: {details}."),
        ProblemKind::SourceFrozen => format!("The picture of {about} stands still: the same for {details}."),
        ProblemKind::SourceBlack => format!("The picture of {about} is black."),
        ProblemKind::SourceDamaged => format!("A part of {about} is damaged: its picture stands still."),
        ProblemKind::SourceSilent => match problem.inputs() {
            None => format!("Nothing at all is heard from {about}."),
            Some(others) => {
                let what = match others.is_monitor {
                    true => ", which gives what an output plays and is no microphone",
                    false => "",
                };
                let names = others.names.join(", ");
                format!(
                    "Nothing but digital silence comes from {about}{what}. Is it the right one? There are also: {names}."
                )
            }
        },
        ProblemKind::SourceClipping if problem.source_remedy() == Some(SourceRemedy::LowerGain) => {
            format!("The gain makes {about} too loud: its sound is cut off.")
        }
        ProblemKind::SourceClipping => format!("{about} is too loud: its sound is cut off."),
        ProblemKind::MutedTalking => {
            format!("Somebody talks into {about}, and it is muted: the viewers do not hear it.")
        }
        ProblemKind::SourceLost => format!("{about} is gone ({details})."),
        ProblemKind::SourceRestored => match problem.notice_over() {
            Some(ProblemKind::SourceFrozen) => format!("The picture of {about} moves again."),
            Some(ProblemKind::SourceBlack) => format!("The picture of {about} is no longer black."),
            Some(ProblemKind::SourceDamaged) => format!("The picture of {about} goes on behind its damaged part."),
            Some(ProblemKind::SourceSilent) => format!("{about} is heard again."),
            Some(ProblemKind::SourceClipping) => format!("{about} is no longer too loud."),
            Some(ProblemKind::MutedTalking) => format!("Nobody talks into {about} while it is muted any more."),
            _ => format!("{about} is back."),
        },
        ProblemKind::CardUnusable if about.is_empty() => {
            "No picture is chosen for the card. Words go out in its place.".to_owned()
        }
        ProblemKind::CardUnusable => {
            format!("The card's picture {about} cannot be used: {details}. Words go out in its place.")
        }
        ProblemKind::SourceSubstituted => format!("There is no {about}: the test signal is used instead."),
        ProblemKind::EncoderFailed => format!("The {about} failed ({details})."),
        ProblemKind::EncoderTooSlow => {
            format!("This computer is too slow for {about}: the encoder uses {details} of the time it has.")
        }
        ProblemKind::EncoderTight => {
            format!("This computer is hardly fast enough for {about}: the encoder uses {details} of the time it has.")
        }
        ProblemKind::RecordingFailed if problem.is_file_lost() => format!("The recording {about} ended: {details}."),
        ProblemKind::RecordingFailed => format!("The recording {about} cannot be written ({details})."),
        ProblemKind::RecordingGap => {
            format!("The disk stood still for too long: the recording {about} has a gap ({details}).")
        }
        ProblemKind::RecordingFileFull => {
            format!(
                "The file {about} is as large as its disk allows: the recording goes on in {details}, and nothing is missing."
            )
        }
        ProblemKind::RecordingNotSplit => {
            format!(
                "The recording's next file cannot be made ({details}): it goes on in {about}, and nothing is missing."
            )
        }
        ProblemKind::RecordingNotNoted => {
            format!(
                "That the recording {about} is open cannot be noted ({details}): it goes on, but after a crash the next start does not close it."
            )
        }
        ProblemKind::DiskFull => format!("The disk is full: the recording {about} ended ({details})."),
        ProblemKind::DiskLow => {
            format!("The disk has room for no more than {details} minutes of the recording {about}.")
        }
        ProblemKind::RecordingRepaired => {
            format!(
                "The recording {about} was left open when Tally or the computer stopped, and is closed now ({details})."
            )
        }
        ProblemKind::ReplayFailed => format!("The replay {about} cannot be saved ({details})."),
        ProblemKind::MarkFailed => format!("No moment can be marked: {details}."),
        ProblemKind::ReportFailed => format!("The report of the rehearsal {about} cannot be written ({details})."),
        ProblemKind::MarksLost => format!("The marks of the recording {about} cannot be written ({details})."),
        ProblemKind::IngestFailed => format!("The rehearsal's server does not start ({details})."),
        ProblemKind::ProfileWarning => details.clone(),
        ProblemKind::ComputerSlept => format!("This computer slept for {about}; the show went on at {details}."),
        ProblemKind::Internal => format!("Tally failed: {details}."),
    }
}

/// What an upload that does not hold has lost, as the end of a sentence.
fn lost(problem: &Problem) -> String {
    problem.packet_loss().map_or_else(String::new, |share| format!("; {share} of the packets were lost on the way"))
}

/// `text` as a sentence of its own.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    first.into_iter().flatten().chain(letters).chain(end.chars()).collect()
}

/// One thing to do.
pub fn to_do(problem: &Problem) -> String {
    let details = &problem.details;
    if let Some(remedy) = problem.source_remedy() {
        return with_source(remedy).to_owned();
    }
    if let Some(advice) = problem.tls_peer().and_then(|peer| without_tls(problem.kind, peer)) {
        return advice.to_owned();
    }
    match problem.kind {
        ProblemKind::BadUrl => "Write it like rtmp://server/app or rtmps://server/app.".to_owned(),
        ProblemKind::BadSettings => "Change that value and start again.".to_owned(),
        ProblemKind::SecretUnread => {
            "Unlock the system's secret store and start again, or give it anew: --key-file PATH, or TALLY_PASSWORD.".to_owned()
        }
        ProblemKind::DnsFailed => "Check the server's name for a typing mistake, and that this computer is online.".to_owned(),
        ProblemKind::ConnectionRefused => {
            "Check the port in the destination, and that the server is running.".to_owned()
        }
        ProblemKind::TimedOut if problem.fell_silent() => {
            "Try again in a minute: the server accepts connections and then says nothing. It may have too much to do, or not be one that streams are sent to: ask who runs it."
                .to_owned()
        }
        ProblemKind::TimedOut => {
            "Check the server's name and port; a firewall between here and there may block it. Try rtmps:// on port 443."
                .to_owned()
        }
        ProblemKind::Unreachable => "Check that this computer is online and that the address is right.".to_owned(),
        ProblemKind::TlsWrongName => {
            "Use the name the certificate is for in the destination; if it is right, ask the server's owner.".to_owned()
        }
        ProblemKind::TlsExpired => {
            "Ask the server's owner to renew it, and check that this computer's date is right.".to_owned()
        }
        ProblemKind::TlsNotYetValid => "Check that this computer's date and time are right.".to_owned(),
        ProblemKind::TlsUnknownCa => {
            "If it is a private server you trust, give its CA with --tls-ca FILE; otherwise do not stream to it.".to_owned()
        }
        ProblemKind::TlsSelfSigned => {
            "If it is a private server you trust, give its certificate with --tls-ca FILE; otherwise do not stream to it.".to_owned()
        }
        ProblemKind::TlsNotSpoken => "Use rtmp:// instead of rtmps://, or the port for secure connections (often 443).".to_owned(),
        ProblemKind::TlsBadCaFile => "Give a file with the CA's certificate in PEM form.".to_owned(),
        ProblemKind::TlsFailed => "Try again; if it stays so, send these words to the server's owner.".to_owned(),
        ProblemKind::ServerWantsTls => "Use rtmps:// instead of rtmp://.".to_owned(),
        ProblemKind::HttpServer => "Check the port: RTMP is usually 1935, RTMPS 443.".to_owned(),
        ProblemKind::NotRtmp => "Check the server's name and port.".to_owned(),
        ProblemKind::ConnectRejected => {
            "Check the part of the destination after the server's name (the app), and the login if it asks for one.".to_owned()
        }
        ProblemKind::LoginNeeded => "Give them: --user NAME, and the password in TALLY_PASSWORD.".to_owned(),
        ProblemKind::LoginRefused => "Check the user name and the password; capital letters count.".to_owned(),
        ProblemKind::PublishRejected if problem.is_nameless() => {
            "Give the stream a key with --key-file PATH, or a name behind the app: rtmp://server/app/NAME.".to_owned()
        }
        ProblemKind::PublishRejected => "Copy the stream key again from the service's page.".to_owned(),
        ProblemKind::AlreadyPublishing => {
            "End the other stream, or wait a minute until the server has noticed that it is over.".to_owned()
        }
        ProblemKind::ClosedByServer => "Check the destination and the stream key: some servers close without a word.".to_owned(),
        ProblemKind::ProtocolError => "Check that the destination is an RTMP server; if it is, please report this.".to_owned(),
        ProblemKind::Misdirected => {
            "Ask the service which address to stream to; one that begins with rtmps:// must lead to another such.".to_owned()
        }
        ProblemKind::MoveFailed => {
            "Nothing: the show goes on over the old connection, and Tally connects again when that ends.".to_owned()
        }
        ProblemKind::ConnectionLost => "Nothing: Tally connects again by itself.".to_owned(),
        ProblemKind::OldSession => "Nothing: Tally asks again every second until the server has noticed.".to_owned(),
        ProblemKind::OnBackup => "Nothing: viewers get the show from there.".to_owned(),
        ProblemKind::RetriesEnded => "Check the network and the server, then go live again.".to_owned(),
        ProblemKind::EndLost => {
            "Check the network and the server; at a lower rate of the picture (--video-bitrate) less is left to send at the end."
                .to_owned()
        }
        ProblemKind::LostWhileChecking => "Check the network and the server, then check again.".to_owned(),
        ProblemKind::UploadTooSlow | ProblemKind::UploadTight => match problem.remedy() {
            Some(Remedy::VideoBitrate(bitrate)) if problem.packet_loss().is_some() => {
                format!("Use a cable instead of Wi-Fi, or lower the picture's rate: --video-bitrate {bitrate}.")
            }
            Some(Remedy::VideoBitrate(bitrate)) => format!("Lower the picture's rate: --video-bitrate {bitrate}."),
            Some(Remedy::Form(..)) | None => "Use another network, such as a cable instead of Wi-Fi.".to_owned(),
        },
        ProblemKind::PacketLoss => {
            "Use a cable instead of Wi-Fi, or move closer to the router; if it stays so, tell your provider.".to_owned()
        }
        ProblemKind::CertificateExpiresSoon => "Ask the server's owner to renew it.".to_owned(),
        ProblemKind::ServerWarning => "Read the server's words; it still takes what is sent.".to_owned(),
        ProblemKind::SourceNotFound if details.is_empty() => {
            "Connect it, or use the test signal: --video test, --audio test.".to_owned()
        }
        ProblemKind::SourceNotFound => format!("Choose one of these: {details}. The command tally devices lists them."),
        ProblemKind::SourcePermission => {
            "Give yourself permission: for a camera on Linux, add yourself to the group video and log in again.".to_owned()
        }
        ProblemKind::SourceBusy => "Close the program that uses it, and start again.".to_owned(),
        ProblemKind::SourceUnreadable => "Choose another file.".to_owned(),
        ProblemKind::SourceFailed => "Unplug it and plug it in again, or choose another.".to_owned(),
        ProblemKind::SourceListen => {
            "End the program that uses this address, or choose another with --ingest-listen.".to_owned()
        }
        ProblemKind::SourceRefused => {
            "Choose H.264 (8-bit 4:2:0, progressive) and AAC in the app that sends; Tally takes it up by itself.".to_owned()
        }
        ProblemKind::SourceAwaited => "Begin to send there; Tally takes it up by itself.".to_owned(),
        ProblemKind::SourceStalled => "Check its cable or its network; Tally goes on by itself.".to_owned(),
        ProblemKind::SourceFrozen => {
            "Nothing, if it is to stand still, as a slide does. If not: a camera that moved before is restarted once by itself; \
             if that does not help, unplug it and plug it in again."
                .to_owned()
        }
        ProblemKind::SourceBlack => "Take the cover off the lens, or turn on a light.".to_owned(),
        ProblemKind::SourceDamaged => "Copy or export the file again, or choose another; its picture goes on by itself.".to_owned(),
        ProblemKind::SourceSilent => "Unmute it at the device itself, or choose another: tally devices lists them.".to_owned(),
        ProblemKind::SourceClipping => "Turn its level down, or speak from further away.".to_owned(),
        ProblemKind::MutedTalking => "Unmute, if it is for the viewers.".to_owned(),
        ProblemKind::SourceLost => "Plug it in or start it again; Tally uses it as soon as it is back.".to_owned(),
        ProblemKind::SourceRestored if problem.notice_over().is_some() => "Nothing: it is as it should be.".to_owned(),
        ProblemKind::SourceRestored => "Nothing: it is used again.".to_owned(),
        ProblemKind::CardUnusable => "Choose a picture: PNG or JPEG.".to_owned(),
        ProblemKind::SourceSubstituted => "Connect one and start again, or choose one: tally devices lists them.".to_owned(),
        ProblemKind::EncoderFailed => "Please report this, with the command you used.".to_owned(),
        ProblemKind::EncoderTooSlow | ProblemKind::EncoderTight => match problem.remedy() {
            Some(Remedy::Form(size, rate)) => format!("Choose a smaller picture: --size {size} --fps {rate}."),
            Some(Remedy::VideoBitrate(_)) | None => "End other programs that keep this computer busy.".to_owned(),
        },
        ProblemKind::RecordingFailed if problem.is_file_lost() => {
            "Leave a file alone while it is recorded; it may be renamed.".to_owned()
        }
        ProblemKind::RecordingFailed => "Choose a folder you may write to, on a disk that answers.".to_owned(),
        ProblemKind::RecordingGap => {
            "Record to a faster disk, or end what else writes to this one. The recording goes on."
                .to_owned()
        }
        ProblemKind::RecordingFileFull => "Nothing: both files play. A disk with exFAT or NTFS takes larger ones.".to_owned(),
        ProblemKind::RecordingNotSplit => {
            "See that its folder is there and can be written to: it is tried again at each keyframe.".to_owned()
        }
        ProblemKind::RecordingNotNoted => {
            "After a crash: tally repair FILE. To have that done by itself, let TALLY_STATE_DIR name a folder you may write to."
                .to_owned()
        }
        ProblemKind::DiskFull => "Free some space, or record to another disk.".to_owned(),
        ProblemKind::DiskLow => "Free some space: the recording ends before the disk is full.".to_owned(),
        ProblemKind::RecordingRepaired => "Nothing: it plays.".to_owned(),
        ProblemKind::ReplayFailed => match problem.details.as_str() {
            Problem::NOTHING_KEPT => "Record the show: start it with --record FILE.".to_owned(),
            Problem::NOTHING_YET | Problem::OTHERS_WRITTEN => "Try again in a moment.".to_owned(),
            Problem::ROOM_NEEDED => "Free some space. The recording and the show are not harmed.".to_owned(),
            _ => "Record to a folder you may write to, on a disk with some room. The show is not harmed.".to_owned(),
        },
        ProblemKind::MarkFailed if details == Problem::RECORDED_NO_MORE => {
            "Mend what ended the recording, which was told, and start the show again.".to_owned()
        }
        ProblemKind::MarkFailed => "Record the show: start it with --record FILE.".to_owned(),
        ProblemKind::ReportFailed => {
            "Name another file with --rehearsal-report, in a folder you may write to, on a disk with some room.".to_owned()
        }
        ProblemKind::FileUnwritten => "Choose a folder you may write to, on a disk with some room.".to_owned(),
        ProblemKind::MarksLost => "The report of the show has them: tally report.".to_owned(),
        ProblemKind::IngestFailed => "Try again; if it stays so, please report it.".to_owned(),
        ProblemKind::ComputerSlept => {
            "Keep this computer from going to sleep during a show: plug it in, leave its lid open, turn sleep off.".to_owned()
        }
        ProblemKind::ProfileWarning => "Save the profile again to mend it.".to_owned(),
        ProblemKind::Internal => "Please report this, with the command you used.".to_owned(),
    }
}

/// What to do where no TLS came. Only to who may speak plain RTMP anything is sent in the open.
fn without_tls(kind: ProblemKind, peer: TlsPeer) -> Option<&'static str> {
    match (kind, peer) {
        (ProblemKind::TlsNotSpoken, TlsPeer::Service) => Some(
            "Use port 443. If that is the port, something on the way answers in its place, such as a firewall: try another network.",
        ),
        (ProblemKind::TimedOut | ProblemKind::ClosedByServer, TlsPeer::Service) => Some(
            "Try another network: something on the way, such as a firewall, may block secure connections. Use port 443.",
        ),
        (ProblemKind::TimedOut | ProblemKind::ClosedByServer, TlsPeer::Unknown) => Some(
            "Check the port: if it is one for plain RTMP, use rtmp:// instead; if not, a firewall on the way may block it.",
        ),
        _ => None,
    }
}

/// What to do about a source that is no device.
fn with_source(remedy: SourceRemedy) -> &'static str {
    match remedy {
        SourceRemedy::Permission => "Give yourself permission to read this file, or choose another.",
        SourceRemedy::Restore => "Restore the file; Tally goes on with it as soon as it can be read.",
        SourceRemedy::Name => "Check its name and folder, or choose another file.",
        SourceRemedy::OtherPicture => "Choose another file: MP4 (H.264), Y4M, PNG or JPEG.",
        SourceRemedy::OtherSound => "Choose another file: MP4 (AAC), WAV, AIFF, FLAC or MP3.",
        SourceRemedy::OtherCard => "Choose another picture: PNG or JPEG.",
        SourceRemedy::OtherKey => "Give a file that holds the key and nothing else.",
        SourceRemedy::OtherIfNotMeant => "Nothing, if it is meant to be so; otherwise choose another clip.",
        SourceRemedy::LowerGain => "Lower the gain (--gain).",
        SourceRemedy::RestartSound => {
            "Restart it (on Linux: systemctl --user restart pipewire-pulse, or pulseaudio -k), and start again."
        }
        SourceRemedy::SameName => "Send to the name that is awaited, letter by letter; Tally takes it up by itself.",
        SourceRemedy::SendAgain => "Begin to send again; Tally takes it up by itself.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{SourceError, SourceEvent};
    use crate::output::RecorderError;

    #[test]
    fn a_key_that_was_not_given_is_not_to_be_copied_again() {
        let refused = |nameless| Problem::new(ProblemKind::PublishRejected, "h", "step publish").of_nameless(nameless);
        assert!(to_do(&refused(false)).starts_with("Copy the stream key again"));
        assert!(to_do(&refused(true)).contains("rtmp://server/app/NAME"));
    }

    #[test]
    fn of_a_file_no_device_is_told() {
        let (path, reason) = ("/v/clip.mp4".to_owned(), "Permission denied (os error 13)".to_owned());
        let forbidden = SourceError::FilePermission { path: path.clone(), reason: reason.clone() };
        let problem = Problem::from_source(&forbidden);
        assert_eq!((problem.kind, problem.about.as_str()), (ProblemKind::SourcePermission, "/v/clip.mp4"));
        assert_eq!(to_do(&problem), "Give yourself permission to read this file, or choose another.");
        let camera = SourceError::Permission { what: "Webcam".to_owned(), reason: reason.clone() };
        assert!(to_do(&Problem::from_source(&camera)).contains("group video"));

        let emptied = Problem::from_source_event("clip.mp4", &SourceEvent::FileFailed { reason: "it ends".to_owned() });
        assert!(emptied.kind == ProblemKind::SourceLost && to_do(&emptied).starts_with("Restore the file"));
        for (remedy, told) in [
            (SourceRemedy::OtherCard, "Choose another picture: PNG or JPEG."),
            (SourceRemedy::OtherPicture, "Choose another file: MP4 (H.264), Y4M, PNG or JPEG."),
            (SourceRemedy::OtherSound, "Choose another file: MP4 (AAC), WAV, AIFF, FLAC or MP3."),
            (SourceRemedy::Name, "Check its name and folder, or choose another file."),
        ] {
            let (path, reason) = (path.clone(), reason.clone());
            assert_eq!(to_do(&Problem::from_source(&SourceError::Unreadable { path, reason, remedy })), told);
        }
    }

    #[test]
    fn where_only_the_gain_clips_the_microphone_is_not_blamed() {
        let (id, about) = ("mic:desk".to_owned(), "Desk".to_owned());
        let (kind, turn) = (ProblemKind::SourceClipping, crate::media::Turn::Begun(std::time::Duration::from_secs(1)));
        let notice = crate::studio::problem::Notice { id, about, kind, turn, inputs: None, by_gain: true };
        let problem = Problem::from_noticed(&notice);
        assert_eq!(what(&problem), "The gain makes Desk too loud: its sound is cut off.");
        assert!(to_do(&problem).starts_with("Lower the gain"));
    }

    #[test]
    fn a_slip_in_a_name_is_told_with_both_names() {
        let slip = SourceEvent::Misnamed { name: "live/Phone".to_owned() };
        let problem = Problem::from_source_event("phone (picture)", &slip);
        assert_eq!(what(&problem), "Nobody sends to phone (picture) yet, but somebody sends to live/Phone.");
        assert!(to_do(&problem).contains("letter by letter"));
    }

    #[test]
    fn a_sound_server_that_does_not_answer_is_not_plugged_in() {
        let problem = Problem::from_source(&SourceError::NoSoundServer { reason: "nothing for 3 s".to_owned() });
        assert_eq!(what(&problem), "The sound server does not answer (nothing for 3 s).");
        assert!(to_do(&problem).starts_with("Restart it"));
    }

    #[test]
    fn a_sender_that_is_gone_is_not_plugged_in() {
        let gone = SourceEvent::Ended { reason: "the connection was closed".to_owned() };
        let problem = Problem::from_source_event("live/phone (picture)", &gone);
        assert_eq!(problem.kind, ProblemKind::SourceLost);
        assert_eq!(to_do(&problem), "Begin to send again; Tally takes it up by itself.");
    }

    #[test]
    fn who_has_recorded_is_not_told_to_begin_with_it() {
        let of = |why| Problem::new(ProblemKind::MarkFailed, "mark", why);
        let (never, no_more) = (of(Problem::NOT_RECORDED), of(Problem::RECORDED_NO_MORE));
        assert_eq!(what(&never), "No moment can be marked: nothing is recorded.");
        assert_eq!(what(&no_more), "No moment can be marked: the recording has ended.");
        assert!(to_do(&never).contains("--record FILE") && !to_do(&no_more).contains("--record"));
    }

    #[test]
    fn a_file_that_somebody_deleted_or_cut_is_not_blamed_on_its_folder() {
        for reason in [RecorderError::FILE_GONE, RecorderError::FILE_CUT] {
            let error = RecorderError { path: "/v/a.mp4".to_owned(), reason: reason.to_owned(), disk_full: false };
            let problem = Problem::from_recorder(&error);
            assert_eq!(what(&problem), format!("The recording /v/a.mp4 ended: {reason}."));
            assert_eq!(to_do(&problem), "Leave a file alone while it is recorded; it may be renamed.");
        }
    }
}
