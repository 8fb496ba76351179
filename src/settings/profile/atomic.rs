//! Files that are either the old or the new one, whatever happens in between.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::settings::SettingsError;
use crate::settings::error::CREATE;
use crate::settings::secret::{is_pipe, open_unawaited};

/// Largest settings file that is read, in bytes: a profile is about one thousand.
const FILE_LENGTH_MAX: u64 = 1 << 20;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever the system's defaults let.
    Default,
    /// The user alone (mode 0600), from the moment the file exists.
    Private,
}

/// An `Io` error about `path`.
pub(in crate::settings) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SettingsError {
    let path = path.to_owned();
    move |source| SettingsError::Io { action, path, source }
}

/// Writes `text` beside `path`, brings it to the disk, and puts it in the place of `path` at once.
/// A link is followed: people keep their settings in other folders. One whose target is away is refused: a file in its place would
/// keep secrets where they are not wanted, and hide what comes back with the target. Nobody else may write to `path` meanwhile: what stands
/// beside it is taken for what a crash has left.
pub(in crate::settings) fn write_atomically(path: &Path, text: &str, access: Access) -> Result<(), SettingsError> {
    if let Some(away) = target_away(path) {
        return Err(io_error("write", path)(away));
    }
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("."));
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{file_name}.tmp-{}", std::process::id()));
    remove_leftovers(folder, Some(&file_name));
    let written = write_new(&temporary, text, access).and_then(|()| fs::rename(&temporary, &path));
    if let Err(source) = written {
        let _ = fs::remove_file(&temporary);
        return Err(io_error("write", &path)(source));
    }
    sync_folder(folder);
    Ok(())
}

/// Removes what crashes have left while the file of this name, or any, was written in `folder`: it may hold secrets.
pub(in crate::settings) fn remove_leftovers(folder: &Path, of: Option<&str>) {
    let is_leftover = |name: &str| {
        let cut = name.strip_prefix('.').and_then(|name| name.rsplit_once(".tmp-"));
        cut.is_some_and(|(file, id)| of.is_none_or(|of| of == file) && id.parse::<u32>().is_ok())
    };
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    for file in files.filter(|file| file.file_name().to_str().is_some_and(is_leftover)) {
        let _ = fs::remove_file(file.path());
    }
}

/// Writes a file that does not exist yet, or none.
pub(crate) fn write_new(path: &Path, text: &str, access: Access) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if access == Access::Private {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = access; // The folder of a user's settings is private by itself there.
    let mut file = options.open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    // A part of it would be no use, and in the way of the next try.
    written.inspect_err(|_| drop(fs::remove_file(path)))
}

/// Like `write_new`, with the reason when it cannot be.
pub(in crate::settings) fn write_document(path: &Path, text: &str, access: Access) -> Result<(), SettingsError> {
    write_new(path, text, access).map_err(|error| match error.kind() {
        // The system says of a folder, too, that there is a file.
        io::ErrorKind::AlreadyExists if path.is_dir() => io_error(CREATE, path)(io::ErrorKind::IsADirectory.into()),
        io::ErrorKind::AlreadyExists => SettingsError::FileExists { path: path.to_owned() },
        _ => io_error(CREATE, path)(error),
    })
}

/// Brings a rename in `folder` to the disk, where the system knows how to.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// The text of `path`; `None` if there is no such file.
pub(in crate::settings) fn read_text(path: &Path) -> Result<Option<String>, SettingsError> {
    let Some(file) = open_text(path)? else { return Ok(None) };
    read_capped(file).map(Some).map_err(io_error("read", path))
}

/// Opens `path` to read; `None` if there is no such file.
pub(in crate::settings) fn open_text(path: &Path) -> Result<Option<File>, SettingsError> {
    match open_unawaited(path) {
        // It would be empty, or never end.
        Ok(file) if is_pipe(&file) => Err(io_error("read", path)(io::Error::other("it is a pipe; put a file there"))),
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match target_away(path) {
            None => Ok(None),
            Some(away) => Err(io_error("read", path)(away)),
        },
        Err(error) => Err(io_error("read", path)(error)),
    }
}

/// What is wrong with a link whose target is not there: on a disk that is not mounted it still holds what a user made.
fn target_away(path: &Path) -> Option<io::Error> {
    let target = fs::read_link(path).ok().filter(|_| !path.exists())?;
    let target = target.display();
    Some(io::Error::other(format!("it is a link to {target}, which is not there: bring that back, or remove the link")))
}

/// All of `reader` as text, within the cap.
pub(in crate::settings) fn read_capped(reader: impl Read) -> io::Result<String> {
    let mut text = String::new();
    reader.take(FILE_LENGTH_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_LENGTH_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is far too large for settings"));
    }
    Ok(text)
}

/// Renames `path` to the first free `<name>.broken-N`, so that nothing overwrites what is in it.
pub(in crate::settings) fn set_aside(path: &Path) -> Result<PathBuf, SettingsError> {
    let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let aside = (1..1000).map(|n| path.with_file_name(format!("{file_name}.broken-{n}")));
    for aside in aside {
        if !aside.exists() {
            fs::rename(path, &aside).map_err(io_error("set aside", path))?;
            return Ok(aside);
        }
    }
    Err(io_error("set aside", path)(io::Error::other("there are too many broken ones beside it: remove some")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        write_atomically(&path, "one", Access::Default).unwrap();
        // A crash has left this.
        fs::write(folder.path().join(".a.toml.tmp-1"), "half").unwrap();
        write_atomically(&path, "two", Access::Default).unwrap();
        assert_eq!(read_text(&path).unwrap().as_deref(), Some("two"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn private_files_are_private_and_links_are_followed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real.toml");
        let link = folder.path().join("link.toml");
        write_atomically(&real, "one", Access::Private).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_atomically(&link, "two", Access::Private).unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "two");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_whose_target_is_away_is_left_alone_and_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink("not/mounted.toml", &link).unwrap();
        let errors = [write_atomically(&link, "x", Access::Private).unwrap_err(), read_text(&link).unwrap_err()];
        for error in errors.map(|error| error.to_string()) {
            assert!(
                error.contains("not/mounted.toml, which is not there") && error.contains("bring that back"),
                "{error}"
            );
        }
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_says_where_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("taken");
        fs::create_dir(&target).unwrap();
        let error = write_atomically(&target, "x", Access::Default).unwrap_err().to_string();
        assert!(error.contains("cannot write") && error.contains("taken"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let missing = folder.path().join("no/such/file");
        assert!(write_atomically(&missing, "x", Access::Default).is_err());
    }

    #[test]
    fn setting_aside_never_overwrites() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.toml");
        for n in 1..=3 {
            fs::write(&path, n.to_string()).unwrap();
            let aside = set_aside(&path).unwrap();
            assert_eq!(aside, folder.path().join(format!("p.toml.broken-{n}")));
            assert_eq!(fs::read_to_string(aside).unwrap(), n.to_string());
        }
    }

    #[test]
    fn huge_and_binary_files_are_refused() {
        assert!(read_capped(io::repeat(b'a')).is_err());
        assert!(read_capped(&b"\xff\xfe"[..]).is_err());
        assert_eq!(read_capped(&b"ok"[..]).unwrap(), "ok");
    }
}
