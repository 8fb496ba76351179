//! A show from flags: the profile first, then every flag overrides one of its fields.

use std::io;
use std::path::{Path, PathBuf};

use super::args::ShowArgs;
use super::{EnvSecrets, Failure, OrOff, RecordChoice};
use crate::media::{NAMED_PIPE, is_named_pipe};
use crate::settings::{Destination, KeyInUrl, ProfileStore, ShowSettings, StreamKey, redact_url};

/// Said where what follows the first level of a path is taken for a key.
const TWO_LEVELS: &str = "an app of two levels is written with a slash at its end";

/// A show to be streamed, with what the user should know about its profile.
///
/// # Errors
/// No such profile, a value that cannot be used, a key file that cannot be read, nowhere to send.
pub fn show_settings(args: &ShowArgs) -> Result<(ShowSettings, Vec<String>), Failure> {
    let (base, mut told): (ShowSettings, Vec<String>) = match &args.profile {
        Some(name) => {
            let loaded = ProfileStore::open_default()?.load(name)?;
            (loaded.settings, loaded.warnings.iter().map(ToString::to_string).collect())
        }
        None => Default::default(),
    };
    let settings = merged(base, args)?;
    if let Some(name) = args.profile.as_ref().filter(|_| args.rehearse.is_none()) {
        told.extend(told_of_rehearsal(name, &settings));
    }
    if settings.destinations.is_empty() && !settings.rehearse && settings.record.is_none() {
        return Err(Failure::usage(
            "say where to send the show: --to URL, --profile NAME, or --rehearse to try it on this computer",
        ));
    }
    Ok((settings, told))
}

/// That nothing goes to the destinations of the profile `name`: whoever has forgotten that it rehearses would believe to be live.
pub(super) fn told_of_rehearsal(name: &str, settings: &ShowSettings) -> Option<String> {
    let keeps_from_going_out = settings.rehearse && !settings.destinations.is_empty();
    keeps_from_going_out.then(|| {
        format!(
            "the profile {:?} rehearses: its show goes to this computer alone; --rehearse=off sends it to its destinations",
            name.trim()
        )
    })
}

/// `base` with the flags of `args` in place of its fields. No secret is left in a URL.
///
/// # Errors
/// A value that cannot be used, a key file that cannot be read, a key that fits no destination.
pub(super) fn merged(base: ShowSettings, args: &ShowArgs) -> Result<ShowSettings, Failure> {
    let mut settings = base;
    override_sources_and_run(&mut settings, args);
    override_encoding(&mut settings, args);
    if args.video_bitrate_min.is_some() {
        check_lowest_bitrate(&settings)?;
    }
    if args.rehearse == Some(true) && !args.to.is_empty() {
        return Err(Failure::usage(
            "--rehearse goes to this computer alone, and --to to a server: leave one of them out",
        ));
    }
    if !args.to.is_empty() {
        // A key must never reach another server than the one it was saved for.
        settings.destinations = args.to.clone();
        settings.rehearse = false;
    }
    replace(&mut settings.rehearse, args.rehearse.as_ref());
    give_keys(&mut settings, args)?;
    give_backups(&mut settings, &args.backup)?;
    if let Some(OrOff(Some(_))) = args.user {
        refuse_without_destination(&settings.destinations, settings.rehearse, "--user")?;
    }
    if let Some(OrOff(Some(file))) = &args.tls_ca {
        check_tls_ca(file, &settings.destinations)?;
    }
    for destination in &mut settings.destinations {
        replace_or_off(&mut destination.user, args.user.as_ref());
        if let Some(OrOff(None)) = args.user {
            destination.set_password(None);
        }
        replace_or_off(&mut destination.tls_ca, args.tls_ca.as_ref());
    }
    let mut settings = settings.with_secrets_split();
    for destination in settings.destinations.iter_mut().filter(|destination| destination.user.is_some()) {
        if let Some(password) = args.secrets.readable_password()? {
            destination.set_password(Some(password.clone()));
        }
    }
    settings.validate()?;
    Ok(settings)
}

