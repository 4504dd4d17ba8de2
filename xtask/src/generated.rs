//! Files that the program writes itself: compared by `verify`, written again by `cargo xtask generate`.

use crate::console;
use crate::process::{Outcome, capture, cargo, workspace};
use std::fs;
use std::path::PathBuf;

struct Generated {
    /// Where it may stand; the first place that exists counts.
    places: &'static [&'static str],
    arguments: &'static [&'static str],
    /// Whether its absence is a failure.
    is_required: bool,
}

const FILES: &[Generated] = &[
    Generated {
        places: &["config/workbot.toml"],
        arguments: &["config", "print", "--defaults"],
        is_required: true,
    },
    Generated {
        places: &["web/openapi.json", "docs/openapi.json"],
        arguments: &["openapi"],
        is_required: false,
    },
];

/// Fails on the first file that differs from what the program prints today.
pub fn compare_all() -> Outcome<String> {
    let mut same = Vec::new();
    for file in FILES {
        match file.existing() {
            Some((name, path)) => {
                let kept = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
                compare(name, &kept, &file.print()?)?;
                same.push(name);
            }
            None if file.is_required => {
                return Err(format!("{} is missing: {REGENERATE}", file.places.join(" or ")));
            }
            None => {}
        }
    }
    Ok(format!("up to date: {}", same.join(", ")))
}

/// Writes each file from what the program prints; a file that may be absent is only refreshed.
pub fn write_all() -> Outcome<()> {
    for file in FILES {
        let place = match (file.existing(), file.places.first()) {
            (Some((name, _)), _) => name,
            (None, Some(first)) if file.is_required => first,
            _ => continue,
        };
        let path = workspace().join(place);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| format!("{place}: {error}"))?;
        }
        fs::write(&path, file.print()?).map_err(|error| format!("{place}: {error}"))?;
        println!("generate: wrote {place}");
    }
    if console::write_types()? {
        println!("generate: wrote web/src/api/schema.d.ts");
    }
    Ok(())
}

const REGENERATE: &str = "run `cargo xtask generate` and commit the result";

impl Generated {
    fn existing(&self) -> Option<(&'static str, PathBuf)> {
        let root = workspace();
        self.places.iter().map(|place| (*place, root.join(place))).find(|(_, path)| path.is_file())
    }

    fn print(&self) -> Outcome<String> {
        capture(cargo().args(["run", "--quiet", "--package", "workbot", "--"]).args(self.arguments))
    }
}

fn compare(name: &str, kept: &str, printed: &str) -> Outcome<()> {
    let mut lines = kept.lines().zip(printed.lines()).enumerate();
    let first = match lines.find(|(_, (kept, printed))| kept != printed) {
        Some((index, (kept, printed))) => {
            format!("line {}: the file has `{kept}`, the program prints `{printed}`", index + 1)
        }
        None if kept.lines().count() == printed.lines().count() => return Ok(()),
        None => format!("{} lines against {} printed", kept.lines().count(), printed.lines().count()),
    };
    Err(format!("{name} differs from what the program prints ({first}): {REGENERATE}"))
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn a_difference_names_the_line_and_the_way_out() {
        assert_eq!(compare("a", "x = 1\ny = 2\n", "x = 1\ny = 2"), Ok(()));
        let changed = compare("a.toml", "x = 1\ny = 2\n", "x = 1\ny = 3\n").unwrap_err();
        assert!(changed.contains("line 2") && changed.contains("cargo xtask generate"), "{changed}");
        assert!(compare("a.toml", "x = 1\n", "x = 1\ny = 3\n").unwrap_err().contains("1 lines against 2"));
    }
}
