//! `Cargo.lock`, of every version of the format.

use serde::Deserialize;
use toml::Spanned;

use super::error::LockError;
use super::lines::{line_at, refuse_conflicts};
use super::read::Lock;
use crate::dependencies::locked::{CARGO, Ecosystem, Locked};

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: Spanned<String>,
    version: String,
    source: Option<String>,
}

pub(super) fn read(text: &str) -> Result<Lock, LockError> {
    refuse_conflicts(text)?;
    let document: Document =
        toml::from_str(text).map_err(|error| LockError::of_toml(text, &error))?;
    let mut lock = Lock::default();
    for package in document.package {
        // Other sources may hold another program under the same name.
        let public = package
            .source
            .is_some_and(|source| !source.starts_with("git+") && source.contains(CARGO));
        if public {
            let line = line_at(text, package.name.span().start);
            let name = package.name.get_ref();
            let locked = Locked::new(Ecosystem::Cargo, name, &package.version, line);
            lock.packages.push(locked);
        } else {
            lock.local += 1;
        }
    }
    Ok(lock)
}
