//! `tally profiles` and the command line's manners, through the program itself.

#![expect(clippy::expect_used, reason = "a test may")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const CANARY: &str = "canary-7d21-stream-key";

fn tally(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tally"));
    command.env_remove("TALLY_KEY").env_remove("TALLY_PASSWORD").env_remove("RUST_LOG");
    command.env("TALLY_CONFIG_DIR", config).env("TALLY_NO_KEYRING", "1").current_dir(config);
    command.stdin(Stdio::null());
    command
}

fn run(config: &Path, args: &[&str]) -> Output {
    tally(config).args(args).output().expect("tally starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("standard output is text")
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("standard error is text")
}

fn json_lines(output: &Output) -> Vec<serde_json::Value> {
    out(output).lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

/// Every file below `folder` with its text.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let text = String::from_utf8_lossy(&std::fs::read(&path).expect("file")).into_owned();
            found.push((path.file_name().expect("name").to_string_lossy().into_owned(), text));
        }
    }
    found
}

#[test]
fn a_profile_is_saved_shown_renamed_and_removed() {
    let folder = tempfile::tempdir().expect("folder");
    let config = folder.path();
    let mut save = tally(config);
    save.args(["profiles", "save", "Sunday ☀", "--to", "rtmps://live.example.com/app", "--video", "file:clip.mp4"]);
    save.args(["--audio", "silence", "--size", "640x360", "--fps", "29.97", "--video-bitrate", "900k", "--user", "me"]);
    save.args(["--keyframe-seconds", "1", "--audio-bitrate", "96k", "--sample-rate", "44100", "--adaptive", "off"]);
    save.args(["--for", "1h30m", "--record", "show.flv"]).env("TALLY_KEY", CANARY).env("TALLY_PASSWORD", "pass-word");
    let saved = save.output().expect("tally starts");
    assert_eq!(saved.status.code(), Some(0), "{}", told(&saved));
    assert!(
        told(&saved).contains("secrets.toml, readable only by you, because TALLY_NO_KEYRING is set"),
        "{}",
        told(&saved)
    );

    let shown = run(config, &["profiles", "show", "sunday ☀", "--json"]);
    let lines = json_lines(&shown);
    assert_eq!(lines.len(), 1);
    let profile = &lines[0];
    assert!(profile["event"] == "profile" && profile["t"].is_f64(), "{profile}");
    let absolute = |name: &str| config.join(name).display().to_string();
    for (field, value) in [
        ("name", serde_json::json!("Sunday ☀")),
        ("video", serde_json::json!(format!("file:{}", absolute("clip.mp4")))),
        ("audio", serde_json::json!("silence")),
        ("size", serde_json::json!("640x360")),
        ("fps", serde_json::json!(29.97)),
        ("video_bitrate", serde_json::json!("900k")),
        ("keyframe_seconds", serde_json::json!(1.0)),
        ("audio_bitrate", serde_json::json!("96k")),
        ("sample_rate", serde_json::json!(44_100)),
        ("adaptive", serde_json::json!(false)),
        ("for", serde_json::json!("1h30m")),
        ("record", serde_json::json!(absolute("show.flv"))),
        ("rehearse", serde_json::json!(false)),
    ] {
        assert_eq!(profile[field], value, "{field}");
    }
    let destination = &profile["destinations"][0];
    assert_eq!(destination["server"], "rtmps://live.example.com/app");
    assert_eq!((&destination["stream_key_set"], &destination["stream_key_last4"]), (&true.into(), &"-key".into()));
    assert_eq!((&destination["user"], &destination["password_last4"]), (&"me".into(), &"word".into()));

    let changed = run(config, &["profiles", "save", "Sunday ☀", "--fps", "25"]);
    assert_eq!(changed.status.code(), Some(0), "{}", told(&changed));
    assert_eq!(run(config, &["profiles", "rename", "Sunday ☀", "Weekday"]).status.code(), Some(0));
    let profile = &json_lines(&run(config, &["profiles", "show", "Weekday", "--json"]))[0];
    assert_eq!((&profile["fps"], &profile["size"]), (&25.0.into(), &"640x360".into()));
    assert_eq!(profile["destinations"][0]["stream_key_last4"], "-key");

    let listed = json_lines(&run(config, &["profiles", "list", "--json"]));
    assert_eq!((listed.len(), &listed[0]["name"], &listed[0]["event"]), (1, &"Weekday".into(), &"profile".into()));
    let copied = json_lines(&run(config, &["profiles", "save", "Copy", "--profile", "Weekday", "--json"]));
    assert_eq!((&copied[0]["event"], &copied[0]["saved"]), (&"saved".into(), &"Copy".into()));
    assert_eq!(run(config, &["profiles", "remove", "Copy", "--yes"]).status.code(), Some(0));
    let kept = run(config, &["profiles", "remove", "Weekday"]);
    assert_eq!(kept.status.code(), Some(2));
    assert!(told(&kept).contains("--yes"), "{}", told(&kept));
    assert_eq!(run(config, &["profiles", "remove", "Weekday", "--yes"]).status.code(), Some(0));
    assert_eq!(out(&run(config, &["profiles", "list", "--json"])), "");
    assert!(files(config).iter().all(|(_, text)| !text.contains("canary")));
}

