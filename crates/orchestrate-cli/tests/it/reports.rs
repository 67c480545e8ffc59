//! Reports for other programs and places, and reports of less than everything.

use std::fs;

use serde_json::Value;

use crate::program::Place;

/// A project with one critical finding.
fn dangerous() -> Place {
    let place = Place::project();
    place.with(
        "src/run.py",
        "\"\"\"Runs.\"\"\"\nimport os\nfrom flask import request\n\n\ndef run():\n    \"\"\"Runs.\"\"\"\n    os.system(request.args[\"x\"])\n",
    );
    place.with(
        "lcov.info",
        "SF:src/sum.py\nDA:4,1\nDA:6,1\nend_of_record\nSF:src/run.py\nDA:2,1\nDA:3,1\nDA:6,1\nDA:8,1\nend_of_record\n",
    );
    place
}

#[test]
fn each_form_is_what_its_name_says() {
    let place = dangerous();
    let begins = |format: &str, expected: &str| {
        let ran = place.run(&["release-prep", "--format", format]);
        assert_eq!(ran.code, Some(1), "{}", ran.shown());
        assert!(ran.stdout.starts_with(expected), "{format}: {}", ran.stdout);
        assert_eq!(ran.stderr, "");
    };
    begins(
        "junit",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites ",
    );
    begins("html", "<!DOCTYPE html><html lang=\"en\">");
    begins("github", "::error title=Release blocked::");
    begins("sarif", "{\n  \"$schema\"");
    let written = |name: &str| {
        assert_eq!(place.run(&["release-prep", "--out", name]).code, Some(1));
        fs::read_to_string(place.path().join(name)).unwrap()
    };
    assert!(written("tests.xml").starts_with("<?xml"));
    let page = written("page.html");
    assert!(page.contains("<title>Not ready: here</title>"), "{page}");
}

#[test]
fn a_host_is_told_in_all_of_its_ways() {
    let place = dangerous();
    let at = |name: &str| place.path().join(name).display().to_string();
    let (summary, outputs) = (at("summary.md"), at("outputs"));
    let variables = [
        ("GITHUB_STEP_SUMMARY", summary.as_str()),
        ("GITHUB_OUTPUT", outputs.as_str()),
    ];
    place.with("summary.md", "earlier\n");
    let ran = place.run_with(&["release-prep", "--ci", "github"], &variables);
    assert_eq!(ran.code, Some(1), "{}", ran.shown());
    let (report, annotations) = ran.stdout.split_once("::error ").unwrap();
    assert!(report.contains("RELEASE PREPARATION REPORT"));
    assert!(
        annotations.contains("file=src/run.py,line=8,"),
        "{annotations}"
    );
    assert_eq!(ran.stderr, "SARIF written to orchestrate.sarif\n");
    let read = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
    assert!(read("summary.md").starts_with("earlier\n## Release readiness: "));
    assert_eq!(
        read("outputs"),
        "verdict=not_ready\nsarif=orchestrate.sarif\n"
    );
    let sarif: Value = serde_json::from_str(&read("orchestrate.sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");

    let ran = place.run_with(&["release-prep", "--ci", "github", "--json"], &variables);
    assert_eq!(ran.json()["verdict"], "not_ready");
    assert!(ran.stderr.contains("::error "), "{}", ran.stderr);
    // Without the variables of the host nothing is written in silence to nowhere.
    let mut command = place.command(&["release-prep", "--ci", "github"]);
    command
        .env_remove("GITHUB_STEP_SUMMARY")
        .env_remove("GITHUB_OUTPUT");
    let ran = place.ran(&command.output().unwrap());
    assert!(
        ran.stderr.contains("GITHUB_STEP_SUMMARY is not set"),
        "{}",
        ran.stderr
    );
    let ran = place.run_with(
        &["release-prep", "--ci", "github"],
        &[("GITHUB_STEP_SUMMARY", "/nowhere/at/all")],
    );
    assert_eq!(ran.code, Some(8));
    assert!(ran.stderr.contains("ORC1501"), "{}", ran.stderr);
}

#[test]
fn a_path_below_the_checkout_is_told_from_its_root() {
    let place = Place::empty();
    place.with(
        "deep/er/run.py",
        "\"\"\"Runs.\"\"\"\nimport os\nfrom flask import request\n\n\ndef run():\n    \"\"\"Runs.\"\"\"\n    os.system(request.args[\"x\"])\n",
    );
    let workspace = place.path().display().to_string();
    let ran = place.run_with(
        &["release-prep", "--format", "github", "--path", "deep/er"],
        &[("GITHUB_WORKSPACE", &workspace)],
    );
    assert!(
        ran.stdout.contains("file=deep/er/run.py,"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_baseline_leaves_what_is_new() {
    let place = dangerous();
    assert_eq!(
        place.run(&["release-prep", "--out", "before.json"]).code,
        Some(1)
    );
    let ran = place.run(&["release-prep", "--baseline", "before.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    assert!(ran.stdout.contains("LEFT OUT"), "{}", ran.stdout);
    place.with(
        "src/more.py",
        "\"\"\"More.\"\"\"\nimport os\nfrom flask import request\n\n\ndef more():\n    \"\"\"More.\"\"\"\n    os.system(request.args[\"x\"])\n",
    );
    let ran = place.run(&["release-prep", "--baseline", "before.json", "--json"]);
    let report = ran.json();
    assert_eq!(ran.code, Some(1));
    assert_eq!(report["scope"]["baseline"]["gone"], 0);
    assert!(
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["path"] == "src/more.py")
    );
    for (file, code) in [("README.md", "ORC1502"), ("missing.json", "ORC0902")] {
        let ran = place.run(&["release-prep", "--baseline", file]);
        assert_eq!(ran.code, Some(2), "{}", ran.shown());
        assert!(ran.stderr.contains(code), "{}", ran.stderr);
    }
    let ran = place.run(&["release-prep", "--diff", "main"]);
    assert_eq!(ran.code, Some(2), "{}", ran.shown());
    assert!(ran.stderr.contains("ORC1504"), "{}", ran.stderr);
}

#[test]
fn what_the_configuration_ignores_is_counted_and_listed_with_its_origin() {
    let place = dangerous();
    place.with(
        "orchestrate.toml",
        "[[release-prep.ignore]]\nrule = \"python.*\"\npath = \"src/run.py\"\nreason = \"only our own people call it\"\n",
    );
    let ran = place.run(&["release-prep"]);
    assert_eq!(ran.code, Some(0), "{}", ran.shown());
    let told = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("ignored by configuration: 1 finding of `python.*` in `src/run.py`: only our own people call it"),
        "{}",
        ran.stdout
    );
    let listed = place.run(&["config", "list", "--origin"]).stdout;
    let line = listed
        .lines()
        .find(|line| line.starts_with("release-prep.ignore"))
        .unwrap();
    assert!(
        line.contains("only our own people call it") && line.ends_with("orchestrate.toml"),
        "{line}"
    );
    place.with(
        "orchestrate.toml",
        "[[release-prep.ignore]]\nrule = \"python.*\"\n",
    );
    let ran = place.run(&["release-prep"]);
    assert_eq!(ran.code, Some(3), "{}", ran.shown());
    assert!(ran.stderr.contains("needs a `reason`"), "{}", ran.stderr);
}
