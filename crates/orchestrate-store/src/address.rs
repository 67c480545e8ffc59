//! Where a store stands: `file:DIRECTORY`, `sqlite:FILE` or a path alone, `postgres://…`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use orchestrate_core::journal::Durability;
use orchestrate_core::learning::StoreError;

/// A place for a store.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// A directory of readable JSON.
    File(PathBuf),
    /// One SQLite database file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, as a connection URL.
    Postgres(String),
}

impl Address {
    /// The file or directory, for a store on this machine.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

impl FromStr for Address {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let refuse = |problem: &str| {
            Err(StoreError::Address {
                given: without_password(text),
                problem: problem.to_owned(),
            })
        };
        // A path alone is a file; a single letter before the colon is a drive.
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if scheme.len() > 1 && is_word(scheme) => (scheme, rest),
            _ => ("sqlite", text),
        };
        // What stands behind `?` says how runs are recorded there, and nothing of where.
        let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        // `sqlite:///x` is how other programs write an absolute path.
        let path = PathBuf::from(rest.strip_prefix("//").unwrap_or(rest));
        match scheme {
            "file" | "sqlite" if path.as_os_str().is_empty() => refuse("it names no path"),
            "file" => Ok(Self::File(path)),
            "sqlite" => Ok(Self::Sqlite(path)),
            "postgres" | "postgresql" => {
                let mut url = format!("{scheme}:{rest}");
                let own = |word: &&str| !word.is_empty() && mode(word).is_none();
                for (at, word) in parameters.split('&').filter(own).enumerate() {
                    url.push(if at == 0 { '?' } else { '&' });
                    url.push_str(word);
                }
                Ok(Self::Postgres(url))
            }
            _ => refuse("there is no such kind of store"),
        }
    }
}

/// What a parameter says of how runs are recorded.
fn mode(parameter: &str) -> Option<Durability> {
    match parameter {
        "full" => Some(Durability::Full),
        "fast" => Some(Durability::Fast),
        _ => None,
    }
}

/// How runs are recorded at an address.
pub(crate) fn durability(text: &str, address: &Address) -> Result<Durability, StoreError> {
    let parameters = text
        .split_once('?')
        .map_or("", |(_, parameters)| parameters);
    let mut durability = Durability::Full;
    for word in parameters.split('&').filter(|word| !word.is_empty()) {
        let refuse = |problem: String| StoreError::Address {
            given: without_password(text),
            problem,
        };
        durability = match (mode(word), address) {
            (Some(Durability::Fast), Address::File(_)) => {
                return Err(refuse("readable files have no mode `fast`".to_owned()));
            }
            (Some(mode), _) => mode,
            // Other parameters are those of the server.
            (None, Address::Postgres(_)) => durability,
            (None, _) => {
                return Err(refuse(format!(
                    "unknown mode `{word}` (possible: full, fast)"
                )));
            }
        };
    }
    Ok(durability)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

/// Never shows a password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

fn is_word(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// An address as it may be shown: what stands between `:` and `@`, and every parameter, is left out.
fn without_password(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(url, _)| url);
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((user, place)) => {
            let user = user.split_once(':').map_or(user, |(user, _)| user);
            format!("{scheme}://{user}@{place}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, shown: &str) {
        let address = text.parse::<Address>();
        let told = address.map_or_else(|error| error.to_string(), |it| it.to_string());
        assert!(told.contains(shown), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }

    #[test]
    fn addresses_are_read_and_shown_without_their_password() {
        check("file:a/b", "file:a/b");
        check(
            "sqlite:.orchestrate/store.db",
            "sqlite:.orchestrate/store.db",
        );
        check("sqlite:///var/x.db", "sqlite:/var/x.db");
        check(
            "postgres://me:secret@host:5432/db?password=secret",
            "postgres://me@host:5432/db",
        );
        check(
            "mysql://me:secret@host/db",
            "there is no such kind of store",
        );
        check("file:", "it names no path");
        check("deep/store.db", "sqlite:deep/store.db");
        check("sqlite:store.db?fast", "sqlite:store.db");
    }

    #[test]
    fn a_mode_is_ours_and_other_parameters_are_the_servers() {
        let read = |text: &str| {
            let address: Address = text.parse().unwrap();
            let durability = durability(text, &address);
            (address, durability.map_err(|error| error.to_string()))
        };
        let url = "postgres://me@host/db?sslmode=disable&fast&connect_timeout=3";
        let (address, mode) = read(url);
        let Address::Postgres(kept) = address else {
            panic!("{address}");
        };
        assert_eq!(
            kept,
            "postgres://me@host/db?sslmode=disable&connect_timeout=3"
        );
        assert_eq!(mode, Ok(Durability::Fast));
        assert_eq!(read("sqlite:x?full").1, Ok(Durability::Full));
        assert!(read("file:x?fast").1.unwrap_err().contains("no mode"));
        assert!(
            read("x.db?quick")
                .1
                .unwrap_err()
                .contains("possible: full, fast")
        );
    }
}
