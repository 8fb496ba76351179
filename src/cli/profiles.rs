//! `tally profiles`.

use std::io::{BufRead, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{ProfilesArgs, ProfilesCommand, ShowArgs};
use super::live::json::print_object;
use super::settings_from_args::{merged, told_of_rehearsal};
use super::{Exit, Failure, print};
use crate::clock::Clock;
use crate::media::is_named_pipe;
use crate::settings::{
    Destination, Loaded, ProfileStore, Relay, RelayEngine, SettingsError, ShowSettings, StreamKey, Warning,
    format_duration, open_unawaited, redact_url,
};
use crate::studio::ProblemKind;

/// Most bytes of a document to import.
const DOCUMENT_LENGTH_MAX: u64 = 1 << 20;

pub(super) fn run(args: ProfilesArgs) -> Result<Exit, Failure> {
    let store = ProfileStore::open_default()?;
    let json = args.json.then(Clock::system);
    let json = json.as_ref();
    match args.command {
        ProfilesCommand::List => list(&store, json),
        ProfilesCommand::Show { name } => show(&store, &name, json),
        ProfilesCommand::Save { name, show } => save(&store, &name, &show, json),
        ProfilesCommand::Rename { name, new_name } => {
            tell_all(&store.rename(&name, &new_name)?);
            done(json, "renamed", new_name.trim())
        }
        ProfilesCommand::Remove { name, yes } => remove(&store, &name, yes, json),
        ProfilesCommand::Import { file } => {
            let (name, told) = store.import(&read_document(&file)?).map_err(|error| import_failure(&file, error))?;
            tell_all(&told);
            done(json, "imported", &name)
        }
        ProfilesCommand::Export { name, file, with_secrets, relay, relay_listen } => match relay {
            Some(choice) => {
                let export = RelayExport { engine: choice.into(), listen: relay_listen, with_secrets };
                export_relay(&store, &name, file.as_deref(), &export, json)
            }
            None => export(&store, &name, file, with_secrets, json),
        },
    }
}

fn list(store: &ProfileStore, json: Option<&Clock>) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Row<'a> {
        name: &'a str,
        destinations: &'a [String],
        file: String,
    }
    let listing = store.list()?;
    tell_all(&listing.warnings);
    if listing.profiles.is_empty() && json.is_none() {
        print::note("There are no profiles yet; make one with: tally profiles save NAME");
    }
    let width = listing.profiles.iter().map(|profile| profile.name.chars().count()).max().unwrap_or(0);
    for profile in &listing.profiles {
        let (name, destinations) = (&profile.name, &profile.destinations);
        let goes_on = if let Some(clock) = json {
            print_object(clock, "profile", &Row { name, destinations, file: profile.file.display().to_string() })
        } else {
            let destinations = print::in_one_line(&destinations.join(", "));
            print::line(format!("{name:width$}  {destinations}").trim_end())
        };
        if !goes_on {
            break;
        }
    }
    Ok(Exit::Ok)
}

/// What `show` prints; the names are those of the flags.
#[derive(Serialize)]
struct Shown {
    name: String,
    video: String,
    audio: String,
    ingest_listen: String,
    ingest_key_file: Option<String>,
    gain: f32,
    card: String,
    rehearse: bool,
    destinations: Vec<ShownDestination>,
    size: String,
    fps: f64,
    video_bitrate: String,
    keyframe_seconds: f64,
    audio_bitrate: String,
    sample_rate: u32,
    channels: u16,
    adaptive: bool,
    video_bitrate_min: Option<String>,
    cache: u32,
    #[serde(rename = "for")]
    duration: Option<String>,
    record: Option<String>,
    record_split: Option<String>,
}

#[derive(Serialize)]
struct ShownDestination {
    name: String,
    server: String,
    stream_key_set: bool,
    stream_key_last4: Option<String>,
    user: Option<String>,
    password_set: bool,
    password_last4: Option<String>,
    tls_ca: Option<String>,
    backup: Option<String>,
}

