//! The real server for one scenario: its own database and data folder, a free port, everything it logs kept.
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;
use workbot_robot_sim::{Behaviour, Device, Identity, Phone, PhoneConfig, Rest};

use super::database::{Backend, TestDatabase};
use super::program::{self, Program};
use super::until;

/// For anything a healthy server does at once, on a machine that may be busy with other things.
pub const SOON: Duration = Duration::from_secs(30);
/// Lines of the log shown when a scenario fails.
const LOG_TAIL: usize = 60;
/// How tokens, signing secrets and platform keys begin; none of them may stand in a log.
const SECRETS: [&str; 3] = ["eyJ", "whsec_", "wbk_"];

/// What a server is started with.
pub struct Builder {
    backend: Backend,
    settings: Vec<(String, String)>,
}

impl Builder {
    /// Sets a configuration key such as `limits.enabled`.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl ToString) -> Self {
        self.settings.retain(|(known, _)| known != key);
        self.settings.push((key.to_owned(), value.to_string()));
        self
    }

    /// Starts the program and waits until it serves.
    pub async fn start(self) -> TestServer {
        let mut server = TestServer {
            program: None,
            url: String::new(),
            log: Arc::default(),
            expected: Mutex::default(),
            settings: self.settings,
            database: TestDatabase::empty(self.backend),
        };
        server.launch("0").await;
        server
    }
}

/// A running server; dropping it ends the process and fails the test when the log has errors nobody expected.
pub struct TestServer {
    program: Option<Program>,
    url: String,
    log: Arc<Mutex<Vec<String>>>,
    expected: Mutex<Vec<String>>,
    settings: Vec<(String, String)>,
    database: TestDatabase,
}

/// A user with a client that carries the user's token.
pub struct User {
    pub id: String,
    pub phone: String,
    pub token: String,
    pub rest: Rest,
}

impl TestServer {
    /// A server on this kind of database, with addresses of this machine allowed for callbacks.
    pub fn builder(backend: Backend) -> Builder {
        Builder { backend, settings: Vec::new() }
            .set("callbacks.allow_private", true)
            // The machine may be busy with other things.
            .set("journal.write_timeout_ms", 8_000)
            .set("server.workers", 1)
            .set("database.pool_size", 4)
    }

    /// A server with default settings.
    pub async fn start(backend: Backend) -> Self {
        Self::builder(backend).start().await
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A client without credential.
    pub fn rest(&self) -> Rest {
        Rest::new(&self.url).unwrap()
    }

    /// The database below.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// The running program.
    pub fn program(&self) -> &Program {
        self.program.as_ref().expect("a running program")
    }

    /// Everything logged so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Error lines that contain this are part of the scenario.
    pub fn expect_errors(&self, part: &str) {
        self.expected.lock().unwrap().push(part.to_owned());
    }

    /// Runs a subcommand on the same database and answers its one JSON document.
    pub async fn cli(&self, arguments: &[&str]) -> Value {
        let text = self.cli_text(&[arguments, &["--json"]].concat()).await;
        serde_json::from_str(&text).unwrap_or_else(|wrong| panic!("{wrong}: {text}"))
    }

    /// Runs a subcommand on the same database and answers what it printed.
    pub async fn cli_text(&self, arguments: &[&str]) -> String {
        let mut command = program::command(self.database.folder(), &self.settings);
        command.args(arguments).args(self.place());
        let output = program::output(command).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "workbot {arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// New activation codes.
    pub async fn codes(&self, count: usize) -> Vec<String> {
        let made = self.cli(&["codes", "create", "--count", &count.to_string(), "--days", "365"]).await;
        let codes = made["codes"].as_array().unwrap();
        codes.iter().map(|code| code["code"].as_str().unwrap().to_owned()).collect()
    }

    /// Robots activated with codes, each by a device of its own.
    pub async fn activated_robots(&self, count: usize) -> Vec<Identity> {
        let mut robots = Vec::new();
        for code in self.codes(count).await {
            let device = Device::new(format!("device_{}", Uuid::new_v4().simple()));
            robots.push(self.rest().activated(&code, &device).await.unwrap());
        }
        robots
    }

    /// One activated robot, with a client that carries its token.
    pub async fn robot(&self) -> (Identity, Rest) {
        let robot = self.activated_robots(1).await.remove(0);
        let rest = self.rest().with_token(&robot.token);
        (robot, rest)
    }

    /// One that only reads: nobody answers what it is told.
    pub async fn reader(&self) -> (Identity, Rest) {
        let (robot, rest) = self.robot().await;
        let update = serde_json::json!({"robotId": robot.robot_id, "openCallback": 0, "replyAll": -1});
        rest.post("/api/robot/robotInfo/update", &update).await.unwrap().expect_ok().unwrap();
        (robot, rest)
    }

    /// A user of this role.
    pub async fn user(&self, phone: &str, role: &str) -> User {
        let made = self.cli(&["users", "create", "--phone", phone, "--role", role]).await;
        let token = self.cli(&["token", "--phone", phone]).await;
        User {
            id: made["userId"].as_str().unwrap().to_owned(),
            phone: phone.to_owned(),
            token: token["token"].as_str().unwrap().to_owned(),
            rest: self.rest().with_token(token["token"].as_str().unwrap()),
        }
    }

    /// A client of an administrator.
    pub async fn admin(&self) -> Rest {
        self.user("13800000001", "admin").await.rest
    }

    /// How a phone that the test drives connects.
    pub fn manual(&self, robot: &Identity) -> PhoneConfig {
        PhoneConfig::manual(&self.url, &robot.robot_id, &robot.token)
    }

    /// A phone that the test drives, online.
    pub async fn phone(&self, robot: &Identity) -> Phone {
        Phone::connect(self.manual(robot)).await.unwrap()
    }

    /// A phone that answers by itself, online.
    pub async fn automatic(&self, robot: &Identity, behaviour: Behaviour) -> Phone {
        let config = PhoneConfig::automatic(&self.url, &robot.robot_id, &robot.token, behaviour);
        Phone::connect(config).await.unwrap()
    }

    /// Ends the process at once, as a power cut does.
    pub async fn kill(&mut self) {
        let program = self.program.take().expect("a running program");
        program.signal("KILL");
        program.ended().await;
    }

    /// Asks the process to end and answers how it did.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.program().signal("TERM");
        self.ended().await
    }

    /// Waits for the process to end by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let program = self.program.take().expect("a running program");
        program.ended().await
    }