fn override_sources_and_run(settings: &mut ShowSettings, args: &ShowArgs) {
    replace(&mut settings.video, args.video.as_ref());
    replace(&mut settings.audio, args.audio.as_ref());
    replace(&mut settings.ingest.listen, args.ingest_listen.as_ref());
    replace_or_off(&mut settings.ingest.key_file, args.ingest_key_file.as_ref());
    replace(&mut settings.gain_db, args.gain.as_ref());
    replace(&mut settings.card, args.card.as_ref());
    replace_or_off(&mut settings.duration, args.duration.as_ref());
    match &args.record {
        Some(RecordChoice::Off) => settings.record = None,
        Some(RecordChoice::To(path)) => settings.record = Some(path.clone()),
        None => {}
    }
    replace_or_off(&mut settings.record_split, args.record_split.as_ref());
}

fn override_encoding(settings: &mut ShowSettings, args: &ShowArgs) {
    let encoding = &mut settings.encoding;
    replace(&mut encoding.size, args.size.as_ref());
    replace(&mut encoding.frame_rate, args.fps.as_ref());
    replace(&mut encoding.video_bitrate, args.video_bitrate.as_ref());
    replace(&mut encoding.keyframe_seconds, args.keyframe_seconds.as_ref());
    replace(&mut encoding.audio_bitrate, args.audio_bitrate.as_ref());
    replace(&mut encoding.sample_rate, args.sample_rate.as_ref());
    replace(&mut encoding.adaptive, args.adaptive.as_ref());
    replace_or_off(&mut encoding.video_bitrate_min, args.video_bitrate_min.as_ref());
    replace(&mut encoding.cache_seconds, args.cache.as_ref());
}

/// A lowest rate above the rate itself would be no bound. One that a profile has goes down with the rate, as in the window,
/// where both can be changed and only one was.
fn check_lowest_bitrate(settings: &ShowSettings) -> Result<(), Failure> {
    let rate = settings.encoding.video_bitrate;
    match settings.encoding.video_bitrate_min.filter(|lowest| *lowest > rate) {
        Some(lowest) => Err(Failure::usage(format!(
            "the lowest video bitrate {lowest} is above the video bitrate {rate}: give --video-bitrate-min {rate} or less"
        ))),
        None => Ok(()),
    }
}

fn replace<T: Clone>(field: &mut T, flag: Option<&T>) {
    if let Some(value) = flag {
        field.clone_from(value);
    }
}

fn replace_or_off<T: Clone>(field: &mut Option<T>, flag: Option<&OrOff<T>>) {
    replace(field, flag.map(|OrOff(value)| value));
}

/// Key files win over `TALLY_KEY`. As many files as destinations belong to them in turn; one key goes to
/// the only destination, or to each of several that has none of its own. What an address holds is a key, whatever others there are.
fn give_keys(settings: &mut ShowSettings, args: &ShowArgs) -> Result<(), Failure> {
    let typed = std::mem::take(&mut settings.destinations).into_iter().map(Keyed::from);
    let mut destinations: Vec<Keyed> = typed.collect();
    let given = if args.key_file.is_empty() {
        give_key_of_environment(&mut destinations, &args.secrets)
    } else {
        refuse_without_destination(&destinations, settings.rehearse, "--key-file")
            .and_then(|()| give_key_files(&mut destinations, &args.key_file))
    };
    settings.destinations = destinations.into_iter().map(|keyed| keyed.destination).collect();
    given
}

/// A destination, what it holds of a key in a field of its own, and where that stood.
struct Keyed {
    destination: Destination,
    in_url: KeyInUrl,
    /// The address as it may be shown.
    shown: String,
}

impl From<Destination> for Keyed {
    fn from(destination: Destination) -> Self {
        let shown = redact_url(&destination.server);
        let (destination, in_url) = destination.with_typed_key();
        Self { destination, in_url, shown }
    }
}

impl Keyed {
    /// Takes a key that was given for it alone.
    fn take_key_file(&mut self, key: StreamKey) -> Result<(), Failure> {
        match self.in_url {
            KeyInUrl::None => {}
            _ if self.destination.stream_key.as_ref() == Some(&key) => {}
            KeyInUrl::AfterKnownApp => {
                tracing::warn!("the stream key in the address {} is not used: --key-file gives another", self.shown);
            }
            KeyInUrl::AfterFirstLevel => {
                return Err(Failure::usage(format!(
                    "the address {} holds a stream key already: leave that or --key-file out; {TWO_LEVELS}",
                    self.shown
                )));
            }
        }
        self.destination.set_stream_key(Some(key));
        Ok(())
    }
}

