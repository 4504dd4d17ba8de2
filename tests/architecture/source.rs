//! The Rust files of the workspace, with the place of each in its crate.

use super::path::{Named, named_paths};
use std::fs;
use std::path::{Path, PathBuf};

const FOLDERS: &[&str] = &["actors", "benches", "clients", "schema", "src", "tests", "xtask"];

/// One Rust file.
pub struct Source {
    /// From the root of the workspace, with `/`.
    pub name: String,
    pub text: String,
}

impl Source {
    /// The paths it names outside test code; a file that cannot be parsed fails the test.
    pub fn paths(&self) -> Vec<Named> {
        named_paths(&self.text, &self.module()).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// `actors/src/robot/core.rs` is `[robot, core]`; the root of a crate is empty.
    pub fn module(&self) -> Vec<String> {
        let inside = self.name.split_once("src/").map_or(self.name.as_str(), |(_, inside)| inside);
        let stem = inside.trim_end_matches(".rs");
        let mut module: Vec<String> = stem.split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
            module.pop();
        }
        module
    }

    /// Whether the whole file is test code, whose imports are free.
    pub fn is_test(&self) -> bool {
        let parts = || self.name.split(['/', '.']);
        parts()
            .any(|part| ["tests", "test", "examples", "benches"].contains(&part) || part.ends_with("_tests"))
    }
}

/// Every Rust file of the workspace, sorted by name.
pub fn workspace_sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut waiting: Vec<PathBuf> = FOLDERS.iter().map(|folder| root.join(folder)).collect();
    let mut sources = Vec::new();
    while let Some(path) = waiting.pop() {
        if let Ok(entries) = fs::read_dir(&path) {
            waiting.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            sources.push(Source { name, text: fs::read_to_string(&path).unwrap() });
        }
    }
    sources.sort_by(|left, right| left.name.cmp(&right.name));
    sources
}
