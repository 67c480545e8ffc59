//! The programs that run the tests of a project: how they are called, and what they say of the tests.

use std::path::Path;

/// A program that runs the tests of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// `cargo test`.
    Cargo,
    /// `python3 -m pytest`.
    Pytest,
    /// `npm test`.
    Npm,
    /// `go test ./...`.
    Go,
}

impl Runner {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Cargo, Self::Pytest, Self::Npm, Self::Go];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Pytest => "pytest",
            Self::Npm => "npm",
            Self::Go => "go",
        }
    }

    /// The runner of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// Whether a project looks as if its tests were run so.
    pub(super) fn fits(self, root: &Path) -> bool {
        let files: &[&str] = match self {
            Self::Cargo => &["Cargo.toml"],
            Self::Pytest => &[
                "pyproject.toml",
                "setup.py",
                "setup.cfg",
                "pytest.ini",
                "tox.ini",
            ],
            Self::Npm => &["package.json"],
            Self::Go => &["go.mod"],
        };
        files.iter().any(|file| root.join(file).is_file())
    }

    /// The command that runs all tests, or those whose names hold a text.
    pub(super) fn command(self, only: Option<&str>) -> Vec<String> {
        let words: &[&str] = match self {
            Self::Cargo => &["cargo", "test", "--quiet"],
            Self::Pytest => &["python3", "-m", "pytest", "-q"],
            Self::Npm => &["npm", "test", "--silent"],
            Self::Go => &["go", "test", "./..."],
        };
        let mut argv: Vec<String> = words.iter().map(|&it| it.to_owned()).collect();
        if let Some(only) = only {
            let before = match self {
                Self::Cargo | Self::Npm => "--",
                Self::Pytest => "-k",
                Self::Go => "-run",
            };
            argv.extend([before.to_owned(), only.to_owned()]);
        }
        argv
    }

    /// How many tests passed and failed, where the runner says so in a form that is known.
    pub(super) fn counts(self, output: &str) -> Option<(u64, u64)> {
        let of = |line: &str, word: &str| {
            let words: Vec<&str> = line
                .split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|it| !it.is_empty())
                .collect();
            let pairs = words.windows(2);
            pairs
                .filter_map(|pair| match pair {
                    [count, name] if *name == word => count.parse::<u64>().ok(),
                    _ => None,
                })
                .next()
        };
        match self {
            Self::Cargo => {
                let lines = output.lines().filter(|it| it.starts_with("test result:"));
                let each = lines.map(|it| Some((of(it, "passed")?, of(it, "failed")?)));
                let each: Vec<(u64, u64)> = each.collect::<Option<_>>()?;
                let sums = each
                    .iter()
                    .fold((0, 0), |(a, b), (passed, failed)| (a + passed, b + failed));
                (!each.is_empty()).then_some(sums)
            }
            Self::Pytest => {
                let last = output.lines().rev().find(|it| it.contains(" in "))?;
                let (passed, failed) = (of(last, "passed"), of(last, "failed"));
                (passed.is_some() || failed.is_some())
                    .then(|| (passed.unwrap_or(0), failed.unwrap_or(0)))
            }
            Self::Npm | Self::Go => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_runner_says_is_counted() {
        let cargo = "test result: ok. 3 passed; 0 failed; 1 ignored\nx\ntest result: FAILED. 1 passed; 2 failed;";
        assert_eq!(Runner::Cargo.counts(cargo), Some((4, 2)));
        assert_eq!(Runner::Cargo.counts("error: no"), None);
        let pytest = "....F\n1 failed, 4 passed in 0.12s\n";
        assert_eq!(Runner::Pytest.counts(pytest), Some((4, 1)));
        assert_eq!(Runner::Pytest.counts("3 errors in 0.1s"), None);
        assert_eq!(Runner::Go.counts("ok  \tx\t0.01s"), None);
    }
}
