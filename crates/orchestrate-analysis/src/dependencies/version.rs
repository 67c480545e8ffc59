//! Versions, compared as their ecosystem compares them.
//!
//! Text is never compared: `3.2` and `3.2.0` are one version of a Python package, and `1.0.0-rc.1`
//! comes before `1.0.0`.

use std::cmp::Ordering;
use std::str::FromStr;

use super::locked::Ecosystem;

/// A version that can be compared with others of its ecosystem.
#[derive(Debug, Clone)]
pub enum Version {
    /// Cargo, npm and Go.
    Semantic(Box<semver::Version>),
    /// Python.
    Python(Box<pep440_rs::Version>),
}

impl Version {
    /// Reads a version; `None` if its ecosystem has none like it.
    #[must_use]
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Option<Self> {
        let text = text.trim();
        match ecosystem {
            Ecosystem::PyPi => pep440_rs::Version::from_str(text)
                .ok()
                .map(|version| Self::Python(Box::new(version))),
            Ecosystem::Cargo | Ecosystem::Npm | Ecosystem::Go => {
                semantic(text).map(|version| Self::Semantic(Box::new(version)))
            }
        }
    }

    /// The order of two versions; `None` for versions of different kinds.
    ///
    /// Build metadata does not count.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Semantic(a), Self::Semantic(b)) => Some(a.cmp_precedence(b)),
            (Self::Python(a), Self::Python(b)) => Some(a.cmp(b)),
            (Self::Semantic(_), Self::Python(_)) | (Self::Python(_), Self::Semantic(_)) => None,
        }
    }
}

/// A semantic version as advisories and lock files write it: `v` before it and missing parts are forgiven.
fn semantic(text: &str) -> Option<semver::Version> {
    let text = text.trim_start_matches(['v', '=']);
    if let Ok(version) = semver::Version::parse(text) {
        return Some(version);
    }
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at_checked(end)?;
    let mut parts = Vec::new();
    for part in numbers.split('.') {
        parts.push(part.parse::<u64>().ok()?);
    }
    if parts.len() > 3 {
        return None;
    }
    parts.resize(3, 0);
    let [major, minor, patch] = parts.as_slice() else {
        return None;
    };
    semver::Version::parse(&format!("{major}.{minor}.{patch}{rest}")).ok()
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{self, Equal, Greater, Less};

    use proptest::prelude::*;

    use super::*;

    fn check(ecosystem: Ecosystem, a: &str, expected: Ordering, b: &str) {
        let parse = |text| Version::parse(ecosystem, text).expect("a version");
        let (left, right) = (parse(a), parse(b));
        assert_eq!(left.compare(&right), Some(expected), "{a} and {b}");
        assert_eq!(
            right.compare(&left),
            Some(expected.reverse()),
            "{b} and {a}"
        );
    }

    #[test]
    fn cargo_and_npm_follow_semantic_versions() {
        for ecosystem in [Ecosystem::Cargo, Ecosystem::Npm] {
            check(ecosystem, "1.2.3", Equal, "1.2.3+build.5");
            check(ecosystem, "1.2.3", Equal, "v1.2.3");
            check(ecosystem, "1.0.0-alpha", Less, "1.0.0-alpha.1");
            check(ecosystem, "1.0.0-alpha.9", Less, "1.0.0-alpha.10");
            check(ecosystem, "1.0.0-rc.1", Less, "1.0.0");
            check(ecosystem, "1.10.0", Greater, "1.9.9");
            check(ecosystem, "0", Equal, "0.0.0");
            check(ecosystem, "1.2", Equal, "1.2.0");
        }
    }

    #[test]
    fn python_follows_its_own_order() {
        let pypi = Ecosystem::PyPi;
        check(pypi, "3.2", Equal, "3.2.0");
        check(pypi, "1.0.dev1", Less, "1.0a1");
        check(pypi, "1.0rc1", Less, "1.0");
        check(pypi, "1.0", Less, "1.0.post1");
        check(pypi, "1!0.1", Greater, "2024.1");
        check(pypi, "1.0-RC.1", Equal, "1.0rc1");
        check(pypi, "1.0+local", Greater, "1.0");
    }

    #[test]
    fn go_orders_pseudo_versions_before_their_release() {
        let go = Ecosystem::Go;
        check(go, "v2.0.0+incompatible", Equal, "2.0.0");
        check(
            go,
            "v0.0.0-20190101000000-abcdefabcdef",
            Less,
            "v0.0.0-20200101000000-0123456789ab",
        );
        check(
            go,
            "v1.2.4-0.20200101000000-abcdefabcdef",
            Greater,
            "v1.2.3",
        );
        check(go, "v1.2.4-0.20200101000000-abcdefabcdef", Less, "v1.2.4");
    }

    #[test]
    fn what_is_no_version_is_none() {
        for text in ["", "latest", "1.2.3.4", "git+https://a", "1..2", "-1"] {
            assert!(Version::parse(Ecosystem::Npm, text).is_none(), "{text}");
        }
        assert!(Version::parse(Ecosystem::PyPi, "not a version").is_none());
    }

    proptest! {
        #[test]
        fn prop_no_text_makes_it_fall_over(text in ".{0,40}") {
            for ecosystem in [Ecosystem::Cargo, Ecosystem::Npm, Ecosystem::PyPi, Ecosystem::Go] {
                if let Some(version) = Version::parse(ecosystem, &text) {
                    prop_assert_eq!(version.compare(&version), Some(Equal));
                }
            }
        }
    }
}
