//! A PostgreSQL server of our own: a fresh cluster on a free loopback port, gone with the test.
//!
//! Under nextest every test is a process, so all that needs a server stands in one test and shares
//! one. The server also ends when that process is killed: the system tells it that its parent died.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running server.
pub(crate) struct Server {
    process: Child,
    port: u16,
    databases: AtomicU32,
    _directory: TempDir,
}

impl Server {
    /// Starts a server. None where PostgreSQL is not installed, which is said, and with `CI=true` is a failure.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("off")
    }

    /// The same, with `fsync` on or off: whether it waits for its disk.
    pub(crate) fn start_with(fsync: &str) -> Option<Self> {
        let Some(programs) = programs() else {
            let why = "PostgreSQL is not installed (`apt-get install postgresql`)";
            let required = std::env::var("CI").is_ok_and(|it| it == "true");
            assert!(!required, "{why}");
            eprintln!("SKIPPED: nothing was tested on PostgreSQL: {why}");
            return None;
        };
        let directory = tempfile::Builder::new()
            .prefix("orchestrate-postgres-")
            .tempdir()
            .unwrap();
        let data = directory.path().join("data");
        if is_root() {
            // The server refuses to run as root, and its files belong to whom it runs as.
            let owned = Command::new("chown")
                .arg("postgres")
                .arg(directory.path())
                .status();
            assert!(owned.unwrap().success());
        }
        let made = as_server(&programs.join("initdb"))
            .arg("-D")
            .arg(&data)
            .args([
                "-A",
                "trust",
                "-U",
                "postgres",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ])
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        // Nobody else takes the port in the moment between: it is asked for again if so.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let log = fs::File::create(directory.path().join("log")).unwrap();
        let process = as_server(&programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args([
                "-c",
                "unix_socket_directories=",
                "-c",
                &format!("fsync={fsync}"),
                "-c",
                "max_connections=40",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Self {
            process,
            port,
            databases: AtomicU32::new(0),
            _directory: directory,
        };
        server.wait_until_ready();
        Some(server)
    }

    fn wait_until_ready(&mut self) {
        let until = Instant::now() + Duration::from_secs(60);
        while let Err(error) = self.sql("postgres", "SELECT 1") {
            assert!(
                self.process.try_wait().unwrap().is_none(),
                "the server ended: {error}"
            );
            assert!(
                Instant::now() < until,
                "the server does not answer: {error}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The address of a fresh, empty database.
    pub(crate) fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        self.sql("postgres", &format!("CREATE DATABASE {name}"))
            .unwrap();
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// Has a statement carried out.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> Result<(), String> {
        self.ask(database, sql).map(|_| ())
    }

    /// The same, with what it answers.
    pub(crate) fn ask(&self, database: &str, sql: &str) -> Result<String, String> {
        let ran = Command::new("psql")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["-U", "postgres", "-d", database, "-Atqc", sql])
            .output()
            .map_err(|error| error.to_string())?;
        if ran.status.success() {
            Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&ran.stderr).into_owned())
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT ends all connections and the server at once, in order.
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        let _ = self.process.wait();
    }
}

/// Where the programs of the server are.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .chain(std::env::split_paths(
            &std::env::var_os("PATH").unwrap_or_default(),
        ))
        .filter(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
        .collect();
    found.truncate(1);
    found.pop()
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

/// A program of the server: as its own user when we are root, and ended when this process ends.
fn as_server(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command
        .arg("--pdeathsig=QUIT")
        .arg(program)
        .current_dir("/");
    command
}
