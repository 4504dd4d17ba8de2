//! `workbot check`: reads the configuration and tells everything that is wrong at once. Creates nothing.

use super::error::CliError;
use super::output;
use crate::settings::{DataFolderError, Loaded, Origin, Problem};

/// Exit 0 when the configuration is good, 2 when it is not; every problem is one line on standard error.
pub fn run(mut loaded: Loaded) -> Result<(), CliError> {
    if let Err(error) = loaded.settings.data_folder().inspect() {
        loaded.problems.push(folder_problem(&loaded, &error));
    }
    loaded.into_settings()?;
    output::print_line("the configuration is good")
}

fn folder_problem(loaded: &Loaded, error: &DataFolderError) -> Problem {
    let sentence = error.to_string();
    let (problem, way_out) = sentence.split_once("; ").unwrap_or((&sentence, "check the data folder"));
    Problem {
        key: "server.data_dir".to_owned(),
        origin: loaded.origins.get("server.data_dir").cloned().unwrap_or(Origin::Default),
        problem: problem.to_owned(),
        way_out: way_out.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::TemporaryFolder;

    #[test]
    fn a_file_in_the_place_of_the_data_folder_is_told() {
        let folder = TemporaryFolder::new();
        let path = folder.path().join("data");
        std::fs::write(&path, "").unwrap();
        let mut loaded = Loaded::default();
        loaded.settings.server.data_dir = path;
        let error = run(loaded).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.report().starts_with("workbot: server.data_dir: data folder "), "{}", error.report());
    }

    #[test]
    fn a_missing_data_folder_is_no_problem_and_stays_missing() {
        let folder = TemporaryFolder::new();
        let mut loaded = Loaded::default();
        loaded.settings.server.data_dir = folder.path().join("data");
        run(loaded).unwrap();
        assert!(!folder.path().join("data").exists());
    }
}
