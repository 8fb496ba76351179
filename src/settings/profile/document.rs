//! A show's settings as a TOML document. Reading is tolerant and says what it could not use; writing
//! touches only what it knows, so comments and unknown keys stay.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, Value};

use crate::media::{Bitrate, FrameRate};
use crate::settings::{
    CardChoice, Destination, DocumentWarning, EncodingSettings, IngestSettings, SettingsError, ShowSettings, StreamKey,
    Warning, free_name, redact_url,
};

/// The version that is written.
pub(super) const VERSION: i64 = 1;
/// What stands at the head of a profile.
pub(super) const WITHOUT_SECRETS: &str = "# A profile of Tally. Secrets are not kept here.\n";

/// What a document held.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// The profile's own name.
    pub(super) name: Option<String>,
    /// The settings; secrets only if they stand in the document itself.
    pub(super) settings: ShowSettings,
    /// Which secrets are kept elsewhere, for each destination.
    pub(super) kept: Vec<KeptSecrets>,
    /// What could not be used.
    pub(super) warnings: Vec<Warning>,
}

/// Which secrets of a destination are in the secret store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeptSecrets {
    pub(super) stream_key: Option<Kept>,
    pub(super) password: Option<Kept>,
}

/// Where in the secret store: `true` or the entry's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// In the entry that is called after the profile's file, the destination and the field.
    Own,
    /// In this one: it could not be read when it should have moved.
    At(String),
}

/// Reads `document`; `file` names it in warnings.
pub(super) fn read_profile(document: &DocumentMut, file: &str) -> Content {
    let mut reader = Reader { file, place: String::new(), warnings: Vec::new() };
    let root = document.as_table();
    if let Some(version) = reader.field(root, "version", integer)
        && version > VERSION
    {
        reader.warn(DocumentWarning::Newer);
    }
    let name = reader.field(root, "name", text).map(str::to_owned);
    let mut settings = ShowSettings {
        video: reader.field(root, "video", parsed).unwrap_or_default(),
        audio: reader.field(root, "audio", parsed).unwrap_or_default(),
        gain_db: reader.field(root, "gain_db", gain).unwrap_or_default(),
        card: reader.field(root, "card", parsed).unwrap_or_default(),
        rehearse: reader.field(root, "rehearse", boolean).unwrap_or_default(),
        record: reader.field(root, "record", text).map(PathBuf::from),
        record_split: reader.field(root, "record_split", parsed),
        duration: reader.field(root, "duration_seconds", duration),
        ..ShowSettings::default()
    };
    if let Some(listen) = reader.field(root, "ingest_listen", parsed) {
        settings.ingest.listen = listen;
    }
    settings.ingest.key_file = reader.field(root, "ingest_key_file", text).map(PathBuf::from);
    if let Some(item) = root.get("encoding") {
        match item.as_table_like() {
            Some(table) => settings.encoding = reader.encoding(table),
            None => reader.warn(DocumentWarning::NoEncoding),
        }
    }
    let mut kept = Vec::new();
    reader.destinations(root, &mut settings.destinations, &mut kept);
    Content { name, settings, kept, warnings: reader.warnings }
}

