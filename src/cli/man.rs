//! The manual page, made from the same definitions as `--help`.

use clap::CommandFactory;
use clap_mangen::Man;

use super::args::Cli;
use super::{Exit, Failure, print};

pub(super) fn run() -> Result<Exit, Failure> {
    let page = page().map_err(|error| Failure::new(Exit::Bug, format!("no manual page: {error}")))?;
    print::document(&page);
    Ok(Exit::Ok)
}

/// The whole page in roff: the program, then a section for every command.
fn page() -> std::io::Result<String> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    for sub in told_of(&command) {
        command_section(sub, &mut page)?;
    }
    man.render_extra_section(&mut page)?;
    man.render_version_section(&mut page)?;
    String::from_utf8(page).map_err(std::io::Error::other)
}

fn command_section(command: &clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name()).replace('-', " ");
    let mut section = Vec::new();
    let man = Man::new(command.clone());
    man.render_description_section(&mut section)?;
    man.render_synopsis_section(&mut section)?;
    man.render_options_section(&mut section)?;
    if command.get_after_long_help().is_some() {
        man.render_extra_section(&mut section)?;
    }
    let section = String::from_utf8_lossy(&section).replace("\n.SH ", "\n.SS ");
    let section = section.trim_start_matches(".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n");
    page.extend_from_slice(format!(".SH \"{}\"\n", name.to_uppercase()).as_bytes());
    page.extend_from_slice(section.replacen(".SH ", ".SS ", 1).as_bytes());
    for sub in told_of(command) {
        command_section(sub, page)?;
    }
    Ok(())
}

/// The commands with a section of their own: of `help` there is nothing to say, and it has every other below it once more.
fn told_of(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_command_and_flag_is_in_the_page() {
        let page = super::page().unwrap();
        for word in [
            "TALLY LIVE",
            "TALLY SERVE",
            "TALLY PROFILES SAVE",
            "video\\-bitrate",
            "with\\-secrets",
            "TALLY_KEY",
            "HUP",
            "use TERM",
        ] {
            assert!(page.contains(word), "{word} in {page}");
        }
        assert_eq!(page.matches(".TH ").count(), 1);
        assert!(!page.contains(".SH \"TALLY HELP") && !page.contains("PROFILES HELP"), "{page}");
        assert!(!page.contains(".SS EXTRA\n.SH"), "an empty section in {page}");
    }
}
