//! Libraries that stand between the program and its system, and play what no test can make it do.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::process::Process;

/// Compiles `tests/shim/NAME.c` into `folder`; gives the library's path, for `LD_PRELOAD`.
pub(crate) fn compile(name: &str, folder: &Path) -> String {
    let library = folder.join(format!("{name}.so"));
    let mut command = Command::new("cc");
    command.args(["-shared", "-fPIC", "-o"]).arg(&library);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/shim/{name}.c"))).arg("-ldl");
    Process::start(&mut command).succeed(Duration::from_secs(60));
    library.to_str().unwrap().to_owned()
}
