//! The flags of every command. `--help` and the man page are made from these definitions.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, Args, Parser, Subcommand};

use super::env::EnvSecrets;
use super::values::{
    HttpChoice, OrOff, RecordChoice, RecordFormatChoice, RelayChoice, ReportLanguage, parse_address,
    parse_bitrate_or_off, parse_card, parse_connections, parse_destination, parse_duration_or_off, parse_server_or_off,
    parse_split, parse_switch, parse_user_or_off, path_or_off_parser, record_parser, source_parser,
};
use crate::media::{Bitrate, FrameRate, Size};
use crate::settings::{AudioChoice, CardChoice, Destination, RecordSplit, Relay, VideoChoice};

/// A live-streaming studio: camera and sound to any RTMP server
///
/// Without a command it opens the window. The commands do the same without one.
#[derive(Debug, Parser)]
#[command(name = "tally", version, about, after_long_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// More logs on standard error; twice for those of the libraries too
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

const EXIT_CODES: &str = "Exit codes:
  0   ended as asked
  2   the command line or a profile is wrong, or its stream key or password cannot be read (an export is written without
      it), or the name of a file to be written is taken; check: or asks for more than this computer encodes in time
  3   a source failed (no such camera, permission, device lost and not back)
  4   the destination could not be reached (DNS, TCP, timeout)
  5   TLS refused (wrong name, expired, unknown CA)
  6   the server refused (handshake, connect, publish)
  7   the connection was lost and retries ended; check: or does not carry the show
  8   the recording failed (disk full, permission; the stream was not harmed), or what was asked for as a file or on standard
      output cannot be written (also because the file's folder is not there)
  9   the window does not open (no display, no OpenGL)
  70  a bug: please report
  130 check: ended before it was done; or a fourth signal ended what hung

Environment:
  TALLY_KEY         the stream key
  TALLY_PASSWORD    the password for --user
  TALLY_CONFIG_DIR  the folder of profiles, instead of the system's own
  TALLY_STATE_DIR   the folder of the shows' figures and of notes about open recordings, instead of the system's own
  TALLY_NO_KEYRING  1 keeps secrets in a private file instead of the system's secret store
  RUST_LOG          which logs to write, such as tally=debug";

const LIVE_SIGNALS: &str = "Signals:
  INT, TERM  end the show cleanly; a second one ends it at once
             (a script's shell has what it starts with & ignore INT: use TERM)
  HUP        the same, when the terminal is closed; under nohup the show goes on
  USR1       save the last 30 seconds to a file beside the recording, NAME replay TIME.mp4
  USR2       mark this moment in the recording: NAME.chapters.vtt";

const SERVE_SIGNALS: &str = "Signals:
  INT, TERM  end it, with every recording closed
             (a script's shell has what it starts with & ignore INT: use TERM)
  HUP        the same, when the terminal is closed; under nohup it goes on";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Stream or record without a window
    #[command(after_long_help = LIVE_SIGNALS)]
    Live(Box<LiveArgs>),
    /// Try every step from the sources to the upload, and show nothing to the public
    Check(Box<CheckArgs>),
    /// Receive streams on this computer
    #[command(after_long_help = SERVE_SIGNALS)]
    Serve(ServeArgs),
    /// List cameras, microphones and encoders, with their stable ids
    Devices(DevicesArgs),
    /// Keep settings under a name
    Profiles(ProfilesArgs),
    /// Close a recording that a crash left open
    Repair(RepairArgs),
    /// Tell what a finished show was like, second by second: what was lost, when, and why
    Report(ReportArgs),
    /// Print the manual page
    #[command(hide = true)]
    Man,
}

/// `tally live`.
#[derive(Debug, Args)]
pub struct LiveArgs {
    /// Sources, destinations, encoding and run.
    #[command(flatten)]
    pub show: ShowArgs,

    /// Print one JSON object a line on standard output
    #[arg(long, help_heading = "Run")]
    pub json: bool,

    /// Write what a viewer of the rehearsal got to this file, which must not exist yet, as text or, by the name FILE.json,
    /// as JSON
    #[arg(long, value_name = "FILE", requires = "rehearse", conflicts_with = "to", help_heading = "Run")]
    pub rehearsal_report: Option<PathBuf>,
}

/// `tally check`. It takes the flags of `live`; those of a run mean nothing here and are not listed.
#[derive(Debug, Args)]
#[command(mut_args(|arg| if is_of_a_run(&arg) { arg.hide(true) } else { arg }))]
pub struct CheckArgs {
    /// Sources, destinations and encoding.
    #[command(flatten)]
    pub show: ShowArgs,

    /// Publish also where the service has no form for tests: whoever watches sees it
    #[arg(long, help_heading = "Destination")]
    pub publish: bool,

    /// Print one JSON object a line on standard output
    #[arg(long, help_heading = "Run")]
    pub json: bool,
}

/// Whether a flag of `ShowArgs` is about how a show runs, which none does in a check.
fn is_of_a_run(arg: &Arg) -> bool {
    arg.get_help_heading() == Some("Run") && arg.get_id() != "json"
}

/// The flags that make up a show: of `live`, of `check`, and of `profiles save`.
#[derive(Clone, Debug, Default, Args)]
pub struct ShowArgs {
    /// camera, camera:ID, ingest:NAME (a stream that is sent to this computer), test, file:PATH or none [default: the
    /// first camera, else test]
    #[arg(long, value_name = "SOURCE", value_parser = source_parser::<VideoChoice>(), help_heading = "Sources")]
    pub video: Option<VideoChoice>,

    /// mic, mic:ID, ingest:NAME (a stream that is sent to this computer), test, file:PATH or silence [default: the
    /// default microphone, else test]
    #[arg(long, value_name = "SOURCE", value_parser = source_parser::<AudioChoice>(), help_heading = "Sources")]
    pub audio: Option<AudioChoice>,

    /// Receive the streams of ingest:NAME at this address; port 0 picks a free one [default: 127.0.0.1:1935]
    #[arg(long, value_name = "ADDR", value_parser = parse_address, help_heading = "Sources")]
    pub ingest_listen: Option<SocketAddr>,

    /// Who sends a stream must show the key in this file, as NAME?key=KEY; required when listening beyond this computer;
    /// off: none
    #[arg(long, value_name = "PATH|off", value_parser = path_or_off_parser(), help_heading = "Sources")]
    pub ingest_key_file: Option<OrOff<PathBuf>>,

    /// The fader of the sound in dB, -30 to 12 [default: 0]
    #[arg(long, value_name = "DB", allow_negative_numbers = true, help_heading = "Sources")]
    pub gain: Option<f32>,

    /// The picture file that goes out while the picture of a device has stopped for more than a second; on: words; off:
    /// the last picture stays [default: on]
    #[arg(long, value_name = "PATH|on|off", value_parser = parse_card, help_heading = "Sources")]
    pub card: Option<CardChoice>,

    /// Start from a saved profile; every other flag overrides one of its fields
    #[arg(long, value_name = "NAME", help_heading = "Destination")]
    pub profile: Option<String>,

    /// Publish to this rtmp:// or rtmps:// server; may be given several times. What follows the app is the key; an app of two
    /// levels is written with a slash at its end
    #[arg(long, value_name = "URL", help_heading = "Destination", value_parser = parse_destination)]
    pub to: Vec<Destination>,

    /// The service's other server, which gets the show while the first cannot be reached, with the same key; once, or once
    /// for each --to; off: none
    #[arg(long, value_name = "URL|off", value_parser = parse_server_or_off, help_heading = "Destination")]
    pub backup: Vec<OrOff<String>>,

    /// Read the stream key from this file (or set TALLY_KEY); once, or once for each --to
    #[arg(long, value_name = "PATH", help_heading = "Destination")]
    pub key_file: Vec<PathBuf>,

    /// Log in with this name; the password is taken from TALLY_PASSWORD; off: no login
    #[arg(long, value_name = "NAME|off", value_parser = parse_user_or_off, help_heading = "Destination")]
    pub user: Option<OrOff<String>>,

    /// Trust the CA in this PEM file as well, for a private server, or the server's own certificate; off: none
    #[arg(long, value_name = "FILE|off", value_parser = path_or_off_parser(), help_heading = "Destination")]
    pub tls_ca: Option<OrOff<PathBuf>>,

    /// Publish to this computer only and measure what a viewer gets; off: send the show though the profile rehearses
    // The value needs its =, so that what follows a bare --rehearse is never taken for it.
    #[arg(long, value_name = "on|off", num_args = 0..=1, require_equals = true, default_missing_value = "on",
        value_parser = parse_switch, action = clap::ArgAction::Set, help_heading = "Destination")]
    pub rehearse: Option<bool>,

    /// Size of the picture [default: 1280x720]
    #[arg(long, value_name = "WxH", help_heading = "Encoding")]
    pub size: Option<Size>,

    /// Pictures a second, 1 to 240; 29.97 is understood [default: 30]
    #[arg(long, value_name = "N", help_heading = "Encoding")]
    pub fps: Option<FrameRate>,

    /// Rate of the picture, such as 3000k or 4.5M [default: 3000k]
    #[arg(long, value_name = "RATE", help_heading = "Encoding")]
    pub video_bitrate: Option<Bitrate>,

    /// Seconds from keyframe to keyframe [default: 2]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, help_heading = "Encoding")]
    pub keyframe_seconds: Option<f64>,

    /// Rate of the sound [default: 128k]
    #[arg(long, value_name = "RATE", help_heading = "Encoding")]
    pub audio_bitrate: Option<Bitrate>,

    /// Samples of sound a second [default: 48000]
    #[arg(long, value_name = "HZ", help_heading = "Encoding")]
    pub sample_rate: Option<u32>,

    /// Lower the picture's rate while the network is narrow: on or off [default: on]
    #[arg(long, value_name = "on|off", value_parser = parse_switch, action = clap::ArgAction::Set, help_heading = "Encoding")]
    pub adaptive: Option<bool>,

    /// With --adaptive on, lower the picture's rate to this at most; off: to the default [default: a tenth of
    /// --video-bitrate]
    #[arg(long, value_name = "RATE|off", value_parser = parse_bitrate_or_off, help_heading = "Encoding")]
    pub video_bitrate_min: Option<OrOff<Bitrate>>,

    /// Miss nothing: let viewers fall behind up to so many seconds (60 at most) while the network is too narrow, before
    /// pictures are dropped; 0 stays current [default: 0]
    #[arg(long, value_name = "SECONDS", help_heading = "Encoding")]
    pub cache: Option<u32>,

    /// End after this time live, such as 10s, 2m or 1h30m; off: when it is stopped
    #[arg(long = "for", value_name = "DURATION|off", value_parser = parse_duration_or_off, help_heading = "Run")]
    pub duration: Option<OrOff<Duration>>,

    /// Record to this file, or off: fragmented MP4, or FLV by the ending .flv; without a destination nothing is streamed
    #[arg(long, value_name = "PATH|off", value_parser = record_parser(), help_heading = "Run")]
    pub record: Option<RecordChoice>,

    /// Begin another file (NAME-2.mp4, ...) at a keyframe once one is so large or long, such as 2G, 500M or 30m, or off
    #[arg(long, value_name = "SIZE|DURATION|off", value_parser = parse_split, help_heading = "Run")]
    pub record_split: Option<OrOff<RecordSplit>>,

    /// What came in the environment.
    #[arg(skip)]
    pub secrets: EnvSecrets,
}

