//! The web console under `web/`: built only when a source is newer than what was built.

use crate::debian;
use crate::process::{Outcome, find, run, workspace};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };
/// What the build of the console reads; everything else under `web/` does not make it stale.
const SOURCES: &[&str] =
    &["src", "public", "index.html", "package.json", "package-lock.json", "vite.config.ts"];
const CHROMIUM: &str = "/usr/bin/chromium";

/// What became of the console.
pub enum Build {
    /// The last build is newer than every source.
    Fresh,
    /// It was built just now.
    Built,
    /// It cannot be built here, for this reason.
    Impossible(&'static str),
}

/// Whether there is a console to build at all.
pub fn exists() -> bool {
    folder().join("package.json").is_file()
}

/// Installs its packages and builds it, each only when stale.
pub fn build_if_stale() -> Outcome<Build> {
    if !exists() {
        return Ok(Build::Impossible("there is no web/package.json"));
    }
    if find(NPM).is_none() {
        return Ok(Build::Impossible("npm is not on PATH; install Node.js to have it"));
    }
    let web = folder();
    install_packages(&web)?;
    if is_newer(SOURCES.iter().map(|source| web.join(source)), &web.join("dist/index.html")) {
        npm(&web, &["run", "build"])?;
        return Ok(Build::Built);
    }
    Ok(Build::Fresh)
}

/// Builds it and runs its own checks (`npm run verify`: types, unit and browser tests); never skips for a missing tool.
pub fn verify() -> Outcome<()> {
    if find(NPM).is_none() {
        debian::install("npm", &["nodejs", "npm"])?;
    }
    if find("chromium").is_none() {
        debian::install("Chromium", &["chromium", "fonts-noto-cjk"])?;
    }
    if let Build::Impossible(reason) = build_if_stale()? {
        return Err(format!("the console cannot be built: {reason}"));
    }
    npm(&folder(), &["run", "verify"])
}

/// Writes the types of the API from its description; false where there is no console or no Node.
pub fn write_types() -> Outcome<bool> {
    if !exists() || find(NPM).is_none() {
        return Ok(false);
    }
    let web = folder();
    install_packages(&web)?;
    npm(&web, &["run", "types"])?;
    Ok(true)
}

fn folder() -> PathBuf {
    workspace().join("web")
}

fn install_packages(web: &Path) -> Outcome<()> {
    let lock = web.join("package-lock.json");
    if is_newer([lock].into_iter(), &web.join("node_modules/.package-lock.json")) {
        npm(web, &["ci"])?;
    }
    Ok(())
}

fn npm(web: &Path, arguments: &[&str]) -> Outcome<()> {
    let chromium = find("chromium").unwrap_or_else(|| PathBuf::from(CHROMIUM));
    run(Command::new(NPM).args(arguments).current_dir(web).env("CHROMIUM", chromium))
}

/// Whether anything under the sources changed after the product was made; true when there is no product.
fn is_newer(sources: impl Iterator<Item = PathBuf>, product: &Path) -> bool {
    let Some(made_at) = changed_at(product) else { return true };
    let mut waiting: Vec<PathBuf> = sources.collect();
    while let Some(path) = waiting.pop() {
        if let Ok(entries) = fs::read_dir(&path) {
            waiting.extend(entries.filter_map(Result::ok).map(|entry| entry.path()));
        } else if changed_at(&path).is_some_and(|changed| changed > made_at) {
            return true;
        }
    }
    false
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn write_at(path: &Path, at: SystemTime) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
        fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
    }

    #[test]
    fn a_product_is_stale_when_missing_or_older_than_any_source() {
        let folder = std::env::temp_dir().join(format!("workbot-stale-{}", std::process::id()));
        let (source, product) = (folder.join("src/deep/page.tsx"), folder.join("dist/index.html"));
        let early = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let sources = || [folder.join("src"), folder.join("absent")].into_iter();
        write_at(&source, early + Duration::from_secs(5));
        assert!(is_newer(sources(), &product), "no product");
        write_at(&product, early);
        assert!(is_newer(sources(), &product), "older product");
        write_at(&product, early + Duration::from_secs(9));
        assert!(!is_newer(sources(), &product), "newer product");
        fs::remove_dir_all(&folder).unwrap();
    }
}
