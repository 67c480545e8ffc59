//! The directory that tools may touch. Neither `..` nor a link leads out of it.

use std::io;
use std::path::{Component, Path, PathBuf};

use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::ToolFailure;

use super::failed;

/// Names of what decides which programs are run and what agents may do: hooks and settings of git, and the
/// settings, agents, workflows and decisions of the project. Who may write files may not allow itself more.
const GOVERNING: [&str; 3] = [".git", ".orchestrate", "orchestrate.toml"];

/// A path that is not allowed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AreaError {
    /// It leads out of the area.
    #[error("`{path}` is outside of the allowed area")]
    Outside {
        /// The path as given.
        path: String,
    },
    /// What stands there decides which programs are run and what agents may do.
    #[error("`{path}` may not be written: it decides what is run and allowed here")]
    Governing {
        /// The path as given.
        path: String,
    },
    /// It cannot be looked at.
    #[error("`{path}`: {source}")]
    Io {
        /// The path as given.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// What leads out of the area is denied; what is not there is told, so that another name can be tried.
impl From<AreaError> for ToolFailure {
    fn from(error: AreaError) -> Self {
        let class = match error {
            AreaError::Outside { .. } | AreaError::Governing { .. } => FailureClass::Denied,
            AreaError::Io { .. } => FailureClass::Input,
        };
        failed(class, error.to_string())
    }
}

/// A directory with everything below it.
#[derive(Debug, Clone)]
pub struct Area {
    root: PathBuf,
}

impl Area {
    /// The area of a directory.
    ///
    /// # Errors
    /// When there is no such directory.
    pub fn new(root: impl AsRef<Path>) -> io::Result<Self> {
        let root = root.as_ref().canonicalize()?;
        Ok(Self { root })
    }

    /// The directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a path leads that exists, with every link followed.
    ///
    /// # Errors
    /// When it does not exist or leads out of the area.
    pub fn existing(&self, path: &str) -> Result<PathBuf, AreaError> {
        let joined = self.joined(path)?;
        let real = joined.canonicalize().map_err(|source| AreaError::Io {
            path: path.to_owned(),
            source,
        })?;
        self.inside(path, real)
    }

    /// Where a file may be written. It need not exist; the directory that it is to stand in may not
    /// lead out of the area, nor may the file be a link that does.
    ///
    /// # Errors
    /// When the path leads out of the area, or to what decides what is run and allowed in it.
    pub fn writable(&self, path: &str) -> Result<PathBuf, AreaError> {
        let real = self.resolved(path)?;
        let below = real.strip_prefix(&self.root).unwrap_or(&real);
        // Some file systems take names of another case for the same.
        let governs = below.components().any(|part| {
            let part = part.as_os_str();
            GOVERNING.iter().any(|name| part.eq_ignore_ascii_case(name))
        });
        if governs {
            let path = path.to_owned();
            return Err(AreaError::Governing { path });
        }
        Ok(real)
    }

    /// Where a path leads whose last parts need not exist.
    fn resolved(&self, path: &str) -> Result<PathBuf, AreaError> {
        let joined = self.joined(path)?;
        // A link counts as existing even when what it points to does not.
        if joined.symlink_metadata().is_ok() {
            return self.existing(path);
        }
        let name = joined.file_name().map(ToOwned::to_owned);
        let mut above = joined.parent();
        let mut missing: Vec<PathBuf> = name.into_iter().map(PathBuf::from).collect();
        while let Some(directory) = above {
            if let Ok(real) = directory.canonicalize() {
                let real = self.inside(path, real)?;
                return Ok(missing
                    .iter()
                    .rev()
                    .fold(real, |path, part| path.join(part)));
            }
            missing.extend(directory.file_name().map(PathBuf::from));
            above = directory.parent();
        }
        Err(AreaError::Outside {
            path: path.to_owned(),
        })
    }

    /// The path below the root, without looking at the disk. `..` is refused, not resolved: what it
    /// leads to depends on links.
    fn joined(&self, path: &str) -> Result<PathBuf, AreaError> {
        let outside = || AreaError::Outside {
            path: path.to_owned(),
        };
        let given = Path::new(path);
        let relative = match given.strip_prefix(&self.root) {
            Ok(relative) => relative,
            Err(_) if given.is_absolute() => return Err(outside()),
            Err(_) => given,
        };
        let mut joined = self.root.clone();
        for part in relative.components() {
            match part {
                Component::Normal(name) => joined.push(name),
                Component::CurDir => {}
                _ => return Err(outside()),
            }
        }
        Ok(joined)
    }

    fn inside(&self, path: &str, real: PathBuf) -> Result<PathBuf, AreaError> {
        if real.starts_with(&self.root) {
            Ok(real)
        } else {
            Err(AreaError::Outside {
                path: path.to_owned(),
            })
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn nothing_leads_out_of_the_area() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("area");
        fs::create_dir_all(root.join("src")).unwrap();
        fs::write(root.join("src/a.rs"), "a").unwrap();
        fs::write(directory.path().join("secret"), "s").unwrap();
        symlink(directory.path(), root.join("up")).unwrap();
        symlink(directory.path().join("secret"), root.join("link")).unwrap();
        symlink(directory.path().join("new"), root.join("dangling")).unwrap();
        symlink(root.join("src"), root.join("within")).unwrap();
        let area = Area::new(&root).unwrap();
        for good in ["src/a.rs", "./src/a.rs", "within/a.rs", "."] {
            assert!(area.existing(good).is_ok(), "{good}");
        }
        assert!(
            area.existing(area.root().join("src/a.rs").to_str().unwrap())
                .is_ok()
        );
        for bad in [
            "../secret",
            "src/../../secret",
            "/etc/passwd",
            "up/secret",
            "link",
            "up",
            "src/..",
        ] {
            assert!(area.existing(bad).is_err(), "{bad}");
        }
        assert_eq!(
            area.writable("src/new/b.rs").unwrap(),
            area.root().join("src/new/b.rs")
        );
        for bad in ["up/x", "up/new/x", "link", "dangling", "../x", "/tmp/x"] {
            assert!(area.writable(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn who_writes_files_does_not_decide_what_is_allowed() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join(".git")).unwrap();
        symlink(".git", directory.path().join("innocent")).unwrap();
        let area = Area::new(directory.path()).unwrap();
        for bad in [
            ".git/hooks/pre-commit",
            "innocent/config",
            "vendor/it/.git",
            ".GIT/config",
            "orchestrate.toml",
            "./Orchestrate.toml",
            ".orchestrate/agents/mine.yaml",
        ] {
            let error = area.writable(bad).unwrap_err();
            assert!(matches!(error, AreaError::Governing { .. }), "{bad}");
        }
        for good in [".github/workflows/a.yaml", ".gitignore", "orchestrate.md"] {
            assert!(area.writable(good).is_ok(), "{good}");
        }
        assert!(area.existing(".git").is_ok());
    }
}
