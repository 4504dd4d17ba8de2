//! The real program as a child process: its first line, its log, its end.
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// A program that does not say its first line, or does not end, in this time is stuck.
const DEADLINE: Duration = Duration::from_secs(60);

/// A command of the program that sees nothing of the test run's own environment.
pub fn command(folder: &Path, settings: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workbot"));
    command.env_clear().current_dir(folder).stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    for (key, value) in settings {
        command.env(format!("WORKBOT_{}", key.replace('.', "__").to_uppercase()), value);
    }
    command
}

/// Runs a command to its end, off the test's thread.
pub async fn output(mut command: Command) -> Output {
    let run = tokio::task::spawn_blocking(move || command.output().unwrap());
    timeout(DEADLINE, run).await.expect("the command ends in time").unwrap()
}

/// A started program.
pub struct Program {
    pid: u32,
    first_line: watch::Receiver<Option<String>>,
    exited: watch::Receiver<Option<ExitStatus>>,
    threads: Vec<JoinHandle<()>>,
}

impl Program {
    /// Starts it; its standard error goes to `log`.
    pub fn start(mut command: Command, log: Arc<Mutex<Vec<String>>>) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (said, first_line) = watch::channel(None);
        let (left, exited) = watch::channel(None);
        let pid = child.id();
        let threads = vec![
            std::thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    said.send_if_modified(|first| first.is_none() && first.replace(line).is_none());
                }
            }),
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    log.lock().unwrap().push(line);
                }
            }),
            std::thread::spawn(move || {
                left.send_replace(Some(child.wait().unwrap()));
            }),
        ];
        Self { pid, first_line, exited, threads }
    }

    /// The first line on standard output; none when the program ends without one.
    pub async fn first_line(&self) -> Option<String> {
        let mut said = self.first_line.clone();
        let line = timeout(DEADLINE, said.wait_for(Option::is_some)).await.expect("a first line in time");
        line.ok().and_then(|line| line.clone())
    }

    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        self.exited.borrow().is_none()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends a signal such as `TERM`.
    pub fn signal(&self, name: &str) {
        if self.is_running() {
            let status = Command::new("kill").args([format!("-{name}"), self.pid.to_string()]).status();
            assert!(status.is_ok(), "kill -{name} {}: {status:?}", self.pid);
        }
    }

    /// Waits for its end.
    pub async fn ended(&self) -> ExitStatus {
        let mut exited = self.exited.clone();
        let status = timeout(DEADLINE, exited.wait_for(Option::is_some)).await.expect("an end in time");
        status.unwrap().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.signal("KILL");
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}
