//! Where tests are run, and how every run of a program goes.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::process::{Ended, Program, Stop, describe};
use crate::programs::Progress;
use crate::test_run::TestRun;
use crate::work_copy::WorkCopy;

/// How long a question to a program may take, such as that for its version.
const QUESTION: Duration = Duration::from_secs(60);

/// Where tests are run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) copy: &'a WorkCopy,
    /// How long the tests of one project may take.
    pub(super) timeout: Duration,
    pub(super) progress: &'a Progress,
}

/// A project in the copy.
#[derive(Debug, Clone)]
pub(super) struct Project {
    /// Where it lies in the copy.
    pub(super) directory: PathBuf,
    /// The same place in the original.
    pub(super) original: PathBuf,
    /// The same relative to the analysed directory, with forward slashes; empty for its root.
    pub(super) inside: String,
}

/// Directories that hold no project of the repository's own.
const NO_PROJECTS: [&str; 12] = [
    "node_modules",
    "vendor",
    "third_party",
    "target",
    "build",
    "dist",
    "test",
    "tests",
    "testdata",
    "fixtures",
    "examples",
    "benches",
];
/// How many projects of one kind are run when the root is none.
const MOST_PROJECTS: usize = 8;

impl<'a> Place<'a> {
    /// The projects that have one of these manifests: the root, or else those up to two levels
    /// below it.
    pub(super) fn projects(&self, manifests: &[&str]) -> Vec<Project> {
        let root = self.copy.root();
        let is_project =
            |directory: &Path| manifests.iter().any(|name| directory.join(name).is_file());
        if is_project(&root) {
            return vec![self.project("")];
        }
        let mut found = Vec::new();
        let mut level = vec![String::new()];
        for _ in 0..2 {
            let mut next = Vec::new();
            for parent in &level {
                for name in directories(&root.join(parent)) {
                    let inside = if parent.is_empty() {
                        name
                    } else {
                        format!("{parent}/{name}")
                    };
                    if is_project(&root.join(&inside)) {
                        found.push(inside);
                    } else {
                        next.push(inside);
                    }
                }
            }
            level = next;
        }
        found.truncate(MOST_PROJECTS);
        found.iter().map(|inside| self.project(inside)).collect()
    }

    fn project(&self, inside: &str) -> Project {
        Project {
            directory: self.copy.root().join(inside),
            original: self.copy.original_root().join(inside),
            inside: inside.to_owned(),
        }
    }

    /// A place outside of the tree for the products of a run.
    pub(super) fn beside(&self, name: &str, project: &Project) -> PathBuf {
        let place = self.copy.beside(&format!("{name}/{}", project.inside));
        // Whoever writes there says so if it is not there.
        let _ = std::fs::create_dir_all(&place);
        place
    }

    /// The same, empty: what an earlier run left there would be taken for what this one measured.
    pub(super) fn fresh(&self, name: &str, project: &Project) -> PathBuf {
        // What is not there need not be removed.
        let _ = std::fs::remove_dir_all(self.copy.beside(&format!("{name}/{}", project.inside)));
        self.beside(name, project)
    }

    /// Where the report of a run is to be written. It lies inside of the project, because relative
    /// paths in it are relative to that.
    pub(super) fn report(&self, project: &Project, name: &str) -> PathBuf {
        let directory = project.directory.join(".orchestrate-coverage");
        // Whoever writes there says so if it is not there.
        let _ = std::fs::create_dir_all(&directory);
        let report = directory.join(name);
        // That of an earlier run says nothing of this one.
        let _ = std::fs::remove_file(&report);
        report
    }

    /// A command as a person in the project would type it.
    fn shown(&self, program: &Program) -> String {
        let mut command = program.command();
        if let Some(first) = command.first_mut() {
            let path = Path::new(&*first);
            let is_ours =
                path.starts_with(self.copy.root()) || path.starts_with(self.copy.original_root());
            if let (false, Some(name)) = (is_ours, path.file_name()) {
                *first = name.to_string_lossy().into_owned();
            }
        }
        self.shorten(&describe(&command))
    }

    /// A text in which the copy and the original are not named: people know where they are.
    fn shorten(&self, text: &str) -> String {
        let (copy, original) = (self.copy.root(), self.copy.original_root());
        let beside = self.copy.beside("");
        let mut text = text.to_owned();
        for (path, shown) in [(&copy, ""), (&original, ""), (&beside, "$TMP/")] {
            let path = path.display().to_string();
            let path = path.trim_end_matches('/');
            text = text.replace(&format!("{path}/"), shown).replace(path, ".");
        }
        text
    }

    /// Runs the tests themselves; otherwise as [`run`](Self::run).
    pub(super) async fn run_tests(
        &self,
        run: TestRun,
        program: &Program,
    ) -> Result<(TestRun, Ended), TestRun> {
        let shown = self.shown(program);
        let told = |mut run: TestRun| {
            run.were_tests(shown.clone());
            run
        };
        match self.run(run, program).await {
            Ok((run, ended)) => Ok((told(run), ended)),
            Err(run) => Err(told(run)),
        }
    }

    /// Runs a program that is part of a test run, and remembers it. What cannot be started or takes
    /// too long has measured nothing.
    pub(super) async fn run(
        &self,
        run: TestRun,
        program: &Program,
    ) -> Result<(TestRun, Ended), TestRun> {
        let shown = self.shown(program);
        self.progress.say(&format!("running {shown}"));
        match program.run().await {
            Err(error) => Err(run.not_measured(
                format!("`{shown}` cannot be started: {error}"),
                "install it, or measure coverage by hand and give the report with `--coverage-report`",
            )),
            Ok(mut ended) => {
                ended.tail = self.shorten(&ended.tail);
                let mut run = run;
                run.add(program, &ended);
                match ended.stop {
                    Stop::Exit(_) => Ok((run, ended)),
                    stop => {
                        let why = format!("`{shown}` {}", stop.told());
                        Err(run.not_measured(why, "allow more time with `--test-timeout SECONDS`"))
                    }
                }
            }
        }
    }

    /// Asks a program something, once in a copy: what is installed stays the same meanwhile. `None`
    /// when it does not answer with success.
    pub(super) async fn ask(
        &self,
        program: &Path,
        directory: &Path,
        args: &[&str],
    ) -> Option<String> {
        let question: Vec<OsString> = [program.as_os_str(), directory.as_os_str()]
            .into_iter()
            .chain(args.iter().map(OsStr::new))
            .map(OsStr::to_owned)
            .collect();
        if let Some(answer) = self.copy.answer(&question) {
            return answer;
        }
        let asked = Program::new(program, directory, QUESTION)
            .args(args)
            .keeping(64 << 10);
        let ended = asked.run().await.ok()?;
        let text = String::from_utf8_lossy(&ended.stdout).trim().to_owned();
        let answer = ended.stop.is_success().then_some(text);
        self.copy.remember(question, answer.clone());
        answer
    }

    /// A program with the time that tests have.
    pub(super) fn program(&self, program: impl Into<PathBuf>, directory: &Path) -> Program {
        Program::new(program, directory, self.timeout)
    }
}

/// The names of directories that may hold projects, sorted.
fn directories(parent: &Path) -> Vec<String> {
    let Ok(listed) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut names: Vec<String> = listed
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') && !NO_PROJECTS.contains(&name.as_str()))
        .collect();
    names.sort();
    names
}