impl Shown {
    fn of(loaded: Loaded) -> Self {
        let ShowSettings {
            video,
            audio,
            ingest,
            gain_db,
            card,
            destinations,
            rehearse,
            encoding,
            record,
            record_split,
            duration,
        } = loaded.settings;
        Self {
            name: loaded.name,
            video: video.to_string(),
            audio: audio.to_string(),
            ingest_listen: ingest.listen.to_string(),
            ingest_key_file: ingest.key_file.map(|path| path.display().to_string()),
            gain: gain_db,
            card: card.to_string(),
            rehearse,
            destinations: destinations.into_iter().map(|d| ShownDestination::of(d.with_secrets_split())).collect(),
            size: encoding.size.to_string(),
            fps: (encoding.frame_rate.as_f64() * 1000.0).round() / 1000.0,
            video_bitrate: encoding.video_bitrate.to_string(),
            keyframe_seconds: encoding.keyframe_seconds,
            audio_bitrate: encoding.audio_bitrate.to_string(),
            sample_rate: encoding.sample_rate,
            channels: encoding.channels,
            adaptive: encoding.adaptive,
            video_bitrate_min: encoding.video_bitrate_min.map(|rate| rate.to_string()),
            cache: encoding.cache_seconds,
            duration: duration.map(format_duration),
            record: record.map(|path| path.display().to_string()),
            record_split: record_split.map(|split| split.to_string()),
        }
    }

    fn lines(&self) -> Vec<String> {
        let on = |on: bool| if on { "on" } else { "off" };
        let mut lines = vec![
            format!("name              {}", self.name),
            format!("video             {}", self.video),
            format!("audio             {}", self.audio),
            format!("ingest-listen     {}", self.ingest_listen),
            format!("ingest-key-file   {}", self.ingest_key_file.as_deref().unwrap_or("none")),
            format!("gain              {} dB", self.gain),
            format!("card              {}", self.card),
            format!("rehearse          {}", on(self.rehearse)),
            format!("size              {}", self.size),
            format!("fps               {}", self.fps),
            format!("video-bitrate     {}", self.video_bitrate),
            format!("keyframe-seconds  {}", self.keyframe_seconds),
            format!("audio-bitrate     {}", self.audio_bitrate),
            format!("sample-rate       {}", self.sample_rate),
            format!("channels          {}", self.channels),
            format!("adaptive          {}", on(self.adaptive)),
            format!("lowest bitrate    {}", self.video_bitrate_min.as_deref().unwrap_or("a tenth")),
            format!("cache             {} s", self.cache),
            format!("for               {}", self.duration.as_deref().unwrap_or("until stopped")),
            format!("record            {}", self.record.as_deref().unwrap_or("off")),
            format!("record-split      {}", self.record_split.as_deref().unwrap_or("off")),
        ];
        for destination in &self.destinations {
            lines.push(format!("destination       {}", print::in_one_line(&destination.name)));
            lines.push(format!("  to              {}", destination.server));
            lines.push(format!(
                "  stream key      {}",
                told_secret(destination.stream_key_set, destination.stream_key_last4.as_deref())
            ));
            if let Some(user) = &destination.user {
                lines.push(format!("  user            {user}"));
                lines.push(format!(
                    "  password        {}",
                    told_secret(destination.password_set, destination.password_last4.as_deref())
                ));
            }
            if let Some(file) = &destination.tls_ca {
                lines.push(format!("  tls-ca          {file}"));
            }
            if let Some(backup) = &destination.backup {
                lines.push(format!("  backup          {backup}"));
            }
        }
        lines
    }
}

impl ShownDestination {
    fn of(destination: Destination) -> Self {
        let (stream_key_set, password_set) = (destination.has_key(), destination.has_password());
        let hides_backup = destination.has_other_key_in_backup();
        let shown_backup = |backup: String| if hides_backup { redact_url(&backup) } else { without_query(backup) };
        let Destination { name, server, stream_key, user, password, unread: _, tls_ca, backup_server } = destination;
        Self {
            name,
            server: without_query(server),
            stream_key_set,
            stream_key_last4: stream_key.as_ref().map(StreamKey::last4),
            user,
            password_set,
            password_last4: password.as_ref().map(StreamKey::last4),
            tls_ca: tls_ca.map(|path| path.display().to_string()),
            backup: backup_server.map(shown_backup),
        }
    }
}

