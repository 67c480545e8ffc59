//! JavaScript and TypeScript: the runner that the project has, with its own coverage or around it.

use std::path::{Path, PathBuf};

use orchestrate_analysis::language::Language;
use serde_json::Value;

use super::place::{Place, Project};
use super::{TestRun, TestState};
use crate::process::{Ended, Program, in_directory, on_path};

const LANGUAGES: [Language; 2] = [Language::JavaScript, Language::TypeScript];

pub(super) async fn run(place: &Place<'_>, project: &Project) -> TestRun {
    match measure(place, project).await {
        Ok(run) | Err(run) => run,
    }
}

async fn measure(place: &Place<'_>, project: &Project) -> Result<TestRun, TestRun> {
    let run = TestRun::new("the Node tests", &LANGUAGES, &project.inside);
    let (Some(node), Some(npm)) = (on_path("node"), on_path("npm")) else {
        return Err(run.not_measured(
            "`node` and `npm` are not on the path",
            "install Node 20 or later",
        ));
    };
    let text = std::fs::read_to_string(project.directory.join("package.json")).unwrap_or_default();
    let Ok(manifest) = serde_json::from_str::<Value>(&text) else {
        return Err(run.not_measured("`package.json` is no JSON", "mend it"));
    };
    let package = Package {
        manifest: &manifest,
        project,
        root: place.copy.root(),
    };
    if package.needs_packages() && package.installed("").is_none() {
        return Err(run.not_measured(
            "the packages of the project are not installed",
            "`npm ci` first",
        ));
    }
    let reports = place.report(project, "node");
    // Not every reporter makes the directory that it writes to.
    let _ = std::fs::create_dir_all(&reports);
    let ways = Ways {
        place,
        package: &package,
        node: &node,
        npm: &npm,
        reports: &reports,
    };
    let Some(way) = ways.choose() else {
        let script = package.script("test").unwrap_or_default();
        let why = if script.is_empty() || script.contains("no test specified") {
            "`package.json` has no test script".to_owned()
        } else {
            format!("nothing that is installed measures the coverage of `{script}`")
        };
        return Err(run.not_measured(
            why,
            "`npm install --save-dev c8`; it works around any runner",
        ));
    };
    let mut run = run;
    way.what.clone_into(&mut run.what);
    way.tool.clone_into(&mut run.tool);
    run.version = package.version_of(&way.tool).unwrap_or_default();
    if run.version.is_empty() {
        run.version = place
            .ask(&node, &project.directory, &["--version"])
            .await
            .unwrap_or_default();
        run.tool = format!("{} of node", way.tool);
    }
    if !way.runs_script && package.script("pretest").is_some() {
        let before = quiet(
            place
                .program(&npm, &project.directory)
                .args(["run", "pretest"]),
        );
        let (next, ended) = place.run(run, &before).await?;
        run = next;
        if !ended.stop.is_success() {
            let why = format!(
                "what the project runs before its tests failed: {}",
                ended.last_line()
            );
            return Err(run.not_measured(why, "mend what `npm run pretest` says"));
        }
    }
    let (mut run, ended) = place.run_tests(run, &way.program).await?;
    if !ended.stop.is_success() {
        run = failed(run, &ended);
        if matches!(run.state, TestState::NotMeasured { .. }) {
            return Err(run);
        }
    }
    let report = ways.report();
    if report.is_file() {
        run.reports.push(report);
        return Ok(run);
    }
    if run.state != TestState::Passed {
        return Ok(run);
    }
    let why = format!("the tests ran, but {} wrote no report", way.tool);
    Err(run.not_measured(
        why,
        "`npm install --save-dev c8`; it works around any runner",
    ))
}

