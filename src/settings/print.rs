//! The configuration as a commented TOML file; the repository's `config/workbot.toml` is this text for the defaults.

use super::problem::Origin;
use super::section::Key;
use super::value::Shown;
use super::variable::{KNOWN_VARIABLES, variable_name};
use super::{Loaded, Settings};

const HEADER: &str = "\
# WorkBot configuration.
#
# This file is written by `workbot config print`; every key is here with its default.
# Strongest first: flags, environment, the file given with --config, config/workbot.toml, the default.
# The variable for a key is WORKBOT_SECTION__KEY; an empty variable counts as not set. Unknown keys are an error.
# `workbot check` tells everything that is wrong with a configuration at once.
";

/// Writes all keys with docs, defaults, present values and where they came from; secrets are left out.
pub fn render(loaded: &Loaded) -> String {
    let mut text = HEADER.to_owned();
    let defaults = Settings::default();
    for (section, default) in loaded.settings.sections().iter().zip(defaults.sections()) {
        text.push('\n');
        comment(&mut text, section.doc());
        text.push_str(&format!("[{}]\n", section.name()));
        for (key, default) in section.keys().iter().zip(default.keys()) {
            let origin = loaded.origins.get(&format!("{}.{}", section.name(), key.name));
            render_key(&mut text, section.name(), key, &default, origin);
        }
    }
    text
}

fn comment(text: &mut String, lines: &[&str]) {
    for line in lines {
        text.push_str(&format!("# {}\n", line.trim()));
    }
}

fn render_key(text: &mut String, section: &str, key: &Key, default: &Key, origin: Option<&Origin>) {
    text.push('\n');
    comment(text, key.doc);
    let default = match &default.shown {
        Shown::Plain(literal) => literal.as_str(),
        Shown::Hidden(_) => "not set",
    };
    let range = key.range.map_or(String::new(), |(least, greatest)| format!(" ({least} to {greatest})"));
    let path = format!("{section}.{}", key.name);
    let mut variables = variable_name(section, key.name);
    for (name, _) in KNOWN_VARIABLES.iter().rev().filter(|(_, known)| *known == path) {
        variables.push_str(&format!(", {name}"));
    }
    text.push_str(&format!("# Default: {default}{range}. Environment: {variables}.\n"));
    if let Some(origin) = origin {
        text.push_str(&format!("# Set by {origin}.\n"));
    }
    match &key.shown {
        Shown::Plain(literal) => text.push_str(&format!("{} = {literal}\n", key.name)),
        Shown::Hidden(None) => text.push_str(&format!("# {} = \"\"\n", key.name)),
        Shown::Hidden(Some(hint)) => {
            text.push_str(&format!("# {} is set and not shown ({hint})\n", key.name))
        }
    }
}
