//! `pnpm-lock.yaml`, versions 5 to 9.
//!
//! The program writes one shape of YAML only, so lines are enough, and keep their numbers.

use super::error::LockError;
use super::lines::{numbered, refuse_conflicts};
use super::read::Lock;
use crate::dependencies::locked::{Ecosystem, Locked};

pub(super) fn read(text: &str) -> Result<Lock, LockError> {
    refuse_conflicts(text)?;
    let mut lock = Lock::default();
    let mut version = None;
    let mut inside = false;
    for (number, line) in numbered(text) {
        if let Some(value) = line.strip_prefix("lockfileVersion:") {
            version = Some(value.trim().trim_matches(['\'', '"']).to_owned());
        }
        if !line.starts_with(' ') {
            inside = line.trim_end() == "packages:" || (inside && line.trim().is_empty());
            continue;
        }
        if !inside {
            continue;
        }
        if line == "    dev: true" {
            if let Some(last) = lock.packages.last_mut() {
                last.development = true;
            }
            continue;
        }
        let Some(key) = line.strip_prefix("  ").filter(|key| !key.starts_with(' ')) else {
            continue;
        };
        // A key may stand before a value on its own line.
        let key = key.strip_suffix(" {}").unwrap_or(key).trim_end();
        let Some(key) = key.strip_suffix(':') else {
            let what = format!("`{key}` is no package of this format");
            lock.problems.push(LockError::at(number, what));
            continue;
        };
        let old = version.as_deref().is_some_and(|it| it.starts_with("5."));
        match package(key.trim_matches(['\'', '"']), old) {
            Some((name, version)) => {
                let locked = Locked::new(Ecosystem::Npm, name, version, number);
                lock.packages.push(locked);
            }
            None => lock.local += 1,
        }
    }
    match version {
        Some(_) => Ok(lock),
        None => Err(LockError::at(1, "it has no `lockfileVersion`")),
    }
}

/// Name and version of a key; `None` for a package that comes from elsewhere.
fn package(key: &str, old: bool) -> Option<(&str, &str)> {
    // What follows are the versions of its peers.
    let key = key.split('(').next()?;
    let key = key.strip_prefix('/').unwrap_or(key);
    let (name, version) = if old {
        let (name, version) = key.rsplit_once('/')?;
        (name, version.split('_').next()?)
    } else {
        let at = key.rfind('@').filter(|at| *at > 0)?;
        (key.get(..at)?, key.get(at + 1..)?)
    };
    version
        .starts_with(|first: char| first.is_ascii_digit())
        .then_some((name, version))
}