fn give_key_files(destinations: &mut [Keyed], files: &[PathBuf]) -> Result<(), Failure> {
    let keys = files.iter().map(|path| read_key_file(path)).collect::<Result<Vec<_>, _>>()?;
    if let ([key], [_, _, ..]) = (&keys[..], &*destinations) {
        if give_where_none_is(destinations, key) {
            return Ok(());
        }
        return Err(Failure::usage(format!(
            "the stream key of --key-file fits none of {}: each has one already; give --key-file once for each, in the \
            same order",
            counted(destinations.len(), "destination")
        )));
    }
    refuse_other_number(("key file", "--key-file"), keys.len(), destinations.len())?;
    destinations.iter_mut().zip(keys).try_for_each(|(destination, key)| destination.take_key_file(key))
}

/// The variable may be set for other commands: where nobody lacks a key it means nothing.
fn give_key_of_environment(destinations: &mut [Keyed], secrets: &EnvSecrets) -> Result<(), Failure> {
    if destinations.is_empty() {
        return Ok(());
    }
    let all_have_one = destinations.iter().all(|keyed| keyed.destination.has_key());
    if all_have_one && secrets.key_is_empty() {
        return Ok(());
    }
    let Some(key) = secrets.readable_key()? else { return Ok(()) };
    match destinations {
        // It takes the place of one that is kept.
        [Keyed { destination, in_url: KeyInUrl::None, .. }] => destination.set_stream_key(Some(key.clone())),
        [only] => {
            tracing::warn!("TALLY_KEY is not used: the address {} holds a stream key already; {TWO_LEVELS}", only.shown)
        }
        several => {
            if !give_where_none_is(several, key) {
                tracing::warn!(
                    "TALLY_KEY is not used: each destination has a stream key already; --key-file for each gives others"
                );
            }
        }
    }
    Ok(())
}

/// Gives `key` to each that has none; whether there was one to give it to.
fn give_where_none_is(destinations: &mut [Keyed], key: &StreamKey) -> bool {
    let mut given = false;
    for keyed in destinations.iter_mut().filter(|keyed| !keyed.destination.has_key()) {
        keyed.destination.set_stream_key(Some(key.clone()));
        given = true;
    }
    given
}

/// One backup for one destination, or one for each in turn; one `off` is for all.
fn give_backups(settings: &mut ShowSettings, backups: &[OrOff<String>]) -> Result<(), Failure> {
    if let [] | [OrOff(None)] = backups {
        for destination in settings.destinations.iter_mut().filter(|_| !backups.is_empty()) {
            destination.backup_server = None;
        }
        for destination in settings.destinations.iter().filter(|d| d.has_other_login_in_backup()) {
            // A show is worth more than its backup: what a profile has is no reason not to begin.
            tracing::warn!("{}", login_in_backup(destination));
        }
        return Ok(());
    }
    refuse_without_destination(&settings.destinations, settings.rehearse, "--backup")?;
    refuse_other_number(("backup server", "--backup"), backups.len(), settings.destinations.len())?;
    for (destination, backup) in settings.destinations.iter_mut().zip(backups) {
        destination.backup_server.clone_from(&backup.0);
        if destination.has_other_key_in_backup() {
            return Err(Failure::usage(format!(
                "the backup server (--backup) {} takes the same stream key as its destination: leave the key out of its \
                 address; {TWO_LEVELS}",
                redact_url(backup.0.as_deref().unwrap_or_default())
            )));
        }
        if destination.has_other_login_in_backup() {
            return Err(Failure::usage(login_in_backup(destination)));
        }
    }
    Ok(())
}

fn login_in_backup(destination: &Destination) -> String {
    format!(
        "the backup server (--backup) {} gets the same login as its destination: leave name and password out of its address, \
         and give those of both with --user NAME and TALLY_PASSWORD",
        redact_url(destination.backup_server.as_deref().unwrap_or_default())
    )
}

/// What belongs to a destination is given with one.
fn refuse_without_destination<T>(destinations: &[T], rehearses: bool, flag: &str) -> Result<(), Failure> {
    match (destinations.is_empty(), rehearses) {
        (false, _) => Ok(()),
        (true, true) => Err(Failure::usage(format!(
            "{flag} means nothing to a rehearsal, which goes to this computer alone: leave it out"
        ))),
        (true, false) => Err(Failure::usage(format!("{flag} means nothing without a destination: give --to URL too"))),
    }
}

