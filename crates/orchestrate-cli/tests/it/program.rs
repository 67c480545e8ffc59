//! The program under test: started in a fresh directory, with no settings but those that a test gives.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use expect_test::Expect;
use regex::Regex;
use serde_json::Value;
use tempfile::TempDir;

/// A directory to run in.
pub(crate) struct Place {
    directory: TempDir,
}

/// What a command did.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    /// An empty directory.
    pub(crate) fn empty() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("here")).unwrap();
        Self { directory }
    }

    /// A small project that is in good order, but for a coverage report.
    pub(crate) fn project() -> Self {
        let place = Self::empty();
        place
            .with("README.md", "# Sum\n\nAdds numbers. See `src/sum.py`.\n")
            .with("LICENSE", "MIT License\n\nPermission is hereby granted, free of charge, to any person.\n")
            .with("CHANGELOG.md", "# Changelog\n\n## 1.0.0\n\n- First release.\n")
            .with("pyproject.toml", "[project]\nname = \"sum\"\nversion = \"1.0.0\"\n")
            .with(
                "src/sum.py",
                "\"\"\"Adds numbers.\"\"\"\n\n\ndef add(left, right):\n    \"\"\"The sum of two numbers.\"\"\"\n    return left + right\n",
            )
            .with(
                "tests/test_sum.py",
                "\"\"\"Tests.\"\"\"\nfrom sum import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n",
            );
        place
    }

    /// Puts a file into the directory.
    pub(crate) fn with(&self, path: &str, text: &str) -> &Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// A coverage report in which so many of the two lines of code are covered.
    pub(crate) fn with_coverage(&self, covered: usize) -> &Self {
        let hits = |line: usize| usize::from(line <= covered);
        self.with(
            "lcov.info",
            &format!(
                "SF:src/sum.py\nDA:4,{}\nDA:6,{}\nLF:2\nLH:{covered}\nend_of_record\n",
                hits(1),
                hits(2)
            ),
        )
    }

    /// The user's own settings.
    pub(crate) fn with_user_settings(&self, text: &str) -> &Self {
        let path = self.directory.path().join("config/orchestrate/config.toml");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("here")
    }

    /// The text of a file of the directory.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// The files of the directory, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        fn walk(root: &Path, at: &Path, all: &mut Vec<String>) {
            for entry in fs::read_dir(at).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(root, &path, all);
                } else {
                    all.push(path.strip_prefix(root).unwrap().display().to_string());
                }
            }
        }
        let mut all = Vec::new();
        walk(&self.path(), &self.path(), &mut all);
        all.sort();
        all
    }

    /// The program, ready to be started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orchestrate"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ORCHESTRATE_") {
                command.env_remove(name);
            }
        }
        command
            .args(args)
            .current_dir(self.path())
            .env("HOME", self.directory.path())
            .env("XDG_CONFIG_HOME", self.directory.path().join("config"))
            .env("XDG_CACHE_HOME", self.directory.path().join("cache"))
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, &[])
    }

    /// The same with variables.
    pub(crate) fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        let output = self
            .command(args)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        if let Some(code) = output.status.code() {
            assert_told(args, code);
        }
        self.ran(&output)
    }

    /// What an ended program did, with everything replaced that differs from run to run.
    pub(crate) fn ran(&self, output: &Output) -> Ran {
        let text = |bytes: &[u8]| self.stable(std::str::from_utf8(bytes).unwrap());
        Ran {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    fn stable(&self, text: &str) -> String {
        let directory = self.directory.path();
        let real = directory.canonicalize().unwrap();
        let text = text
            .replace(&real.display().to_string(), "[DIR]")
            .replace(&directory.display().to_string(), "[DIR]");
        let times = Regex::new(r" *\b\d+(\.\d+)? (us|ms|s)\b").unwrap();
        let digests = Regex::new(r"\b[0-9a-f]{32}\b").unwrap();
        let text = times.replace_all(&text, " [TIME]");
        digests.replace_all(&text, "[DIGEST]").into_owned()
    }

    /// Runs the program and compares code, stdout and stderr.
    #[track_caller]
    pub(crate) fn check(&self, args: &[&str], expected: Expect) {
        expected.assert_eq(&self.run(args).shown());
    }
}

/// Asserts that the help of a verb tells a way in which it ended: no test sees one that is told nowhere.
#[track_caller]
fn assert_told(args: &[&str], code: i32) {
    static ENDS: OnceLock<BTreeMap<String, Vec<i32>>> = OnceLock::new();
    let ends = ENDS.get_or_init(|| {
        let mut docs = Command::new(env!("CARGO_BIN_EXE_orchestrate"));
        let page = docs.args(["docs", "exit-codes"]).output().unwrap().stdout;
        let page = String::from_utf8(page).unwrap();
        let row = |line: &str| {
            let (verb, codes) = line.strip_prefix("| `")?.split_once("` | ")?;
            let codes = codes.trim_end_matches(" |").split(", ");
            Some((
                verb.to_owned(),
                codes.map(|it| it.parse().unwrap()).collect(),
            ))
        };
        page.lines().filter_map(row).collect()
    });
    assert!(ends.len() > 40, "{ends:?}");
    let mut words = args.iter().filter(|it| !it.starts_with('-'));
    let first = words.next().copied().unwrap_or_default();
    let both = words.next().map(|second| format!("{first} {second}"));
    // Words that are no verb end as the parser ends them.
    let own = both
        .and_then(|it| ends.get(&it))
        .or_else(|| ends.get(first));
    if let Some(own) = own {
        assert!(
            own.contains(&code),
            "{args:?} ended with {code}, told are {own:?}"
        );
    }
}

impl Ran {
    /// Code and streams as one text.
    pub(crate) fn shown(&self) -> String {
        let code = self.code.map_or("none".into(), |code| code.to_string());
        let mut shown = format!("exit {code}\n");
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                shown.push_str(&format!("--- {name}\n{text}"));
            }
        }
        shown
    }

    /// The one document on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not one document: {error}\n{}", self.shown()))
    }
}