/// `tally serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Receive RTMP at this address; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:1935", value_parser = parse_address)]
    pub listen: SocketAddr,

    /// Receive RTMPS at this address [default: 127.0.0.1:1936]
    #[arg(long, value_name = "ADDR", value_parser = parse_address, requires = "tls_cert")]
    pub listen_tls: Option<SocketAddr>,

    /// The certificate for RTMPS in PEM, with those of its issuers behind it; without one there is no RTMPS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Serve web pages at this address, or off: / tells what goes on (as JSON /status), /watch/APP/NAME plays a stream,
    /// /hls/APP/NAME/index.m3u8 is for other players [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub http: Option<HttpChoice>,

    /// Record every stream into this folder
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,

    /// Record as flv (to the byte, any codec) or mp4 (in fragments: what is written plays whatever happens)
    #[arg(long, value_name = "FORMAT", default_value = "flv", requires = "record")]
    pub record_format: RecordFormatChoice,

    /// Publishers must show the key in this file, as NAME?key=KEY or as the whole stream name; required when listening
    /// beyond this computer
    #[arg(long, value_name = "PATH")]
    pub key_file: Option<PathBuf>,

    /// Players must show the key in this file, as NAME?key=KEY; without one only players on this computer are let in
    #[arg(long, value_name = "PATH")]
    pub play_key_file: Option<PathBuf>,

    /// Serve at most so many connections at once, the last eighth of them by RTMP alone [default: 512]
    #[arg(long, value_name = "N", value_parser = parse_connections)]
    pub connections: Option<NonZeroUsize>,

    /// Print one JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
}