#[test]
fn an_export_without_a_key_that_was_asked_for_is_written_and_no_success() {
    let folder = tempfile::tempdir().expect("folder");
    let config = folder.path();
    let mut save = tally(config);
    save.args(["profiles", "save", "show", "--to", "rtmp://live.example.com/app"]).env("TALLY_KEY", CANARY);
    assert_eq!(save.output().expect("tally starts").status.code(), Some(0));
    let whole = run(config, &["profiles", "export", "show", "--with-secrets"]);
    assert!(whole.status.success() && told(&whole).contains("holds stream keys"), "{}", told(&whole));
    std::fs::remove_file(config.join("secrets.toml")).expect("secrets");
    for relay in [&[][..], &["--relay", "nginx"]] {
        let file = format!("export-{}", relay.len());
        for target in [None, Some(file.as_str())] {
            let args = ["profiles", "export", "show", "--with-secrets", "--json"].into_iter().chain(target);
            let exported = run(config, &args.chain(relay.iter().copied()).collect::<Vec<_>>());
            let told = told(&exported);
            assert_eq!(exported.status.code(), Some(2), "{told}");
            assert!(told.contains("is not in the") && !told.contains("holds stream keys"), "{told}");
            let lines = json_lines(&exported);
            assert_eq!((&lines[0]["event"], &lines[1]["kind"]), (&"exported".into(), &"secret_unread".into()));
            assert_eq!(lines.len(), 2);
        }
        let text = std::fs::read_to_string(config.join(file)).expect("it is written all the same");
        assert!(!text.contains("WITH ITS SECRETS") && !text.contains("HOLDS STREAM KEYS"), "{text}");
    }
    let without = run(config, &["profiles", "export", "show"]);
    assert_eq!(without.status.code(), Some(0), "{}", told(&without));
}

