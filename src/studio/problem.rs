//! What the user is told when something goes wrong: a stable kind, what it is about, the server's own words.

mod computer;
mod notice;
mod publish;
mod tls;

use crate::capture::{SourceError, SourceEvent, SourceRemedy};
use crate::media::{Bitrate, FrameRate, Size, Turn};
use crate::output::RecorderError;

pub use notice::{Notice, OtherInputs};
pub use tls::TlsPeer;

/// Every problem there is. The word of each is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// A destination's URL cannot be used.
    BadUrl,
    /// Settings that cannot be used.
    BadSettings,
    /// A stream key or password that is kept and could not be read.
    SecretUnread,
    /// The host's name has no address.
    DnsFailed,
    /// Nobody listens on the port.
    ConnectionRefused,
    /// No answer in time.
    TimedOut,
    /// The network cannot reach the server.
    Unreachable,
    /// The certificate is for another name.
    TlsWrongName,
    /// The certificate has expired.
    TlsExpired,
    /// The certificate is not valid yet.
    TlsNotYetValid,
    /// The certificate's authority is not trusted.
    TlsUnknownCa,
    /// The certificate has signed itself, and was not given.
    TlsSelfSigned,
    /// rtmps:// to a port without TLS.
    TlsNotSpoken,
    /// The file of `--tls-ca` cannot be used.
    TlsBadCaFile,
    /// TLS failed otherwise.
    TlsFailed,
    /// rtmp:// to a port with TLS.
    ServerWantsTls,
    /// A web server answered.
    HttpServer,
    /// Something that is not RTMP answered.
    NotRtmp,
    /// The server refused the app.
    ConnectRejected,
    /// The server wants a user and a password, and none are given.
    LoginNeeded,
    /// The server does not accept the user or the password.
    LoginRefused,
    /// The server refused the stream or its key.
    PublishRejected,
    /// Somebody publishes with this key already.
    AlreadyPublishing,
    /// The server closed the connection before the show was live.
    ClosedByServer,
    /// The server broke the protocol.
    ProtocolError,
    /// The server sends on to an address that is not followed.
    Misdirected,
    /// The server asked for another connection, and it could not be made: the show goes on over the old one.
    MoveFailed,
    /// The connection was lost; it is tried again.
    ConnectionLost,
    /// After a loss the server still holds the old session, and takes no other until it has noticed.
    OldSession,
    /// The server that is wanted cannot be reached: the show goes to its backup.
    OnBackup,
    /// The connection was lost and retries ended.
    RetriesEnded,
    /// The show ended, and the last of it did not reach the server.
    EndLost,
    /// The connection was lost while the upload was tried.
    LostWhileChecking,
    /// The network carries less than the show needs.
    UploadTooSlow,
    /// The network carries the show, and little more.
    UploadTight,
    /// The network carries the show, and loses packets on the way.
    PacketLoss,
    /// The server's certificate expires within days.
    CertificateExpiresSoon,
    /// The server says something while live.
    ServerWarning,
    /// No such camera, microphone or file.
    SourceNotFound,
    /// No permission.
    SourcePermission,
    /// In use by another program.
    SourceBusy,
    /// A file that cannot be used.
    SourceUnreadable,
    /// A device that does not start.
    SourceFailed,
    /// Incoming streams cannot be received.
    SourceListen,
    /// What comes from a source cannot be used.
    SourceRefused,
    /// Nobody sends an incoming stream yet.
    SourceAwaited,
    /// Nothing comes from a device.
    SourceStalled,
    /// A camera's or a stream's picture has stopped to move.
    SourceFrozen,
    /// The picture of a camera, a stream or a clip is black.
    SourceBlack,
    /// A part of a clip cannot be decoded.
    SourceDamaged,
    /// Nothing at all is heard from a microphone.
    SourceSilent,
    /// A microphone is so loud that its sound is cut off.
    SourceClipping,
    /// Somebody talks while the program is muted.
    MutedTalking,
    /// A device is gone.
    SourceLost,
    /// A device is back.
    SourceRestored,
    /// No camera or microphone: the test signal is used.
    SourceSubstituted,
    /// The picture of the card cannot be used: words go out in its place.
    CardUnusable,
    /// The encoder failed.
    EncoderFailed,
    /// The encoder takes longer for a picture than there is until the next.
    EncoderTooSlow,
    /// The encoder has little time to spare.
    EncoderTight,
    /// The recording cannot be written.
    RecordingFailed,
    /// Something is missing in the recording; it goes on.
    RecordingGap,
    /// The disk takes no larger file; the recording goes on in another.
    RecordingFileFull,
    /// The recording's next file cannot be made; it goes on in the one before.
    RecordingNotSplit,
    /// The recording cannot be noted as open: after a crash the next start does not close it.
    RecordingNotNoted,
    /// The disk of the recording is full.
    DiskFull,
    /// Soon the disk of the recording is full.
    DiskLow,
    /// A recording that a crash left open is closed.
    RecordingRepaired,
    /// A replay cannot be written.
    ReplayFailed,
    /// There is no recording to mark.
    MarkFailed,
    /// The marks of the recording cannot be written.
    MarksLost,
    /// The report of a rehearsal cannot be written.
    ReportFailed,
    /// Another file that was asked for cannot be written, or not whole.
    FileUnwritten,
    /// The embedded ingest does not start.
    IngestFailed,
    /// Something about the profile the user should know.
    ProfileWarning,
    /// The computer slept while the show was on; the show goes on. It is about how long, with when it woke as its details.
    ComputerSlept,
    /// Our own fault.
    Internal,
}

