//! Python: coverage.py around pytest or unittest, in the environment of the project.

use std::env;
use std::path::{Path, PathBuf};

use orchestrate_analysis::language::Language;

use super::place::{Place, Project};
use super::{Ask, TestRun, TestState, failed};
use crate::process::{in_directory, on_path};

pub(super) async fn run(place: &Place<'_>, project: &Project, ask: Ask<'_>) -> TestRun {
    match measure(place, project, ask).await {
        Ok(run) | Err(run) => run,
    }
}

async fn measure(place: &Place<'_>, project: &Project, asked: Ask<'_>) -> Result<TestRun, TestRun> {
    let mut run = TestRun::new("the Python tests", &[Language::Python], &project.inside);
    "coverage.py".clone_into(&mut run.tool);
    let Some(python) = python(place, project).await else {
        return Err(run.not_measured(
            "there is no Python: neither an environment of the project nor `python3` on the path",
            "make an environment, for example `python3 -m venv .venv`",
        ));
    };
    let shown = shown(&python, project);
    let (interpreter, directory) = (&*python, &*project.directory);
    let ask = async |code: &str| place.ask(interpreter, directory, &["-c", code]).await;
    let Some(version) = ask("import coverage; print(coverage.__version__)").await else {
        let how = if project.original.join("uv.lock").is_file() {
            "`uv add --dev coverage`, or `uv pip install coverage`".to_owned()
        } else {
            format!("`{shown} -m pip install coverage`")
        };
        return Err(run.not_measured(format!("coverage.py is not installed for `{shown}`"), how));
    };
    run.version = version;
    let products = place.fresh("python", project);
    let data = products.join("data");
    let mut tests = place.program(&python, &project.directory);
    if asked.coverage {
        tests = tests
            .args(["-m", "coverage", "run"])
            .arg(path_option("--data-file=", &data))
            // All of the project, also what no test loads: that is looked for in packages only, and
            // the directory of sources is none.
            .arg(match project.directory.join("src").is_dir() {
                true => "--source=.,src",
                false => "--source=.",
            });
    }
    if chooses_sources(&project.directory) {
        run.notes.push("the project's own settings of coverage.py choose what is measured; here all of the project was".to_owned());
    }
    if ask("import pytest").await.is_some() {
        "pytest under coverage.py".clone_into(&mut run.what);
        tests = tests.args(["-m", "pytest", "-p", "no:cacheprovider"]);
        // A plugin that measures as well would take the measuring away, and workers are not measured.
        if ask("import pytest_cov").await.is_some() {
            tests = tests.arg("--no-cov");
        }
        if ask("import xdist").await.is_some() {
            tests = tests.arg("-n0");
        }
    } else if project.directory.join("manage.py").is_file() {
        "`manage.py test` under coverage.py".clone_into(&mut run.what);
        tests = tests.args(["manage.py", "test", "--noinput"]);
    } else {
        "unittest under coverage.py".clone_into(&mut run.what);
        tests = match asked.file {
            Some(_) => tests.args(["-m", "unittest"]),
            None => tests.args(["-m", "unittest", "discover"]),
        };
    }
    if let Some(file) = asked.file {
        tests = tests.arg(file);
    }
    tests = tests
        .variable("PYTHONPATH", search_path(&project.directory))
        .variable("PYTHONDONTWRITEBYTECODE", "1");
    let (mut run, ended) = place.run_tests(run, &asked.within(tests)).await?;
    let is_pytest = run.what.starts_with("pytest");
    match (is_pytest, ended.stop.code().unwrap_or_default()) {
        (_, 0) => {}
        (_, 1) => {
            run.state = TestState::Failed(ended.last_line().to_owned());
            run.failed = failed::in_python(&ended.tail);
        }
        (true, 5) => {
            return Err(run.not_measured(
                "pytest found no tests",
                "write tests, or say in `pyproject.toml` where they are",
            ));
        }
        (_, code) => {
            let why = format!(
                "the tests could not be run to their end (exit code {code}): {}",
                ended.last_line()
            );
            let how = format!("mend what `{}` says", run.command());
            return Err(run.not_measured(why, how));
        }
    }
    if !asked.coverage {
        return Ok(run);
    }
    let coverage = |args: &[&str]| {
        place
            .program(&python, &project.directory)
            .args(["-m", "coverage"])
            .args(args.iter().copied())
            .arg(path_option("--data-file=", &data))
    };
    // Where the tests start other processes there are several files.
    if !data.is_file() {
        let combined = coverage(&["combine", "--quiet"]).arg(&products);
        (run, _) = place.run(run, &combined).await?;
    }
    let report = place.report(project, "coverage.json");
    let state = run.state.clone();
    let written = coverage(&["json", "--quiet", "--fail-under=0", "-i"])
        .arg("-o")
        .arg(&report);
    let (mut run, ended) = place.run(run, &written).await?;
    if !report.is_file() {
        let why = format!("coverage.py wrote no report: {}", ended.last_line());
        return Err(match state {
            // That tests failed was seen, whatever became of the report.
            TestState::Failed(_) => run,
            _ => run.not_measured(why, "check the settings of coverage.py in the project"),
        });
    }
    run.reports.push(report);
    Ok(run)
}