/// Writes `name` and `settings` into `document`. What they hold of secrets is written as it is; of those in
/// the secret store, where they are `kept` for each destination.
///
/// # Errors
/// A path that is not UTF-8, which TOML cannot hold.
pub(super) fn write_profile(
    document: &mut DocumentMut,
    name: &str,
    settings: &ShowSettings,
    kept: &[KeptSecrets],
) -> Result<(), SettingsError> {
    for path in paths_of(settings) {
        if path.to_str().is_none() {
            return Err(SettingsError::Value {
                field: "path",
                value: path.display().to_string(),
                advice: "a profile can only keep paths that are UTF-8: rename the file or folder".to_owned(),
            });
        }
    }
    let before = read_profile(document, "");
    let root = document.as_table_mut();
    if root.is_empty() {
        root.decor_mut().set_prefix(WITHOUT_SECRETS);
    }
    let newest = root.get("version").and_then(Item::as_integer).filter(|version| *version > VERSION);
    let write = |settings: &ShowSettings, fields: &mut Fields<'_>| {
        fields.set("version", Some(newest.unwrap_or(VERSION)));
        fields.set("name", Some(name));
        write_root(fields, settings);
    };
    let unusable = before.unusable("").filter(|key| key != "name").collect();
    let left = left_alone(unusable, |fields| write(&before.settings, fields), |fields| write(settings, fields));
    write(settings, &mut Fields { table: root, left });
    let is_table = |item: &Item| item.as_table_like().is_some();
    if root.get("encoding").is_none_or(|item| !is_table(item) && before.settings.encoding != settings.encoding) {
        root.insert("encoding", Item::Table(Table::new()));
    }
    if let Some(table) = root.get_mut("encoding").and_then(Item::as_table_like_mut) {
        let write = |encoding| move |fields: &mut Fields<'_>| write_encoding(fields, encoding);
        let unusable = before.unusable("encoding.").collect();
        let left = left_alone(unusable, write(&before.settings.encoding), write(&settings.encoding));
        write_encoding(&mut Fields { table, left }, &settings.encoding);
    }
    let is_no_list =
        before.warnings.iter().any(|warning| matches!(warning, Warning::Document(_, DocumentWarning::NoDestinations)));
    if !(is_no_list && settings.destinations.is_empty()) {
        write_destinations(root, settings, kept);
    }
    Ok(())
}

impl Content {
    /// The fields at `place`, such as `encoding.`, whose values could not be used.
    fn unusable(&self, place: &str) -> impl Iterator<Item = String> {
        self.warnings.iter().filter_map(move |warning| match warning {
            Warning::Document(_, DocumentWarning::Value { field, .. }) => {
                field.strip_prefix(place).filter(|key| !key.contains('.')).map(str::to_owned)
            }
            _ => None,
        })
    }
}

/// A table to write into, but for what is left as it stands there.
struct Fields<'a> {
    table: &'a mut dyn TableLike,
    left: Vec<String>,
}

impl Fields<'_> {
    fn set<V: Into<Value>>(&mut self, key: &str, value: Option<V>) {
        if !self.left.iter().any(|left| left == key) {
            set(self.table, key, value);
        }
    }
}