impl ProblemKind {
    /// Whether it says why there is no picture or no sound: no news any more once there is.
    pub fn is_of_source(self) -> bool {
        matches!(
            self,
            Self::SourceNotFound
                | Self::SourcePermission
                | Self::SourceBusy
                | Self::SourceUnreadable
                | Self::SourceFailed
                | Self::SourceListen
                | Self::SourceRefused
                | Self::SourceAwaited
                | Self::SourceStalled
                | Self::SourceFrozen
                | Self::SourceBlack
                | Self::SourceDamaged
                | Self::SourceSilent
                | Self::SourceClipping
                | Self::MutedTalking
                | Self::SourceLost
        )
    }

    /// What a source that runs can be noticed to do. It is over with a `SourceRestored` whose details are its word.
    pub const NOTICES: [Self; 6] = [
        Self::SourceFrozen,
        Self::SourceBlack,
        Self::SourceDamaged,
        Self::SourceSilent,
        Self::SourceClipping,
        Self::MutedTalking,
    ];

    /// The stable word of `--json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::BadUrl => "bad_url",
            Self::BadSettings => "bad_settings",
            Self::SecretUnread => "secret_unread",
            Self::DnsFailed => "dns_failed",
            Self::ConnectionRefused => "connection_refused",
            Self::TimedOut => "timed_out",
            Self::Unreachable => "unreachable",
            Self::TlsWrongName => "tls_wrong_name",
            Self::TlsExpired => "tls_expired",
            Self::TlsNotYetValid => "tls_not_yet_valid",
            Self::TlsUnknownCa => "tls_unknown_ca",
            Self::TlsSelfSigned => "tls_self_signed",
            Self::TlsNotSpoken => "tls_not_spoken",
            Self::TlsBadCaFile => "tls_bad_ca_file",
            Self::TlsFailed => "tls_failed",
            Self::ServerWantsTls => "server_wants_tls",
            Self::HttpServer => "http_server",
            Self::NotRtmp => "not_rtmp",
            Self::ConnectRejected => "connect_rejected",
            Self::LoginNeeded => "login_needed",
            Self::LoginRefused => "login_refused",
            Self::PublishRejected => "publish_rejected",
            Self::AlreadyPublishing => "already_publishing",
            Self::ClosedByServer => "closed_by_server",
            Self::ProtocolError => "protocol_error",
            Self::Misdirected => "misdirected",
            Self::MoveFailed => "move_failed",
            Self::ConnectionLost => "connection_lost",
            Self::OldSession => "old_session",
            Self::OnBackup => "on_backup",
            Self::RetriesEnded => "retries_ended",
            Self::EndLost => "end_lost",
            Self::LostWhileChecking => "lost_while_checking",
            Self::UploadTooSlow => "upload_too_slow",
            Self::UploadTight => "upload_tight",
            Self::PacketLoss => "packet_loss",
            Self::CertificateExpiresSoon => "certificate_expires_soon",
            Self::ServerWarning => "server_warning",
            Self::SourceNotFound => "source_not_found",
            Self::SourcePermission => "source_permission",
            Self::SourceBusy => "source_busy",
            Self::SourceUnreadable => "source_unreadable",
            Self::SourceFailed => "source_failed",
            Self::SourceListen => "source_listen",
            Self::SourceRefused => "source_refused",
            Self::SourceAwaited => "source_awaited",
            Self::SourceStalled => "source_stalled",
            Self::SourceFrozen => "source_frozen",
            Self::SourceBlack => "source_black",
            Self::SourceDamaged => "source_damaged",
            Self::SourceSilent => "source_silent",
            Self::SourceClipping => "source_clipping",
            Self::MutedTalking => "muted_talking",
            Self::SourceLost => "source_lost",
            Self::SourceRestored => "source_restored",
            Self::SourceSubstituted => "source_substituted",
            Self::CardUnusable => "card_unusable",
            Self::EncoderFailed => "encoder_failed",
            Self::EncoderTooSlow => "encoder_too_slow",
            Self::EncoderTight => "encoder_tight",
            Self::RecordingFailed => "recording_failed",
            Self::RecordingGap => "recording_gap",
            Self::RecordingFileFull => "recording_file_full",
            Self::RecordingNotSplit => "recording_not_split",
            Self::RecordingNotNoted => "recording_not_noted",
            Self::DiskFull => "disk_full",
            Self::DiskLow => "disk_low",
            Self::RecordingRepaired => "recording_repaired",
            Self::ReplayFailed => "replay_failed",
            Self::MarkFailed => "mark_failed",
            Self::MarksLost => "marks_lost",
            Self::ReportFailed => "report_failed",
            Self::FileUnwritten => "file_unwritten",
            Self::IngestFailed => "ingest_failed",
            Self::ProfileWarning => "profile_warning",
            Self::ComputerSlept => "computer_slept",
            Self::Internal => "internal",
        }
    }
}

