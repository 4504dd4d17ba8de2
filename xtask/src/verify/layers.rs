//! Layers that Cargo can see: who may stand in whose tree of dependencies.

use crate::process::{Outcome, capture, cargo};

/// `forbidden` must not stand anywhere below `package`.
struct Never {
    package: &'static str,
    forbidden: &'static [&'static str],
    reason: &'static str,
}

/// Below `package`, only these may use `dependency` directly.
struct OnlyBy {
    package: &'static str,
    dependency: &'static str,
    users: &'static [&'static str],
    reason: &'static str,
}

const NEVER: &[Never] = &[
    Never {
        package: "workbot-schema",
        forbidden: &["actix", "actix-rt", "actix-http", "actix-web", "actix-web-actors"],
        reason: "the schema knows no runtime: it says what things are",
    },
    Never {
        package: "workbot-robot-sim",
        forbidden: &["workbot-actors", "actix-web"],
        reason: "the simulated phone knows the wire only, else it would share the server's mistakes",
    },
];

const ONLY_BY: &[OnlyBy] = &[
    OnlyBy {
        package: "workbot-actors",
        dependency: "actix-web",
        // The socket actor needs actix-web-actors, and the frame stream the payload types of actix-web.
        users: &["actix-web-actors", "workbot-actors"],
        reason: "the actors know no HTTP server beyond the robot's socket",
    },
    OnlyBy {
        package: "workbot-actors",
        dependency: "diesel",
        users: &["diesel-async", "diesel_migrations", "workbot-schema"],
        reason: "queries live in the schema",
    },
];

/// Asks `cargo tree` for each rule.
pub fn check() -> Outcome<String> {
    for rule in NEVER {
        let tree = tree(&["--package", rule.package])?;
        let found = tree.iter().find(|(_, name)| rule.forbidden.contains(&name.as_str()));
        if let Some((_, name)) = found {
            return Err(format!("{} depends on {name}: {}", rule.package, rule.reason));
        }
    }
    for rule in ONLY_BY {
        let tree = tree(&["--package", rule.package, "--invert", rule.dependency])?;
        if let Some(name) = stranger(&tree, rule.users) {
            return Err(format!("{name} uses {} in {}: {}", rule.dependency, rule.package, rule.reason));
        }
    }
    Ok(format!("{} rules", NEVER.len() + ONLY_BY.len()))
}

fn tree(arguments: &[&str]) -> Outcome<Vec<(usize, String)>> {
    let mut command = cargo();
    command.args(["tree", "--edges", "normal,build", "--prefix", "depth"]).args(arguments);
    Ok(parse(&capture(&mut command)?))
}

/// Lines such as `1actix-web v4.0.0 (…)` become depth and name.
fn parse(text: &str) -> Vec<(usize, String)> {
    let line = |line: &str| {
        let name = line.trim_start_matches(|character: char| character.is_ascii_digit());
        let depth = line.strip_suffix(name)?.parse().ok()?;
        Some((depth, name.split_whitespace().next()?.to_owned()))
    };
    text.lines().filter_map(line).collect()
}

fn stranger<'a>(tree: &'a [(usize, String)], users: &[&str]) -> Option<&'a str> {
    let mut direct = tree.iter().filter(|(depth, _)| *depth == 1).map(|(_, name)| name.as_str());
    direct.find(|name| !users.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_direct_users_count_and_a_stranger_is_named() {
        let tree = parse(
            "0actix-web v4.18.1\n1actix-web-actors v4.3.1\n2workbot-actors v0.1.0 (actors)\n1sneaky v1.0.0 (*)\n",
        );
        assert_eq!(tree.len(), 4);
        assert_eq!(stranger(&tree, &["actix-web-actors"]), Some("sneaky"));
        assert_eq!(stranger(&tree, &["actix-web-actors", "sneaky"]), None);
    }
}
