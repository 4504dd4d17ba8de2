//! A private PostgreSQL server for the tests: in a temporary folder, on a free port, gone at the end.

use crate::debian;
use crate::process::{Outcome, capture, find};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs, process};

/// Where Debian keeps the server programs, one folder a version.
const DEBIAN_VERSIONS: &str = "/usr/lib/postgresql";
/// `initdb` and the server refuse to run as root; this user comes with the package.
const SERVER_USER: &str = "postgres";

/// Keeps the server while its standard input is open, so the server ends however we end, even by `kill -9`.
const GUARDIAN: &str = r#"
trap '' HUP INT TERM PIPE
folder=$1
shift
"$@" --log="$folder/server.log" --wait --timeout=60 start >"$folder/start.log" 2>&1 && echo ready || echo failed
read -r _
"$@" --mode=fast --wait --timeout=30 stop >/dev/null 2>&1 || "$@" --mode=immediate --wait stop >/dev/null 2>&1
rm -rf "$folder"
"#;

/// A running server; dropping it stops the server and removes its folder.
pub struct Cluster {
    guardian: Child,
    url: String,
}

impl Cluster {
    /// Finds or installs the server programs, makes a cluster and waits until it answers.
    pub fn start() -> Outcome<Self> {
        let programs = ensure_programs()?;
        let folder = env::temp_dir().join(format!("workbot-verify-{}", process::id()));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let started = make_cluster(&programs, &folder).and_then(|port| launch(&programs, &folder, port));
        if started.is_err() {
            // A guardian that never came to be removes nothing; one that did has removed it already.
            fs::remove_dir_all(&folder).ok();
        }
        started
    }

    /// The address for the tests; every local connection is trusted.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guardian.stdin.take());
        if let Err(error) = self.guardian.wait() {
            eprintln!("the private PostgreSQL could not be waited for: {error}");
        }
    }
}

fn ensure_programs() -> Outcome<PathBuf> {
    if let Some(folder) = find_programs() {
        return Ok(folder);
    }
    debian::install("PostgreSQL", &["postgresql"])?;
    find_programs().ok_or_else(|| format!("the package postgresql put no initdb under {DEBIAN_VERSIONS}"))
}

fn find_programs() -> Option<PathBuf> {
    if let Some(initdb) = find("initdb") {
        return initdb.parent().map(Path::to_path_buf);
    }
    let versions = fs::read_dir(DEBIAN_VERSIONS).ok()?.filter_map(Result::ok);
    let number = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().parse::<u32>().ok();
    let with_server = versions.filter(|entry| entry.path().join("bin/initdb").is_file());
    with_server.max_by_key(number).map(|entry| entry.path().join("bin"))
}

/// Makes the cluster and gives the port written into its configuration.
fn make_cluster(programs: &Path, folder: &Path) -> Outcome<u16> {
    if debian::is_root() {
        capture(Command::new("chown").arg(SERVER_USER).arg(folder))?;
    }
    let data = folder.join("data");
    let mut initdb = as_server_user(&programs.join("initdb"));
    initdb.current_dir(folder).arg("--pgdata").arg(&data);
    initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    capture(&mut initdb)?;
    let port = free_port()?;
    let path = data.join("postgresql.conf");
    let defaults = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let text = format!("{defaults}\n{}", configuration(folder, port));
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(port)
}

/// The tests kill WorkBot, never the database or the machine, so a commit need not reach the disk: fsync is off.
fn configuration(folder: &Path, port: u16) -> String {
    format!(
        "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\nmax_connections = 300\n\
         fsync = off\nfull_page_writes = off\n",
        folder.display()
    )
}

fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0));
    let address = listener.and_then(|listener| listener.local_addr());
    address.map(|address| address.port()).map_err(|error| format!("no free port: {error}"))
}

fn launch(programs: &Path, folder: &Path, port: u16) -> Outcome<Cluster> {
    let control = as_server_user(&programs.join("pg_ctl"));
    let mut guardian = Command::new("sh");
    guardian.args(["-c", GUARDIAN, "guardian"]).arg(folder);
    guardian.arg(control.get_program()).args(control.get_args()).arg("--pgdata").arg(folder.join("data"));
    guardian.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = guardian.spawn().map_err(|error| format!("sh did not start: {error}"))?;
    let mut answer = String::new();
    if let Some(output) = child.stdout.take() {
        BufReader::new(output)
            .read_line(&mut answer)
            .map_err(|error| format!("no word from pg_ctl: {error}"))?;
    }
    let cluster = Cluster { guardian: child, url: format!("postgres://postgres@127.0.0.1:{port}/postgres") };
    if answer.trim() == "ready" {
        return Ok(cluster);
    }
    let log =
        ["start.log", "server.log"].map(|name| fs::read_to_string(folder.join(name)).unwrap_or_default());
    drop(cluster);
    Err(format!("PostgreSQL did not start\n{}", log.join("\n").trim()))
}

/// The program as it is, or as the server's own user when we are root.
fn as_server_user(program: &Path) -> Command {
    if !debian::is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", SERVER_USER, "--regid", SERVER_USER, "--init-groups"]).arg(program);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_listens_on_this_machine_only() {
        let text = configuration(Path::new("/tmp/x"), 5433);
        assert!(text.contains("listen_addresses = '127.0.0.1'\nport = 5433\n"), "{text}");
        assert!(text.contains("unix_socket_directories = '/tmp/x'"), "{text}");
    }
}
