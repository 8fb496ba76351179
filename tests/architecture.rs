//! The house's rules, held: who imports whom, where third-party crates may appear, how files look.
//! ARCHITECTURE.md gives the reasons.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each room and the rooms it may import; `room::part` stands for that part of it alone. A room that is not here does not belong in `src/`.
const ROOMS: &[(&str, &[&str])] = &[
    ("media", &[]),
    ("amf", &[]),
    ("clock", &["media"]),
    ("flow", &["media"]),
    ("bitstream", &["media"]),
    ("flv", &["media", "bitstream", "amf"]),
    ("mp4", &["media", "bitstream"]),
    ("rtmp", &["media", "amf"]),
    ("audio", &["media"]),
    ("video", &["media"]),
    ("settings", &["media", "rtmp::url"]),
    ("encode", &["media", "bitstream"]),
    ("decode", &["media", "bitstream"]),
    ("capture", &["media", "clock", "flow", "decode", "bitstream", "video", "audio"]),
    ("output", &["media", "clock", "flow", "bitstream", "flv", "mp4", "rtmp"]),
    ("ingest", &["media", "clock", "flow", "bitstream", "flv", "mp4", "rtmp", "output"]),
    (
        "studio",
        &[
            "media",
            "clock",
            "flow",
            "bitstream",
            "amf",
            "flv",
            "rtmp",
            "audio",
            "video",
            "settings",
            "capture",
            "encode",
            "decode",
            "output",
            "ingest",
        ],
    ),
    ("ui", &["media", "clock", "flow", "video", "settings", "studio"]),
    ("cli", &["media", "clock", "settings", "studio", "ingest", "capture", "ui"]),
];

/// Each third-party crate and the rooms where it may appear; `*` is everywhere.
const CRATES: &[(&str, &[&str])] = &[
    ("bytes", &["*"]),
    ("thiserror", &["*"]),
    ("tracing", &["*"]),
    ("serde", &["cli", "studio", "ingest", "settings"]),
    ("serde_json", &["cli", "studio", "ingest"]),
    ("rtrb", &["flow"]),
    ("tracing-subscriber", &["cli"]),
    ("clap", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("ctrlc", &["cli"]),
    ("libc", &["clock", "settings", "capture", "output", "ingest", "studio", "cli"]),
    ("toml_edit", &["settings"]),
    ("directories", &["settings"]),
    ("keyring", &["settings"]),
    ("form_urlencoded", &["settings"]),
    ("qrcode", &["settings"]),
    ("zeroize", &["settings", "cli"]),
    ("tokio", &["output", "ingest", "studio"]),
    ("netlink-sys", &["output"]),
    ("socket2", &["output", "ingest"]),
    ("tokio-rustls", &["output", "ingest"]),
    ("hyper", &["ingest"]),
    ("hyper-util", &["ingest"]),
    ("percent-encoding", &["ingest", "settings"]),
    ("mp4-atom", &["mp4"]),
    ("rustls-platform-verifier", &["output"]),
    ("webpki-roots", &["output"]),
    ("hmac", &["rtmp"]),
    ("sha2", &["rtmp", "ingest"]),
    ("md-5", &["rtmp"]),
    ("base64", &["rtmp"]),
    ("getrandom", &["output", "ingest"]),
    ("openh264-sys2", &["encode", "decode"]),
    ("fdk-aac", &["encode", "decode"]),
    ("yuv", &["video", "capture"]),
    ("pic-scale", &["video"]),
    ("zune-jpeg", &["video", "capture"]),
    ("image", &["capture"]),
    ("y4m", &["capture"]),
    ("re_mp4", &["capture"]),
    ("symphonia", &["capture"]),
    ("rubato", &["audio", "capture"]),
    ("ebur128", &["audio"]),
    ("cpal", &["capture"]),
    ("pulseaudio", &["capture"]),
    ("nokhwa", &["capture"]),
    ("v4l", &["capture"]),
    ("fs4", &["studio", "output"]),
    ("jiff", &["clock"]),
    ("rfd", &["ui"]),
    ("zbus", &["ui"]),
    ("eframe", &["ui"]),
];

/// Longest file, in lines before its tests.
const LINES_MAX: usize = 600;

/// What no file may contain, with what to do instead.
const BANNED: &[(&str, &str)] = &[
    (concat!("#[", "allow("), "use #[expect(…, reason = …)]"),
    (concat!("#![", "allow("), "use #![expect(…, reason = …)]"),
    (concat!("to", "do!("), "finish it"),
    (concat!("unimple", "mented!("), "finish it"),
    (concat!("#[", "ignore"), "a test that does not run proves nothing"),
];

struct Source {
    path: PathBuf,
    text: String,
    /// It is declared by a `mod …;` that only tests see, or stands among tests.
    only_tests: bool,
}

impl Source {
    /// What comes before its tests: all of it where there are none, nothing in a file of tests.
    fn code(&self) -> &str {
        if self.only_tests {
            return "";
        }
        let begins_tests = |at: usize| {
            let mut lines = self.text[at..].lines().skip(1).map(str::trim).filter(|line| !line.starts_with("#["));
            lines.next().is_some_and(|line| line.split(' ').take(2).any(|word| word == "mod") && line.ends_with('{'))
        };
        let end = self.text.match_indices("#[cfg(test)]").map(|(at, _)| at).find(|at| begins_tests(*at));
        end.map_or(&self.text, |at| &self.text[..at])
    }

    /// Its code without comments.
    fn bare_code(&self) -> String {
        let uncommented = |line: &'_ str| match line.find("//") {
            Some(at) if !line[..at].contains('"') => line[..at].to_owned(),
            _ => line.to_owned(),
        };
        self.code().lines().map(uncommented).collect::<Vec<_>>().join("\n")
    }

    /// The room it stands in; `None` for the files at the top of `src/`.
    fn room(&self) -> Option<String> {
        let below = self.path.strip_prefix(root().join("src")).ok()?;
        let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        (parts.len() > 1).then(|| parts[0].clone())
    }

    /// How many `super::` lead from its module to the root of the crate.
    fn depth(&self) -> usize {
        let below = self.path.strip_prefix(root().join("src")).unwrap_or(&self.path);
        let parts = below.components().count();
        if self.path.ends_with("mod.rs") { parts - 1 } else { parts }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source { text, path, only_tests: false });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    let for_tests: Vec<PathBuf> = found.iter().flat_map(modules_for_tests).collect();
    for source in &mut found {
        let module = if source.path.ends_with("mod.rs") {
            source.path.with_file_name("")
        } else {
            source.path.with_extension("")
        };
        source.only_tests = for_tests.iter().any(|tests| module.starts_with(tests));
    }
    found
}

