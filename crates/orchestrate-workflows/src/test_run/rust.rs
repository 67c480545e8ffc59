//! Rust: the compiler's own instrumentation, read by whatever can read it.
//!
//! Documentation tests are not instrumented by a stable toolchain, and are not run.

use std::path::{Path, PathBuf};

use orchestrate_analysis::language::Language;
use serde_json::Value;

use super::llvm::{self, Reader};
use super::place::{Place, Project};
use super::{Ask, TestRun, TestState, failed};
use crate::process::{Ended, Program, on_path};

/// What both the build and the run are told; targets without tests of their own are left alone.
const TESTS: [&str; 2] = ["test", "--workspace"];
const INSTRUMENT: &str = "-Cinstrument-coverage";
/// Messages of a build at most; beyond that something else is wrong.
const MOST_MESSAGES: usize = 256 << 20;

pub(super) async fn run(place: &Place<'_>, project: &Project, ask: Ask<'_>) -> TestRun {
    match measure(place, project, ask).await {
        Ok(run) | Err(run) => run,
    }
}

async fn measure(place: &Place<'_>, project: &Project, asked: Ask<'_>) -> Result<TestRun, TestRun> {
    let mut run = TestRun::new("cargo test", &[Language::Rust], &project.inside);
    "rustc -Cinstrument-coverage".clone_into(&mut run.tool);
    run.notes
        .push("documentation tests were not run: they are not instrumented".to_owned());
    let Some(cargo) = on_path("cargo") else {
        return Err(run.not_measured("`cargo` is not on the path", "install a Rust toolchain"));
    };
    let question = ["-vV"];
    let rustc = on_path("rustc").unwrap_or_else(|| PathBuf::from("rustc"));
    let version = place
        .ask(&rustc, &project.directory, &question)
        .await
        .unwrap_or_default();
    let fact = |name: &str| {
        let mut lines = version.lines();
        lines
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    run.version = fact("release:");
    let products = place.beside("rust", project);
    let profiles = place.fresh("rust-profiles", project);
    let command = Command {
        place,
        project,
        cargo: &cargo,
        host: fact("host:"),
        target: &products,
        asked,
    };
    // The build comes first, alone: what does not compile is told apart from tests that fail.
    let build = command
        .program()
        .args(["--no-run", "--message-format=json-render-diagnostics"])
        .variable("LLVM_PROFILE_FILE", products.join("build-%p-%m.profraw"))
        .keeping(MOST_MESSAGES);
    let (mut run, built) = place.run(run, &build).await?;
    if !built.stop.is_success() {
        return Err(not_built(run, &built));
    }
    let objects = executables(&built);
    let tests = command
        .program()
        .arg("--no-fail-fast")
        .variable("LLVM_PROFILE_FILE", profiles.join("%p-%m.profraw"));
    let (next, ended) = place.run_tests(run, &asked.within(tests)).await?;
    run = next;
    if !ended.stop.is_success() {
        run.state = TestState::Failed(
            failures(&ended.tail).unwrap_or_else(|| ended.last_line().to_owned()),
        );
        run.failed = failed::in_rust(&ended.tail);
    }
    if !asked.coverage {
        return Ok(run);
    }
    let report = place.report(project, "coverage.lcov");
    let sysroot = place
        .ask(&rustc, &project.directory, &["--print", "sysroot"])
        .await;
    let toolchain = sysroot.map(|root| {
        Path::new(&root)
            .join("lib/rustlib")
            .join(&command.host)
            .join("bin")
    });
    let reader = Reader {
        place,
        profiles: &profiles,
        objects: &objects,
        root: &place.copy.root(),
        report: &report,
    };
    match llvm::report(&reader, toolchain.as_deref()).await {
        Ok(by) => {
            run.notes.push(format!("the profile was read by {by}"));
            run.reports.push(report);
            Ok(run)
        }
        // That tests failed was seen, whatever became of the profile.
        Err(_) if run.state != TestState::Passed => Ok(run),
        Err(why) => Err(run.not_measured(
            format!("the tests ran, but their profile cannot be read: {why}"),
            "`rustup component add llvm-tools`, or install LLVM of the toolchain's version or later",
        )),
    }
}

/// How cargo is called, for the build and for the run alike; a difference would build anew.
struct Command<'a> {
    place: &'a Place<'a>,
    project: &'a Project,
    cargo: &'a Path,
    host: String,
    target: &'a Path,
    asked: Ask<'a>,
}