/// Something the user must know. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which.
    pub kind: ProblemKind,
    /// What it is about: a destination's name, a device, a file.
    pub about: String,
    /// The step and what was seen, for those who want to know more.
    pub details: String,
    /// The server's own words, if it said any.
    pub server_said: Option<String>,
    /// What may help, if that is known.
    advice: Option<Box<Advice>>,
}

/// What is known beyond the words: seldom there, and kept small.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Advice {
    /// A setting that would settle it.
    remedy: Option<Remedy>,
    /// Of a device that gives nothing: what else there is.
    inputs: Option<OtherInputs>,
    /// Of an upload that does not hold: what share of the packets was lost, if that is worth telling.
    packet_loss: Option<String>,
    /// Of a source that is no device: what helps.
    source: Option<SourceRemedy>,
    /// That the stream was sent without a key or a name.
    nameless: bool,
    /// That the server had accepted the connection before it fell silent.
    fell_silent: bool,
    /// That no TLS came: from whom.
    tls: Option<TlsPeer>,
    /// That it is about a destination of the show: its place.
    place: Option<usize>,
}

/// Settings to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The picture's rate.
    VideoBitrate(Bitrate),
    /// The picture's size, and pictures a second.
    Form(Size, FrameRate),
}

impl Problem {
    /// Why a replay is refused: the show keeps nothing for replays.
    pub const NOTHING_KEPT: &str = "the last seconds are kept only while a show is recorded";
    /// Why a replay is refused: the show has not begun.
    pub const NOTHING_YET: &str = "there is nothing to be seen again yet";
    /// Why a replay is refused: there are enough of them.
    pub const OTHERS_WRITTEN: &str = "others are still being written";
    /// Why a replay is refused: it would soon end the recording.
    pub const ROOM_NEEDED: &str = RecorderError::ROOM_NEEDED;

    /// Why nothing can be marked: nobody asked for a recording.
    pub const NOT_RECORDED: &str = "nothing is recorded";
    /// Why nothing can be marked: the recording that was asked for has failed.
    pub const RECORDED_NO_MORE: &str = "the recording has ended";

    /// A problem about `about`.
    pub fn new(kind: ProblemKind, about: impl Into<String>, details: impl Into<String>) -> Self {
        Self { kind, about: about.into(), details: details.into(), server_said: None, advice: None }
    }

    /// The same about the destination at `place`.
    #[must_use]
    pub fn at(mut self, place: usize) -> Self {
        self.advice.get_or_insert_default().place = Some(place);
        self
    }

    /// The place among the show's destinations, from 0, of the one that it is about, if it is about one.
    pub fn place(&self) -> Option<usize> {
        self.advice.as_ref()?.place
    }

    /// The same with the server's own words, if there are any.
    #[must_use]
    pub fn said(mut self, words: Option<String>) -> Self {
        self.server_said = words.filter(|words| !words.is_empty());
        self
    }

    /// The same with what to change.
    #[must_use]
    pub fn with_remedy(mut self, remedy: Option<Remedy>) -> Self {
        self.advice = remedy.map(|remedy| Box::new(Advice { remedy: Some(remedy), ..Advice::default() }));
        self
    }