/// An address without what may be a token.
fn without_query(address: String) -> String {
    address.split_once('?').map_or(address.clone(), |(before, _)| format!("{before}?•••"))
}

fn told_secret(is_set: bool, last4: Option<&str>) -> String {
    let unknown = if is_set { "set, cannot be read now" } else { "not set" };
    match last4 {
        // Too short to show any of it.
        Some("") => "set".to_owned(),
        Some(last4) => format!("set, ends with {last4}"),
        None => unknown.to_owned(),
    }
}

fn show(store: &ProfileStore, name: &str, json: Option<&Clock>) -> Result<Exit, Failure> {
    let loaded = store.load(name)?;
    tell_all(&loaded.warnings);
    let shown = Shown::of(loaded);
    if let Some(clock) = json {
        print_object(clock, "profile", &shown);
    } else {
        print::line(&shown.lines().join("\n"));
    }
    Ok(Exit::Ok)
}

fn save(store: &ProfileStore, name: &str, args: &ShowArgs, json: Option<&Clock>) -> Result<Exit, Failure> {
    let from = args.profile.as_deref().unwrap_or(name);
    let base = match store.load(from) {
        Ok(loaded) => {
            tell_all(&loaded.warnings);
            loaded.settings
        }
        Err(SettingsError::NoProfile { .. }) if args.profile.is_none() => ShowSettings::default(),
        Err(error) => return Err(error.into()),
    };
    let before = base.destinations.clone();
    let settings = merged(base, args)?.with_absolute_paths();
    if args.to.is_empty() && args.key_file.is_empty() {
        tell_replaced_keys(&before, &settings.destinations);
    }
    tell_all(&store.save(name, &settings)?);
    if let Some(told) = told_of_rehearsal(name, &settings) {
        print::complain(&told);
    }
    done(json, "saved", name.trim())
}

/// The variable may have been set for another command: that it takes the place of a kept key is said.
fn tell_replaced_keys(before: &[Destination], after: &[Destination]) {
    for (before, after) in before.iter().zip(after) {
        let old = before.stream_key.as_ref().filter(|old| after.stream_key.as_ref() != Some(old));
        if let Some(old) = old {
            let (name, last4) = (after.shown_name(), old.last4());
            print::complain(&format!(
                "TALLY_KEY takes the place of the stream key of {name:?} that ended with {last4}"
            ));
        }
    }
}

fn remove(store: &ProfileStore, name: &str, yes: bool, json: Option<&Clock>) -> Result<Exit, Failure> {
    let name = store.load(name)?.name;
    if !yes {
        print::ask(&format!("Remove the profile {name:?} and its secrets? [y/N] "));
        let mut answer = String::new();
        // No answer, for whatever reason, is a no.
        let _ = std::io::stdin().lock().take(100).read_line(&mut answer);
        if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
            return Err(Failure::usage(format!("the profile {name:?} was not removed; --yes removes without asking")));
        }
    }
    let name = store.remove(&name)?;
    done(json, "removed", &name)
}

fn export(
    store: &ProfileStore,
    name: &str,
    file: Option<PathBuf>,
    with_secrets: bool,
    json: Option<&Clock>,
) -> Result<Exit, Failure> {
    if let Some(path) = file.filter(|path| path != Path::new("-")) {
        let export = store.export_to(name, &path, with_secrets)?;
        tell_all(&export.told);
        warn_of_secrets("export", export.holds_secrets);
        done(json, "exported", name)?;
        return with_what_was_asked_for("export", name, export.lacks_secrets);
    }
    let export = store.export(name, with_secrets)?;
    tell_all(&export.told);
    warn_of_secrets("export", export.holds_secrets);
    print_document(json, name, &export.text);
    with_what_was_asked_for("export", name, export.lacks_secrets)
}

/// How `export --relay` was asked for.
struct RelayExport {
    engine: RelayEngine,
    listen: SocketAddr,
    with_secrets: bool,
}