/// The interpreter of the project: its own environment, then the one that is active, then any.
async fn python(place: &Place<'_>, project: &Project) -> Option<PathBuf> {
    let bin = if cfg!(windows) { "Scripts" } else { "bin" };
    let of = |environment: PathBuf| in_directory(&environment.join(bin), "python");
    let variable = |name| env::var_os(name).map(PathBuf::from);
    let directories = || {
        let up = project.original.ancestors();
        up.take(3)
            .flat_map(|at| [".venv", "venv", "env", ".env"].map(|name| at.join(name)))
    };
    let own = variable("UV_PROJECT_ENVIRONMENT")
        .map(|path| project.original.join(path))
        .into_iter()
        .chain(directories())
        .filter(|path| path.join("pyvenv.cfg").is_file())
        .find_map(of);
    if own.is_some() {
        return own;
    }
    if project.original.join("poetry.lock").is_file()
        && let Some(poetry) = on_path("poetry")
        && let Some(path) = place
            .ask(&poetry, &project.original, &["env", "info", "--path"])
            .await
        && let Some(python) = of(PathBuf::from(path))
    {
        return Some(python);
    }
    variable("VIRTUAL_ENV")
        .and_then(of)
        .or_else(|| on_path("python3"))
        .or_else(|| on_path("python"))
}

/// The interpreter as a person in the project would call it.
fn shown(python: &Path, project: &Project) -> String {
    let inside = python.strip_prefix(&project.original);
    inside.unwrap_or(python).display().to_string()
}

/// The copy's sources come before those that an editable installation points to.
fn search_path(directory: &Path) -> std::ffi::OsString {
    let sources = directory.join("src");
    let own = [
        sources.is_dir().then_some(sources),
        Some(directory.to_owned()),
    ];
    let given = env::var_os("PYTHONPATH").unwrap_or_default();
    let given: Vec<PathBuf> = env::split_paths(&given).collect();
    env::join_paths(own.into_iter().flatten().chain(given)).unwrap_or_default()
}

fn path_option(name: &str, path: &Path) -> std::ffi::OsString {
    let mut option = std::ffi::OsString::from(name);
    option.push(path);
    option
}

/// Whether the project tells coverage.py which files are to be measured.
fn chooses_sources(directory: &Path) -> bool {
    let says = |file: &&str| -> bool {
        let text = std::fs::read_to_string(directory.join(file)).unwrap_or_default();
        let mut in_run = false;
        text.lines().map(str::trim).any(|line| {
            if line.starts_with('[') {
                let name = line.trim_matches(['[', ']']);
                in_run = match *file {
                    ".coveragerc" => name == "run",
                    "pyproject.toml" => name == "tool.coverage.run",
                    _ => name == "coverage:run",
                };
            }
            let key = line.split('=').next().unwrap_or_default().trim();
            in_run && ["source", "source_pkgs", "source_dirs", "include"].contains(&key)
        })
    };
    [".coveragerc", "setup.cfg", "tox.ini", "pyproject.toml"]
        .iter()
        .any(says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_project_says_of_its_sources_is_left_to_it() {
        let check = |file: &str, text: &str, expected: bool| {
            let directory = tempfile::tempdir().unwrap();
            std::fs::write(directory.path().join(file), text).unwrap();
            assert_eq!(
                chooses_sources(directory.path()),
                expected,
                "{file}: {text}"
            );
        };
        check(".coveragerc", "[run]\nbranch = true\nsource = pkg\n", true);
        check(
            ".coveragerc",
            "[run]\nbranch = true\n[report]\ninclude = x\n",
            false,
        );
        check(
            "pyproject.toml",
            "[tool.coverage.run]\nsource = [\"pkg\"]\n",
            true,
        );
        check(
            "pyproject.toml",
            "[tool.other]\nsource = [\"pkg\"]\n",
            false,
        );
        check("setup.cfg", "[coverage:run]\nsource_pkgs = pkg\n", true);
        check("setup.cfg", "[run]\nsource = pkg\n", false);
    }
}