/// The modules that `source` declares for tests alone, as paths without `.rs`.
fn modules_for_tests(source: &Source) -> Vec<PathBuf> {
    let own =
        if source.path.ends_with("mod.rs") { source.path.with_file_name("") } else { source.path.with_extension("") };
    let declared = source.text.split("#[cfg(test)]").skip(1).filter_map(|after| {
        let line = after.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("#["))?;
        line.rsplit_once("mod ")?.1.strip_suffix(';').map(|name| own.join(name))
    });
    declared.collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first names after every `crate::`, also of `crate::{a, b::c}`.
fn crate_imports(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        if code[..at].ends_with(is_word) {
            continue;
        }
        let rest = &code[at + found.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            rooms.insert(rest.chars().take_while(|c| is_word(*c)).collect());
            continue;
        };
        let (mut depth, mut name) = (1, String::new());
        let mut at_start = true;
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => at_start = true,
                c if is_word(c) && depth == 1 && at_start => name.push(c),
                ':' => at_start = false,
                _ => {}
            }
            if !name.is_empty() && !is_word(c) {
                rooms.insert(std::mem::take(&mut name));
                at_start = c == ',';
            }
            if depth == 0 {
                break;
            }
        }
    }
    rooms
}

/// Whether `name::` stands in `code` as the beginning of a path.
fn uses_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let begins = |at: usize| {
        let before = &code[..at];
        !before.ends_with(is_word) && (!before.ends_with("::") || before.ends_with(" ::"))
    };
    code.match_indices(&path).any(|(at, _)| begins(at)) || code.contains(&format!("use {name};"))
}

/// Whether `allowed` covers all that `code` takes of the room `import`.
fn allows(allowed: &str, import: &str, code: &str) -> bool {
    let Some((room, part)) = allowed.split_once("::") else { return allowed == import };
    let path = format!("{room}::");
    let leads_elsewhere = |at: usize| !code[..at].ends_with(is_word) && !code[at + path.len()..].starts_with(part);
    room == import && code.contains(&path) && !code.match_indices(&path).any(|(at, _)| leads_elsewhere(at))
}

fn graph() -> BTreeMap<String, BTreeSet<String>> {
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources("src") {
        let Some(room) = source.room() else { continue };
        let mut imports = crate_imports(&source.bare_code());
        imports.remove(&room);
        graph.entry(room).or_default().extend(imports);
    }
    graph
}

