//! Writes new tests into a repository, when a person says so. Nothing that is there is touched.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::report::{NotApplied, TestFile};

/// Writes the files that are not there yet. Gives those that were written, and those that were not,
/// each with the reason.
pub fn apply<'a>(
    root: &Path,
    files: impl IntoIterator<Item = &'a TestFile>,
) -> (Vec<String>, Vec<NotApplied>) {
    let (mut written, mut left) = (Vec::new(), Vec::new());
    for file in files {
        let path = file.path.clone();
        match write(root, file) {
            Ok(()) => written.push(path),
            Err(error) => left.push(NotApplied {
                path,
                why: match error.kind() {
                    io::ErrorKind::AlreadyExists => "it exists, and nothing is overwritten".into(),
                    _ => error.to_string(),
                },
            }),
        }
    }
    (written, left)
}

fn write(root: &Path, file: &TestFile) -> io::Result<()> {
    let path = root.join(&file.path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
        // A link may lead out of the repository.
        if !parent.canonicalize()?.starts_with(root.canonicalize()?) {
            return Err(io::Error::other(
                "its directory lies outside of the repository",
            ));
        }
    }
    let mut new = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)?;
    new.write_all(file.content.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays_as_it_is() {
        let place = tempfile::tempdir().unwrap();
        let file = |path: &str, content: &str| TestFile {
            path: path.to_owned(),
            content: content.to_owned(),
            skeleton: false,
        };
        let files = [file("tests/a.py", "one"), file("tests/a.py", "two")];
        let (written, left) = apply(place.path(), &files);
        assert_eq!(written, ["tests/a.py"]);
        assert_eq!(left.len(), 1);
        assert!(left[0].why.starts_with("it exists"), "{}", left[0].why);
        let text = fs::read_to_string(place.path().join("tests/a.py")).unwrap();
        assert_eq!(text, "one");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_lead_out_of_the_repository() {
        let (place, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(other.path(), place.path().join("tests")).unwrap();
        let file = TestFile {
            path: "tests/a.py".into(),
            content: String::new(),
            skeleton: false,
        };
        let (written, left) = apply(place.path(), [&file]);
        assert!(written.is_empty() && left[0].why.contains("outside"));
        assert!(!other.path().join("a.py").exists());
    }
}