/// Those of `unusable` that nobody has changed since they were read: a newer version may know what they mean.
fn left_alone(
    unusable: Vec<String>,
    as_read: impl FnOnce(&mut Fields<'_>),
    as_wanted: impl FnOnce(&mut Fields<'_>),
) -> Vec<String> {
    let (mut read, mut wanted) = (Table::new(), Table::new());
    as_read(&mut Fields { table: &mut read, left: Vec::new() });
    as_wanted(&mut Fields { table: &mut wanted, left: Vec::new() });
    let text = |table: &Table, key: &str| table.get(key).map(ToString::to_string);
    unusable.into_iter().filter(|key| text(&read, key) == text(&wanted, key)).collect()
}

fn write_root(fields: &mut Fields<'_>, settings: &ShowSettings) {
    fields.set("video", Some(settings.video.to_string()));
    fields.set("audio", Some(settings.audio.to_string()));
    let usual = IngestSettings::default();
    let listen = Some(settings.ingest.listen).filter(|listen| *listen != usual.listen);
    fields.set("ingest_listen", listen.map(|listen| listen.to_string()));
    fields.set("ingest_key_file", settings.ingest.key_file.as_deref().and_then(Path::to_str));
    fields.set("gain_db", Some(f64::from(settings.gain_db)));
    let card = settings.card.to_string();
    fields.set("card", Some(card).filter(|card| *card != CardChoice::default().to_string()));
    fields.set("rehearse", Some(settings.rehearse));
    fields.set("record", settings.record.as_deref().and_then(Path::to_str));
    fields.set("record_split", settings.record_split.map(|split| split.to_string()));
    fields.set("duration_seconds", settings.duration.map(|duration| duration.as_secs_f64()));
}

fn paths_of(settings: &ShowSettings) -> impl Iterator<Item = &Path> {
    use crate::settings::{AudioChoice, VideoChoice};
    let card = if let CardChoice::Image(path) = &settings.card { Some(path.as_path()) } else { None };
    let video = if let VideoChoice::File(path) = &settings.video { Some(path.as_path()) } else { None };
    let audio = if let AudioChoice::File(path) = &settings.audio { Some(path.as_path()) } else { None };
    let trusted = settings.destinations.iter().filter_map(|destination| destination.tls_ca.as_deref());
    let key = settings.ingest.key_file.as_deref();
    video.into_iter().chain(audio).chain(card).chain(key).chain(settings.record.as_deref()).chain(trusted)
}

fn write_encoding(fields: &mut Fields<'_>, encoding: &EncodingSettings) {
    fields.set("size", Some(encoding.size.to_string()));
    let rate = encoding.frame_rate;
    match rate.den() {
        1 => fields.set("fps", Some(i64::from(rate.num()))),
        den => fields.set("fps", Some(format!("{}/{den}", rate.num()))),
    }
    fields.set("video_bitrate", Some(bitrate_text(encoding.video_bitrate)));
    fields.set("keyframe_seconds", Some(encoding.keyframe_seconds));
    fields.set("audio_bitrate", Some(bitrate_text(encoding.audio_bitrate)));
    fields.set("sample_rate", Some(i64::from(encoding.sample_rate)));
    fields.set("channels", Some(i64::from(encoding.channels)));
    fields.set("adaptive", Some(encoding.adaptive));
    fields.set("video_bitrate_min", encoding.video_bitrate_min.map(bitrate_text));
    fields.set("cache_seconds", Some(encoding.cache_seconds).filter(|seconds| *seconds > 0).map(i64::from));
}

fn bitrate_text(rate: Bitrate) -> String {
    if rate.bps().is_multiple_of(1000) { rate.to_string() } else { rate.bps().to_string() }
}

fn write_destinations(root: &mut Table, settings: &ShowSettings, kept: &[KeptSecrets]) {
    let old: Vec<Table> = destination_tables_mut(root).into_iter().map(|table| table.clone()).collect();
    let own = own_tables(&old, &settings.destinations);
    let mut new = ArrayOfTables::new();
    let kept = kept.iter().cloned().chain(std::iter::repeat_with(KeptSecrets::default));
    for ((destination, own), kept) in settings.destinations.iter().zip(own).zip(kept) {
        let mut table = own.cloned().unwrap_or_default();
        let mut reader = Reader { file: "", place: String::new(), warnings: Vec::new() };
        let mut before = Vec::new();
        reader.destination(&table, None, &mut before, &mut Vec::new());
        let before_kept = KeptSecrets::default();
        let content = Content { warnings: reader.warnings, ..Content::default() };
        // One that is kept elsewhere now takes the place of what could not be used.
        let is_replaced = |key: &str| match key {
            "stream_key" => kept.stream_key.is_some(),
            "password" => kept.password.is_some(),
            _ => key == "name",
        };
        let unusable = content.unusable("").filter(|key| !is_replaced(key)).collect();
        let left = left_alone(
            unusable,
            |fields| before.iter().for_each(|before| write_destination(fields, before, &before_kept)),
            |fields| write_destination(fields, destination, &kept),
        );
        write_destination(&mut Fields { table: &mut table, left }, destination, &kept);
        new.push(table);
    }
    // What could not be read is not ours to throw away.
    for table in old.into_iter().filter(|table| name_of(table).is_none()) {
        new.push(table);
    }
    if new.is_empty() {
        root.remove("destinations");
    } else {
        root.insert("destinations", Item::ArrayOfTables(new));
    }
}

/// The table that each of `destinations` was read from: the one of its name, or else one of its server, as it may have got
/// another name since.
fn own_tables<'t>(tables: &'t [Table], destinations: &[Destination]) -> Vec<Option<&'t Table>> {
    let names = names_of(tables.iter().map(|table| table as &dyn TableLike));
    let mut left: Vec<(Option<&str>, &Table)> = names.iter().map(Option::as_deref).zip(tables).collect();
    let mut take = |is_own: &dyn Fn(Option<&str>, &Table) -> bool| {
        let at = left.iter().position(|(name, table)| is_own(*name, table));
        at.map(|at| left.remove(at).1)
    };
    let mut own: Vec<_> = destinations.iter().map(|d| take(&|name, _| name == Some(d.name.as_str()))).collect();
    for (destination, own) in destinations.iter().zip(&mut own).filter(|(_, own)| own.is_none()) {
        *own = take(&|_, table| table.get("server").and_then(Item::as_str) == Some(destination.server.as_str()));
    }
    own
}