impl Command<'_> {
    fn program(&self) -> Program {
        let program = self
            .place
            .program(self.cargo, &self.project.directory)
            .variable("CARGO_TARGET_DIR", self.target)
            .variable("CARGO_INCREMENTAL", "0")
            // Nothing is fetched: what is not there is told.
            .variable("CARGO_NET_OFFLINE", "true")
            .without_variable("CARGO_ENCODED_RUSTFLAGS");
        let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
        if !flags.trim().is_empty() {
            let program = program.variable("RUSTFLAGS", format!("{flags} {INSTRUMENT}"));
            return self.targets(program.args(TESTS));
        }
        // Settings are added to those of the project; a variable would take their place.
        let key = match self.has_flags_by_target() {
            true => format!("target.{}.rustflags", self.host),
            false => "build.rustflags".to_owned(),
        };
        let program = program
            .arg("--config")
            .arg(format!("{key}=[\"{INSTRUMENT}\"]"))
            .args(TESTS);
        self.targets(program)
    }

    /// All targets with tests, or the one whose source is the file.
    fn targets(&self, program: Program) -> Program {
        let stem = self.asked.file.and_then(|file| Path::new(file).file_stem());
        match stem {
            Some(name) => program.arg("--test").arg(name),
            None => program.arg("--tests"),
        }
    }

    /// Whether the project's settings name flags for targets, which win over those for all builds.
    fn has_flags_by_target(&self) -> bool {
        let files = self.project.directory.ancestors().flat_map(|directory| {
            ["config.toml", "config"].map(|name| directory.join(".cargo").join(name))
        });
        let texts = files.filter_map(|file| std::fs::read_to_string(file).ok());
        texts
            .into_iter()
            .any(|text| text.contains("[target.") && text.contains("rustflags"))
    }
}

fn not_built(run: TestRun, built: &Ended) -> TestRun {
    let mut lines = built.tail.lines().map(str::trim);
    let error = lines
        .find(|line| line.starts_with("error"))
        .unwrap_or_else(|| built.last_line());
    let how = if built.tail.contains("offline") {
        "`cargo fetch` in the repository first".to_owned()
    } else {
        format!("mend what `{}` says", run.command())
    };
    run.not_measured(format!("the tests could not be built: {error}"), how)
}

/// The programs that a build made: tests, and what they start.
fn executables(built: &Ended) -> Vec<PathBuf> {
    let text = String::from_utf8_lossy(&built.stdout);
    let messages = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut found: Vec<PathBuf> = messages
        .filter_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// How many tests failed, from the lines that say so.
fn failures(tail: &str) -> Option<String> {
    let counts = tail.lines().filter_map(|line| {
        let (_, rest) = line
            .strip_prefix("test result: FAILED.")?
            .split_once("passed; ")?;
        rest.split(' ').next()?.parse::<u64>().ok()
    });
    match counts.sum::<u64>() {
        0 => None,
        1 => Some("1 test failed".to_owned()),
        more => Some(format!("{more} tests failed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_added_up_over_binaries() {
        let line = |failed: u32| {
            format!("test result: FAILED. 3 passed; {failed} failed; 0 ignored; 0 measured\n")
        };
        assert_eq!(
            failures(&(line(2) + "x\n" + &line(1))),
            Some("3 tests failed".to_owned())
        );
        assert_eq!(failures(&line(1)), Some("1 test failed".to_owned()));
        assert_eq!(failures("error: test failed"), None);
    }
}
