//! A small repository in a directory that goes away by itself.

use std::fs::{self, FileTimes};
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

/// A repository under construction.
pub(crate) struct Project(TempDir);

impl Project {
    /// An empty directory.
    pub(crate) fn empty() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A small Python package that lacks nothing: documented, tested, covered, with README,
    /// changelog and licence.
    pub(crate) fn good() -> Self {
        Self::empty()
            .file("pyproject.toml", "[project]\nname = \"shop\"\nversion = \"1.2.0\"\n")
            .file("README.md", &format!("# shop\n\n{}\n", "Adds up what a basket costs. ".repeat(20)))
            .file("CHANGELOG.md", "# Changelog\n\n## 1.2.0\n\n- Totals are rounded.\n")
            .file("LICENSE", "MIT License\n\nPermission is hereby granted, free of charge.\n")
            .file("shop/__init__.py", "\"\"\"A shop.\"\"\"\n")
            .file(
                "shop/basket.py",
                "\"\"\"Baskets.\"\"\"\n\n\ndef total(prices):\n    \"\"\"Adds prices up.\"\"\"\n    return round(sum(prices), 2)\n",
            )
            .file(
                "tests/test_basket.py",
                "from shop.basket import total\n\n\ndef test_total():\n    assert total([1.0, 2.5]) == 3.5\n",
            )
            .lcov(&[("shop/basket.py", &[(4, 1), (6, 1)])])
    }

    /// Adds a file, written a while ago.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        self.bytes(path, text.as_bytes())
    }

    /// Adds a file of bytes, written a while ago.
    pub(crate) fn bytes(self, path: &str, bytes: &[u8]) -> Self {
        let file = self.0.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, bytes).unwrap();
        self.aged(path, 3600)
    }

    /// Adds a program: a script for the shell.
    #[cfg(unix)]
    pub(crate) fn program(self, path: &str, script: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let project = self.file(path, &format!("#!/bin/sh\n{script}"));
        let file = project.0.path().join(path);
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
        project
    }

    /// Adds `lcov.info`, written after the sources: per file its lines with their hits.
    pub(crate) fn lcov(self, files: &[(&str, &[(u32, u32)])]) -> Self {
        let mut text = String::new();
        for (path, lines) in files {
            text.push_str(&format!("SF:{path}\n"));
            for (line, hits) in *lines {
                text.push_str(&format!("DA:{line},{hits}\n"));
            }
            text.push_str("end_of_record\n");
        }
        self.file("lcov.info", &text).aged("lcov.info", 600)
    }

    /// Says that a file was written so many seconds ago.
    pub(crate) fn aged(self, path: &str, seconds: u64) -> Self {
        let time = SystemTime::now() - Duration::from_secs(seconds);
        let file = fs::File::options()
            .write(true)
            .open(self.0.path().join(path))
            .unwrap();
        file.set_times(FileTimes::new().set_modified(time)).unwrap();
        self
    }

    /// Where it is.
    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }
}