fn write_destination(fields: &mut Fields<'_>, destination: &Destination, kept: &KeptSecrets) {
    fields.set("name", Some(destination.name.as_str()));
    fields.set("server", Some(destination.server.as_str()));
    fields.set("user", destination.user.as_deref());
    fields.set("tls_ca", destination.tls_ca.as_deref().and_then(Path::to_str));
    fields.set("backup_server", destination.backup_server.as_deref());
    write_secret(fields, "stream_key", destination.stream_key.as_ref(), kept.stream_key.as_ref());
    write_secret(fields, "password", destination.password.as_ref(), kept.password.as_ref());
}

fn write_secret(fields: &mut Fields<'_>, key: &str, secret: Option<&StreamKey>, kept: Option<&Kept>) {
    fields.set(key, secret.map(StreamKey::reveal));
    let kept = kept.map(|kept| match kept {
        Kept::Own => Value::from(true),
        Kept::At(entry) => Value::from(entry),
    });
    fields.set(&kept_key(key), kept);
}

fn kept_key(key: &str) -> String {
    format!("{key}_kept")
}

/// The comments in what stands around a value, a line each.
fn comments_in(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// Every destination's table, inline ones turned into tables.
pub(super) fn destination_tables_mut(root: &mut Table) -> Vec<&mut Table> {
    fn text(raw: Option<&toml_edit::RawString>) -> &str {
        raw.and_then(toml_edit::RawString::as_str).unwrap_or_default()
    }
    let above = root.key("destinations").map(|key| comments_in(text(key.leaf_decor().prefix()))).unwrap_or_default();
    if let Some(item) = root.get_mut("destinations")
        && let Some(array) = item.as_array()
        && array.iter().all(Value::is_inline_table)
    {
        // What follows each table, up to the next one or the bracket: of it the rest of the line is the table's own.
        let follows =
            array.iter().skip(1).map(|value| text(value.decor().prefix())).chain([text(Some(array.trailing()))]);
        let mut before =
            above + &array.get(0).map(|first| comments_in(text(first.decor().prefix()))).unwrap_or_default();
        let last = array.len().saturating_sub(1);
        let tables = array.iter().zip(follows).enumerate().filter_map(|(at, (value, follows))| {
            let (behind, below) = follows.split_once('\n').unwrap_or((follows, ""));
            let own = comments_in(text(value.decor().suffix())) + &comments_in(behind);
            let mut comments = std::mem::replace(&mut before, comments_in(below)) + &own;
            if at == last {
                comments += &before;
            }
            let mut table = value.as_inline_table()?.clone().into_table();
            if !comments.is_empty() {
                table.decor_mut().set_prefix(format!("\n{comments}"));
            }
            Some(table)
        });
        *item = Item::ArrayOfTables(tables.collect());
    }
    root.get_mut("destinations")
        .and_then(Item::as_array_of_tables_mut)
        .map(|t| t.iter_mut().collect())
        .unwrap_or_default()
}

/// What a destination's table is called: its name, or its server's host. `None` if it is unusable.
pub(super) fn name_of(table: &dyn TableLike) -> Option<String> {
    let server = table.get("server")?.as_str()?;
    let name = table.get("name").and_then(Item::as_str).map(str::trim).filter(|name| !name.is_empty());
    Some(name.map_or_else(|| Destination::at(server).name, str::to_owned))
}

/// What the destination of each table is called, so that no two have one name.
fn names_of<'t>(tables: impl IntoIterator<Item = &'t dyn TableLike>) -> Vec<Option<String>> {
    tables.into_iter().fold(Vec::new(), |mut names, table| {
        // Secrets are kept under it: two of one name would share them, and one server get the other's.
        let is_taken = |name: &str| names.iter().flatten().any(|other| other == name);
        names.push(name_of(table).map(|name| free_name(name, is_taken)));
        names
    })
}

