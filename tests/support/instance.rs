//! A server started by hand: behind a proxy, beside another one, under a limit of the operating system.
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use workbot_robot_sim::{Device, Identity, PhoneConfig, Rest};

use super::program::{self, Program};
use super::until;

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// `--database-url`.
    pub database_url: String,
    /// `--data-dir`.
    pub data_dir: PathBuf,
    /// Configuration keys.
    pub settings: Vec<(String, String)>,
    /// A script of `sh` that ends with `exec "$@"`; empty for none.
    pub script: &'static str,
}

impl Launch {
    /// A server on a database and a data folder.
    pub fn new(database_url: &str, data_dir: &Path) -> Self {
        Self {
            database_url: database_url.to_owned(),
            data_dir: data_dir.to_owned(),
            settings: Vec::new(),
            script: "",
        }
        .set("limits.enabled", false)
        .set("limits.connects_per_minute", 10_000)
        .set("callbacks.allow_private", true)
        .set("server.workers", 1)
        .set("database.pool_size", 4)
    }

    /// Sets a configuration key.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl ToString) -> Self {
        self.settings.retain(|(known, _)| known != key);
        self.settings.push((key.to_owned(), value.to_string()));
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        std::fs::create_dir_all(&self.data_dir).unwrap();
        let mut command = program::command(&self.data_dir, &self.settings);
        if !self.script.is_empty() {
            let mut shell = Command::new("sh");
            shell.args(["-c", self.script, "sh"]).arg(command.get_program());
            shell.env_clear().current_dir(&self.data_dir).stdin(Stdio::null());
            let environment = command.get_envs().filter_map(|(key, value)| Some((key, value?)));
            shell.envs(environment);
            command = shell;
        }
        command.args(arguments).args(["--data-dir", &self.data_dir.display().to_string()]);
        command.args(["--database-url", &self.database_url]);
        command
    }

    /// Starts the server and waits until it listens, not until it serves.
    pub async fn start(&self) -> Instance {
        let log = Arc::default();
        let program =
            Program::start(self.command(&["serve", "--host", "127.0.0.1", "--port", "0"]), Arc::clone(&log));
        let line = program.first_line().await;
        let line = line.unwrap_or_else(|| panic!("the server ended: {:?}", log.lock().unwrap()));
        let url = line.strip_prefix("listening on ").expect("where it listens").to_owned();
        Instance { launch: self.clone(), program, url, log }
    }
}

/// A server that was started by hand.
pub struct Instance {
    launch: Launch,
    program: Program,
    url: String,
    log: Arc<Mutex<Vec<String>>>,
}

impl Instance {
    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The running program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// A client without credential.
    pub fn rest(&self) -> Rest {
        Rest::new(&self.url).unwrap()
    }

    /// Whether `/readyz` says 200; none when nobody answers.
    pub async fn readiness(&self) -> Option<u16> {
        let answer = self.rest().with_deadline(Duration::from_secs(10)).get("/readyz").await;
        answer.ok().map(|answer| answer.status)
    }

    /// Waits until `/readyz` has this status.
    pub async fn wait_readiness(&self, status: u16, deadline: Duration) {
        let wanted = format!("/readyz is {status}");
        until(deadline, &wanted, async || (self.readiness().await == Some(status)).then_some(())).await;
    }

    /// Robots activated with codes, each by a device of its own.
    pub async fn robots(&self, count: usize) -> Vec<Identity> {
        let unlimited = Launch { script: "", ..self.launch.clone() };
        let command =
            unlimited.command(&["codes", "create", "--count", &count.to_string(), "--days", "9", "--json"]);
        let output = program::output(command).await;
        let made: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut robots = Vec::new();
        for code in made["codes"].as_array().unwrap() {
            let code = code["code"].as_str().unwrap();
            robots.push(self.rest().activated(code, &Device::new(format!("device-{code}"))).await.unwrap());
        }
        robots
    }

    /// How a phone that the test drives connects.
    pub fn manual(&self, robot: &Identity) -> PhoneConfig {
        PhoneConfig::manual(&self.url, &robot.robot_id, &robot.token)
    }

    /// Ends it at once.
    pub async fn kill(&self) {
        self.program.signal("KILL");
        self.program.ended().await;
    }

    /// Asks it to end; how it did.
    pub async fn terminate(&self) -> ExitStatus {
        self.program.signal("TERM");
        self.program.ended().await
    }

    /// Error lines of the log that contain none of `expected`.
    pub fn errors_but(&self, expected: &[&str]) -> Vec<String> {
        let log = self.log.lock().unwrap();
        let is_error = |line: &&String| line.split_whitespace().nth(1) == Some("ERROR");
        let errors =
            log.iter().filter(is_error).filter(|line| !expected.iter().any(|part| line.contains(part)));
        errors.cloned().collect()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log.lock().unwrap();
            eprintln!("the server logged:\n{}", log[log.len().saturating_sub(60)..].join("\n"));
        }
    }
}

/// Memory a process has in RAM now, KiB (`VmRSS`).
pub fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().split(' ').next().unwrap().parse().unwrap()
}