/// `tally report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The show's file, which its summary names as flight [default: the last show's]
    pub file: Option<PathBuf>,

    /// One page for a browser, which needs nothing else, instead of text
    #[arg(long)]
    pub html: bool,

    /// The report's language; what servers and Tally said while the show ran stays as it was said
    #[arg(long, default_value = "en")]
    pub language: ReportLanguage,

    /// Write to this file, which must not exist yet, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `tally repair`.
#[derive(Debug, Args)]
pub struct RepairArgs {
    /// The recordings, MP4 or FLV: the piece at the end that was not written whole is cut; what is whole is left alone
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Write what is whole to this new file instead, and leave the recording as it is
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Print one JSON object a line on standard output
    #[arg(long)]
    pub json: bool,
}

/// `tally devices`.
#[derive(Debug, Args)]
pub struct DevicesArgs {
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `tally profiles`.
#[derive(Debug, Args)]
pub struct ProfilesArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: ProfilesCommand,

    /// Print one JSON object a line
    #[arg(long, global = true)]
    pub json: bool,
}

/// What can be done with profiles.
#[derive(Debug, Subcommand)]
pub enum ProfilesCommand {
    /// List the profiles
    List,
    /// Show a profile; of secrets only whether they are set and their last 4 characters
    Show {
        /// The profile
        name: String,
    },
    /// Save the given flags under a name; of an existing profile, only these fields change
    Save {
        /// The profile
        name: String,
        /// What to save.
        #[command(flatten)]
        show: Box<ShowArgs>,
    },
    /// Give a profile another name; its secrets stay with it
    Rename {
        /// The profile
        name: String,
        /// Its new name
        new_name: String,
    },
    /// Remove a profile and its secrets
    Remove {
        /// The profile
        name: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Read a profile from a file made by export
    Import {
        /// The file, or - for standard input
        file: PathBuf,
    },
    /// Write a profile to a file, or to standard output
    Export {
        /// The profile
        name: String,
        /// The file, which must not exist yet; - or nothing for standard output
        file: Option<PathBuf>,
        /// Write stream keys and passwords as well, in plain text
        #[arg(long)]
        with_secrets: bool,
        /// Write a configuration for this program instead, which takes one stream from Tally and sends it to all
        /// destinations of the profile; how to run it stands at its head
        #[arg(long, value_name = "PROGRAM")]
        relay: Option<RelayChoice>,
        /// Where that program takes the stream
        #[arg(long, value_name = "ADDR", value_parser = parse_address, requires = "relay", default_value_t = Relay::LISTEN)]
        relay_listen: SocketAddr,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::RecordSplit;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_read_as_documented() {
        let cli = Cli::try_parse_from([
            "tally",
            "live",
            "--video",
            "camera:usb-1",
            "--audio",
            "silence",
            "--to",
            "rtmp://a/b",
            "--to",
            "rtmps://c/d",
            "--size",
            "640x360",
            "--fps",
            "29.97",
            "--video-bitrate",
            "1.5M",
            "--keyframe-seconds",
            "1",
            "--audio-bitrate",
            "96k",
            "--sample-rate",
            "44100",
            "--adaptive",
            "off",
            "--card",
            "off",
            "--for",
            "1h30m",
            "--record",
            "off",
            "--record-split",
            "500M",
            "--json",
            "-vv",
        ]);
        let cli = cli.unwrap();
        assert_eq!(cli.verbose, 2);
        let Some(Command::Live(live)) = cli.command else { panic!("not live") };
        assert!(live.json);
        let show = live.show;
        assert_eq!(show.video, Some(VideoChoice::Camera(Some("usb-1".to_owned()))));
        assert_eq!((show.to.len(), show.adaptive, show.sample_rate), (2, Some(false), Some(44_100)));
        assert_eq!(show.fps, FrameRate::new(30_000, 1001));
        assert_eq!(show.duration, Some(OrOff(Some(Duration::from_secs(5400)))));
        assert_eq!(show.record, Some(RecordChoice::Off));
        assert_eq!(show.card, Some(CardChoice::Off));
        assert_eq!(show.record_split, Some(OrOff(Some(RecordSplit::Size(500_000_000)))));
    }

    #[test]
    fn a_bare_rehearse_stays_a_flag_whatever_follows_it() {
        let rehearse = |line: &str| match Cli::try_parse_from(line.split(' ')).unwrap().command {
            Some(Command::Live(live)) => live.show.rehearse,
            Some(Command::Check(check)) => check.show.rehearse,
            Some(Command::Profiles(ProfilesArgs { command: ProfilesCommand::Save { name, show }, .. })) => {
                assert_eq!(name, "r");
                show.rehearse
            }
            _ => panic!("{line}"),
        };
        for line in [
            "tally live --rehearse",
            "tally live --rehearse --for 10s",
            "tally live --rehearse=on --rehearsal-report r.txt",
            "tally check --rehearse --json",
            "tally profiles save --rehearse r",
        ] {
            assert_eq!(rehearse(line), Some(true), "{line}");
        }
        assert_eq!(rehearse("tally profiles save r --rehearse=off --to rtmp://a/b"), Some(false));
        assert_eq!(rehearse("tally live"), None);
    }

    #[test]
    fn only_what_is_built_is_listed() {
        let help = Cli::command().render_long_help().to_string();
        for command in ["live", "check", "serve", "devices", "profiles", "repair", "report"] {
            assert!(help.contains(&format!("\n  {command} ")), "{command} in {help}");
        }
        assert!(!help.contains("\n  man "), "{help}");
    }

    #[test]
    fn a_check_lists_no_flag_of_a_run() {
        let mut cli = Cli::command();
        let help = cli.find_subcommand_mut("check").unwrap().render_long_help().to_string();
        for flag in ["--for ", "--record ", "--record-split "] {
            assert!(!help.contains(flag), "{flag} in {help}");
        }
        assert!(help.contains("--json") && help.contains("--to "), "{help}");
    }

    #[test]
    fn numbers_that_cannot_be_are_answered_with_some_that_can() {
        for number in ["0", "-1", "many"] {
            let args = ["tally", "serve", &format!("--connections={number}")];
            let told = Cli::try_parse_from(args).unwrap_err().to_string();
            assert!(told.contains("--connections") && told.contains("1 or more, such as 512"), "{told}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for line in [
            "live --video screen",
            "live --video ingest:",
            "live --audio ingest:a?b",
            "live --ingest-listen here",
            "live --fps 1000",
            "live --size big",
            "live --for soon",
            "live --adaptive maybe",
            "live --user ",
            "live --ingest-key-file ",
            "live --rehearse off",
            "live --rehearse=maybe",
            "live --key abc",
            "serve --listen here",
            "serve --listen-tls here",
            "serve --listen-tls 127.0.0.1:0",
            "serve --tls-cert a.pem",
            "check --publish=maybe",
            "check --fps 1000",
            "live --record-split 0G",
            "live --record-split often",
            "repair",
            "profiles",
            "profiles rename one",
            "report --language fr",
        ] {
            let args = std::iter::once("tally").chain(line.split(' '));
            assert_eq!(Cli::try_parse_from(args).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