    /// Starts the program again on the same database and address; one that still runs is killed.
    pub async fn restart(&mut self) {
        if self.program.is_some() {
            self.kill().await;
        }
        let port = self.url.rsplit(':').next().unwrap_or("0").to_owned();
        self.launch(&port).await;
    }

    /// Changes a configuration key for the next start.
    pub fn set(&mut self, key: &str, value: impl ToString) {
        self.settings.retain(|(known, _)| known != key);
        self.settings.push((key.to_owned(), value.to_string()));
    }

    /// Starts the program without waiting until it serves; none when it ended before it listened.
    pub async fn launch_only(&mut self, port: &str) -> Option<String> {
        let mut command = program::command(self.database.folder(), &self.settings);
        command.args(["serve", "--host", "127.0.0.1", "--port", port]).args(self.place());
        let program = Program::start(command, Arc::clone(&self.log));
        let line = program.first_line().await;
        let url = line.map(|line| line.strip_prefix("listening on ").expect("where it listens").to_owned());
        self.program = Some(program);
        url
    }

    async fn launch(&mut self, port: &str) {
        // A client's socket may sit on the port for a moment after a restart.
        let url = until(SOON, "the server listens", async || {
            let url = self.launch_only(port).await;
            assert!(port != "0" || url.is_some(), "the server ended: {}", self.log_tail());
            url
        })
        .await;
        self.url = url;
        let rest = self.rest();
        until(Duration::from_secs(60), "the server is ready", async || {
            assert!(self.program().is_running(), "the server ended: {}", self.log_tail());
            rest.get("/readyz").await.ok().filter(|answer| answer.status == 200)
        })
        .await;
    }

    fn place(&self) -> [String; 4] {
        let data = self.database.folder().join("data").display().to_string();
        ["--data-dir".into(), data, "--database-url".into(), self.database.url.clone()]
    }

    fn log_tail(&self) -> String {
        let log = self.log();
        log[log.len().saturating_sub(LOG_TAIL)..].join("\n")
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.program.take());
        if std::thread::panicking() {
            eprintln!("the server logged:\n{}", self.log_tail());
            return;
        }
        let expected = self.expected.lock().unwrap();
        let is_error = |line: &&String| line.split_whitespace().nth(1) == Some("ERROR");
        let log = self.log();
        let unexpected: Vec<_> = log
            .iter()
            .filter(is_error)
            .filter(|line| !expected.iter().any(|part| line.contains(part.as_str())))
            .collect();
        assert!(unexpected.is_empty(), "the server logged errors: {unexpected:#?}");
        let leak = log.iter().find(|line| SECRETS.iter().any(|secret| line.contains(secret)));
        assert!(leak.is_none(), "the server logged a secret: {leak:?}");
    }
}