fn refuse_other_number((what, flag): (&str, &str), given: usize, destinations: usize) -> Result<(), Failure> {
    if given == destinations {
        return Ok(());
    }
    let verb = if given == 1 { "is" } else { "are" };
    Err(Failure::usage(format!(
        "there {verb} {} for {}: give {flag} once for each destination, in the same order",
        counted(given, what),
        counted(destinations, "destination")
    )))
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A CA file that was named is there, be it needed or not.
fn check_tls_ca(file: &Path, destinations: &[Destination]) -> Result<(), Failure> {
    let about = match file.metadata() {
        Ok(about) if about.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(_) if is_named_pipe(file) => Err(io::Error::other(NAMED_PIPE)),
        about => about.map(drop),
    };
    about.map_err(|error| Failure::of_file("read the CA file", file, &error))?;
    if !destinations.iter().any(Destination::is_encrypted) {
        tracing::warn!("--tls-ca is not used: it is for rtmps://, and no destination is such a one");
    }
    Ok(())
}

/// The whole of a key file, without surrounding white space.
///
/// # Errors
/// It cannot be read, is empty, or is no key but something larger.
pub fn read_key_file(path: &Path) -> Result<StreamKey, Failure> {
    StreamKey::read_file(path).map_err(|what| {
        let path = path.display();
        Failure::usage(format!(
            "the key file {path} cannot be used: {what}; it should hold the stream key and nothing else"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::settings::{SecretEntry, VideoChoice};
    use crate::studio::ProblemKind;
    use clap::Parser;
    use std::time::Duration;

    fn args(line: &str) -> ShowArgs {
        let words = ["tally", "live"].into_iter().chain(line.split_whitespace());
        match Cli::try_parse_from(words).unwrap().command {
            Some(Command::Live(live)) => live.show,
            _ => panic!("not live"),
        }
    }

    fn with_key(line: &str, key: &str) -> ShowArgs {
        let (stream_key, password) = (Some(StreamKey::new(key)), Some(StreamKey::new("pass")));
        let secrets = EnvSecrets { stream_key, password, ..EnvSecrets::default() };
        ShowArgs { secrets, ..args(line) }
    }

    fn keys(settings: &ShowSettings) -> Vec<Option<&str>> {
        settings.destinations.iter().map(|d| d.stream_key.as_ref().map(StreamKey::reveal)).collect()
    }

    fn profile() -> ShowSettings {
        let mut settings =
            merged(ShowSettings::default(), &with_key("--to rtmp://saved/app --fps 25 --for 5s", "saved-key"));
        if let Ok(settings) = &mut settings {
            settings.record = Some(PathBuf::from("/old.flv"));
        }
        settings.unwrap()
    }

    #[test]
    fn flags_override_and_the_rest_stays() {
        let settings =
            merged(profile(), &args("--video test --size 640x360 --record off --adaptive off --card c.png")).unwrap();
        assert_eq!(settings.video, VideoChoice::Test);
        assert_eq!((settings.record, settings.duration), (None, Some(Duration::from_secs(5))));
        assert_eq!(settings.encoding.size.to_string(), "640x360");
        assert_eq!((settings.encoding.frame_rate.num(), settings.encoding.adaptive), (25, false));
        assert_eq!(settings.card.to_string(), "c.png");
        assert_eq!(settings.destinations, profile().destinations);
    }

    #[test]
    fn a_saved_key_never_goes_to_another_server() {
        let settings = merged(profile(), &args("--to rtmp://other/app")).unwrap();
        assert_eq!(keys(&settings), [None]);
        let settings = merged(profile(), &args("--rehearse")).unwrap();
        // What it is rehearsed for is kept: the stream is held against what it wants, and not sent there.
        assert!(settings.rehearse && settings.destinations == profile().destinations);
    }

    #[test]
    fn a_profile_that_rehearses_is_told_of_and_brought_back() {
        let saved = merged(profile(), &args("--rehearse")).unwrap();
        let told = told_of_rehearsal(" sunday ", &saved).unwrap();
        assert!(told.starts_with("the profile \"sunday\" rehearses") && told.contains("--rehearse=off"), "{told}");
        let back = merged(saved.clone(), &args("--rehearse=off")).unwrap();
        assert_eq!((&back, told_of_rehearsal("sunday", &back)), (&profile(), None));
        // Whoever names a server means it.
        for line in ["--to rtmp://other/app", "--to rtmp://other/app --rehearse=off"] {
            assert!(!merged(saved.clone(), &args(line)).unwrap().rehearse, "{line}");
        }
        // Without a destination there is nothing else that it could do.
        let alone = merged(ShowSettings::default(), &args("--rehearse")).unwrap();
        assert_eq!(told_of_rehearsal("sunday", &alone), None);
    }

    #[test]
    fn a_key_that_was_not_read_is_one_until_another_is_given() {
        let mut profile = profile();
        profile.destinations[0].set_stream_key(None);
        profile.destinations[0].unread.stream_key = Some(SecretEntry("kept".to_owned()));
        let kept = merged(profile.clone(), &args("--video test")).unwrap();
        assert_eq!((keys(&kept), &kept.destinations), (vec![None], &profile.destinations));
        let given = merged(profile.clone(), &with_key("--video test", "k1")).unwrap();
        assert_eq!((keys(&given), given.destinations[0].lacks_secrets()), (vec![Some("k1")], false));
        // One key for several goes to those that have none.
        profile.destinations.push(Destination::at("rtmp://h2/app"));
        let given = merged(profile, &with_key("--video test", "k1")).unwrap();
        assert_eq!((keys(&given), given.destinations[0].has_key()), (vec![None, Some("k1")], true));
    }

    #[test]
    fn keys_find_their_destinations() {
        let none = ShowSettings::default;
        let one = merged(none(), &with_key("--to rtmp://h/v2/pub/", "k1")).unwrap();
        assert_eq!((keys(&one), one.destinations[0].server.as_str()), (vec![Some("k1")], "rtmp://h/v2/pub/"));
        // What stands in the address is a key all the same.
        for (to, server) in [
            ("rtmp://h/app/inside", "rtmp://h/app"),
            ("rtmp://live.twitch.tv/app/inside", "rtmp://live.twitch.tv/app"),
            ("rtmps://rtmp-api.facebook.com:443/rtmp/inside", "rtmps://rtmp-api.facebook.com:443/rtmp/"),
        ] {
            let inside = merged(none(), &with_key(&format!("--to {to}"), "k1")).unwrap();
            assert_eq!((keys(&inside), inside.destinations[0].server.as_str()), (vec![Some("inside")], server), "{to}");
            let mut by_hand = none();
            by_hand.destinations = vec![Destination::at(to)];
            assert_eq!(keys(&merged(by_hand, &with_key("", "k1")).unwrap()), [Some("inside")]);
        }
        let inside = merged(none(), &args("--to rtmp://h/app/inside?x=1")).unwrap();
        assert_eq!((keys(&inside), inside.destinations[0].server.as_str()), (vec![Some("inside?x=1")], "rtmp://h/app"));
        let mixed =
            merged(none(), &with_key("--to rtmp://a/app/own --to rtmp://b/app --to rtmp://b/app2", "k1")).unwrap();
        assert_eq!(keys(&mixed), [Some("own"), Some("k1"), Some("k1")]);
        let names: Vec<_> = mixed.destinations.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "b 2"]);
        let changed = merged(profile(), &with_key("", "new-key")).unwrap();
        assert_eq!(keys(&changed), [Some("new-key")]);
        // One that fits nobody was set for something else.
        let own = merged(none(), &with_key("--to rtmp://a/app/one --to rtmp://b/app/two", "k")).unwrap();
        assert_eq!(keys(&own), [Some("one"), Some("two")]);
        assert_eq!(keys(&merged(own, &with_key("--fps 25", "k")).unwrap()), [Some("one"), Some("two")]);
        assert!(merged(none(), &with_key("--rehearse", "k")).unwrap().destinations.is_empty());
    }

    #[test]
    fn key_files_are_read_in_turn() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let (a, b) = (file("a", b" key-a\r\n"), file("b", b"\xef\xbb\xbfkey-b"));
        let line = |count: usize| {
            let to = "--to rtmp://h/app ".repeat(count);
            format!("{to} --key-file {} --key-file {}", a.display(), b.display())
        };
        assert_eq!(keys(&merged(ShowSettings::default(), &args(&line(2))).unwrap()), [Some("key-a"), Some("key-b")]);
        let key = format!("--key-file {}", a.display());
        let own = merged(ShowSettings::default(), &args(&format!("{key} --to rtmp://live.twitch.tv/app/old"))).unwrap();
        assert_eq!(
            (keys(&own), own.destinations[0].server.as_str()),
            (vec![Some("key-a")], "rtmp://live.twitch.tv/app")
        );
        assert!(merged(ShowSettings::default(), &args(&line(3))).unwrap_err().message.contains("2 key files for 3"));
        let message = |line: &str| merged(ShowSettings::default(), &args(line)).unwrap_err().message;
        let told = message(&line(1));
        assert!(told.contains("2 key files for 1 destination:") && told.contains("once for each"), "{told}");
        let told = message(&format!("{key} --to rtmp://h/app/canary"));
        assert!(
            told.contains("rtmp://h/app/••• holds a stream key already") && told.contains("a slash at its end"),
            "{told}"
        );
        let told = message(&format!("{key} --to rtmp://a/app/one --to rtmp://b/app/two"));
        assert!(told.contains("none of 2 destinations") && told.contains("--key-file once for each"), "{told}");
        let told = message(&format!("--rehearse {key}"));
        assert!(told.contains("rehearsal") && told.contains("leave it out"), "{told}");
        let told = message(&format!("--record a.mp4 {key}"));
        assert!(told.contains("--to URL"), "{told}");
        for (path, told) in [
            (file("empty", b" \n"), "empty"),
            (file("large", &[b'x'; 4097]), "4 KiB"),
            (file("binary", b"canary\xff"), "UTF-8"),
            (file("two", b"canary\nkey-b\n"), "several lines; it should hold the stream key and nothing else"),
            (file("old", b"\r\ncanary\rkey-b"), "several lines"),
            (file("url", b"rtmp://h/app/canary\n"), "an address; it should hold the stream key"),
            (folder.path().join("missing"), "No such file"),
        ] {
            let error = read_key_file(&path).unwrap_err();
            assert!(error.exit == crate::cli::Exit::Usage && error.message.contains(told), "{error:?}");
            assert!(!error.message.contains("canary"));
        }
        assert_eq!(read_key_file(&file("full", &[b'x'; 4096])).unwrap().reveal().len(), 4096);
    }

    #[test]
    fn a_login_reaches_only_those_that_ask_for_one() {
        let settings = merged(ShowSettings::default(), &with_key("--to rtmp://h/app --user me", "k")).unwrap();
        assert_eq!(
            (settings.destinations[0].user.as_deref(), settings.destinations[0].password.is_some()),
            (Some("me"), true)
        );
        let settings = merged(ShowSettings::default(), &with_key("--to rtmp://h/app", "k")).unwrap();
        assert!(settings.destinations[0].password.is_none());
    }

    #[test]
    fn a_wrong_address_is_told_as_one_wherever_it_stands() {
        let mistyped = |failure: Failure| {
            let problem = failure.problem;
            assert_eq!((problem.kind, problem.about.as_str()), (ProblemKind::BadUrl, "rtpm://h/app"));
            assert!(failure.message.contains("did you mean rtmp://?") && problem.details.contains("did you mean"));
            assert!(!format!("{} {}", failure.message, problem.details).contains("canary"));
        };
        mistyped(merged(ShowSettings::default(), &with_key("--to rtpm://h/app", "canary")).unwrap_err());
        mistyped(merged(ShowSettings::default(), &args("--to rtpm://h/app/canary")).unwrap_err());
        let mut saved = profile();
        saved.destinations[0].server = "rtpm://h/app".to_owned();
        mistyped(merged(saved, &args("--video test")).unwrap_err());
        let other = merged(ShowSettings::default(), &args("--rehearse --size 853x480")).unwrap_err();
        assert_eq!(other.problem.kind, ProblemKind::BadSettings);
    }

    #[test]
    fn a_profile_whose_rate_was_lowered_in_the_window_goes_live_by_command_too() {
        let mut saved = profile();
        saved.encoding.video_bitrate_min =
            Some(crate::media::Bitrate::from_kbps(saved.encoding.video_bitrate.kbps() + 500));
        let taken = merged(saved.clone(), &args("--video test")).unwrap();
        assert_eq!(taken.encoding.lowest_bitrate(), taken.encoding.video_bitrate);
        let above = format!("--video-bitrate-min {}k", saved.encoding.video_bitrate.kbps() + 500);
        assert!(merged(saved, &args(&above)).unwrap_err().message.contains("is above the video bitrate"));
    }

    #[test]
    fn off_takes_out_what_a_profile_has() {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, "").unwrap();
        let all = format!(
            "--to rtmps://a/app --to rtmps://b/app --backup rtmps://c/app --backup rtmps://d/app --for 5s --tls-ca {} \
             --video-bitrate-min 900k --record-split 30m",
            ca.display()
        );
        let base = merged(ShowSettings::default(), &args(&all)).unwrap();
        assert!(base.duration.is_some() && base.encoding.video_bitrate_min.is_some() && base.record_split.is_some());
        assert!(base.destinations.iter().all(|d| d.tls_ca.is_some() && d.backup_server.is_some()));
        let off = "--for off --tls-ca off --video-bitrate-min off --record-split off --backup off";
        let several = base.clone();
        let bare = merged(base, &args(off)).unwrap();
        assert!(bare.duration.is_none() && bare.encoding.video_bitrate_min.is_none() && bare.record_split.is_none());
        assert!(bare.destinations.iter().all(|d| d.tls_ca.is_none() && d.backup_server.is_none()));
        let ingest = format!("--to rtmp://h/app --user me --ingest-key-file {}", ca.display());
        let base = merged(ShowSettings::default(), &with_key(&ingest, "k")).unwrap();
        assert!(base.ingest.key_file.is_some() && base.destinations[0].has_password());
        let bare = merged(base, &with_key("--user off --ingest-key-file off", "k")).unwrap();
        assert!(bare.ingest.key_file.is_none() && bare.destinations[0].user.is_none());
        assert!(!bare.destinations[0].has_password());
        // Of several, each has its own.
        let one = merged(several, &args("--backup off --backup rtmps://d/app")).unwrap().destinations;
        assert_eq!((&one[0].backup_server, one[1].backup_server.as_deref()), (&None, Some("rtmps://d/app")));
    }

    #[test]
    fn a_ca_file_is_there_be_it_needed_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let (missing, is_folder) = (folder.path().join("nope.pem"), folder.path());
        for to in ["rtmp://h/app", "rtmps://h/app"] {
            for (path, told) in [(missing.as_path(), "check its name"), (is_folder, "name a file")] {
                let line = format!("--to {to} --tls-ca {}", path.display());
                let failure = merged(ShowSettings::default(), &args(&line)).unwrap_err();
                let shown = path.display().to_string();
                assert!(failure.message.contains(&shown) && failure.message.contains(told), "{failure:?}");
            }
        }
    }

    #[test]
    fn nonsense_is_told_with_what_to_do() {
        for (line, told) in [
            ("--rehearse --to rtmp://h/app/canary", "leave one of them out"),
            ("--rehearse --size 1x1", "use 32x32"),
            ("--rehearse --backup rtmp://h/app", "leave it out"),
            ("--to rtmp://h/app --backup foo", "the backup server (--backup)"),
            ("--to rtmp://h/app/key --backup rtmp://b/app/canary", "takes the same stream key"),
            ("--to rtmp://h/app --backup rtmp://b/app/canary", "leave the key out of its address"),
            ("--to rtmp://h/app --backup rtmp://me:canary@b/app", "--user NAME and TALLY_PASSWORD"),
            ("--to rtmp://me:pass@h/app --backup rtmp://me:canary@b/app", "the same login as its destination"),
            ("--to rtmp://h/app --backup rtmp://a/app --backup rtmp://b/app", "2 backup servers for 1 destination:"),
            ("", "--to URL"),
            ("--to http://h/app/canary", "rtmp://"),
            ("--rehearse --size 853x480", "854x480"),
            ("--rehearse --video-bitrate 0", "3000k"),
            ("--rehearse --video none --audio silence", "picture or a sound"),
            ("--rehearse --keyframe-seconds 30", "0.1 to 20"),
            ("--rehearse --video ingest:phone --ingest-listen 0.0.0.0:1935", "--ingest-key-file"),
        ] {
            let error = show_settings(&args(line)).unwrap_err();
            assert!(error.message.contains(told) && !error.message.contains("canary"), "{line}: {error:?}");
        }
    }
}
