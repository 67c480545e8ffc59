//! A package at a version, as a lock file pins it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a package comes from, which decides how names and versions compare.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ecosystem {
    /// Rust crates.
    Cargo,
    /// JavaScript packages.
    Npm,
    /// Python distributions.
    #[serde(rename = "pypi")]
    PyPi,
    /// Go modules.
    Go,
}

/// The public registry of Rust as formats name it. It is a name in files here, and nothing is asked there.
pub(super) const CARGO: &str = concat!("crates", ".io");

impl Ecosystem {
    /// The ecosystem as advisories in the OSV format name it; `None` for one that no lock file read here has.
    #[must_use]
    pub fn of_osv(name: &str) -> Option<Self> {
        // A suffix names a release of a distribution, as in `Debian:12`; ours have none.
        Some(match name {
            CARGO => Self::Cargo,
            "npm" => Self::Npm,
            "PyPI" => Self::PyPi,
            "Go" => Self::Go,
            _ => return None,
        })
    }

    /// The name under which a package is known however it is written.
    #[must_use]
    pub fn normal_name(self, name: &str) -> String {
        match self {
            // Runs of `-`, `_` and `.` are one dash, and case does not count.
            Self::PyPi => name
                .split(['-', '_', '.'])
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join("-")
                .to_lowercase(),
            Self::Cargo | Self::Npm | Self::Go => name.to_owned(),
        }
    }
}

/// One package of a lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// Where it comes from.
    pub ecosystem: Ecosystem,
    /// Its name, normalised.
    pub name: String,
    /// Its version as written.
    pub version: String,
    /// Its line in the lock file, from 1.
    pub line: u32,
    /// Whether the lock file says that only development needs it.
    pub development: bool,
}

impl Locked {
    /// A package that ships.
    #[must_use]
    pub fn new(ecosystem: Ecosystem, name: &str, version: &str, line: u32) -> Self {
        Self {
            ecosystem,
            name: ecosystem.normal_name(name),
            version: version.to_owned(),
            line,
            development: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ecosystem;

    #[test]
    fn python_names_are_one_however_they_are_written() {
        for name in ["zope.interface", "Zope_Interface", "zope--interface"] {
            assert_eq!(Ecosystem::PyPi.normal_name(name), "zope-interface");
        }
        assert_eq!(Ecosystem::Npm.normal_name("@A/b_c"), "@A/b_c");
    }
}
