//! Finds a tool, runs it, and makes sure of what it says.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use orchestrate_analysis::Snapshot;
use orchestrate_core::cancel::CancelSignal;

use super::model::{ToolRun, ToolState};
use super::parse::{self, Parse};
use super::tool::ExternalTool;
use crate::process::{Program, describe, in_directory, on_path};
use crate::programs::Progress;
use crate::work_copy::WorkCopy;

/// How long a question for a version may take.
const QUESTION: Duration = Duration::from_secs(30);
/// The most that a tool may say.
const MOST: usize = 256 << 20;

/// Where and within which bounds tools run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds<'a> {
    pub(crate) root: &'a Path,
    pub(crate) snapshot: &'a Snapshot,
    /// The agent that they run for.
    pub(crate) agent: &'a str,
    pub(crate) timeout: Duration,
    pub(crate) progress: &'a Progress,
    pub(crate) cancel: &'a CancelSignal,
}

/// A tool that was found, and how it is called.
struct Call {
    program: Program,
    parse: Parse,
    /// The exit codes that mean that it did its work.
    codes: &'static [i32],
    /// What lives as long as the run, if it needs a copy.
    _copy: Option<WorkCopy>,
}

/// Runs tools one after another.
pub(crate) async fn run(tools: &[ExternalTool], bounds: Bounds<'_>) -> Vec<ToolRun> {
    let mut runs = Vec::new();
    for tool in tools {
        runs.push(one(*tool, bounds).await);
    }
    runs
}

async fn one(tool: ExternalTool, bounds: Bounds<'_>) -> ToolRun {
    let mut run = ToolRun {
        tool,
        version: String::new(),
        command: Vec::new(),
        stop: None,
        duration_ms: 0.0,
        state: ToolState::Done(Vec::new()),
        notes: Vec::new(),
    };
    let languages = tool.languages();
    let reads = bounds
        .snapshot
        .files
        .iter()
        .any(|file| languages.contains(&file.language));
    if !languages.is_empty() && !reads {
        run.state = ToolState::Idle("there are no sources that it reads".to_owned());
        return run;
    }
    let started = Instant::now();
    match run_found(tool, bounds, &mut run).await {
        Ok(state) => run.state = state,
        Err((why, how)) => run.state = ToolState::Failed { why, how },
    }
    run.duration_ms = started.elapsed().as_secs_f64() * 1e3;
    run
}

type Failure = (String, String);

async fn run_found(
    tool: ExternalTool,
    bounds: Bounds<'_>,
    run: &mut ToolRun,
) -> Result<ToolState, Failure> {
    let program = find(tool, bounds.root).ok_or_else(|| {
        (
            format!("`{}` is not installed", tool.name()),
            format!("install it: {}", tool.install()),
        )
    })?;
    run.version = version(tool, &program, bounds.root).await.ok_or_else(|| {
        let why = format!(
            "`{}` does not say its version, so it does not work",
            program.display()
        );
        (why, format!("install it anew: {}", tool.install()))
    })?;
    let call = call(tool, &program, bounds).await?;
    run.command = call.program.command();
    bounds
        .progress
        .say(&format!("running {}", describe(&run.command)));
    let ended = call.program.run().await.map_err(|error| {
        (
            format!("it cannot be started: {error}"),
            format!("install it anew: {}", tool.install()),
        )
    })?;
    run.stop = Some(ended.stop);
    let by_hand = || format!("run `{}` and mend what it says", describe(&run.command));
    let Some(code) = ended.stop.code() else {
        return Err((
            format!("it {}", ended.stop.told()),
            "allow more time with `--tool-timeout SECONDS`".to_owned(),
        ));
    };
    if ended.is_cut {
        return Err((format!("it says more than {} MiB", MOST >> 20), by_hand()));
    }
    let output = String::from_utf8_lossy(&ended.stdout);
    let parsed = (call.parse)(&output, bounds.root);
    match parsed {
        Ok((mut found, unread)) if call.codes.contains(&code) => {
            run.notes = unread;
            found.retain(|one| tool.is_for(&one.rule, bounds.agent));
            Ok(ToolState::Done(found))
        }
        // A reason that the output itself gives says more than a code.
        Err(why) if call.codes.contains(&code) || why.contains("compile") => Err((why, by_hand())),
        _ => Err((
            format!("it {}: {}", ended.stop.told(), ended.last_line()),
            by_hand(),
        )),
    }
}

/// Where a tool is: for some the project's own comes first.
fn find(tool: ExternalTool, root: &Path) -> Option<PathBuf> {
    let in_project = |place: &str, name: &str| in_directory(&root.join(place), name);
    match tool {
        ExternalTool::Eslint => {
            in_project("node_modules/.bin", "eslint").or_else(|| on_path("eslint"))
        }
        ExternalTool::Ruff | ExternalTool::Bandit | ExternalTool::Semgrep => {
            on_path(tool.name()).or_else(|| in_project(".venv/bin", tool.name()))
        }
        ExternalTool::Gosec => on_path("gosec"),
        ExternalTool::Clippy => on_path("cargo-clippy").and(on_path("cargo")),
        ExternalTool::CargoAudit => on_path("cargo-audit"),
    }
}

