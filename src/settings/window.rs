//! How the window looks and speaks, kept in `window.toml` beside the profiles.

use std::fs;
use std::path::{Path, PathBuf};

use super::SettingsError;
use super::profile::atomic::{Access, write_atomically};

/// Largest file that is read, in bytes.
const FILE_LENGTH_MAX: u64 = 1 << 16;

/// What is kept. Words are the file's own: `look` is `dark`, `light` or `high_contrast`, `language` is `en` or `de`; `None`
/// follows the system.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WindowSettings {
    /// The look that was chosen.
    pub look: Option<String>,
    /// The language that was chosen.
    pub language: Option<String>,
    /// Text scale in percent; `None` is 100.
    pub text_percent: Option<u32>,
    /// Whether the first run has asked its questions.
    pub asked: bool,
    /// Size of the inside in points, width and height.
    pub size: Option<[u32; 2]>,
    /// Where its upper left corner stood, in points, on systems that tell.
    pub position: Option<[i32; 2]>,
    /// Whether it filled the screen.
    pub maximized: bool,
}

/// Sizes beyond these are of no screen, in points.
const SIDE_MAX: u32 = 16_384;

impl WindowSettings {
    /// Reads them; what is missing or cannot be understood is as it comes: nothing here is worth a question.
    pub fn load(config_dir: &Path) -> Self {
        let path = file(config_dir);
        let fits = fs::metadata(&path).is_ok_and(|about| about.is_file() && about.len() <= FILE_LENGTH_MAX);
        let text = if fits { fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
        let document: toml_edit::DocumentMut = text.parse().unwrap_or_default();
        let word = |key| document.get(key).and_then(toml_edit::Item::as_str).map(str::to_owned);
        let percent = document.get("text_percent").and_then(toml_edit::Item::as_integer);
        let flag = |key| document.get(key).and_then(toml_edit::Item::as_bool).unwrap_or_default();
        let pair = |key: &str| -> Option<[i32; 2]> {
            let pair = document.get(key)?.as_array()?;
            let number = |index| pair.get(index)?.as_integer().and_then(|number| i32::try_from(number).ok());
            Some([number(0)?, number(1)?])
        };
        let size = pair("size").map(|sides| sides.map(|side| u32::try_from(side).unwrap_or(0)));
        Self {
            look: word("look"),
            language: word("language"),
            text_percent: percent.and_then(|percent| u32::try_from(percent).ok()),
            asked: flag("asked"),
            size: size.filter(|sides| sides.iter().all(|side| (1..=SIDE_MAX).contains(side))),
            position: pair("position"),
            maximized: flag("maximized"),
        }
    }

    /// Writes them.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub fn save(&self, config_dir: &Path) -> Result<(), SettingsError> {
        let mut document = toml_edit::DocumentMut::new();
        if let Some(look) = &self.look {
            document["look"] = toml_edit::value(look);
        }
        if let Some(language) = &self.language {
            document["language"] = toml_edit::value(language);
        }
        if let Some(percent) = self.text_percent {
            document["text_percent"] = toml_edit::value(i64::from(percent));
        }
        document["asked"] = toml_edit::value(self.asked);
        if let Some(size) = self.size {
            document["size"] = toml_edit::value(toml_edit::Array::from_iter(size.map(i64::from)));
        }
        if let Some(position) = self.position {
            document["position"] = toml_edit::value(toml_edit::Array::from_iter(position.map(i64::from)));
        }
        document["maximized"] = toml_edit::value(self.maximized);
        fs::create_dir_all(config_dir).map_err(|source| SettingsError::Io {
            action: "make",
            path: config_dir.to_owned(),
            source,
        })?;
        write_atomically(&file(config_dir), &document.to_string(), Access::Default)
    }
}

fn file(config_dir: &Path) -> PathBuf {
    config_dir.join("window.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_comes_back_and_rubbish_is_as_it_comes() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("new");
        assert_eq!(WindowSettings::load(&inner), WindowSettings::default());
        let kept = WindowSettings {
            look: Some("light".to_owned()),
            language: Some("de".to_owned()),
            text_percent: Some(150),
            asked: true,
            size: Some([1600, 900]),
            position: Some([-1200, 40]),
            maximized: true,
        };
        kept.save(&inner).unwrap();
        assert_eq!(WindowSettings::load(&inner), kept);
        for rubbish in ["look = [\n", "size = [0, 900]", "size = [1600]", "size = \"large\"", "position = [1e9, 2]"] {
            fs::write(file(&inner), rubbish).unwrap();
            assert_eq!(WindowSettings::load(&inner), WindowSettings::default(), "{rubbish}");
        }
    }
}