/// Whether a run that ended badly had tests that failed, or no tests at all.
fn failed(mut run: TestRun, ended: &Ended) -> TestRun {
    let counted = |line: &&str| {
        let line = line.to_lowercase();
        line.contains("fail")
            && line.chars().any(|c| c.is_ascii_digit())
            && !line.contains("fail 0")
    };
    let summary = ended.tail.lines().map(str::trim).rev().find(counted);
    let thrown = ended
        .tail
        .lines()
        .map(str::trim)
        .find(|line| line.contains("Error"));
    let lower = ended.tail.to_lowercase();
    let none = [
        "no tests found",
        "no test files found",
        "no test files were found",
    ];
    if none.iter().any(|words| lower.contains(words)) {
        return run.not_measured(
            "the runner found no tests",
            "write tests, or tell the runner where they are",
        );
    }
    let broken = [
        "Cannot find module",
        "ERR_MODULE_NOT_FOUND",
        "MODULE_NOT_FOUND",
        "command not found",
        "not found",
    ];
    if summary.is_none()
        && let Some(line) = ended
            .tail
            .lines()
            .find(|line| broken.iter().any(|part| line.contains(part)))
    {
        let why = format!("the tests could not be run: {}", line.trim());
        let how = format!(
            "mend what `{}` says; missing packages come with `npm ci`",
            run.command()
        );
        return run.not_measured(why, how);
    }
    run.state = TestState::Failed(
        summary
            .or(thrown)
            .unwrap_or_else(|| ended.last_line())
            .to_owned(),
    );
    run
}

/// A package of the project, as far as a test run has to know it.
struct Package<'a> {
    manifest: &'a Value,
    project: &'a Project,
    root: PathBuf,
}

impl Package<'_> {
    fn script(&self, name: &str) -> Option<&str> {
        self.manifest.get("scripts")?.get(name)?.as_str()
    }

    fn needs_packages(&self) -> bool {
        ["dependencies", "devDependencies"].iter().any(|kind| {
            let wanted = self.manifest.get(kind).and_then(Value::as_object);
            wanted.is_some_and(|packages| !packages.is_empty())
        })
    }

    /// Something below `node_modules`, here or above up to the analysed directory.
    fn installed(&self, name: &str) -> Option<PathBuf> {
        let above = self.project.directory.ancestors();
        above
            .take_while(|directory| directory.starts_with(&self.root))
            .map(|directory| directory.join("node_modules").join(name))
            .find(|path| path.exists())
    }

    fn program(&self, name: &str) -> Option<PathBuf> {
        in_directory(&self.installed(".bin")?, name)
    }

    fn version_of(&self, name: &str) -> Option<String> {
        let manifest = self.installed(&format!("{name}/package.json"))?;
        let manifest: Value =
            serde_json::from_str(&std::fs::read_to_string(manifest).ok()?).ok()?;
        Some(manifest.get("version")?.as_str()?.to_owned())
    }
}

/// A way to run the tests under coverage.
struct Way {
    what: String,
    /// The package that measures.
    tool: String,
    program: Program,
    /// Whether it runs the test script of the project, with what belongs before it.
    runs_script: bool,
}

struct Ways<'a> {
    place: &'a Place<'a>,
    package: &'a Package<'a>,
    node: &'a Path,
    npm: &'a Path,
    /// The directory that the report is written to.
    reports: &'a Path,
}

