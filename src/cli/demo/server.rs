//! The server of the demo: a process of its own of this very program, reached over its public wire and nothing else.
use std::ffi::OsStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout};
use workbot_robot_sim::Rest;

use super::super::error::CliError;
use super::folder::tail;

/// From the start of the process until it serves.
const READY: Duration = Duration::from_secs(60);
/// For one of the short subcommands.
const SHORT: Duration = Duration::from_secs(60);
/// For the server to end in good order.
const STOP: Duration = Duration::from_secs(30);
/// Lines of its log that are shown when it fails.
const TAIL: usize = 12;
/// All that it gets of the environment: nothing that could be a setting.
const ENVIRONMENT: &[&str] = &["PATH", "TMPDIR", "TZ", "RUST_BACKTRACE"];
/// Its settings, beside where it listens: the platform is on this machine, and every message gets its own answer.
const SETTINGS: &[(&str, &str)] =
    &[("WORKBOT_CALLBACKS__ALLOW_PRIVATE", "true"), ("WORKBOT_SESSION__BURST_QUIET_MS", "0")];

/// A running server.
#[derive(Debug)]
pub struct Server {
    program: PathBuf,
    folder: PathBuf,
    listen: SocketAddr,
    child: Child,
    /// Held open: the server ends when it closes, also when this process is killed.
    input: Option<ChildStdin>,
}

impl Server {
    /// Starts it on an empty folder and waits until it serves.
    pub async fn start(program: &Path, folder: &Path, listen: SocketAddr) -> Result<Self, CliError> {
        let Launched { child, input, address } = launch(program, folder, listen).await?;
        let server =
            Self { program: program.to_owned(), folder: folder.to_owned(), listen: address, child, input };
        server.wait_ready().await?;
        Ok(server)
    }

    /// Where phones and platforms reach it.
    pub fn url(&self) -> String {
        let ip = match self.listen.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        format!("http://{}", SocketAddr::new(ip, self.listen.port()))
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.listen.port()
    }

    /// Kills it as a power cut would (SIGKILL).
    pub async fn kill(&mut self) -> Result<(), CliError> {
        self.child
            .kill()
            .await
            .map_err(|error| CliError::failed(format!("the server cannot be killed: {error}")))
    }

    /// Starts it anew on the same data and port after its end, and waits until it serves.
    pub async fn restart(&mut self) -> Result<(), CliError> {
        let Launched { child, input, address } = launch(&self.program, &self.folder, self.listen).await?;
        (self.child, self.input, self.listen) = (child, input, address);
        self.wait_ready().await
    }

    /// Resolves when the process has ended by itself.
    pub async fn ended(&mut self) -> CliError {
        let status = self.child.wait().await;
        let status = status.map_or_else(|error| error.to_string(), |status: ExitStatus| status.to_string());
        CliError::failed(format!(
            "the server has ended ({status}); its last lines:\n{}",
            log_tail(&self.folder)
        ))
    }

    /// Ends it in good order: it drains and exits with 0.
    pub async fn stop(mut self) -> Result<(), CliError> {
        drop(self.input.take());
        match timeout(STOP, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(CliError::failed(format!(
                "the server ended with {status}; its last lines:\n{}",
                log_tail(&self.folder)
            ))),
            Ok(Err(error)) => Err(CliError::failed(error)),
            Err(_late) => Err(CliError::failed("the server did not stop within 30 s")),
        }
    }

    async fn wait_ready(&self) -> Result<(), CliError> {
        let rest = Rest::new(&self.url()).map_err(CliError::failed)?;
        let until = Instant::now() + READY;
        loop {
            match rest.get("/readyz").await {
                Ok(answer) if answer.status == 200 => return Ok(()),
                _ if Instant::now() > until => {
                    return Err(CliError::failed(format!(
                        "the server does not get ready; its last lines:\n{}",
                        log_tail(&self.folder)
                    )));
                }
                _ => sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

/// The port wanted, or 0 when somebody else has it.
pub fn free_port(host: IpAddr, wanted: u16) -> u16 {
    match TcpListener::bind((host, wanted)) {
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => 0,
        _ => wanted,
    }
}

/// Runs a short subcommand on the folder; the one JSON document it prints.
pub async fn ask(program: &Path, folder: &Path, arguments: &[&str]) -> Result<Value, CliError> {
    let output = command(program, folder, arguments).stdin(Stdio::null()).output();
    let output = timeout(SHORT, output)
        .await
        .map_err(|late| CliError::failed(format!("workbot {} took too long ({late})", arguments.join(" "))))?
        .map_err(|error| CliError::failed(format!("{} cannot be started: {error}", program.display())))?;
    if !output.status.success() {
        return Err(CliError::failed(String::from_utf8_lossy(&output.stderr).trim()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| {
        CliError::failed(format!("workbot {} answered no JSON: {error}", arguments.join(" ")))
    })
}

fn command(program: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .args([OsStr::new("--data-dir"), folder.as_os_str()])
        // No configuration file of the current directory is read from there.
        .current_dir(folder)
        .env_clear()
        .envs(ENVIRONMENT.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))))
        .envs(SETTINGS.iter().copied())
        // A Ctrl-C at the terminal is for the demo alone.
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// A process that listens.
struct Launched {
    child: Child,
    input: Option<ChildStdin>,
    address: SocketAddr,
}

/// Starts the process and reads where it listens.
async fn launch(program: &Path, folder: &Path, listen: SocketAddr) -> Result<Launched, CliError> {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(log_file(folder))
        .map_err(|error| CliError::failed(format!("the server's log cannot be written: {error}")))?;
    let (host, port) = (listen.ip().to_string(), listen.port().to_string());
    let arguments = ["serve", "--until-input-ends", "--host", &host, "--port", &port];
    let mut child = command(program, folder, &arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(|error| CliError::failed(format!("{} cannot be started: {error}", program.display())))?;
    // Waiting for a child closes the input it still owns.
    let input = child.stdin.take();
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let read = timeout(READY, output.read_line(&mut line)).await;
        read.map_err(CliError::failed)?.map_err(CliError::failed)?;
    }
    match line.trim().strip_prefix("listening on http://").and_then(|address| address.parse().ok()) {
        Some(address) => Ok(Launched { child, input, address }),
        None => {
            Err(CliError::failed(format!("the server did not start; its last lines:\n{}", log_tail(folder))))
        }
    }
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("server.log")
}

fn log_tail(folder: &Path) -> String {
    tail(&log_file(folder), TAIL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_not_used() {
        let host = IpAddr::from(Ipv4Addr::LOCALHOST);
        let taken = TcpListener::bind((host, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_eq!(free_port(host, port), 0);
        assert_eq!(free_port(host, 0), 0);
        drop(taken);
        assert_eq!(free_port(host, port), port);
    }
}