#[test]
fn a_key_is_in_the_secret_file_and_nowhere_else() {
    let folder = tempfile::tempdir().expect("folder");
    let config = folder.path();
    let keyed = format!("rtmp://live.example.com/app/{CANARY}");
    let twitch = format!("rtmp://live.twitch.tv/app/{CANARY}");
    std::fs::write(config.join("key.txt"), "another-key").expect("written");
    let mut seen = String::new();
    for args in [
        &["profiles", "save", "other", "--to", &keyed][..],
        &["profiles", "save", "twitch", "--to", &twitch],
        &["profiles", "save", "filed", "--to", &twitch, "--key-file", "key.txt"],
        &["profiles", "save", "refused", "--to", &keyed, "--key-file", "key.txt"],
        &["profiles", "save", "backed", "--to", &keyed, "--backup", &format!("rtmp://b.example.com/app/{CANARY}-2")],
        &["profiles", "show", "other"],
        &["profiles", "show", "other", "--json"],
        &["profiles", "export", "other"],
        &["live", "--to", &keyed, "--size", "853x480"],
    ] {
        let output =
            tally(config).args(args).env("TALLY_KEY", "key-of-the-environment").output().expect("tally starts");
        seen.push_str(&out(&output));
        seen.push_str(&told(&output));
    }
    assert!(seen.matches("TALLY_KEY is not used").count() >= 3 && seen.contains("set, ends with -key"), "{seen}");
    for args in [
        &["profiles", "save", "show", "--to", &keyed, "-vvv"][..],
        &["profiles", "show", "show"],
        &["profiles", "show", "show", "--json"],
        &["profiles", "list"],
        &["profiles", "export", "show"],
        &["profiles", "export", "show", "export.toml"],
        &["profiles", "export", "nobody"],
        &["live", &keyed],
        &["live", "--to", &keyed, "--size", "853x480"],
        &["live", "--too", &keyed],
        &["profiles", "save", "bad", "--to", &format!("http://h/app/{CANARY}")],
        &["profiles", "remove", "show"],
    ] {
        let output = run(config, args);
        seen.push_str(&out(&output));
        seen.push_str(&told(&output));
    }
    assert!(!seen.contains("canary"), "{seen}");
    for (name, text) in files(config) {
        assert_eq!(text.contains("canary"), name == "secrets.toml", "{name}: {text}");
    }
    // One that an older version has stored is hidden all the same.
    let other = config.join("profiles").join("other.toml");
    let text =
        std::fs::read_to_string(&other).expect("profile") + &format!("backup_server = \"rtmp://b/app/{CANARY}-2\"\n");
    std::fs::write(&other, text).expect("written");
    let shown = out(&run(config, &["profiles", "show", "other"]));
    assert!(shown.contains("rtmp://b/app/•••") && !shown.contains("canary"), "{shown}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(config.join("secrets.toml")).expect("secrets").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let with = run(config, &["profiles", "export", "show", "--with-secrets"]);
    assert!(out(&with).contains(CANARY) && told(&with).contains("keep it private"));
    assert!(out(&with).contains("WITH ITS SECRETS") && !out(&with).contains("not kept here"), "{}", out(&with));
}

#[test]
fn a_key_that_cannot_be_read_is_kept_and_nothing_is_published_without_it() {
    let folder = tempfile::tempdir().expect("folder");
    let config = folder.path();
    // The key went to the system's secret store, which this program is told not to ask.
    std::fs::create_dir(config.join("profiles")).expect("folder");
    let file = config.join("profiles").join("show.toml");
    let text = "version = 1\nname = \"show\"\nvideo = \"test\"\naudio = \"silence\"\n\
        [[destinations]]\nname = \"main\"\nserver = \"rtmp://127.0.0.1:1/app/_definst_\"\nstream_key_kept = true\n";
    std::fs::write(&file, text).expect("profile");
    let saved = run(config, &["profiles", "save", "show", "--video-bitrate", "4000k"]);
    assert_eq!(saved.status.code(), Some(0), "{}", told(&saved));
    assert!(told(&saved).contains("the stream key of \"main\" cannot be read now and stays where it is"));
    let text = std::fs::read_to_string(&file).expect("profile");
    assert!(text.contains("video_bitrate = \"4000k\"") && text.contains("stream_key_kept = true"), "{text}");
    assert!(text.contains("/app/_definst_\""), "{text}");
    assert!(!config.join("secrets.toml").exists());
    assert!(out(&run(config, &["profiles", "show", "show"])).contains("set, cannot be read now"));

    let live = run(config, &["live", "--profile", "show", "--for", "1s", "--json"]);
    assert_eq!(live.status.code(), Some(2), "{}", told(&live));
    let kinds: Vec<_> = json_lines(&live).iter().map(|line| line["kind"].clone()).collect();
    assert!(kinds.contains(&"secret_unread".into()), "{kinds:?}");
    // Another one takes its place.
    let mut save = tally(config);
    let saved = save.args(["profiles", "save", "show"]).env("TALLY_KEY", CANARY).output().expect("tally starts");
    assert_eq!(saved.status.code(), Some(0), "{}", told(&saved));
    assert!(out(&run(config, &["profiles", "show", "show"])).contains("set, ends with -key"));
}

#[test]
fn an_export_is_imported_elsewhere_and_never_over_a_profile() {
    let (here, there) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
    let saved = run(here.path(), &["profiles", "save", "show", "--to", "rtmp://h/app/my-secret-key", "--fps", "24"]);
    assert_eq!(saved.status.code(), Some(0), "{}", told(&saved));
    let document = out(&run(here.path(), &["profiles", "export", "show", "--with-secrets"]));
    let import = || {
        let mut child = tally(there.path())
            .args(["profiles", "import", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("tally starts");
        child.stdin.take().expect("standard input").write_all(document.as_bytes()).expect("written");
        child.wait_with_output().expect("tally ends")
    };
    assert_eq!(import().status.code(), Some(0));
    let again = import();
    assert_eq!(again.status.code(), Some(2));
    assert!(told(&again).contains("rename"), "{}", told(&again));
    let profile = &json_lines(&run(there.path(), &["profiles", "show", "show", "--json"]))[0];
    assert_eq!((&profile["fps"], &profile["destinations"][0]["stream_key_last4"]), (&24.0.into(), &"-key".into()));
    std::fs::write(there.path().join("bad.toml"), "not a profile").expect("written");
    assert_eq!(run(there.path(), &["profiles", "import", "bad.toml"]).status.code(), Some(2));
    assert_eq!(run(there.path(), &["profiles", "import", "missing.toml"]).status.code(), Some(2));
}

#[test]
fn a_wrong_command_line_ends_with_2_and_says_what_to_do() {
    let folder = tempfile::tempdir().expect("folder");
    for (args, advice) in [
        (&["live"][..], "--to URL"),
        (&["live", "--to", "http://h/app"], "rtmp://"),
        (&["live", "--rehearse", "--fps", "1000"], "1 to 240"),
        (&["live", "--rehearse", "--size", "853x480"], "854x480"),
        (&["live", "--rehearse", "--video-bitrate", "0"], "3000k"),
        (&["live", "--rehearse", "--audio-bitrate", "128"], "audio bitrate 128 b/s cannot be used"),
        (&["live", "--to", "rtmp://h/app", "--user", ""], "give a name, or off"),
        (&["live", "--rehearse", "--user", "bob"], "--user means nothing to a rehearsal"),
        (&["live", "--record", "a.mp4", "--user", "bob"], "--user means nothing without a destination"),
        (&["profiles", "save", "good", "--rehearse", "off"], "--rehearse=off"),
        (&["live", "--rehearse", "--card", ""], "give a picture file, on or off"),
        (&["live", "--rehearse", "--video", "screen"], "camera, camera:ID, ingest:NAME, test"),
        (&["live", "--profile", "nobody"], "tally profiles save"),
        (&["live", "--to", "rtmp://h/app", "--key-file", "missing"], "missing"),
        (&["profiles", "save", " "], "letter"),
        (&["profiles", "show", "nobody"], "tally profiles save"),
        (&["serve", "--listen", "here"], "127.0.0.1:1935"),
        (&["frobnicate"], "--help"),
    ] {
        let output = run(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", told(&output));
        assert!(told(&output).contains(advice), "{args:?}: {}", told(&output));
        assert_eq!(out(&output), "", "{args:?}");
    }
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().expect("folder");
    let config = folder.path();
    assert_eq!(run(config, &["profiles", "save", "good", "--to", "rtmp://h/app"]).status.code(), Some(0));
    std::fs::create_dir(config.join("adir")).expect("folder");
    std::fs::write(config.join("notes.txt"), "not a profile").expect("written");
    for (args, file, advice) in [
        (&["profiles", "import", "nope.toml"][..], "nope.toml", "check its name"),
        (&["profiles", "import", "notes.txt"], "notes.txt", "tally profiles export"),
        (&["profiles", "export", "good", "adir"], "adir", "name a file in a folder"),
        (&["profiles", "export", "good", "notes.txt"], "notes.txt", "give another name"),
        (&["report", "nope"], "nope", "check its name"),
        (&["repair", "nope"], "nope", "check the name"),
        (&["serve", "--tls-cert", "nope", "--tls-key", "nope"], "nope", "PEM"),
        (&["live", "--to", "rtmp://h/app", "--tls-ca", "nope.pem"], "nope.pem", "check its name"),
    ] {
        let output = run(config, args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", told(&output));
        let told = told(&output);
        assert!(told.contains(file) && told.contains(advice), "{args:?}: {told}");
        assert!(!told.contains("there is a file adir"), "{told}");
    }
    let output = run(config, &["serve", "--listen", "127.0.0.1:0", "--http", "off", "--record", "notes.txt"]);
    assert_eq!(output.status.code(), Some(8), "{}", told(&output));
    assert!(told(&output).contains("notes.txt") && told(&output).contains("name a folder"), "{}", told(&output));
}

#[test]
fn a_file_whose_folder_is_missing_cannot_be_written_whatever_it_is() {
    let folder = tempfile::tempdir().expect("folder");
    let config = folder.path();
    assert_eq!(run(config, &["profiles", "save", "good", "--to", "rtmp://h/app"]).status.code(), Some(0));
    std::fs::write(config.join("a.show"), "tally show 1\nH\tsize\t1280x720\n").expect("written");
    let live = ["live", "--video", "test", "--audio", "test", "--for", "1s", "--json"];
    for (args, kind) in [
        (&[&live[..], &["--rehearse", "--rehearsal-report"]].concat()[..], Some("report_failed")),
        (&[&live[..], &["--record"]].concat(), Some("recording_failed")),
        (&["profiles", "export", "good", "--json"], Some("file_unwritten")),
        (&["profiles", "export", "good", "--json", "--relay", "nginx"], Some("file_unwritten")),
        (&["report", "a.show", "--output"], None),
    ] {
        for (file, folder) in [("unmounted/a.txt", "unmounted"), ("a.show/a.txt", "a.show")] {
            let output = run(config, &[args, &[file]].concat());
            assert_eq!(output.status.code(), Some(8), "{args:?}: {}", told(&output));
            assert!(told(&output).contains(folder), "{args:?}: {}", told(&output));
            // A script reads one word from the kind and from the exit code.
            let kinds: Vec<_> = json_lines(&output).iter().map(|line| line["kind"].clone()).collect();
            assert_eq!(kinds, kind.into_iter().collect::<Vec<_>>(), "{args:?}");
        }
    }
    let serve = run(config, &["serve", "--listen", "127.0.0.1:0", "--http", "off", "--json", "--record", "a.show/rec"]);
    assert_eq!((serve.status.code(), &json_lines(&serve)[0]["kind"]), (Some(8), &"recording_failed".into()));
}

#[cfg(unix)]
#[test]
fn a_disk_that_takes_nothing_leaves_no_file_and_ends_with_8() {
    let folder = tempfile::tempdir().expect("folder");
    let config = folder.path();
    assert_eq!(run(config, &["profiles", "save", "good", "--to", "rtmp://h/app"]).status.code(), Some(0));
    let show = "tally show 1\nH\tsize\t1280x720\n";
    std::fs::write(config.join("a.show"), show).expect("written");
    for args in [
        &["profiles", "export", "good", "new.txt"][..],
        &["profiles", "export", "good", "new.txt", "--relay", "nginx"],
        &["report", "a.show", "--output", "new.txt"],
    ] {
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_tally")]).args(args);
        shell.env("TALLY_CONFIG_DIR", config).env("TALLY_NO_KEYRING", "1").current_dir(config);
        let output = shell.output().expect("sh starts");
        assert_eq!(output.status.code(), Some(8), "{args:?}: {}", told(&output));
        assert!(told(&output).contains("new.txt") && !told(&output).contains("TALLY_CONFIG_DIR"), "{}", told(&output));
        assert!(!config.join("new.txt").exists(), "{args:?}");
    }
}

#[test]
fn a_key_in_the_environment_that_fits_nobody_is_left_out_with_a_word() {
    let folder = tempfile::tempdir().expect("folder");
    let config = folder.path();
    let saved = run(config, &["profiles", "save", "duo", "--to", "rtmp://a/app/one", "--to", "rtmp://b/app/two"]);
    assert_eq!(saved.status.code(), Some(0), "{}", told(&saved));
    let changed = tally(config).args(["profiles", "save", "duo", "--fps", "25"]).env("TALLY_KEY", CANARY).output();
    let changed = changed.expect("tally starts");
    assert_eq!(changed.status.code(), Some(0), "{}", told(&changed));
    assert!(told(&changed).contains("TALLY_KEY is not used"), "{}", told(&changed));
    assert!(!told(&changed).contains("canary") && files(config).iter().all(|(_, text)| !text.contains("canary")));
    // Where it fits the only one it takes the place of the key that is kept, and that is said.
    run(config, &["profiles", "save", "solo", "--to", "rtmp://a/app/k"]);
    assert!(out(&run(config, &["profiles", "show", "solo"])).contains("stream key      set\n"));
    run(config, &["profiles", "save", "solo", "--to", "rtmp://a/app/first-key-1111"]);
    let changed =
        tally(config).args(["profiles", "save", "solo"]).env("TALLY_KEY", CANARY).output().expect("tally starts");
    assert!(told(&changed).contains("ended with 1111") && !told(&changed).contains("canary"), "{}", told(&changed));
}

#[cfg(unix)]
#[test]
fn nobody_waits_for_a_pipe_without_a_writer() {
    let folder = tempfile::tempdir().expect("folder");
    let config = folder.path();
    assert!(Command::new("mkfifo").arg(config.join("pipe")).status().expect("mkfifo").success());
    let key = run(config, &["profiles", "save", "a", "--to", "rtmp://h/app", "--key-file", "pipe"]);
    assert_eq!(key.status.code(), Some(2));
    assert!(told(&key).contains("pipe") && told(&key).contains("nobody writes"), "{}", told(&key));
    let repaired = run(config, &["repair", "pipe"]);
    assert_eq!(repaired.status.code(), Some(2));
    assert!(told(&repaired).contains("it is no file"), "{}", told(&repaired));
    for (args, is_told) in [
        (&["profiles", "import", "pipe"][..], "nobody writes to it"),
        (&["profiles", "save", "b", "--to", "rtmps://h/app", "--tls-ca", "pipe"], "put a file there"),
        (&["serve", "--listen", "127.0.0.1:0", "--tls-cert", "pipe", "--tls-key", "pipe"], "put a file there"),
        (
            &["live", "--video", "test", "--audio", "test", "--rehearse", "--for", "1s", "--card", "pipe"],
            "regular file",
        ),
        (&["report", "pipe"], "pipe"),
    ] {
        let mut command = Command::new("timeout");
        command.args(["20", env!("CARGO_BIN_EXE_tally")]).args(args).current_dir(config);
        command.env("TALLY_CONFIG_DIR", config).env("TALLY_STATE_DIR", config).env("TALLY_NO_KEYRING", "1");
        let ended = command.output().expect("timeout starts");
        let said = format!("{}{}", out(&ended), told(&ended));
        assert!(ended.status.code() != Some(124) && said.contains(is_told), "{args:?}: {said}");
    }
    // What has a writer is read, as for <(…) and by standard input.
    let piped = "(sleep 0.2; echo piped-key) | \"$0\" profiles save a --to rtmp://h/app --key-file /dev/stdin";
    let mut shell = Command::new("sh");
    shell.args(["-c", piped, env!("CARGO_BIN_EXE_tally")]).current_dir(config);
    shell.env("TALLY_CONFIG_DIR", config).env("TALLY_NO_KEYRING", "1");
    let saved = shell.output().expect("sh starts");
    assert_eq!(saved.status.code(), Some(0), "{}", told(&saved));
    let profile = &json_lines(&run(config, &["profiles", "show", "a", "--json"]))[0];
    assert_eq!(profile["destinations"][0]["stream_key_last4"], "-key");
}

#[test]
fn help_version_and_the_manual_go_to_standard_output() {
    let folder = tempfile::tempdir().expect("folder");
    for (args, text) in [
        (&["--help"][..], "Exit codes:"),
        (&["help"], "Exit codes:"),
        (&["live", "--help"], "--video-bitrate"),
        (&["help", "live"], "--video-bitrate"),
        (&["help", "profiles", "save"], "--video-bitrate"),
        (&["profiles", "help", "export"], "--with-secrets"),
        (&["--version"], env!("CARGO_PKG_VERSION")),
        (&["man"], ".TH tally 1"),
    ] {
        let output = run(folder.path(), args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(out(&output).contains(text), "{args:?}: {}", out(&output));
    }
}

#[test]
fn the_devices_are_listed_with_the_encoders() {
    let folder = tempfile::tempdir().expect("folder");
    let output = run(folder.path(), &["devices", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let lines = json_lines(&output);
    for id in ["encoder:openh264", "encoder:fdk-aac"] {
        assert!(lines.iter().any(|line| line["id"] == id && line["kind"] == "encoder"), "{lines:?}");
    }
    assert!(lines.iter().all(|line| line["event"] == "device" && line["t"].is_f64()), "{lines:?}");
    assert!(lines.iter().all(|line| line["name"].is_string() && line["formats"].is_array()));
}

#[test]
fn a_check_whose_lines_are_not_whole_is_no_success() {
    let folder = tempfile::tempdir().expect("folder");
    let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let args = "check --rehearse --video test --audio test --size 160x90 --fps 5 --json";
    let output = tally(folder.path()).args(args.split(' ')).stdout(full).output().expect("tally starts");
    assert_eq!(output.status.code(), Some(8), "{}", told(&output));
}

#[test]
fn a_document_that_is_not_whole_is_no_success() {
    let folder = tempfile::tempdir().expect("folder");
    let config = folder.path();
    assert!(run(config, &["profiles", "save", "evening", "--to", "rtmp://h/live"]).status.success());
    for args in [
        &["profiles", "export", "evening"][..],
        &["profiles", "export", "evening", "--with-secrets", "--json"],
        &["profiles", "show", "evening", "--json"],
        &["profiles", "list"],
        &["devices"],
        &["man"],
        &["--help"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
        let output = tally(config).args(args).stdout(full).output().expect("tally starts");
        assert_eq!(output.status.code(), Some(8), "{args:?}: {}", told(&output));
        assert!(told(&output).contains("cannot be written"), "{args:?}: {}", told(&output));
        // A reader that has read enough is none.
        let mut child = tally(config).args(args).stdout(Stdio::piped()).spawn().expect("tally starts");
        drop(child.stdout.take());
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{args:?}");
    }
}
