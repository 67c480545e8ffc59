//! The commands that may be run, each by its beginning.

use std::fmt;

/// Beginnings of commands: `cargo test` allows `cargo test --all` and not `cargo publish`.
#[derive(Debug, Clone)]
pub(super) struct AllowList(Vec<Vec<String>>);

impl AllowList {
    pub(super) fn new(entries: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let words = |entry: &str| entry.split_whitespace().map(str::to_owned).collect();
        let entries = entries.into_iter().map(|entry| words(entry.as_ref()));
        // An entry without a word would be the beginning of everything.
        Self(entries.filter(|it: &Vec<String>| !it.is_empty()).collect())
    }

    pub(super) fn allows(&self, argv: &[String]) -> bool {
        self.0.iter().any(|entry| argv.starts_with(entry))
    }
}

impl fmt::Display for AllowList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries: Vec<String> = self.0.iter().map(|entry| entry.join(" ")).collect();
        f.write_str(&entries.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_the_beginning_of_a_command() {
        let list = AllowList::new(["cargo  test", "make", " "]);
        let allows = |command: &str| {
            let argv: Vec<String> = command.split(' ').map(str::to_owned).collect();
            list.allows(&argv)
        };
        assert!(allows("cargo test --all") && allows("make") && allows("make all"));
        assert!(!allows("cargo publish") && !allows("cargo") && !allows("rm x"));
        assert_eq!(list.to_string(), "cargo test; make");
    }
}
