//! `doctor`: what is installed, found and configured. Offline; changes nothing; shows no secret.

use std::env;
use std::path::{Path, PathBuf};

use orchestrate_core::error::similar;
use serde::Serialize;

use crate::app::Call;
use crate::args;
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::{BAD, DIM, GOOD, HEAD, WARN, paint, safe};
use crate::settings::Settings;

/// Programs that are of use when they are there, and what for.
const TOOLS: &[(&str, &str)] = &[
    ("git", "history and ignored files of a repository"),
    ("cargo", "building and testing Rust"),
    ("cargo-llvm-cov", "coverage of Rust"),
    ("python3", "testing Python"),
    ("coverage", "coverage of Python"),
    ("pytest", "testing Python"),
    ("node", "testing JavaScript and TypeScript"),
    ("npx", "coverage of JavaScript and TypeScript (c8, nyc)"),
    ("go", "testing Go, with coverage"),
];

#[derive(Debug, Serialize)]
struct Report {
    version: &'static str,
    /// Whether everything that `orchestrate` needs is in order; tools are never needed.
    healthy: bool,
    settings: Configuration,
    tools: Vec<Tool>,
    model_backends: &'static str,
    store: &'static str,
}

#[derive(Debug, Serialize)]
struct Configuration {
    /// The files that were read, the strongest first.
    files: Vec<PathBuf>,
    problems: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Tool {
    name: &'static str,
    path: Option<PathBuf>,
    used_for: &'static str,
}

pub(crate) fn run(call: &Call) -> Result<Exit, Failure> {
    let settings = Settings::load(".".as_ref())
        .and_then(|settings| settings.with_variables(|name| env::var_os(name)));
    let mut settings = match settings {
        Ok(settings) => Configuration {
            files: settings.files,
            problems: Vec::new(),
        },
        Err(error) => Configuration {
            files: Vec::new(),
            problems: error
                .to_string()
                .lines()
                .skip(1)
                .map(str::to_owned)
                .collect(),
        },
    };
    settings.problems.extend(unknown_variables(
        env::vars_os().filter_map(|(name, _)| name.into_string().ok()),
    ));
    let directories = env::var_os("PATH").unwrap_or_default();
    let tools = TOOLS
        .iter()
        .map(|&(name, used_for)| Tool {
            name,
            path: env::split_paths(&directories).find_map(|directory| program(&directory, name)),
            used_for,
        })
        .collect();
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        healthy: settings.problems.is_empty(),
        settings,
        tools,
        model_backends: "none in this version: agents are run by the built-in analysis",
        store: "lessons are kept in `.orchestrate/store.db` of each project, or where `--store` says",
    };
    call.printer.answer(|| text(&report), &report)?;
    Ok(if report.healthy { Exit::Yes } else { Exit::No })
}

/// Variables that look like ours and stand for no flag: nothing reads them, so nothing else would tell.
fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let known = args::variables();
    let mut problems: Vec<String> = names
        .filter(|name| name.starts_with("ORCHESTRATE_") && !known.contains(name))
        .map(|name| {
            let near = similar(&name, known.iter().map(String::as_str));
            let advice = near.first().map(|near| format!("; did you mean `{near}`?"));
            format!(
                "variable `{name}` stands for no flag{}",
                advice.unwrap_or_default()
            )
        })
        .collect();
    problems.sort();
    problems
}

/// The program in a directory of the search path, if it is there.
fn program(directory: &Path, name: &str) -> Option<PathBuf> {
    let path = directory.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    is_executable(&path).then_some(path)
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

fn text(report: &Report) -> String {
    let mut out = format!("{} {}\n\n", paint(HEAD, "orchestrate"), report.version);
    out.push_str(&format!("{}\n", paint(HEAD, "Settings")));
    for file in &report.settings.files {
        let file = safe(&file.display().to_string());
        out.push_str(&format!("  {} {file}\n", paint(GOOD, "[ok]  ")));
    }
    for problem in &report.settings.problems {
        out.push_str(&format!("  {} {}\n", paint(BAD, "[FAIL]"), safe(problem)));
    }
    if report.settings.files.is_empty() && report.settings.problems.is_empty() {
        let none = "no file; the defaults hold (`orchestrate config list`)";
        out.push_str(&format!("  {} {none}\n", paint(DIM, "[none]")));
    }
    out.push_str(&format!(
        "\n{}\n",
        paint(
            HEAD,
            "Tools (none is needed; `orchestrate` starts none of them)"
        )
    ));
    for tool in &report.tools {
        let (sign, place) = match &tool.path {
            Some(path) => (paint(GOOD, "[ok]  "), safe(&path.display().to_string())),
            None => (
                paint(WARN, "[none]"),
                format!("not on PATH; for {}", tool.used_for),
            ),
        };
        out.push_str(&format!("  {sign} {:<16} {place}\n", tool.name));
    }
    for (heading, words) in [
        ("Model backends", report.model_backends),
        ("Store", report.store),
    ] {
        out.push_str(&format!("\n{}\n  {words}\n", paint(HEAD, heading)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_variable_is_told() {
        let names = ["ORCHESTRATE_MIN_COVERGE", "ORCHESTRATE_JSON", "HOME"].map(str::to_owned);
        assert_eq!(
            unknown_variables(names.into_iter()),
            [
                "variable `ORCHESTRATE_MIN_COVERGE` stands for no flag; did you mean `ORCHESTRATE_MIN_COVERAGE`?"
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn only_a_file_that_may_be_executed_is_a_program() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tool");
        assert_eq!(program(directory.path(), "tool"), None);
        std::fs::write(&path, "").unwrap();
        assert_eq!(program(directory.path(), "tool"), None);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(program(directory.path(), "tool"), Some(path));
    }
}
