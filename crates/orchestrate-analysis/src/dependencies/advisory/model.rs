//! One advisory, whatever format it was written in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::interval::Interval;
use crate::dependencies::locked::Ecosystem;
use crate::dependencies::version::Version;
use crate::finding::Severity;

/// What an advisory is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AdvisoryKind {
    /// A vulnerability.
    Vulnerability,
    /// An interface that allows undefined behaviour.
    Unsound,
    /// Nobody keeps the package any more.
    Unmaintained,
    /// Something else worth knowing.
    Notice,
}

/// An advisory about one or more packages. Those that were withdrawn are never made into one.
#[derive(Debug, Clone)]
pub struct Advisory {
    /// Its id, for example `RUSTSEC-2021-0003`.
    pub id: String,
    /// Other ids of the same thing.
    pub aliases: Vec<String>,
    /// One line on what it is.
    pub summary: String,
    /// What it is about.
    pub kind: AdvisoryKind,
    /// How bad it is; `None` when nobody said.
    pub severity: Option<Severity>,
    /// The day on which it was last changed or published, `2021-01-08`; empty if it does not say.
    pub date: String,
    pub(super) affected: Vec<Affected>,
}

/// The versions of one package that an advisory is about.
#[derive(Debug, Clone)]
pub(super) struct Affected {
    pub(super) ecosystem: Ecosystem,
    pub(super) name: String,
    pub(super) versions: Versions,
}

/// How affected versions are told.
#[derive(Debug, Clone)]
pub(super) enum Versions {
    /// All but those within one of these.
    AllBut {
        good: Vec<Interval>,
        /// The first good version after bad ones, as people write it.
        patched: Vec<String>,
    },
    /// Those within one of these, and those that are listed.
    Within {
        bad: Vec<Interval>,
        listed: Vec<Version>,
        /// Versions in which it was mended.
        fixed: Vec<String>,
    },
}

impl Advisory {
    /// Whether it is about this version of this package.
    #[must_use]
    pub fn affects(&self, ecosystem: Ecosystem, name: &str, version: &Version) -> bool {
        self.about(ecosystem, name)
            .any(|affected| affected.versions.contain(version))
    }

    /// What would mend it: the lowest version of each line that is not affected, as far as it is known.
    #[must_use]
    pub fn remedy(&self, ecosystem: Ecosystem, name: &str, version: &Version) -> Option<String> {
        let mut better: Vec<&str> = Vec::new();
        for affected in self.about(ecosystem, name) {
            match &affected.versions {
                Versions::AllBut { patched, .. } => {
                    better.extend(patched.iter().map(String::as_str));
                }
                Versions::Within { fixed, .. } => {
                    let later = |text: &&String| {
                        Version::parse(ecosystem, text)
                            .and_then(|fixed| fixed.compare(version))
                            .is_some_and(std::cmp::Ordering::is_gt)
                    };
                    better.extend(fixed.iter().filter(later).map(String::as_str));
                }
            }
        }
        better.dedup();
        (!better.is_empty()).then(|| better.join(" or "))
    }

    /// All ids under which it is known.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.id.as_str()).chain(self.aliases.iter().map(String::as_str))
    }

    fn about(&self, ecosystem: Ecosystem, name: &str) -> impl Iterator<Item = &Affected> {
        self.affected
            .iter()
            .filter(move |affected| affected.ecosystem == ecosystem && affected.name == name)
    }

    pub(super) fn packages(&self) -> impl Iterator<Item = (Ecosystem, &str)> {
        self.affected
            .iter()
            .map(|affected| (affected.ecosystem, affected.name.as_str()))
    }
}

impl Versions {
    fn contain(&self, version: &Version) -> bool {
        match self {
            Self::AllBut { good, .. } => !good.iter().any(|interval| interval.contains(version)),
            Self::Within { bad, listed, .. } => {
                bad.iter().any(|interval| interval.contains(version))
                    || listed.iter().any(|listed| {
                        listed
                            .compare(version)
                            .is_some_and(std::cmp::Ordering::is_eq)
                    })
            }
        }
    }
}
