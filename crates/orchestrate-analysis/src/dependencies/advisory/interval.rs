//! Intervals of versions, in the full order of their ecosystem: a pre-release lies where it sorts.

use std::cmp::Ordering;

use semver::{Comparator, Op, Prerelease, VersionReq};

use crate::dependencies::version::Version;

/// An end of an interval.
#[derive(Debug, Clone)]
pub(super) enum Bound {
    Open,
    Including(Version),
    Excluding(Version),
}

/// All versions between two ends.
#[derive(Debug, Clone)]
pub(super) struct Interval {
    pub(super) from: Bound,
    pub(super) to: Bound,
}

impl Interval {
    pub(super) fn contains(&self, version: &Version) -> bool {
        let after = match &self.from {
            Bound::Open => true,
            Bound::Including(from) => matches!(
                version.compare(from),
                Some(Ordering::Greater | Ordering::Equal)
            ),
            Bound::Excluding(from) => version.compare(from) == Some(Ordering::Greater),
        };
        after
            && match &self.to {
                Bound::Open => true,
                Bound::Including(to) => {
                    matches!(version.compare(to), Some(Ordering::Less | Ordering::Equal))
                }
                Bound::Excluding(to) => version.compare(to) == Some(Ordering::Less),
            }
    }

    /// The interval of a requirement such as `>= 1.2, < 2.0` or `^0.3.4`; `None` for one that is none.
    ///
    /// Requirements of Cargo leave pre-releases out; advisories mean them, so that bounds are compared in full.
    pub(super) fn of_requirement(text: &str) -> Option<Self> {
        let requirement = VersionReq::parse(text).ok()?;
        let mut interval = Self {
            from: Bound::Open,
            to: Bound::Open,
        };
        for comparator in &requirement.comparators {
            let at = version(comparator);
            match comparator.op {
                Op::Greater => interval.from = Bound::Excluding(at),
                Op::GreaterEq => interval.from = Bound::Including(at),
                Op::Less => interval.to = Bound::Excluding(at),
                Op::LessEq => interval.to = Bound::Including(at),
                Op::Exact => {
                    interval.from = Bound::Including(at.clone());
                    interval.to = Bound::Including(at);
                }
                Op::Caret | Op::Tilde => {
                    interval.from = Bound::Including(at);
                    interval.to = Bound::Excluding(next(comparator)?);
                }
                _ => return None,
            }
        }
        Some(interval)
    }
}

fn version(comparator: &Comparator) -> Version {
    let mut version = semver::Version::new(
        comparator.major,
        comparator.minor.unwrap_or(0),
        comparator.patch.unwrap_or(0),
    );
    version.pre = comparator.pre.clone();
    Version::Semantic(Box::new(version))
}

/// The lowest version that `^` or `~` no longer allows: also its pre-releases are out.
fn next(comparator: &Comparator) -> Option<Version> {
    let Comparator {
        major,
        minor,
        patch,
        ..
    } = comparator;
    let mut version = match (comparator.op, major, minor, patch) {
        (Op::Tilde, major, Some(minor), _) => semver::Version::new(*major, minor + 1, 0),
        (Op::Caret, 0, Some(0), Some(patch)) => semver::Version::new(0, 0, patch + 1),
        (Op::Caret, 0, Some(minor), _) => semver::Version::new(0, minor + 1, 0),
        (_, major, _, _) => semver::Version::new(major + 1, 0, 0),
    };
    version.pre = Prerelease::new("0").ok()?;
    Some(Version::Semantic(Box::new(version)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dependencies::locked::Ecosystem;

    fn check(requirement: &str, inside: &[&str], outside: &[&str]) {
        let interval = Interval::of_requirement(requirement).expect("a requirement");
        let contains = |text: &&&str| {
            interval.contains(&Version::parse(Ecosystem::Cargo, text).expect("a version"))
        };
        assert_eq!(
            inside.iter().filter(contains).count(),
            inside.len(),
            "{requirement}"
        );
        assert_eq!(outside.iter().filter(contains).count(), 0, "{requirement}");
    }

    #[test]
    fn requirements_are_intervals_of_the_full_order() {
        check(
            ">= 1.2.3",
            &["1.2.3", "1.2.4-rc.1", "9.0.0"],
            &["1.2.3-rc.1", "1.2.2"],
        );
        check(
            "> 1.2.3, < 2.0.0",
            &["1.2.4", "2.0.0-rc.1"],
            &["1.2.3", "2.0.0"],
        );
        check("^1.2.3", &["1.2.3", "1.9.0"], &["2.0.0-alpha", "2.0.0"]);
        check("^0.3.4", &["0.3.4", "0.3.9"], &["0.4.0", "0.3.3"]);
        check("^0.0.4", &["0.0.4"], &["0.0.5"]);
        check("~1.2", &["1.2.0", "1.2.9"], &["1.3.0"]);
        check("= 1.2.3", &["1.2.3"], &["1.2.4", "1.2.3-rc.1"]);
        check("<= 1.2.3", &["0.1.0", "1.2.3"], &["1.2.4"]);
        assert!(Interval::of_requirement("many").is_none());
    }
}