    /// The same with the share of the packets that were lost, such as `4.8 %`.
    #[must_use]
    pub fn with_packet_loss(mut self, share: Option<String>) -> Self {
        if share.is_some() {
            self.advice.get_or_insert_default().packet_loss = share;
        }
        self
    }

    /// What to change, if that would settle it.
    pub fn remedy(&self) -> Option<Remedy> {
        self.advice.as_ref()?.remedy
    }

    /// Of an upload that does not hold: what share of the packets was lost, if that is worth telling.
    pub fn packet_loss(&self) -> Option<&str> {
        self.advice.as_ref()?.packet_loss.as_deref()
    }

    /// Of a device that gives nothing: what else there is, if something is.
    pub fn inputs(&self) -> Option<&OtherInputs> {
        self.advice.as_ref()?.inputs.as_ref()
    }

    /// The same with what helps, about a source that is no device.
    #[must_use]
    fn with_source_remedy(mut self, remedy: SourceRemedy) -> Self {
        self.advice.get_or_insert_default().source = Some(remedy);
        self
    }

    /// What helps, if it is about a source that is no device.
    pub fn source_remedy(&self) -> Option<SourceRemedy> {
        self.advice.as_ref()?.source
    }

    /// The same of a stream that was sent without a key or a name, if it `is` one.
    #[must_use]
    pub fn of_nameless(mut self, is: bool) -> Self {
        if is {
            self.advice.get_or_insert_default().nameless = true;
        }
        self
    }

    /// The same of a server that had accepted the connection, and then did not answer.
    #[must_use]
    fn fallen_silent(mut self) -> Self {
        self.advice.get_or_insert_default().fell_silent = true;
        self
    }

    /// Whether the server had accepted the connection before it fell silent: then its name and port are right.
    pub fn fell_silent(&self) -> bool {
        self.advice.as_ref().is_some_and(|advice| advice.fell_silent)
    }

    /// Whether the stream was sent without a key or a name.
    pub fn is_nameless(&self) -> bool {
        self.advice.as_ref().is_some_and(|advice| advice.nameless)
    }

    /// What a source's error means to the user.
    pub fn from_source(error: &SourceError) -> Self {
        use ProblemKind as Kind;
        match error {
            SourceError::NotFound { wanted, available } => {
                Self::new(Kind::SourceNotFound, wanted.clone(), available.join(", "))
            }
            SourceError::Permission { what, reason } => Self::new(Kind::SourcePermission, what.clone(), reason.clone()),
            SourceError::FilePermission { path, reason } => {
                Self::new(Kind::SourcePermission, path.clone(), reason.clone())
                    .with_source_remedy(SourceRemedy::Permission)
            }
            SourceError::Busy { what, reason } => Self::new(Kind::SourceBusy, what.clone(), reason.clone()),
            SourceError::Unreadable { path, reason, remedy } => {
                Self::new(Kind::SourceUnreadable, path.clone(), reason.clone()).with_source_remedy(*remedy)
            }
            SourceError::Listen { address, reason } => Self::new(Kind::SourceListen, address.clone(), reason.clone()),
            SourceError::NoSoundServer { reason } => {
                Self::new(Kind::SourceFailed, "sound", reason.clone()).with_source_remedy(SourceRemedy::RestartSound)
            }
            SourceError::Device { what, reason } => Self::new(Kind::SourceFailed, what.clone(), reason.clone()),
        }
    }

    /// What happened to a running source, for the user.
    pub fn from_source_event(about: &str, event: &SourceEvent) -> Self {
        use ProblemKind as Kind;
        match event {
            SourceEvent::Awaited => Self::new(Kind::SourceAwaited, about, String::new()),
            SourceEvent::Misnamed { name } => {
                Self::new(Kind::SourceAwaited, about, name.clone()).with_source_remedy(SourceRemedy::SameName)
            }
            SourceEvent::Stalled { silent_for } => {
                Self::new(Kind::SourceStalled, about, format!("nothing for {:.1} s", silent_for.as_secs_f64()))
            }
            SourceEvent::Frozen { still_for } => Self::from_notice(about, Kind::SourceFrozen, Turn::Begun(*still_for)),
            SourceEvent::Lost { reason } => Self::new(Kind::SourceLost, about, reason.clone()),
            SourceEvent::Ended { reason } => {
                Self::new(Kind::SourceLost, about, reason.clone()).with_source_remedy(SourceRemedy::SendAgain)
            }
            SourceEvent::FileFailed { reason } => {
                Self::new(Kind::SourceLost, about, reason.clone()).with_source_remedy(SourceRemedy::Restore)
            }
            SourceEvent::Refused { reason } => Self::new(Kind::SourceRefused, about, reason.clone()),
            SourceEvent::Restored => Self::new(Kind::SourceRestored, about, String::new()),
        }
    }

