//! The data folder of the demo: empty at the start, gone at the end unless it was named or is needed to find out what went wrong.
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::super::error::CliError;
use super::super::output;

/// A fresh folder; dropping it removes it, if it is a temporary one.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    is_temporary: bool,
}

impl Folder {
    /// The folder named, which must hold nothing, or a new temporary one that nobody else may enter.
    pub fn fresh(named: Option<&str>) -> Result<Self, CliError> {
        let path = named.map_or_else(temporary, PathBuf::from);
        let refuse = |problem: String| CliError::failed(format!("the folder {} {problem}", path.display()));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(|error| refuse(format!("cannot be made ({error}); name another with --data-dir")))?;
        let folder = Self { path: path.clone(), is_temporary: named.is_none() };
        let mut entries = fs::read_dir(&path)
            .map_err(|error| refuse(format!("cannot be read ({error}); name another with --data-dir")))?;
        if entries.next().is_some() {
            return Err(refuse(
                "is not empty; the demo begins afresh: name an empty one with --data-dir".into(),
            ));
        }
        Ok(folder)
    }

    /// Where it is, as an absolute path.
    pub fn path(&self) -> Result<PathBuf, CliError> {
        fs::canonicalize(&self.path).map_err(CliError::failed)
    }

    /// Keeps it and says where it is.
    pub fn keep(&mut self) {
        self.is_temporary = false;
        output::report(&format!(
            "workbot: the data and the server's log are kept in {}\n",
            self.path.display()
        ));
    }

    /// Whether it goes at the end.
    pub fn is_temporary(&self) -> bool {
        self.is_temporary
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_temporary
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            output::report(&format!("workbot: {} cannot be removed: {error}\n", self.path.display()));
        }
    }
}

fn temporary() -> PathBuf {
    std::env::temp_dir().join(format!("workbot-demo-{}", uuid::Uuid::new_v4().simple()))
}

/// The last lines of a file.
pub fn tail(path: &Path, lines: usize) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    all.iter().skip(all.len().saturating_sub(lines)).map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::TemporaryFolder;

    #[test]
    fn a_temporary_folder_goes_and_a_named_one_stays() {
        let folder = Folder::fresh(None).unwrap();
        let path = folder.path().unwrap();
        fs::write(path.join("a"), "1\n2\n3\n").unwrap();
        assert_eq!(tail(&path.join("a"), 2), "  2\n  3\n");
        assert!(folder.is_temporary());
        drop(folder);
        assert!(!path.exists());

        let parent = TemporaryFolder::new();
        let name = parent.path().join("data").display().to_string();
        drop(Folder::fresh(Some(&name)).unwrap());
        fs::write(parent.path().join("data/a"), "").unwrap();
        let error = Folder::fresh(Some(&name)).unwrap_err();
        assert!(error.to_string().contains("is not empty"), "{error}");
        assert!(parent.path().join("data/a").exists());
    }
}