#[test]
fn rooms_import_only_what_they_may() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        let Some(room) = source.room() else { continue };
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{}: there is no room {room} in the plan", source.path.display()));
            continue;
        };
        let code = source.bare_code();
        for import in crate_imports(&code) {
            if import != room && !allowed.iter().any(|allowed| allows(allowed, &import, &code)) {
                wrong.push(format!("{}: {room} may not import {import}", source.path.display()));
            }
        }
        if code.contains(&"super::".repeat(source.depth())) {
            wrong.push(format!("{}: super:: leads out of the room; say crate::", source.path.display()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_rooms_import_each_other_in_a_circle() {
    let mut graph = graph();
    assert!(graph.len() > 10, "the rooms were not found: {graph:?}");
    // Rooms that import nothing that is left are taken away until none is left.
    while !graph.is_empty() {
        let free: Vec<String> = graph
            .iter()
            .filter(|(_, imports)| imports.iter().all(|import| !graph.contains_key(import)))
            .map(|(room, _)| room.clone())
            .collect();
        assert!(!free.is_empty(), "these import each other in a circle: {graph:?}");
        for room in free {
            graph.remove(&room);
        }
    }
}

#[test]
fn third_party_crates_stay_in_their_rooms() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml_edit::DocumentMut = manifest.parse().unwrap();
    let mut dependencies: BTreeSet<String> = BTreeSet::new();
    let mut add = |table: Option<&toml_edit::Item>| {
        let table = table.and_then(toml_edit::Item::as_table_like);
        dependencies.extend(table.into_iter().flat_map(|t| t.iter().map(|(name, _)| name.to_owned())));
    };
    add(manifest.get("dependencies"));
    for (_, target) in manifest["target"].as_table_like().unwrap().iter() {
        add(target.get("dependencies"));
    }
    let sources: Vec<(String, String, PathBuf)> =
        sources("src").into_iter().filter_map(|s| Some((s.room()?, s.bare_code(), s.path))).collect();
    let mut wrong = Vec::new();
    for name in &dependencies {
        let Some((_, rooms)) = CRATES.iter().find(|(known, _)| known == name) else {
            wrong.push(format!("{name} has no place in the plan"));
            continue;
        };
        let ident = name.replace('-', "_");
        let ident = if ident == "md_5" { "md5".to_owned() } else { ident };
        let users: Vec<_> = sources.iter().filter(|(_, code, _)| uses_crate(code, &ident)).collect();
        if users.is_empty() {
            wrong.push(format!("{name} is used nowhere: take it out of Cargo.toml"));
        }
        for (room, _, path) in users {
            if !rooms.contains(&"*") && !rooms.contains(&room.as_str()) {
                wrong.push(format!("{}: {name} may not appear in {room}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn files_are_short_begin_with_what_they_are_for_and_are_finished() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for source in ["src", "tests", "benches", "fuzz/fuzz_targets"].into_iter().flat_map(sources) {
        seen += 1;
        let path = source.path.display();
        if !source.text.starts_with("//! ") {
            wrong.push(format!("{path}: the first line says what it is for, with //!"));
        }
        let lines = if source.path.starts_with(root().join("src")) { source.code().lines().count() } else { 0 };
        if lines > LINES_MAX {
            wrong.push(format!("{path}: {lines} lines before its tests; {LINES_MAX} are enough"));
        }
        for (banned, instead) in BANNED {
            if source.text.contains(banned) {
                wrong.push(format!("{path}: {banned} is not for this house: {instead}"));
            }
        }
    }
    assert!(seen > 50, "only {seen} files were found");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_imports_reads_them() {
    let code =
        "use crate::media::{A, B};\nuse crate::{clock::{X, y}, flow, rtmp::url};\nlet x = crate::amf::f(mycrate::z());";
    let found: Vec<String> = crate_imports(code).into_iter().collect();
    assert_eq!(found, ["amf", "clock", "flow", "media", "rtmp"]);
    assert!(allows("rtmp", "rtmp", code) && !allows("media", "rtmp", code));
    assert!(allows("rtmp::url", "rtmp", code) && !allows("rtmp::url", "flow", code));
    assert!(!allows("rtmp::url", "rtmp", "use crate::rtmp;\nuse crate::rtmp::url::RtmpUrl;\nrtmp::client::x();"));
    assert!(!allows("rtmp::url", "rtmp", "use crate::rtmp::{client, url};"));
    assert!(uses_crate("use bytes::Bytes;", "bytes") && !uses_crate("x(::bytes::y)", "bytes"));
    assert!(!uses_crate("kilobytes::x, crate::media::bytes::y", "bytes"));
}
