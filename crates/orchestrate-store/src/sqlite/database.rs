//! The database file: opened, brought to the newest form, written by one thread and read by another.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use orchestrate_core::journal::{Durability, JournalError};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::oneshot;

use super::fault::Fault;
use super::heads::{self, Heads, Slot};
use super::migrations::{check, migrate};
use super::writer::Writer;

/// How long a lock of another process is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A database file that is open.
#[derive(Debug)]
pub(crate) struct Database {
    url: String,
    durability: Durability,
    places: Places,
    writer: Writer,
    reader: OnceLock<Sender<Reading>>,
}

type Reading = Box<dyn FnOnce(Result<&Connection, Fault>) + Send>;

/// The files of a store.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) database: PathBuf,
    pub(super) heads: PathBuf,
    pub(super) locks: PathBuf,
}

impl Places {
    fn of(database: &Path) -> Self {
        Self {
            database: database.to_owned(),
            heads: database.with_extension("heads"),
            locks: database.with_extension("locks"),
        }
    }
}

impl Database {
    /// Opens the file, and makes it first if there is none and `create` says so.
    ///
    /// # Errors
    /// When it cannot be opened, made or understood.
    pub(crate) fn open(
        path: &Path,
        durability: Durability,
        create: bool,
    ) -> Result<Self, JournalError> {
        let url = format!("sqlite:{}", path.display());
        let place = |problem: String| JournalError::Place {
            path: path.to_owned(),
            problem,
        };
        if path.is_dir() {
            return Err(place("it is a directory; give the file in it".to_owned()));
        }
        if !path.exists() {
            if !create {
                return Err(JournalError::Empty);
            }
            if let Some(parent) = path.parent() {
                make_folder(parent).map_err(|error| JournalError::ReadOnly {
                    store: url.clone(),
                    problem: error.to_string(),
                })?;
            }
        }
        // The process may come to stand elsewhere while the store is open.
        let whole = std::path::absolute(path).map_err(|error| place(error.to_string()))?;
        let url = format!("sqlite:{}", whole.display());
        let places = Places::of(&whole);
        let (at, store) = (places.database.clone(), url.clone());
        let open = move || -> Result<Connection, Fault> {
            let mut connection = connect(&at, durability)?;
            migrate(&mut connection, &store)?;
            Ok(connection)
        };
        let connection = match open() {
            Ok(connection) => Some(connection),
            // Nothing can be written now; what is there can be read all the same.
            Err(fault) if fault.is_of_the_disk() && read_only(&places.database).is_ok() => None,
            Err(fault) => return Err(unreadable(fault.explain(&url, None), &places.heads)),
        };
        let heads = Heads::new(places.heads.clone(), durability == Durability::Full);
        let writer =
            Writer::start(connection, open, heads).map_err(|error| JournalError::Unavailable {
                store: url.clone(),
                problem: error.to_string(),
            })?;
        Ok(Self {
            url,
            durability,
            places,
            writer,
            reader: OnceLock::new(),
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn durability(&self) -> Durability {
        self.durability
    }

    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    /// Carries out a piece of work in a transaction, together with others, and answers once it is
    /// safe. What it does is rolled back when it fails.
    ///
    /// # Errors
    /// What the work gives, or why it could not be committed.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, &mut Heads) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.writer.write(job).await
    }

    /// Reads in one transaction, so that everything is of one moment.
    ///
    /// # Errors
    /// What the work gives, or why it could not be done.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        let reading = Box::new(move |connection: Result<&Connection, Fault>| {
            let result = connection.and_then(|connection| {
                let transaction = connection.unchecked_transaction()?;
                job(&transaction)
            });
            // Whoever does not wait any more does not care.
            let _ = reply.send(result);
        });
        let gone = || Fault::Unknown("the reader of the store has ended".to_owned());
        self.reader().send(reading).map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// The queue of the reader, whose thread and connection begin with its first piece of work.
    fn reader(&self) -> &Sender<Reading> {
        self.reader.get_or_init(|| {
            let (work, queue) = channel::<Reading>();
            let (path, durability) = (self.places.database.clone(), self.durability);
            let thread = thread::Builder::new().name("store-reader".to_owned());
            // Without a thread the queue is closed, and whoever asks is told so.
            let _ = thread.spawn(move || {
                let mut connection = None;
                while let Ok(reading) = queue.recv() {
                    if connection.is_none() {
                        match connect(&path, durability) {
                            Ok(made) => connection = Some(made),
                            Err(fault) if fault.is_of_the_disk() => {
                                match read_only(&path) {
                                    Ok(once) => reading(Ok(&once)),
                                    Err(_) => reading(Err(fault)),
                                }
                                continue;
                            }
                            Err(fault) => {
                                reading(Err(fault));
                                continue;
                            }
                        }
                    }
                    if let Some(connection) = &connection {
                        reading(Ok(connection));
                    }
                }
            });
            work
        })
    }
}

/// Makes a folder that is still there after a power cut: its name is safe once the folder is that it
/// stands in.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let new: Vec<&Path> = folder
        .ancestors()
        .take_while(|it| !it.as_os_str().is_empty() && !it.exists())
        .collect();
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    for made in new {
        let around = made.parent().filter(|it| !it.as_os_str().is_empty());
        fs::File::open(around.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// Which runs stood in a store that cannot be read: their heads stand in a file of their own.
fn unreadable(error: JournalError, heads: &Path) -> JournalError {
    let JournalError::Unreadable { store, problem } = error else {
        return error;
    };
    // What cannot be read either names no run.
    let slots = heads::read_all(heads).unwrap_or_default();
    let runs: Vec<String> = slots
        .into_iter()
        .filter_map(|slot| match slot {
            Slot::Live(head) => Some(format!("{} up to entry {}", head.run, head.entry)),
            _ => None,
        })
        .collect();
    let problem = match &*runs {
        [] => problem,
        runs => format!("{problem}; it held {}", runs.join(", ")),
    };
    JournalError::Unreadable { store, problem }
}

/// Reads a file as it stands, where nothing can be made beside it: on a full disk, or on one that
/// may not be written to. Only while there is no log beside it, without which it is not whole, and
/// only for one piece of work, because changes by others are not seen.
fn read_only(path: &Path) -> Result<Connection, Fault> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if fs::metadata(&log).is_ok_and(|log| log.is_file() && log.len() > 0) {
        return Err(Fault::System {
            code: ErrorCode::CannotOpen,
            message: "its log cannot be read".to_owned(),
        });
    }
    let mut address = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => address.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => address.push(char::from(*byte)),
            byte => address.push_str(&format!("%{byte:02x}")),
        }
    }
    address.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(address, flags)?;
    check(&connection, &path.display().to_string())?;
    Ok(connection)
}

fn connect(path: &Path, durability: Durability) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Fast => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    Ok(connection)
}
