//! The house keeps its shape: who may import whom is a table, and every path of the source is held against it.

mod judge;
mod path;
mod source;
mod table;

use judge::{broken_ban, broken_edge, broken_purity};
use source::{Source, workspace_sources};
use table::LINES_MAX;

fn findings(judge: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    let sources = workspace_sources();
    assert!(sources.len() > 20, "the walk found only {} Rust files", sources.len());
    sources.iter().flat_map(judge).collect()
}

fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "{} findings\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn actors_import_only_what_the_table_grants() {
    assert_none(&findings(broken_edge));
}

#[test]
fn pure_files_know_no_runtime_log_or_clock() {
    assert_none(&findings(broken_purity));
}

#[test]
fn layers_name_only_what_stands_to_their_left() {
    assert_none(&findings(broken_ban));
}

#[test]
fn no_rust_file_is_longer_than_the_limit() {
    let too_long = |source: &Source| {
        let lines = source.text.lines().count();
        (lines > LINES_MAX)
            .then(|| format!("{}: {lines} lines, split it by noun", source.name))
            .into_iter()
            .collect()
    };
    assert_none(&findings(too_long));
}

#[test]
fn every_folder_of_the_actors_has_a_row() {
    let rowless = |source: &Source| {
        let folder = source.name.strip_prefix("actors/src/").and_then(|rest| rest.split_once('/'));
        let missing = folder.filter(|(folder, _)| table::row(folder).is_none());
        missing
            .map(|(folder, _)| format!("{}: `{folder}` has no row in the table", source.name))
            .into_iter()
            .collect()
    };
    assert_none(&findings(rowless));
}

mod self_test;
