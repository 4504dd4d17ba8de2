//! Holding one file against the tables; each finding is one sentence with file, line and reason.

use super::path::Named;
use super::source::Source;
use super::table::{BANS, CLOCKS, Grant, IMPURE, PURE, row};

const ACTORS: &str = "actors/src/";

/// Import edges between the folders of `actors/src` that the table does not grant.
pub fn broken_edge(source: &Source) -> Vec<String> {
    let Some(folder) = actor_folder(source) else { return Vec::new() };
    own_paths(source)
        .filter_map(|named| {
            let refusal = edge_refusal(folder, &named.segments[1..])?;
            Some(finding(source, &named, &refusal))
        })
        .collect()
}

/// What a pure file names although it must not.
pub fn broken_purity(source: &Source) -> Vec<String> {
    let Some(inside) = source.name.strip_prefix(ACTORS) else { return Vec::new() };
    if source.is_test() || !is_pure(inside, &source.text) {
        return Vec::new();
    }
    let folder = actor_folder(source).unwrap_or_default();
    source
        .paths()
        .iter()
        .filter_map(|named| {
            let text = named.text();
            let impure = IMPURE.iter().any(|name| is_below(&text, name))
                || CLOCKS.iter().any(|clock| text == *clock || text.ends_with(&format!("::{clock}")));
            let stranger = named.segments[0] == "crate" && !is_pure_target(folder, &named.segments[1..]);
            (impure || stranger).then(|| finding(source, named, "a pure file gets such things as values"))
        })
        .collect()
}

/// What a layer names although a ban says it must not.
pub fn broken_ban(source: &Source) -> Vec<String> {
    if source.is_test() {
        return Vec::new();
    }
    let bans = BANS.iter().filter(|ban| {
        source.name.starts_with(ban.under) && !ban.except.iter().any(|except| source.name.starts_with(except))
    });
    let paths = source.paths();
    bans.flat_map(|ban| {
        let hit = |named: &&Named| ban.names.iter().any(|name| is_named(&named.segments, name));
        paths.iter().filter(hit).map(|named| finding(source, named, ban.reason)).collect::<Vec<_>>()
    })
    .collect()
}

fn finding(source: &Source, named: &Named, reason: &str) -> String {
    format!("{}:{}: `{}`: {reason}", source.name, named.line, named.text())
}

/// The first folder below `actors/src`; none for `lib.rs`, which may name everything, and for test files.
fn actor_folder(source: &Source) -> Option<&str> {
    if source.is_test() {
        return None;
    }
    source.name.strip_prefix(ACTORS)?.split_once('/').map(|(folder, _)| folder)
}

fn own_paths(source: &Source) -> impl Iterator<Item = Named> {
    source.paths().into_iter().filter(|named| named.segments[0] == "crate")
}

fn edge_refusal(folder: &str, target: &[String]) -> Option<String> {
    let Some(row) = row(folder) else { return Some(format!("`{folder}` has no row in the table")) };
    let Some(into) = target.first() else { return Some("nobody imports its parent".into()) };
    if into == folder {
        return None;
    }
    if super::table::row(into).is_none() {
        return Some(format!("`{into}` is no folder of the table; nobody imports its parent"));
    }
    let granted = row.grants.iter().any(|grant| match *grant {
        Grant::All(name) => into == name,
        Grant::Handle(name) => {
            into == name && !target.iter().any(|part| part.ends_with("Actor") || part == "*")
        }
        Grant::Reader(name, module) => {
            let inside = into == name && target.get(1).is_some_and(|part| part == module);
            inside && !target.iter().any(|part| part.contains("Writer") || part == "*")
        }
    });
    (!granted).then(|| format!("`{folder}` may not import this from `{into}`"))
}

fn is_pure(inside: &str, text: &str) -> bool {
    let listed = PURE.iter().any(|pure| inside == *pure || (pure.ends_with('/') && inside.starts_with(pure)));
    listed
        || text.lines().find_map(|line| line.strip_prefix("//! ")).is_some_and(|doc| doc.starts_with("Pure"))
}

/// Its own folder without an actor, a pure folder, or a pure module of the kernel.
fn is_pure_target(folder: &str, target: &[String]) -> bool {
    let Some(into) = target.first() else { return false };
    if into == folder {
        return !target.iter().any(|part| part.ends_with("Actor"));
    }
    if PURE.contains(&format!("{into}/").as_str()) {
        return true;
    }
    let module = target.get(1).map(|module| format!("{into}/{module}.rs")).unwrap_or_default();
    PURE.contains(&module.as_str())
}

fn is_below(text: &str, name: &str) -> bool {
    text.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn is_named(segments: &[String], name: &str) -> bool {
    match name.strip_suffix("::*Actor") {
        Some(root) => segments[0] == root && segments.iter().any(|part| part.ends_with("Actor")),
        None => is_below(&segments.join("::"), name),
    }
}
