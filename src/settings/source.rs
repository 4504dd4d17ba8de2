//! Where settings come from, and what each source says.

use super::problem::{Origin, Problem, Problems};
use super::value::Raw;
use super::variable;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file that is read when it stands in the current directory.
pub const DEFAULT_FILE: &str = "config/workbot.toml";

/// A setting made by a flag of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The flag as typed, such as `--port`.
    pub name: &'static str,
    /// The key it sets, such as `server.port`.
    pub key: &'static str,
    /// Its text.
    pub text: String,
}

/// Everything settings are made of, as values: the process itself is never asked.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// Directory in which `config/workbot.toml` is looked for and relative paths start.
    pub current_dir: PathBuf,
    /// The file named with `--config`.
    pub file: Option<PathBuf>,
    /// Flags that set keys.
    pub flags: Vec<Flag>,
}

impl Sources {
    /// The environment and directory of this process.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<Flag>) -> Self {
        let environment = std::env::vars_os()
            .map(|(name, text)| (name.to_string_lossy().into_owned(), text.to_string_lossy().into_owned()))
            .collect();
        Self { environment, current_dir: PathBuf::new(), file, flags }
    }
}

/// One value one source gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// `section.key`, known or not.
    pub key: String,
    /// The value.
    pub raw: Raw,
    /// The source.
    pub origin: Origin,
}

/// What all sources say, weakest first. Reads at most two files; writes nothing.
pub fn entries(sources: &Sources, problems: &mut Problems) -> Vec<Entry> {
    let mut entries = Vec::new();
    read_file(sources, Path::new(DEFAULT_FILE), false, &mut entries, problems);
    if let Some(file) = &sources.file {
        read_file(sources, file, true, &mut entries, problems);
    }
    entries.extend(variable::entries(&sources.environment));
    entries.extend(sources.flags.iter().map(|flag| Entry {
        key: flag.key.to_owned(),
        raw: Raw::Text(flag.text.clone()),
        origin: Origin::Flag(flag.name),
    }));
    entries
}

fn read_file(
    sources: &Sources,
    path: &Path,
    is_required: bool,
    entries: &mut Vec<Entry>,
    problems: &mut Problems,
) {
    let mut refuse = |problem: String, way_out: &str| {
        problems.push(Problem {
            key: path.display().to_string(),
            origin: Origin::File(path.to_owned()),
            problem,
            way_out: way_out.to_owned(),
        });
    };
    let text = match std::fs::read_to_string(sources.current_dir.join(path)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && !is_required => return,
        Err(error) => {
            refuse(format!("cannot be read ({error})"), "name a readable file with --config");
            return;
        }
    };
    match text.parse::<toml::Table>() {
        Ok(table) => flatten(table, path, entries),
        Err(error) => {
            // Only the message: the full text of the error quotes the line, which may hold a secret.
            let start = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
            refuse(format!("line {line} is not TOML ({})", error.message()), "correct that line");
        }
    }
}

fn flatten(table: toml::Table, path: &Path, entries: &mut Vec<Entry>) {
    let mut push = |key: String, value| {
        entries.push(Entry { key, raw: Raw::Toml(value), origin: Origin::File(path.to_owned()) });
    };
    for (section, value) in table {
        match value {
            toml::Value::Table(keys) if !keys.is_empty() => {
                for (key, value) in keys {
                    push(format!("{section}.{key}"), value);
                }
            }
            other => push(section, other),
        }
    }
}
