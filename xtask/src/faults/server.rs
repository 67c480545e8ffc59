//! A PostgreSQL server of our own on a loopback port, which can be ended without warning and started
//! again, and a line to it that can be cut.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::random::Random;
use super::stage::{Check, scratch};

/// A server that has not answered by then does not.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; it ends with this value, and with this process.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    programs: PathBuf,
    folder: TempDir,
    pub(crate) port: u16,
    databases: AtomicU64,
}

fn told(error: std::io::Error) -> String {
    format!("no PostgreSQL: {error}")
}

impl Server {
    /// None where PostgreSQL is not installed.
    ///
    /// # Errors
    /// When it is, and does not start.
    pub(crate) fn start() -> Check<Option<Self>> {
        let Some(programs) = programs() else {
            return Ok(None);
        };
        let folder = scratch("orchestrate-postgres-").map_err(told)?;
        if is_root() {
            // The server refuses to run as root, and its files belong to whom it runs as.
            let mut owned = Command::new("chown");
            let owned = owned.arg("postgres").arg(folder.path()).status();
            let owned = owned.map_err(told)?;
            if !owned.success() {
                return Err("no PostgreSQL: its folder cannot be given to `postgres`".to_owned());
            }
        }
        let made = as_server(&programs.join("initdb"))
            .arg("-D")
            .arg(folder.path().join("data"))
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8"])
            .args(["--locale=C", "--no-sync"])
            .output()
            .map_err(told)?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into_owned());
        }
        let port = free_port()?;
        let process = launch(&programs, folder.path(), port)?;
        let mut server = Self {
            process,
            programs,
            folder,
            port,
            databases: AtomicU64::new(0),
        };
        server.wait_until_ready()?;
        Ok(Some(server))
    }

    fn wait_until_ready(&mut self) -> Check {
        let until = Instant::now() + PATIENCE;
        while let Err(problem) = self.sql("SELECT 1") {
            let ended = self.process.try_wait().map_err(told)?;
            if ended.is_some() || Instant::now() > until {
                return Err(format!("the server does not answer: {problem}"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The name of a fresh, empty database.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn database(&self) -> Check<String> {
        let name = format!("faults_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE DATABASE {name}"))?;
        Ok(name)
    }

    /// The address of a database, by this port or by that of a line.
    pub(crate) fn url(&self, database: &str, port: u16) -> String {
        format!("postgres://postgres@127.0.0.1:{port}/{database}")
    }

    /// Ends the server as a crash would, and starts it again.
    ///
    /// # Errors
    /// When it does not come back.
    pub(crate) fn restart(&mut self) -> Check {
        self.signal("QUIT");
        self.process.wait().map_err(told)?;
        self.process = launch(&self.programs, self.folder.path(), self.port)?;
        self.wait_until_ready()
    }

    /// Cuts every connection to a database.
    ///
    /// # Errors
    /// When the server does not answer.
    pub(crate) fn cut(&self, database: &str) -> Check {
        self.sql(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE application_name = 'orchestrate' AND datname = '{database}'"
        ))
    }

    fn sql(&self, sql: &str) -> Check {
        let ran = Command::new(self.programs.join("psql"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(["-U", "postgres", "-d", "postgres", "-Atqc", sql])
            .output()
            .map_err(told)?;
        if ran.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&ran.stderr).into_owned())
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        let _ = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal("QUIT");
        let _ = self.process.wait();
    }
}

fn launch(programs: &Path, folder: &Path, port: u16) -> Check<Child> {
    let log = File::create(folder.join("log")).map_err(told)?;
    as_server(&programs.join("postgres"))
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
        .args(["-c", "unix_socket_directories=", "-c", "max_connections=60"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(told)
}

fn free_port() -> Check<u16> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr());
    Ok(free.map_err(told)?.port())
}

/// Where the programs of the server are.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .chain(std::env::split_paths(&path))
        .find(|bin| {
            ["initdb", "postgres", "psql"]
                .iter()
                .all(|it| bin.join(it).is_file())
        })
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
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

/// A line to a server, each of whose connections is cut after so many bytes of the server's answers:
/// what was asked may have been done, and nobody hears of it.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) port: u16,
    cuts: Arc<AtomicU64>,
}

impl Line {
    /// Cuts the first connections, by chance; later ones are left alone.
    ///
    /// # Errors
    /// When there is no port for it.
    pub(crate) fn lay(server: u16, cuts: u64, random: &mut Random) -> Check<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(told)?;
        let port = listener.local_addr().map_err(told)?.port();
        let mut random = random.clone();
        let made = Arc::new(AtomicU64::new(0));
        let counted = made.clone();
        thread::spawn(move || {
            let mut left = cuts;
            for client in listener.incoming().map_while(Result::ok) {
                // The first answers are those of the greeting and of the tables.
                let bytes = if left > 0 {
                    left -= 1;
                    2000 + random.below(40_000)
                } else {
                    u64::MAX
                };
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else {
                    continue;
                };
                forward(&client, &server, u64::MAX, &counted);
                forward(&server, &client, bytes, &counted);
            }
        });
        Ok(Self { port, cuts: made })
    }

    /// Connections that were cut.
    pub(crate) fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::Relaxed)
    }
}

/// Hands on what one side says, up to so many bytes; then both are cut.
fn forward(from: &TcpStream, to: &TcpStream, bytes: u64, cuts: &Arc<AtomicU64>) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else {
        return;
    };
    let cuts = cuts.clone();
    let _ = to.set_nodelay(true);
    thread::spawn(move || {
        let mut left = bytes;
        let mut part = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut part) {
            if left < length as u64 {
                cuts.fetch_add(1, Ordering::Relaxed);
                break;
            }
            left -= length as u64;
            let said = part.get(..length).unwrap_or_default();
            if to.write_all(said).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    });
}