async fn version(tool: ExternalTool, program: &Path, root: &Path) -> Option<String> {
    let args: &[&str] = match tool {
        ExternalTool::Clippy => &["clippy", "--version"],
        ExternalTool::CargoAudit => &["audit", "--version"],
        ExternalTool::Gosec => &["-version"],
        _ => &["--version"],
    };
    let asked = Program::new(program, root, QUESTION)
        .args(args)
        .keeping(8 << 10)
        .run()
        .await
        .ok()?;
    let text = String::from_utf8_lossy(&asked.stdout).into_owned();
    // The first word that begins with a digit, a `v` before it left aside.
    let words = text
        .split_whitespace()
        .map(|word| word.trim_start_matches('v'));
    let mut numbers = words.filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let number = numbers.next().map(str::to_owned);
    // Some builds of gosec say `dev` in place of a number.
    number.or_else(|| {
        asked
            .stop
            .is_success()
            .then(|| "unknown version".to_owned())
    })
}

async fn call(tool: ExternalTool, program: &Path, bounds: Bounds<'_>) -> Result<Call, Failure> {
    let root = bounds.root;
    let at = |directory: &Path| Program::new(program, directory, bounds.timeout).keeping(MOST);
    let simple = |program: Program, parse: Parse, codes: &'static [i32]| Call {
        program,
        parse,
        codes,
        _copy: None,
    };
    Ok(match tool {
        ExternalTool::Ruff => {
            let mut program =
                at(root).args(["check", "--output-format=json", "--no-cache", "--exit-zero"]);
            if !has_ruff_settings(root) {
                program = program.arg("--select=E9,F,B,S");
            }
            simple(program.arg("."), parse::ruff, &[0])
        }
        ExternalTool::Bandit => {
            let mut program = at(root).args(["-r", ".", "-f", "json", "-q", "--exit-zero"]);
            let left_out = "./.venv,./venv,./.tox,./.nox,./node_modules,./build,./dist,./.git";
            program = program.args(["-x", left_out]);
            if contains(&root.join("pyproject.toml"), "[tool.bandit") {
                program = program.args(["-c", "pyproject.toml"]);
            }
            simple(program, parse::bandit, &[0])
        }
        ExternalTool::Semgrep => {
            let rules = [
                ".semgrep",
                ".semgrep.yml",
                ".semgrep.yaml",
                "semgrep.yml",
                "semgrep.yaml",
            ];
            let rules = rules.into_iter().find(|name| root.join(name).exists()).ok_or_else(|| {
                (
                    "it has no rules: none lie in `.semgrep/` or `.semgrep.yml`, and those of the registry need the network".to_owned(),
                    "put rules into `.semgrep/`".to_owned(),
                )
            })?;
            let program = at(root)
                .args([
                    "scan",
                    "--json",
                    "--quiet",
                    "--metrics=off",
                    "--disable-version-check",
                    "--config",
                    rules,
                    ".",
                ])
                .variable("SEMGREP_ENABLE_VERSION_CHECK", "0");
            simple(program, parse::semgrep, &[0, 1])
        }
        ExternalTool::Gosec => {
            let program = at(root)
                .args(["-fmt=json", "-quiet", "-no-fail", "./..."])
                .variable("GOPROXY", "off")
                .variable("GOTOOLCHAIN", "local");
            simple(program, parse::gosec, &[0])
        }
        ExternalTool::Clippy => return clippy(bounds).await,
        ExternalTool::CargoAudit => {
            let program = at(root).args(["audit", "--json", "--no-fetch", "--stale"]);
            simple(program, parse::cargo_audit, &[0, 1])
        }
        ExternalTool::Eslint => simple(
            at(root).args([".", "--format=json"]),
            parse::eslint,
            &[0, 1],
        ),
    })
}

/// Clippy compiles, so it works in a copy: build scripts run, and a lock file may be written.
async fn clippy(bounds: Bounds<'_>) -> Result<Call, Failure> {
    let (root, cancel) = (bounds.root.to_owned(), bounds.cancel.clone());
    let copied = tokio::task::spawn_blocking(move || WorkCopy::of(&root, &cancel)).await;
    let copy = match copied {
        Ok(Ok(copy)) => copy,
        Ok(Err(why)) => return Err((why, "run `cargo clippy` by hand".to_owned())),
        Err(_) => {
            return Err((
                "the repository cannot be copied".to_owned(),
                "run `cargo clippy` by hand".to_owned(),
            ));
        }
    };
    let cargo = on_path("cargo").unwrap_or_else(|| PathBuf::from("cargo"));
    let program = Program::new(cargo, &copy.root(), bounds.timeout)
        .args(["clippy", "--workspace", "--message-format=json"])
        .variable("CARGO_TARGET_DIR", copy.beside("clippy"))
        .variable("CARGO_NET_OFFLINE", "true")
        .keeping(MOST);
    Ok(Call {
        program,
        parse: parse::clippy,
        codes: &[0, 101],
        _copy: Some(copy),
    })
}

fn has_ruff_settings(root: &Path) -> bool {
    ["ruff.toml", ".ruff.toml"]
        .iter()
        .any(|name| root.join(name).is_file())
        || contains(&root.join("pyproject.toml"), "[tool.ruff")
}

fn contains(file: &Path, part: &str) -> bool {
    std::fs::read_to_string(file).is_ok_and(|text| text.contains(part))
}
