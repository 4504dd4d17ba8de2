//! Rules about files as such: their length, their names, and that none of them tells where it was written.

use crate::process::Outcome;
use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 400;
const TEXT_MAX_BYTES: u64 = 4 * 1024 * 1024;
const SKIPPED_FOLDERS: &[&str] = &["target", ".git", "node_modules", "dist", "data"];
/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"];
/// Folders of one machine, when they begin a path.
const MACHINE_PATHS: &[&str] = &["/home/", "/root/", "/Users/", "/work/", "C:\\Users\\"];
/// Where packages are fetched from is the reader's own setting, never ours.
const REGISTRY_HOSTS: &[&str] =
    &[concat!("index.", "crates"), concat!("static.", "crates"), concat!("registry.", "npm"), "replace-with"];
/// Lock files name the one public registry of their kind and nothing else.
const LOCK_FILES: &[(&str, &str, &str)] = &[
    ("Cargo.lock", "source = \"", "registry+https://github.com/rust-lang/crates.io-index\""),
    ("package-lock.json", "\"resolved\": \"", concat!("https://registry.", "npmjs", ".org/")),
];
/// This file holds the words it looks for.
const THIS_FILE: &str = "xtask/src/verify/files.rs";

/// Every problem at once, one a line.
pub fn check(root: &Path) -> Outcome<String> {
    let mut problems = Vec::new();
    let files = walk(root)?;
    for path in &files {
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        problems.extend(name_problem(&name));
        let is_small = fs::metadata(path).is_ok_and(|metadata| metadata.len() <= TEXT_MAX_BYTES);
        if is_small && let Ok(text) = fs::read_to_string(path) {
            problems.extend(text_problems(&name, &text));
        }
    }
    if problems.is_empty() {
        Ok(format!("{} files", files.len()))
    } else {
        Err(format!("{} problems\n  {}", problems.len(), problems.join("\n  ")))
    }
}

fn walk(root: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !is_folder {
                files.push(path);
            } else if !SKIPPED_FOLDERS.iter().any(|skipped| entry.file_name() == *skipped) {
                folders.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn name_problem(name: &str) -> Option<String> {
    let is_empty = |part: &str| {
        let stem = part.split('.').next().unwrap_or(part).to_ascii_lowercase();
        EMPTY_NAMES.contains(&stem.as_str())
    };
    name.split('/').any(is_empty).then(|| format!("{name}: name it after what is inside"))
}

fn text_problems(name: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let lines = text.lines().count();
    if name.ends_with(".rs") && lines > LINES_MAX {
        problems.push(format!("{name}: {lines} lines, more than {LINES_MAX}: split it by noun"));
    }
    let lock = LOCK_FILES.iter().find(|(file, _, _)| name.rsplit('/').next() == Some(file));
    for (index, line) in text.lines().enumerate() {
        let at = format!("{name}:{}", index + 1);
        if let Some((_, key, public)) = lock {
            if line.trim_start().strip_prefix(key).is_some_and(|value| !value.starts_with(public)) {
                problems.push(format!("{at}: comes from another place than the public registry"));
            }
        } else if name != THIS_FILE {
            if let Some(path) = MACHINE_PATHS.iter().find(|path| begins_a_path(line, path)) {
                problems.push(format!("{at}: names a folder of one machine ({path})"));
            }
            if let Some(host) = REGISTRY_HOSTS.iter().find(|host| line.contains(*host)) {
                problems.push(format!("{at}: names a package registry ({host})"));
            }
        }
    }
    problems
}

/// `/home/` in `"/home/a"` begins a path; in `https://a.b/home/` or `src/home/` it does not.
fn begins_a_path(line: &str, path: &str) -> bool {
    let before = |(at, _)| line.get(..at).and_then(|before: &str| before.chars().next_back());
    line.match_indices(path).map(before).any(|before| {
        before.is_none_or(|character| !character.is_alphanumeric() && !"._-/*}>~".contains(character))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_nothing_are_refused() {
        for name in ["actors/src/robot/utils.rs", "src/common/mod.rs", "web/src/Helpers.ts", "x/manager.rs"] {
            assert!(name_problem(name).is_some(), "{name}");
        }
        for name in ["actors/src/robot/core.rs", "src/http/commonality.rs", "README.md"] {
            assert_eq!(name_problem(name), None, "{name}");
        }
    }

    #[test]
    fn long_rust_files_are_refused() {
        assert_eq!(text_problems("a.rs", &"x\n".repeat(LINES_MAX)), Vec::<String>::new());
        assert_eq!(text_problems("a.rs", &"x\n".repeat(LINES_MAX + 1)).len(), 1);
        assert_eq!(text_problems("a.md", &"x\n".repeat(LINES_MAX + 1)), Vec::<String>::new());
    }

    #[test]
    fn texts_do_not_tell_where_they_were_written() {
        let bad = [
            "see /home/ann/x",
            "\"/root/.cargo\"",
            "/Users/ann",
            "replace-with = \"mirror\"",
            "C:\\Users\\a",
        ];
        for line in bad {
            assert_eq!(text_problems("a.md", line).len(), 1, "{line}");
        }
        for line in ["https://a.example/home/x", "src/root/mod.rs", "network/work/x", "/var/lib/workbot"] {
            assert_eq!(text_problems("a.md", line), Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn lock_files_name_public_registries_only() {
        let public = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        assert_eq!(text_problems("Cargo.lock", public), Vec::<String>::new());
        assert_eq!(text_problems("Cargo.lock", "source = \"registry+https://mirror.example\"").len(), 1);
        let mirrored = "      \"resolved\": \"https://mirror.example/a.tgz\",";
        assert_eq!(text_problems("web/package-lock.json", mirrored).len(), 1);
    }
}
