//! The servers under load, each a child process with a folder of its own.
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::Outcome;
use crate::database::Databases;
use crate::floor::FloorKind;
use crate::http_client::HttpClient;

/// A server may take so long to be ready.
const START: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A robot and the token of its phone.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Public id.
    pub robot_id: String,
    /// Access token.
    pub token: String,
}

#[derive(Deserialize)]
struct Made {
    robots: Vec<Identity>,
}

/// Which server runs.
enum Kind {
    Workbot { program: PathBuf, database: Option<Url> },
    Floor(FloorKind),
}

/// A server; killed when dropped, and its folder removed.
pub struct Program {
    kind: Kind,
    folder: PathBuf,
    child: Option<Child>,
    address: Option<SocketAddr>,
}

/// The release binary of the server: as given, beside this one, or built now.
pub fn find_workbot(given: Option<PathBuf>) -> Outcome<PathBuf> {
    if let Some(given) = given {
        return Ok(given);
    }
    let target = std::env::current_exe()?.ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default();
    let program = target.join("release").join("workbot");
    if !program.exists() {
        let status = Command::new("cargo").args(["build", "--release", "-p", "workbot"]).status()?;
        if !status.success() {
            return Err("cargo could not build the server".into());
        }
    }
    Ok(program)
}

impl Program {
    /// A workbot that is not started yet, with a folder and a database of its own.
    pub async fn workbot(program: &Path, folders: &Path, databases: &Databases) -> Outcome<Self> {
        let kind = Kind::Workbot { program: program.to_path_buf(), database: databases.create().await? };
        Self::new(kind, folders)
    }

    /// A floor that is not started yet.
    pub fn floor(kind: FloorKind, folders: &Path) -> Outcome<Self> {
        Self::new(Kind::Floor(kind), folders)
    }

    fn new(kind: Kind, folders: &Path) -> Outcome<Self> {
        let folder = folders.join(uuid::Uuid::new_v4().simple().to_string());
        std::fs::create_dir_all(&folder)?;
        Ok(Self { kind, folder, child: None, address: None })
    }

    /// Runs a subcommand of the server's program with `--json`; what it prints.
    pub fn ask<T: DeserializeOwned>(&self, arguments: &[&str]) -> Outcome<T> {
        let Kind::Workbot { program, .. } = &self.kind else {
            return Err("a floor has no subcommands".into());
        };
        let output = self.command(program).args(arguments).arg("--json").output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Makes robots; before the first start this also makes the tables.
    pub fn create_robots(&self, count: usize) -> Outcome<Vec<Identity>> {
        let Kind::Workbot { program, .. } = &self.kind else {
            // As long as a real token, so that the heads weigh the same.
            let identity =
                |index| Identity { robot_id: format!("robot_{index:013}_floor"), token: "t".repeat(300) };
            return Ok((0..count).map(identity).collect());
        };
        self.command(program).arg("migrate").stdout(Stdio::null()).status()?;
        let arguments = ["robots", "create", "--name", "load", "--count", &count.to_string()];
        Ok(self.ask::<Made>(&arguments)?.robots)
    }

    /// Starts (or starts again, at the same address) and waits until requests are served.
    pub async fn start(&mut self) -> Outcome<SocketAddr> {
        let address_file = self.folder.join("address");
        let mut command = match &self.kind {
            Kind::Workbot { program, .. } => {
                let port = self.address.map_or(0, |address| address.port()).to_string();
                let mut command = self.command(program);
                command.args(["serve", "--host", "127.0.0.1", "--port", &port]);
                command
            }
            Kind::Floor(kind) => {
                let mut command = self.command(&std::env::current_exe()?);
                command.args(["floor", kind.name()]);
                command
            }
        };
        if address_file.exists() {
            std::fs::remove_file(&address_file)?;
        }
        let log = File::options().create(true).append(true).open(self.folder.join("server.log"))?;
        self.child = Some(command.stdout(log.try_clone()?).stderr(log).spawn()?);
        let deadline = Instant::now() + START;
        loop {
            if let Ok(text) = std::fs::read_to_string(&address_file)
                && let Some(address) =
                    text.trim().strip_prefix("http://").and_then(|address| address.parse().ok())
                && let Ok(mut client) = HttpClient::connect(address).await
                && let Ok((200, _body)) = client.get("/readyz").await
            {
                self.address = Some(address);
                return Ok(address);
            }
            let ended = self.child.as_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() || Instant::now() > deadline {
                let log = std::fs::read_to_string(self.folder.join("server.log"))?;
                return Err(format!("the server did not start: {log}").into());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Where it listens, once it was started.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The process; 0 when none runs.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// Kills the process without a warning.
    pub fn kill(&mut self) -> Outcome<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Ends it and removes what it left.
    pub async fn remove(mut self, databases: &Databases) -> Outcome<()> {
        self.kill()?;
        match &self.kind {
            Kind::Workbot { database, .. } => databases.remove(database.as_ref()).await,
            Kind::Floor(_) => Ok(()),
        }
    }

    /// A command of the program that knows nothing of this process's settings.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).env_clear().stdin(Stdio::null());
        command.env("WORKBOT_SERVER__DATA_DIR", &self.folder).env("WORKBOT_LIMITS__ENABLED", "false");
        command.env("WORKBOT_SESSION__BURST_QUIET_MS", "0").env("WORKBOT_CALLBACKS__ALLOW_PRIVATE", "true");
        if let Kind::Workbot { database: Some(url), .. } = &self.kind {
            command.env("WORKBOT_DATABASE__URL", url.as_str());
        }
        command
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // At the end of a run there is nobody left to tell.
        self.kill().unwrap_or_default();
        std::fs::remove_dir_all(&self.folder).unwrap_or_default();
    }
}
