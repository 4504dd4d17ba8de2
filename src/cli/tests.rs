//! Arguments as typed, exit codes, and what reaches which stream.

use super::args::*;
use super::*;
use clap::CommandFactory;

#[derive(Debug, Parser)]
struct Every {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: EveryCommand,
}

#[derive(Debug, Subcommand)]
enum EveryCommand {
    Serve(ServeArgs),
    Demo(DemoArgs),
    Sim(SimArgs),
    Migrate(MigrateArgs),
    #[command(subcommand)]
    Codes(CodesCommand),
    #[command(subcommand)]
    Robots(RobotsCommand),
    #[command(subcommand)]
    Users(UsersCommand),
    Token(TokenArgs),
}

fn parse(line: &str) -> Result<Every, clap::Error> {
    Every::try_parse_from(std::iter::once("workbot").chain(line.split_whitespace()))
}

#[test]
fn definitions_hold_together() {
    Cli::command().debug_assert();
    Every::command().debug_assert();
}

#[test]
fn global_flags_stand_in_any_position() {
    for line in [
        "--config a.toml --data-dir d --database-url sqlite:x codes create --days 3",
        "codes --config a.toml --data-dir d create --database-url sqlite:x --days 3",
        "codes create --days 3 --config a.toml --data-dir d --database-url sqlite:x",
    ] {
        let every = parse(line).unwrap();
        assert_eq!(every.global.config.as_deref(), Some(std::path::Path::new("a.toml")), "{line}");
        let flags = every.global.flags();
        let keys: Vec<_> = flags.iter().map(|flag| (flag.key, flag.text.as_str())).collect();
        assert_eq!(keys, [("server.data_dir", "d"), ("database.url", "sqlite:x")], "{line}");
    }
}

#[test]
fn every_documented_call_parses() {
    for line in [
        "serve",
        "serve --port 0 --host 127.0.0.1",
        "demo --port 0 --host ::1 --seconds 5",
        "sim --url http://127.0.0.1:5000 --robots 3 --dialect worktool --rate 2.5 --chaos --link-ids ids --seconds 9",
        "sim --codes codes.txt",
        "migrate",
        "migrate --down 1",
        "codes create --count 5 --days 365 --user 13800138000 --expires-at 2027-01-31 --json",
        "robots create --name desk --worktool --user 13800138000 --count 2 --json",
        "users create --phone 13800138000 --role admin --json",
        "token --phone 13800138000 --ttl 1h --json",
    ] {
        parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn wrong_calls_are_refused_as_usage() {
    for line in [
        "",
        "serve --port 65536",
        "serve --host example",
        "sim --robots 0",
        "sim --codes a --link-ids b",
        "codes create",
        "codes create --days 3 --count 1001",
        "codes create --days 3 --user 123",
        "robots create",
        "users create --phone 13800138000 --role king",
        "token --phone 13800138000 --ttl forever",
        "restore",
    ] {
        let error = parse(line).unwrap_err();
        assert!(error.use_stderr(), "{line}");
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

#[test]
fn listening_flags_set_keys() {
    let Ok(Every { command: EveryCommand::Serve(args), .. }) = parse("serve --port 0 --host ::") else {
        panic!("serve");
    };
    let flags = args.listen.flags();
    let keys: Vec<_> = flags.iter().map(|flag| (flag.name, flag.key, flag.text.as_str())).collect();
    assert_eq!(keys, [("--port", "server.port", "0"), ("--host", "server.host", "::")]);
}

#[test]
fn errors_are_sentences_with_codes() {
    let error = CliError::failed("the database is away; start it");
    assert_eq!(
        (error.report().as_str(), error.exit_code()),
        ("workbot: the database is away; start it\n", 1)
    );
    let mut problems = crate::settings::Problems::default();
    problems.add("server.port", "is bad", "mend it");
    problems.add("server.host", "is bad", "mend it");
    let error = CliError::from(problems);
    assert_eq!(
        (error.report().as_str(), error.exit_code()),
        ("workbot: server.port: is bad; mend it\nworkbot: server.host: is bad; mend it\n", 2)
    );
}