/// Puts `value` at `key`, in the same place and with the same comment as the old one; `None` removes it.
fn set<V: Into<Value>>(table: &mut dyn TableLike, key: &str, value: Option<V>) {
    let Some(value) = value else {
        table.remove(key);
        return;
    };
    let mut value = value.into();
    if let Some(old) = table.get(key).and_then(Item::as_value) {
        let bare = |value: &Value| value.clone().decorated("", "").to_string();
        if bare(old) == bare(&value) {
            return;
        }
        *value.decor_mut() = old.decor().clone();
    }
    match table.get_mut(key) {
        Some(item) => *item = Item::Value(value),
        None => _ = table.insert(key, Item::Value(value)),
    }
}

/// Reads fields; whatever it cannot use becomes a warning that names file, key and value.
struct Reader<'a> {
    file: &'a str,
    /// Such as `encoding.`.
    place: String,
    warnings: Vec<Warning>,
}

impl Reader<'_> {
    fn warn(&mut self, warning: DocumentWarning) {
        self.warnings.push(Warning::Document(self.file.to_owned(), warning));
    }

    fn unusable(&mut self, key: &str, value: &str, reason: impl Display) {
        let (field, value) = (format!("{}{key}", self.place), value.to_owned());
        self.warn(DocumentWarning::Value { field, value, reason: reason.to_string() });
    }

    /// The value at `key`, if it is there and `read` can use it.
    fn field<'t, T>(
        &mut self,
        table: &'t dyn TableLike,
        key: &str,
        read: impl FnOnce(&'t Value) -> Result<T, String>,
    ) -> Option<T> {
        let item = table.get(key)?;
        let Some(value) = item.as_value() else {
            self.unusable(key, "[table]", "a table stands there");
            return None;
        };
        match read(value) {
            Ok(read) => Some(read),
            Err(reason) => {
                let shown = shown_value(key, value);
                self.unusable(key, &shown, reason);
                None
            }
        }
    }

    fn encoding(&mut self, table: &dyn TableLike) -> EncodingSettings {
        self.place = "encoding.".to_owned();
        // The sound's bitrate depends on its sample rate: it comes last, and fits everything until then.
        let mut encoding = EncodingSettings { audio_bitrate: Bitrate::from_kbps(64), ..EncodingSettings::default() };
        self.part(table, "size", parsed, &mut encoding, |e, v| e.size = v);
        self.part(table, "fps", frame_rate, &mut encoding, |e, v| e.frame_rate = v);
        self.part(table, "video_bitrate", bitrate, &mut encoding, |e, v| e.video_bitrate = v);
        self.part(table, "keyframe_seconds", number, &mut encoding, |e, v| e.keyframe_seconds = v);
        self.part(table, "sample_rate", unsigned, &mut encoding, |e, v| e.sample_rate = v);
        self.part(table, "channels", unsigned, &mut encoding, |e, v| e.channels = v);
        self.part(table, "adaptive", boolean, &mut encoding, |e, v| e.adaptive = v);
        self.part(table, "video_bitrate_min", bitrate, &mut encoding, |e, v| e.video_bitrate_min = Some(v));
        self.part(table, "cache_seconds", unsigned, &mut encoding, |e, v| e.cache_seconds = v);
        let usual = EncodingSettings { audio_bitrate: EncodingSettings::default().audio_bitrate, ..encoding.clone() };
        if usual.validate().is_ok() {
            encoding = usual;
        }
        self.part(table, "audio_bitrate", bitrate, &mut encoding, |e, v| e.audio_bitrate = v);
        self.place.clear();
        encoding
    }

    /// Takes one field over into `encoding`, unless the whole would no longer be valid.
    fn part<T>(
        &mut self,
        table: &dyn TableLike,
        key: &str,
        read: impl FnOnce(&Value) -> Result<T, String>,
        encoding: &mut EncodingSettings,
        put: impl FnOnce(&mut EncodingSettings, T),
    ) {
        let Some(value) = self.field(table, key, read) else { return };
        let mut changed = encoding.clone();
        put(&mut changed, value);
        match changed.validate() {
            Ok(()) => *encoding = changed,
            Err(error) => {
                let shown = table.get(key).and_then(Item::as_value).map(|v| shown_value(key, v)).unwrap_or_default();
                self.unusable(key, &shown, error);
            }
        }
    }

    fn destinations(&mut self, root: &Table, destinations: &mut Vec<Destination>, kept: &mut Vec<KeptSecrets>) {
        let Some(item) = root.get("destinations") else { return };
        let tables: Vec<&dyn TableLike> = if let Some(tables) = item.as_array_of_tables() {
            tables.iter().map(|table| table as &dyn TableLike).collect()
        } else if let Some(array) = item.as_array().filter(|array| array.iter().all(Value::is_inline_table)) {
            array.iter().filter_map(|value| value.as_inline_table().map(|table| table as &dyn TableLike)).collect()
        } else {
            self.warn(DocumentWarning::NoDestinations);
            return;
        };
        let names = names_of(tables.iter().copied());
        for (index, (table, name)) in tables.into_iter().zip(names).enumerate() {
            self.place = format!("destinations[{index}].");
            self.destination(table, name, destinations, kept);
            self.place.clear();
        }
    }

    fn destination(
        &mut self,
        table: &dyn TableLike,
        name: Option<String>,
        destinations: &mut Vec<Destination>,
        kept: &mut Vec<KeptSecrets>,
    ) {
        let Some(server) = self.field(table, "server", text) else {
            let place = self.place.clone();
            self.warn(DocumentWarning::NoServer { place });
            return;
        };
        let secret = |value| text(value).map(StreamKey::new);
        let usual = Destination::at(server);
        let destination = Destination {
            name: name.unwrap_or(usual.name),
            stream_key: self.field(table, "stream_key", secret).filter(|key| !key.is_empty()),
            user: self.field(table, "user", text).map(str::to_owned),
            password: self.field(table, "password", secret).filter(|key| !key.is_empty()),
            tls_ca: self.field(table, "tls_ca", text).map(PathBuf::from),
            backup_server: self.field(table, "backup_server", text).map(str::to_owned),
            ..usual
        };
        destinations.push(destination);
        kept.push(KeptSecrets {
            stream_key: self.field(table, &kept_key("stream_key"), kept_at).flatten(),
            password: self.field(table, &kept_key("password"), kept_at).flatten(),
        });
    }
}

