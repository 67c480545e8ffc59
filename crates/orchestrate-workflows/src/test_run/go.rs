//! Go: its own tool, over all packages of the module.

use orchestrate_analysis::language::Language;

use super::place::{Place, Project};
use super::{TestRun, TestState};
use crate::process::on_path;

pub(super) async fn run(place: &Place<'_>, project: &Project) -> TestRun {
    match measure(place, project).await {
        Ok(run) | Err(run) => run,
    }
}

async fn measure(place: &Place<'_>, project: &Project) -> Result<TestRun, TestRun> {
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
    let tests = place
        .program(go, &project.directory)
        .args(["test", "-count=1", "-coverpkg=./..."])
        .arg(format!("-coverprofile={}", report.display()))
        .arg("./...")
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
