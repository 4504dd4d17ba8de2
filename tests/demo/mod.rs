//! `workbot demo` and `workbot sim` as a user runs them: the verdict is the last line, and the exit code says the same.
use std::process::Output;
use std::time::Duration;

use tokio::time::timeout;

use crate::on_both;
use crate::support::database::{Backend, TestDatabase};
use crate::support::program;
use crate::support::server::{SOON, TestServer};
use crate::support::until;

/// Phones of the chaos run.
const ROBOTS: u64 = 10;
/// Start, load, drain and look-ups of a chaos run on a slow machine.
const RUN: Duration = Duration::from_secs(200);

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn assert_clean(output: &Output) {
    let (lines, error) = (lines(output), String::from_utf8_lossy(&output.stderr));
    let text = lines.join("\n");
    assert!(output.status.success(), "{}: {text}\n{error}", output.status);
    assert_eq!(lines.last().map(String::as_str), Some("lost 0, doubled 0"), "{text}\n{error}");
}

async fn run(mut command: std::process::Command) -> Output {
    let run = tokio::task::spawn_blocking(move || command.output().unwrap());
    timeout(RUN, run).await.expect("the command ends in time").unwrap()
}

#[actix_web::test]
async fn the_demo_loses_and_doubles_nothing_although_its_server_is_killed() {
    let place = TestDatabase::empty(Backend::Sqlite);
    let temporary = place.folder().join("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut command = program::command(place.folder(), &[]);
    // Nothing of this may reach the demo's server.
    command.env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none").env("JWT_SECRET", "short");
    command.env("TMPDIR", &temporary).args(["demo", "--seconds", "8", "--port", &port.to_string()]);
    let output = run(command).await;
    assert_clean(&output);
    let lines = lines(&output);
    let told = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
    assert!(told(&format!("port {port} is taken")) == 1 && told("/api/docs") == 1, "{lines:#?}");
    assert!(told("server killed (SIGKILL)") == 1 && told("server back on the same data") == 1, "{lines:#?}");
    assert!(told("→") >= 12 && told("state succeeded") == told("→"), "{lines:#?}");
    assert!(
        told("flows ") == 1 && told("@社群福利群: ") >= 1,
        "flows answer, on a WorkTool phone too: {lines:#?}"
    );
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "the data folder is gone");
}

#[actix_web::test]
async fn the_demo_keeps_to_its_own_settings() {
    let place = TestDatabase::empty(Backend::Sqlite);
    std::fs::write(place.folder().join("precious"), "").unwrap();
    for (arguments, code) in [
        (["demo", "--database-url", "sqlite:x"], 2),
        (["demo", "--config", "x.toml"], 2),
        (["demo", "--data-dir", "."], 1),
    ] {
        let mut command = program::command(place.folder(), &[]);
        command.args(arguments);
        let output = program::output(command).await;
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {output:?}");
    }
    assert_eq!(std::fs::read_dir(place.folder()).unwrap().count(), 1);
}

on_both!(
    chaos_loses_and_doubles_nothing_although_the_server_is_killed,
    so_does_chaos_of_worktool_apps,
    limits_are_respected_and_told
);

async fn chaos_loses_and_doubles_nothing_although_the_server_is_killed(backend: Backend) {
    let mut server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("commands.result_timeout_secs", 5)
        .set("commands.file_result_timeout_secs", 5)
        .start()
        .await;
    let robots = ROBOTS.to_string();
    let simulation =
        simulation(&server, &["--chaos", "--robots", &robots, "--rate", "30", "--seconds", "10"]);
    let kill = async {
        until(SOON, "the phones are online", async || (connected(&server).await >= ROBOTS).then_some(()))
            .await;
        server.restart().await;
    };
    let (output, ()) = tokio::join!(run(simulation), kill);
    assert_clean(&output);
    let text = lines(&output).join("\n");
    assert!(text.contains("commands submitted 300, ") || text.contains("commands submitted 299, "), "{text}");
}

async fn so_does_chaos_of_worktool_apps(backend: Backend) {
    let mut server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("commands.result_timeout_secs", 10)
        .set("commands.file_result_timeout_secs", 10)
        .start()
        .await;
    let arguments = ["--dialect", "worktool", "--chaos", "--robots", "6", "--rate", "10", "--seconds", "12"];
    let simulation = simulation(&server, &arguments);
    let kill = async {
        until(SOON, "the phones are online", async || (connected(&server).await >= 6).then_some(())).await;
        server.restart().await;
    };
    let (output, ()) = tokio::join!(run(simulation), kill);
    assert_clean(&output);
    let text = lines(&output).join("\n");
    assert!(text.contains("WorkTool phones 6, reading 6") && text.contains("results looked up: "), "{text}");
}

async fn limits_are_respected_and_told(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.robot_per_minute", 120).start().await;
    let output = run(simulation(&server, &["--robots", "2", "--rate", "100", "--seconds", "4"])).await;
    assert_clean(&output);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.contains("limits held the load back") && error.contains("LIMITS__ENABLED=false"),
        "{error}"
    );
}

/// A simulation that makes its codes in the server's own database.
fn simulation(server: &TestServer, arguments: &[&str]) -> std::process::Command {
    let folder = server.database().folder();
    let mut command = program::command(folder, &[]);
    command.args(["sim", "--url", server.url(), "--database-url", &server.database().url]).args(arguments);
    command
}

/// Robots with an open socket, as the metrics say.
async fn connected(server: &TestServer) -> u64 {
    let Ok(page) = server.rest().get("/metrics").await else { return 0 };
    let line = page.body.lines().find_map(|line| line.strip_prefix("workbot_robots_connected "));
    line.and_then(|count| count.parse().ok()).unwrap_or(0)
}
