//! What a change touches, as `git diff` tells it: committed, staged, edited and new files.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::error::WorkflowError;
use crate::report::ChangeSummary;

/// A change between a revision and the files as they lie there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    revision: String,
    base: String,
    files: BTreeMap<String, Touched>,
}

/// What of a file is touched.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Touched {
    /// The file is new.
    Whole,
    /// These lines, from the first to the last of each, were added or altered.
    Lines(Vec<(u32, u32)>),
}

impl Change {
    /// The change of the repository at `root` since its state and `revision` parted.
    ///
    /// Runs `git`, which changes nothing. Paths are relative to `root`; what lies outside of it is
    /// no part of the change.
    ///
    /// # Errors
    /// When there is no `git`, no repository, no such revision, or no common ancestor.
    pub fn since(root: &Path, revision: &str) -> Result<Self, WorkflowError> {
        let ask = |args: &[&str]| {
            git(root, args).map_err(|problem| WorkflowError::Change {
                revision: revision.to_owned(),
                problem,
            })
        };
        let wanted = format!("{revision}^{{commit}}");
        let commit = ask(&["rev-parse", "--verify", "--end-of-options", &wanted])?;
        let base = ask(&["merge-base", commit.trim(), "HEAD"])?
            .trim()
            .to_owned();
        let diff = ask(&[
            "diff",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--no-renames",
            "--relative",
            "--unified=0",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            "--ignore-submodules=all",
            &base,
            "--",
        ])?;
        let untracked = ask(&[
            "ls-files",
            "--others",
            "--exclude-standard",
            "-z",
            "--",
            ".",
        ])?;
        let mut files = touched(&diff);
        let paths = untracked.split('\0').filter(|path| !path.is_empty());
        files.extend(paths.map(|path| (path.to_owned(), Touched::Whole)));
        Ok(Self {
            revision: revision.to_owned(),
            base,
            files,
        })
    }

    /// Whether it touches this line of this file.
    pub(super) fn touches_line(&self, path: &str, line: u32) -> bool {
        match self.files.get(path) {
            None => false,
            Some(Touched::Whole) => true,
            Some(Touched::Lines(spans)) => spans
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&line)),
        }
    }

    /// Whether it touches this file.
    pub(super) fn touches_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    pub(super) fn summary(&self) -> ChangeSummary {
        let lines = self.files.values().map(|touched| match touched {
            Touched::Whole => 0,
            Touched::Lines(spans) => spans
                .iter()
                .map(|(first, last)| u64::from(last - first) + 1)
                .sum(),
        });
        let all = self.files.values();
        let new_files = all.filter(|touched| **touched == Touched::Whole).count();
        ChangeSummary {
            revision: self.revision.clone(),
            base: self.base.clone(),
            files: self.files.len() - new_files,
            new_files,
            lines: lines.sum(),
        }
    }
}

fn git(root: &Path, args: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        // No program that the repository's own settings name is started.
        .args(["-c", "core.fsmonitor=false", "-c", "core.quotePath=false"])
        .args(args)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .output()
        .map_err(|error| format!("`git` cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let told = told
        .lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches("fatal: ");
    let verb = args.first().copied().unwrap_or_default();
    Err(match (verb, told) {
        ("merge-base", "") => "it has no common ancestor with this state".to_owned(),
        (_, "") => format!("`git {verb}` failed"),
        (_, told) => format!("git says: {told}"),
    })
}

/// The files of a diff without context, with their new lines.
fn touched(diff: &str) -> BTreeMap<String, Touched> {
    let mut files = BTreeMap::new();
    let mut current: Option<String> = None;
    // Lines of files begin with `+`, `-` or `\`; only between hunks can a header stand.
    let mut left = 0u64;
    let mut is_new = false;
    for line in diff.lines() {
        if left > 0 && (line.starts_with('+') || line.starts_with('-')) {
            left -= 1;
            continue;
        }
        if line.starts_with("diff --git ") {
            (current, is_new) = (None, false);
        } else if line.starts_with("new file mode") {
            is_new = true;
        } else if let Some(path) = line.strip_prefix("+++ ") {
            current = unquoted(path).strip_prefix("b/").map(str::to_owned);
            let touched = if is_new {
                Touched::Whole
            } else {
                Touched::Lines(Vec::new())
            };
            files.extend(current.clone().map(|path| (path, touched)));
        } else if let Some((removed, first, added)) = hunk(line) {
            left = u64::from(removed) + u64::from(added);
            let entry = current.as_ref().and_then(|path| files.get_mut(path));
            if let Some(Touched::Lines(spans)) = entry
                && added > 0
            {
                spans.push((first, first.saturating_add(added - 1)));
            }
        }
    }
    files
}

/// `@@ -1,2 +3,4 @@`: how many lines went, where the new ones begin, how many these are.
fn hunk(line: &str) -> Option<(u32, u32, u32)> {
    let mut words = line.strip_prefix("@@ ")?.split(' ');
    let span = |word: &str, sign: char| -> Option<(u32, u32)> {
        let word = word.strip_prefix(sign)?;
        let (first, count) = word.split_once(',').unwrap_or((word, "1"));
        Some((first.parse().ok()?, count.parse().ok()?))
    };
    let (_, removed) = span(words.next()?, '-')?;
    let (first, added) = span(words.next()?, '+')?;
    Some((removed, first, added))
}

/// A path as git writes it: in quotes with C escapes where it holds anything unusual.
fn unquoted(path: &str) -> String {
    let path = path.trim_end_matches('\t');
    let Some(inner) = path
        .strip_prefix('"')
        .and_then(|path| path.strip_suffix('"'))
    else {
        return path.to_owned();
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'r') => bytes.push(b'\r'),
            Some(b'a') => bytes.push(7),
            Some(b'b') => bytes.push(8),
            Some(b'f') => bytes.push(12),
            Some(b'v') => bytes.push(11),
            Some(digit @ b'0'..=b'7') => {
                let mut value = u32::from(digit - b'0');
                while let Some(next @ b'0'..=b'7') = rest.peek().copied() {
                    value = value * 8 + u32::from(next - b'0');
                    rest.next();
                    if value > 0o37 {
                        break;
                    }
                }
                bytes.push(u8::try_from(value & 0xff).unwrap_or_default());
            }
            Some(other) => bytes.push(other),
            None => {}
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_become_lines() {
        let diff = "diff --git a/a.py b/a.py\nindex 1..2 100644\n--- a/a.py\n+++ b/a.py\n@@ -1 +1,2 @@ def f():\n-old\n+++ b/not-a-header\n+new\n@@ -9,2 +10,0 @@\n-x\n-y\ndiff --git a/b.py b/b.py\nnew file mode 100644\n--- /dev/null\n+++ b/b.py\n@@ -0,0 +1 @@\n+z\ndiff --git a/c.py b/c.py\ndeleted file mode 100644\n--- a/c.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n";
        let files = touched(diff);
        let expected = BTreeMap::from([
            ("a.py".to_owned(), Touched::Lines(vec![(1, 2)])),
            ("b.py".to_owned(), Touched::Whole),
        ]);
        assert_eq!(files, expected);
    }

    #[test]
    fn unusual_paths_are_read() {
        let diff =
            "diff --git x y\n--- a/x\n+++ \"b/t\\tab\\303\\274\\\".py\"\n@@ -1 +1 @@\n-a\n+b\n";
        let files = touched(diff);
        assert!(files.contains_key("t\tabü\".py"), "{files:?}");
    }
}