    /// What was noticed of a running source, one of `ProblemKind::NOTICES`, for the user.
    pub fn from_notice(about: &str, kind: ProblemKind, turn: Turn) -> Self {
        match turn {
            Turn::Begun(lasted) => Self::new(kind, about, format!("{:.1} s", lasted.as_secs_f64())),
            Turn::Over => Self::new(ProblemKind::SourceRestored, about, kind.word()),
        }
    }

    /// The same with what else there is, and what helps where it is about a clip.
    pub fn from_noticed(notice: &Notice) -> Self {
        let problem = Self::from_notice(&notice.about, notice.kind, notice.turn);
        if notice.turn == Turn::Over {
            return problem;
        }
        if notice.id == "file" && notice.kind == ProblemKind::SourceBlack {
            return problem.with_source_remedy(SourceRemedy::OtherIfNotMeant);
        }
        if notice.by_gain && notice.kind == ProblemKind::SourceClipping {
            return problem.with_source_remedy(SourceRemedy::LowerGain);
        }
        let inputs = notice.inputs.clone();
        let advice = inputs.map(|inputs| Box::new(Advice { inputs: Some(inputs), ..Advice::default() }));
        Self { advice, ..problem }
    }

    /// What is over, if that is what it says.
    pub fn notice_over(&self) -> Option<ProblemKind> {
        let is_over = |kind: &ProblemKind| self.kind == ProblemKind::SourceRestored && self.details == kind.word();
        ProblemKind::NOTICES.into_iter().find(is_over)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::capture::DeviceInfo;
    use crate::flow::Hole;
    use crate::media::Timestamp;
    use crate::output::HolePlace;

    #[test]
    fn a_silent_device_is_named_with_those_that_may_be_meant() {
        let device = |id: &str, name: &str| DeviceInfo {
            id: format!("mic:{id}"),
            name: name.to_owned(),
            kind: crate::capture::DeviceKind::Microphone,
            formats: Vec::new(),
            default: false,
            detail: "PulseAudio".to_owned(),
        };
        let all = [device("desk", "Desk"), device("usb", "USB Microphone"), device("out.monitor", "Monitor of Out")];
        let told = |id: &str, about: &str, all: &[DeviceInfo]| {
            let (kind, turn) = (ProblemKind::SourceSilent, Turn::Begun(Duration::from_secs(5)));
            let (id, about) = (id.to_owned(), about.to_owned());
            let inputs = OtherInputs::beside(&id, all);
            crate::studio::wording::what(&Problem::from_noticed(&Notice {
                id,
                about,
                kind,
                turn,
                inputs,
                by_gain: false,
            }))
        };
        assert_eq!(
            told("mic:desk", "Desk", &all),
            "Nothing but digital silence comes from Desk. Is it the right one? There are also: USB Microphone."
        );
        assert_eq!(
            told("mic:out.monitor", "Monitor of Out", &all),
            "Nothing but digital silence comes from Monitor of Out, which gives what an output plays and is no microphone. \
             Is it the right one? There are also: Desk, USB Microphone."
        );
        assert_eq!(
            told("mic:desk", "Desk", &all[2..]),
            "Nothing at all is heard from Desk.",
            "no other hears anything"
        );
    }

    #[test]
    fn a_sleep_is_as_long_as_people_say_it_was() {
        for (seconds, told) in [(14, "14 s"), (840, "14 min"), (3600, "60 min"), (9 * 3600 + 100, "9 h")] {
            let problem = Problem::from_sleep(Duration::from_secs(seconds), "14:02:11");
            let what = crate::studio::wording::what(&problem);
            assert_eq!(what, format!("This computer slept for {told}; the show went on at 14:02:11."));
        }
    }

    #[test]
    fn a_hole_is_told_with_where_it_is_in_the_recording() {
        let at = |millis: i64| Timestamp::from_millis(100_000 + millis);
        let (hole, base) = (Hole { frames: 242, audio_packets: 0 }, at(0));
        for (place, told) in [
            (None, "242 frames are missing"),
            (
                Some(HolePlace { base, from: at(5040), to: Some(at(14_000)) }),
                "242 frames are missing, from 0:00:05 to 0:00:14",
            ),
            (Some(HolePlace { base, from: at(3_605_000), to: None }), "242 frames are missing, from 1:00:05 on"),
        ] {
            assert_eq!(Problem::from_hole("/v/a.mp4", hole, place).details, told);
        }
    }
}
