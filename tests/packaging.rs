//! The scripts in `packaging/`, on computers that lack something: what they install, and what they say.

#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "a test may")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// What the scripts may use of the real system.
const REAL: [&str; 8] = ["bash", "dirname", "env", "grep", "head", "sed", "sort", "uname"];

/// A Debian on which every package is installed but `build-essential` and the sound library of the older name, whose
/// commands are `present`; with `apt-get` noting what it is asked for.
struct Computer {
    folder: TempDir,
}

impl Computer {
    fn new(user: u32, present: &[&str]) -> Self {
        let computer = Self { folder: tempfile::tempdir().expect("folder") };
        let bin = computer.bin();
        fs::create_dir(&bin).expect("bin");
        let path = std::env::var_os("PATH").expect("PATH");
        for name in REAL {
            let real = std::env::split_paths(&path).map(|at| at.join(name)).find(|file| file.is_file());
            symlink(real.expect(name), bin.join(name)).expect("link");
        }
        computer.command("id", &format!("echo {user}"));
        computer.command("rustc", "echo 'rustc 1.99.0 (0 2026-01-01)'");
        computer.command("apt-get", r#"echo "$*" >>"$0.asked""#);
        // The release knows the sound library by its newer name alone.
        computer.command("apt-cache", "[ \"$2\" != libasound2t64 ] || echo 'Version: 1.2'");
        let every = r#"shift 3; for name; do case $name in build-essential|libasound2|libasound2t64) ;; *) echo "ii $name" ;; esac; done"#;
        computer.command("dpkg-query", every);
        for name in present.iter().chain(&["cargo"]) {
            computer.command(name, "true");
        }
        computer
    }

    fn bin(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    fn command(&self, name: &str, text: &str) {
        let path = self.bin().join(name);
        fs::write(&path, format!("#!/usr/bin/env bash\n{text}\n")).expect("command");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("mode");
    }

    fn setup(&self, what: &str) -> Output {
        script("setup").arg(what).env("PATH", self.bin()).output().expect("setup runs")
    }

    /// What `apt-get` was asked for.
    fn asked(&self) -> String {
        fs::read_to_string(self.bin().join("apt-get.asked")).unwrap_or_default()
    }
}

fn script(name: &str) -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(name))
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn setup_wants_each_compiler_and_make() {
    let whole = Computer::new(0, &["cc", "c++", "make"]);
    let output = whole.setup("build");
    assert!(output.status.success() && whole.asked().is_empty(), "{}{}", told(&output), whole.asked());
    for present in [&["cc", "make"][..], &["c++", "make"]] {
        let computer = Computer::new(0, present);
        let output = computer.setup("build");
        let asked = computer.asked();
        assert!(output.status.success() && asked.contains(" build-essential"), "{present:?}: {}{asked}", told(&output));
    }
}

#[test]
fn the_command_that_setup_prints_can_be_pasted() {
    let computer = Computer::new(1000, &[]);
    let output = computer.setup("run");
    let told = told(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("apt-get install libasound2t64") && !told.contains('|'), "{told}");
}

#[test]
fn setup_installs_by_the_name_of_the_release() {
    let computer = Computer::new(0, &[]);
    let output = computer.setup("run");
    let asked = computer.asked();
    assert!(output.status.success(), "{}", told(&output));
    assert!(asked.contains(" libasound2t64") && !asked.contains("libasound2 "), "{asked}");
}

#[test]
fn soak_says_what_a_time_is() {
    for wrong in ["1h30m", "m", "90", "-1s", "1.5h", "a[0]m", "99999999999999999999s", ""] {
        let output = script("soak").arg(wrong).env("TALLY", "/nowhere/tally").output().expect("soak runs");
        let told = told(&output);
        assert_eq!(output.status.code(), Some(2), "{wrong}: {told}");
        let at = if wrong.is_empty() { "there is no /nowhere/tally" } else { "give a time such as 90s" };
        assert!(told.contains(at), "{wrong}: {told}");
    }
    let output = script("soak").arg("08m").env("TALLY", "/nowhere/tally").output().expect("soak runs");
    assert!(told(&output).contains("there is no /nowhere/tally"), "{}", told(&output));
}