/// `value` for a warning: secrets hidden, the rest shortened.
fn shown_value(key: &str, value: &Value) -> String {
    if matches!(key, "stream_key" | "password") {
        return "•••".to_owned();
    }
    let shown = value.clone().decorated("", "").to_string();
    let shown = if matches!(key, "server" | "backup_server") { redact_url(&shown) } else { shown };
    if shown.chars().count() <= 60 { shown } else { shown.chars().take(60).chain(['…']).collect() }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "it must be text in quotes".to_owned())
}

fn kept_at(value: &Value) -> Result<Option<Kept>, String> {
    let named = value.as_str().map(|entry| Kept::At(entry.to_owned()));
    named.map_or_else(|| boolean(value).map(|kept| kept.then_some(Kept::Own)), |named| Ok(Some(named)))
}

fn boolean(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "it must be true or false".to_owned())
}

fn integer(value: &Value) -> Result<i64, String> {
    value.as_integer().ok_or_else(|| "it must be a whole number".to_owned())
}

fn gain(value: &Value) -> Result<f32, String> {
    let range = ShowSettings::GAIN_DB;
    let gain = number(value)? as f32;
    let reason = || format!("use {} to {} dB", range.start(), range.end());
    range.contains(&gain).then_some(gain).ok_or_else(reason)
}