impl Ways<'_> {
    /// A runner's own coverage before a tool around it, and that before nothing.
    fn choose(&self) -> Option<Way> {
        let script = self.package.script("test").unwrap_or_default();
        let runs = |name: &str| script.split_whitespace().any(|word| word.ends_with(name));
        let by_runner = [
            ("vitest", Self::vitest as fn(&Self) -> Option<Way>),
            ("jest", Self::jest),
            ("--test", Self::node),
        ];
        let own = by_runner
            .iter()
            .filter(|(name, _)| runs(name))
            .find_map(|(_, way)| way(self));
        let has_script = !script.is_empty() && !script.contains("no test specified");
        own.or_else(|| self.around("c8").filter(|_| has_script))
            .or_else(|| self.around("nyc").filter(|_| has_script))
            .or_else(|| self.node().filter(|_| !has_script))
    }

    fn report(&self) -> PathBuf {
        self.reports.join("lcov.info")
    }

    fn at(&self, program: &Path) -> Program {
        quiet(self.place.program(program, &self.package.project.directory))
    }

    fn option(&self, name: &str, file: &str) -> std::ffi::OsString {
        let mut option = std::ffi::OsString::from(name);
        option.push(self.reports.join(file));
        option
    }

    fn vitest(&self) -> Option<Way> {
        let program = self.package.program("vitest")?;
        let provider = ["v8", "istanbul"].into_iter().find(|name| {
            self.package
                .installed(&format!("@vitest/coverage-{name}"))
                .is_some()
        })?;
        let none = ["lines", "functions", "branches", "statements"]
            .map(|kind| format!("--coverage.thresholds.{kind}=0"));
        Some(Way {
            what: "vitest".to_owned(),
            tool: "vitest".to_owned(),
            program: self
                .at(&program)
                .args([
                    "run",
                    "--coverage.enabled=true",
                    "--coverage.reporter=lcovonly",
                ])
                .arg(format!("--coverage.provider={provider}"))
                .arg(self.option("--coverage.reportsDirectory=", ""))
                // Whether a threshold is reached is for the gates to say, not for the tests.
                .args(none),
            runs_script: false,
        })
    }

    fn jest(&self) -> Option<Way> {
        Some(Way {
            what: "jest".to_owned(),
            tool: "jest".to_owned(),
            program: self
                .at(&self.package.program("jest")?)
                .args([
                    "--ci",
                    "--watchAll=false",
                    "--coverage",
                    "--coverageReporters=lcovonly",
                    "--coverageThreshold={}",
                ])
                .arg(self.option("--coverageDirectory=", "")),
            runs_script: false,
        })
    }

    /// Node's own runner, told what the script tells it.
    fn node(&self) -> Option<Way> {
        let script = self.package.script("test").unwrap_or_default();
        let rest = arguments_of_node(script)?;
        Some(Way {
            what: "node --test".to_owned(),
            tool: "the test runner".to_owned(),
            program: self
                .at(self.node)
                .args([
                    "--test",
                    "--experimental-test-coverage",
                    "--test-reporter=lcov",
                ])
                .arg(self.option("--test-reporter-destination=", "lcov.info"))
                .args(["--test-reporter=spec", "--test-reporter-destination=stdout"])
                .args(rest),
            runs_script: false,
        })
    }

    /// A tool around whatever the test script runs.
    fn around(&self, tool: &str) -> Option<Way> {
        let program = self.package.program(tool)?;
        let directory = if tool == "c8" {
            "--reports-dir="
        } else {
            "--report-dir="
        };
        let temporary = if tool == "c8" {
            "--temp-directory="
        } else {
            "--temp-dir="
        };
        Some(Way {
            what: format!("`npm test` under {tool}"),
            tool: tool.to_owned(),
            program: self
                .at(&program)
                .args(["--reporter=lcovonly", "--check-coverage=false", "--all"])
                .arg(self.option(directory, ""))
                .arg(self.option(temporary, "raw"))
                .arg(self.npm)
                .arg("test"),
            runs_script: true,
        })
    }
}

/// Nothing is fetched, and nobody is asked.
fn quiet(program: Program) -> Program {
    program
        .variable("CI", "true")
        .variable("NO_UPDATE_NOTIFIER", "1")
        .variable("npm_config_offline", "true")
        .variable("npm_config_update_notifier", "false")
}

/// What a script hands to `node --test`; `None` where a shell would have more to do than to start it.
fn arguments_of_node(script: &str) -> Option<Vec<String>> {
    if script.is_empty() || script.contains("no test specified") {
        return Some(Vec::new());
    }
    if script.contains(['&', '|', ';', '$', '"', '\'', '<', '>', '`', '(']) {
        return None;
    }
    let mut words = script.split_whitespace();
    if words.next() != Some("node") {
        return None;
    }
    let reporting = [
        "--test-reporter",
        "--experimental-test-coverage",
        "--test-coverage",
    ];
    let own =
        |word: &&str| *word != "--test" && !reporting.iter().any(|part| word.starts_with(part));
    Some(words.filter(own).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_tells_node_is_kept() {
        let check = |script: &str, expected: Option<&[&str]>| {
            let expected: Option<Vec<String>> =
                expected.map(|words| words.iter().map(|word| (*word).to_owned()).collect());
            assert_eq!(arguments_of_node(script), expected, "{script}");
        };
        check("node --test", Some(&[]));
        check("node --test --test-reporter=spec test/", Some(&["test/"]));
        check(
            "node --import tsx --test src/*.test.ts",
            Some(&["--import", "tsx", "src/*.test.ts"]),
        );
        check("", Some(&[]));
        check("npm run build && node --test", None);
        check("mocha", None);
    }
}
