//! Go: its own tool, over all packages of the module.

use orchestrate_analysis::language::Language;

use super::place::{Place, Project};
use super::{Ask, TestRun, TestState, failed};
use crate::process::on_path;

pub(super) async fn run(place: &Place<'_>, project: &Project, ask: Ask<'_>) -> TestRun {
    match measure(place, project, ask).await {
        Ok(run) | Err(run) => run,
    }
}

async fn measure(place: &Place<'_>, project: &Project, asked: Ask<'_>) -> Result<TestRun, TestRun> {
    let mut run = TestRun::new("go test", &[Language::Go], &project.inside);
    let Some(go) = on_path("go") else {
        return Err(run.not_measured(
            "`go` is not on the path",
            "install Go, or give a profile with `--coverage-report cover.out`",
        ));
    };
    if let Some(version) = place
        .ask(&go, &project.directory, &["env", "GOVERSION"])
        .await
    {
        run.version = version;
    }
    let report = place.report(project, "cover.out");
    let mut tests = place
        .program(go, &project.directory)
        .args(["test", "-count=1"]);
    if asked.coverage {
        tests = tests
            .arg("-coverpkg=./...")
            .arg(format!("-coverprofile={}", report.display()));
    }
    tests = match asked.file {
        None => tests.arg("./..."),
        // Its package is built as a whole, and of its tests only those of the file are run.
        Some(file) => {
            let text = std::fs::read_to_string(project.directory.join(file)).unwrap_or_default();
            let names = tests_of(&text).join("|");
            let package = file.rsplit_once('/').map_or("", |(package, _)| package);
            tests
                .arg("-run")
                .arg(format!("^({names})$"))
                .arg(format!("./{package}"))
        }
    };
    let tests = asked
        .within(tests)
        // Nothing is fetched: neither modules nor another toolchain.
        .variable("GOPROXY", "off")
        .variable("GOTOOLCHAIN", "local");
    let (mut run, ended) = place.run_tests(run, &tests).await?;
    if !ended.stop.is_success() {
        let failed = |line: &str| line.starts_with("--- FAIL") || line.starts_with("panic:");
        let could_not_run = [
            "[build failed]",
            "[setup failed]",
            "no required module",
            "cannot find module",
            "module lookup disabled",
        ];
        let broken = ended
            .tail
            .lines()
            .find(|line| could_not_run.iter().any(|part| line.contains(part)));
        if let (Some(line), false) = (broken, ended.tail.lines().any(failed)) {
            let why = format!("the tests could not be built: {}", line.trim());
            let how = format!(
                "mend what `{}` says; modules that are missing come with `go mod download`",
                run.command()
            );
            return Err(run.not_measured(why, how));
        }
        let failures = ended
            .tail
            .lines()
            .filter(|line| line.trim_start().starts_with("--- FAIL"))
            .count();
        run.failed = failed::in_go(&ended.tail);
        run.state = TestState::Failed(match failures {
            0 => ended.last_line().to_owned(),
            1 => "1 test failed".to_owned(),
            more => format!("{more} tests failed"),
        });
    }
    if report.is_file() {
        run.reports.push(report);
    }
    Ok(run)
}

/// The names of the test functions in a file.
fn tests_of(text: &str) -> Vec<&str> {
    let functions = text.lines().filter_map(|line| line.strip_prefix("func "));
    let names = functions.filter_map(|rest| rest.split_once('(').map(|(name, _)| name.trim()));
    names
        .filter(|name| {
            ["Test", "Fuzz", "Example"]
                .iter()
                .any(|it| name.starts_with(it))
        })
        .collect()
}