fn unsigned<T: TryFrom<i64>>(value: &Value) -> Result<T, String> {
    T::try_from(integer(value)?).ok().ok_or_else(|| "it is out of range".to_owned())
}

fn number(value: &Value) -> Result<f64, String> {
    let whole = value.as_integer().map(|whole| whole as f64);
    value.as_float().or(whole).ok_or_else(|| "it must be a number".to_owned())
}

fn parsed<T: FromStr<Err: Display>>(value: &Value) -> Result<T, String> {
    text(value)?.parse().map_err(|error: T::Err| error.to_string())
}

fn frame_rate(value: &Value) -> Result<FrameRate, String> {
    let text = value.as_str().map(str::to_owned);
    let text = text.map_or_else(|| number(value).map(|number| number.to_string()), Ok)?;
    text.parse().map_err(|error: crate::media::ParseRateError| error.to_string())
}

fn bitrate(value: &Value) -> Result<Bitrate, String> {
    let text = value.as_str().map(str::to_owned);
    let text = text.map_or_else(|| integer(value).map(|number| number.to_string()), Ok)?;
    text.parse().map_err(|error: crate::media::ParseRateError| error.to_string())
}

fn duration(value: &Value) -> Result<Duration, String> {
    let duration = Duration::try_from_secs_f64(number(value)?).map_err(|error| error.to_string())?;
    if duration.is_zero() { Err("it must be more than 0".to_owned()) } else { Ok(duration) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::VideoChoice;
    use crate::settings::profile::plain::holds_secrets;

    const NEWER: &str = "version = 7\nname = \"show\"\nvideo = \"hologram:1\" # new\nrecord = 5\n\n[encoding]\n\
        size = \"1920x108O\"\nadaptive = \"often\"\n\n[[destinations]]\nname = \"main\"\nserver = \"rtmp://h/app\"\nuser = { id = 7 }\n";

    /// `text` after its settings were changed and written back.
    fn saved(text: &str, change: impl FnOnce(&mut ShowSettings)) -> String {
        let mut document: DocumentMut = text.parse().unwrap();
        let mut settings = read_profile(&document, "").settings;
        change(&mut settings);
        write_profile(&mut document, "show", &settings, &[]).unwrap();
        document.to_string()
    }

    #[test]
    fn what_a_newer_version_means_stays_until_it_is_changed() {
        let text = saved(NEWER, |settings| settings.encoding.video_bitrate = Bitrate::from_kbps(4000));
        let expected = ["version = 7\n", "video = \"hologram:1\" # new\n", "record = 5\n", "size = \"1920x108O\"\n"];
        for line in expected.into_iter().chain(["adaptive = \"often\"\n", "user = { id = 7 }\n", "\"4000k\""]) {
            assert!(text.contains(line), "{line} in {text}");
        }
        let text = saved(&text, |settings| {
            (settings.video, settings.encoding.adaptive) = (VideoChoice::Test, false);
            settings.destinations[0].user = Some("me".to_owned());
        });
        for line in ["video = \"test\" # new\n", "adaptive = false\n", "user = \"me\"\n", "record = 5\n"] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }

    #[test]
    fn what_is_no_table_of_ours_stays_too() {
        let text = saved("encoding = \"best\"\ndestinations = \"all\"\n", |settings| settings.rehearse = true);
        assert!(text.contains("encoding = \"best\"") && text.contains("destinations = \"all\""), "{text}");
    }
    #[test]
    fn destinations_of_one_name_keep_what_is_theirs() {
        let tables = "[[destinations]] # one\nname = \"a\"\nserver = \"rtmp://h/1\"\nmine = 1\n\n[[destinations]] # two\n\
            name = \"a\"\nserver = \"rtmp://h/2\" # second\nmine = 2\n";
        let nameless = tables.replace("name = \"a\"\n", "");
        for text in [tables, &nameless] {
            let text = saved(text, |settings| settings.gain_db = 3.0);
            for line in ["# one\n", "mine = 1\n", "# two\n", "server = \"rtmp://h/2\" # second\n", "mine = 2\n"] {
                assert!(text.contains(line), "{line} in {text}");
            }
            let at = |word: &str| text.find(word).unwrap_or_default();
            assert!(at("rtmp://h/1") < at("mine = 1") && at("mine = 1") < at("rtmp://h/2"), "{text}");
            // One that goes takes along what is its own.
            let text = saved(&text, |settings| drop(settings.destinations.remove(0)));
            assert!(text.contains("mine = 2") && !text.contains("mine = 1"), "{text}");
            // Another name is no other destination.
            let text = saved(&text, |settings| settings.destinations[0].name = "b".to_owned());
            assert!(text.contains("name = \"b\"") && text.contains("mine = 2"), "{text}");
        }
    }
    #[test]
    fn a_list_in_brackets_keeps_its_comments_and_what_is_no_list_of_tables_stays() {
        let text = "# above\ndestinations = [\n  # main\n  { server = \"rtmp://h/1\", mine = 1 },\n  # second\n  \
            { server = \"rtmp://h/2\" },\n  # below\n]\n";
        let text = saved(text, |settings| settings.gain_db = 3.0);
        for line in ["# above\n# main\n", "mine = 1", "# second\n# below\n"] {
            assert!(text.contains(line), "{line} in {text}");
        }
        // What stands behind one is its own, before its comma or after.
        let text = "destinations = [ # all\n  { server = \"rtmp://h/1\" }, # main\n  { server = \"rtmp://h/2\" } # second\n  \
            , { server = \"rtmp://h/3\" }, # third\n  # below\n]\n";
        let text = saved(text, |settings| settings.gain_db = 3.0);
        let tables: Vec<_> = text.split_inclusive("server = ").collect();
        for (table, comments) in tables.iter().zip(["# all\n# main\n[[", "# second\n[[", "# third\n# below\n[["]) {
            assert!(table.contains(comments) && table.matches('#').count() == comments.matches('#').count(), "{text}");
        }
        let text = saved(&text, |settings| drop(settings.destinations.remove(1)));
        assert!(text.contains("# main\n") && text.contains("# third\n") && !text.contains("# second"), "{text}");
        let text = "destinations = [{ server = \"rtmp://h/1\", mine = 1 }, \"rtmp://h/2\"]\n";
        assert!(saved(text, |settings| settings.gain_db = 3.0).contains(text));
    }

    #[test]
    fn a_key_that_cannot_be_used_as_it_was_typed_stays_until_there_is_another() {
        let text = "[[destinations]]\nname = \"a\"\nserver = \"rtmp://h/1\"\nstream_key = 12345 # from the page\n\n\
            [[destinations]]\nname = \"no server yet\"\nstream_key = \"abc\"\n";
        let text = saved(text, |settings| settings.gain_db = 3.0);
        assert!(
            text.contains("stream_key = 12345 # from the page\n") && text.contains("stream_key = \"abc\""),
            "{text}"
        );
        let mut document: DocumentMut = text.parse().unwrap();
        assert!(holds_secrets(&document));
        let settings = read_profile(&document, "").settings;
        let kept = [KeptSecrets { stream_key: Some(Kept::Own), password: None }];
        write_profile(&mut document, "show", &settings, &kept).unwrap();
        let text = document.to_string();
        assert!(text.contains("stream_key_kept = true") && !text.contains("12345"), "{text}");
    }
}