fn export_relay(
    store: &ProfileStore,
    name: &str,
    file: Option<&Path>,
    export: &RelayExport,
    json: Option<&Clock>,
) -> Result<Exit, Failure> {
    let Loaded { name, settings, warnings } = store.load(name)?;
    tell_all(&warnings);
    let file = file.filter(|path| *path != Path::new("-"));
    let RelayExport { engine, listen, with_secrets } = *export;
    let destinations = settings.with_secrets_split().destinations;
    let relay = Relay { engine, profile: &name, destinations, listen, file, with_secrets };
    let text = relay.config().map_err(|error| Failure::usage(error.to_string()))?;
    tell_all(&relay.warnings());
    let Some(path) = file else {
        warn_of_secrets("configuration", relay.holds_secrets());
        print_document(json, &name, &text);
        return with_what_was_asked_for("configuration", &name, relay.lacks_secrets());
    };
    relay.write(&text, path)?;
    warn_of_secrets("configuration", relay.holds_secrets());
    done(json, "exported", &name)?;
    with_what_was_asked_for("configuration", &name, relay.lacks_secrets())
}

fn warn_of_secrets(what: &str, holds_secrets: bool) {
    if holds_secrets {
        print::complain(&format!("the {what} holds stream keys and passwords in plain text: keep it private"));
    }
}

/// Who takes an export with its secrets to another computer must hear here that it is not whole: it is written all the same.
fn with_what_was_asked_for(what: &str, name: &str, lacks_secrets: bool) -> Result<Exit, Failure> {
    if !lacks_secrets {
        return Ok(Exit::Ok);
    }
    let advice = format!(
        "unlock the secret store, or give it again: tally profiles save {name:?} --key-file FILE; then export to a new file"
    );
    let message = format!("a stream key or password that could not be read is not in the {what}: {advice}");
    Err(Failure::usage(message).told_as(ProblemKind::SecretUnread, name, ""))
}

fn print_document(json: Option<&Clock>, name: &str, text: &str) {
    #[derive(Serialize)]
    struct Exported<'a> {
        exported: &'a str,
        document: &'a str,
    }
    if let Some(clock) = json {
        print_object(clock, "exported", &Exported { exported: name, document: text });
    } else {
        print::document(text);
    }
}

fn read_document(file: &Path) -> Result<String, Failure> {
    let wrong = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::InvalidData => {
            import_failure(file, SettingsError::Import { reason: "it is no text".to_owned() })
        }
        _ => Failure::of_file("read", file, &error),
    };
    let reader: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(open_unawaited(file).map_err(wrong)?)
    };
    let mut text = String::new();
    let length = reader.take(DOCUMENT_LENGTH_MAX + 1).read_to_string(&mut text).map_err(wrong)?;
    if length as u64 > DOCUMENT_LENGTH_MAX {
        return Err(Failure::usage(format!("{} is far too large for a profile", file.display())));
    }
    if text.is_empty() {
        let reason = if is_named_pipe(file) { "it is a pipe, and nobody writes to it" } else { "it is empty" };
        return Err(import_failure(file, SettingsError::Import { reason: reason.to_owned() }));
    }
    Ok(text)
}

/// Names the file that a document to import came from.
fn import_failure(file: &Path, error: SettingsError) -> Failure {
    let file = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    match error {
        SettingsError::Import { reason } => Failure::usage(format!(
            "{file} cannot be imported: {reason}; give a file that tally profiles export has made"
        )),
        SettingsError::NewerImport => Failure::usage(format!("{file} cannot be imported: {error}")),
        error => error.into(),
    }
}

fn tell_all(warnings: &[Warning]) {
    for warning in warnings {
        print::complain(&warning.to_string());
    }
}

/// Says what was done: `{"event":"saved","t":0.1,"saved":"NAME"}` or `saved "NAME"`.
fn done(json: Option<&Clock>, what: &'static str, name: &str) -> Result<Exit, Failure> {
    if let Some(clock) = json {
        print_object(clock, what, &serde_json::json!({ what: name }));
    } else {
        print::line(&format!("{what} {name:?}"));
    }
    Ok(Exit::Ok)
}
