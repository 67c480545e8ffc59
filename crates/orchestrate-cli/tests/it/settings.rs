//! Where settings come from, and which one wins.

use expect_test::expect;

use crate::program::Place;

#[test]
fn flags_win_over_variables_over_the_project_over_the_user_over_defaults() {
    let place = Place::project();
    let threshold = |args: &[&str], variables: &[(&str, &str)]| {
        let report = place.run_with(&[&["release-prep", "--json"], args].concat(), variables);
        report.json()["quality_gates"][1]["threshold"].as_f64()
    };
    let variable = [("ORCHESTRATE_MIN_COVERAGE", "40")];
    assert_eq!(threshold(&[], &[]), Some(80.0));
    place.with_user_settings("[release-prep]\nmin-coverage = 20\n");
    assert_eq!(threshold(&[], &[]), Some(20.0));
    place.with("orchestrate.toml", "[release-prep]\nmin-coverage = 30\n");
    assert_eq!(threshold(&[], &[]), Some(30.0));
    assert_eq!(threshold(&[], &variable), Some(40.0));
    assert_eq!(threshold(&["--min-coverage", "50"], &variable), Some(50.0));
}

#[test]
fn the_settings_of_a_repository_hold_in_all_of_it_and_nowhere_else() {
    let place = Place::empty();
    place
        .with("orchestrate.toml", "[release-prep]\nmin-coverage = 11\n")
        .with(
            "project/orchestrate.toml",
            "[release-prep]\nmin-coverage = 33\n",
        )
        .with("project/.git/HEAD", "ref: refs/heads/main\n")
        .with("project/deep/x.py", "\n")
        .with("other/.git/HEAD", "ref: refs/heads/main\n")
        .with("loose/x.py", "\n");
    for (path, threshold) in [
        ("project", 33.0),
        ("project/deep", 33.0),
        ("other", 80.0),
        ("loose", 80.0),
        (".", 11.0),
    ] {
        let report = place
            .run(&["release-prep", "--json", "--path", path])
            .json();
        assert_eq!(report["quality_gates"][1]["threshold"], threshold, "{path}");
    }
}

#[test]
fn the_list_says_where_each_value_comes_from() {
    let place = Place::empty();
    place
        .with("orchestrate.toml", "[release-prep]\nmin-docs = 90\n")
        .with_user_settings("[limits]\nmax-seconds = 600\n");
    let ran = place.run_with(
        &["config", "list", "--origin"],
        &[("ORCHESTRATE_MIN_QUALITY", "8")],
    );
    expect![[r#"
        exit 0
        --- stdout
        output.color               "auto"      default
        store                      (not set)   default
        limits.max-calls           (not set)   default
        limits.max-tokens          (not set)   default
        limits.max-cost            (not set)   default
        limits.max-seconds         600         [DIR]/config/orchestrate/config.toml
        limits.concurrency         (not set)   default
        limits.max-depth           (not set)   default
        limits.max-width           (not set)   default
        release-prep.min-coverage  80          default
        release-prep.min-quality   8           variable ORCHESTRATE_MIN_QUALITY
        release-prep.max-critical  0           default
        release-prep.min-docs      90          [DIR]/here/orchestrate.toml
        release-prep.fail-on       "critical"  default
        release-prep.format        "text"      default
        release-prep.test-timeout  1800        default
        release-prep.with          (not set)   default
        release-prep.tool-timeout  600         default
        release-prep.agents        (not set)   default
        health-check.mode          "daily"     default
        health-check.fail-under    70          default
        test-coverage.target       80          default
        learning.explore           0           default
        learning.half-life         (not set)   default
        measure.gitleaks-config    (not set)   default
        measure.rules              (not set)   default
        measure.layers             (not set)   default
        measure.advisory-db        (not set)   default
        measure.accept-advisory    (not set)   default
    "#]]
    .assert_eq(&ran.shown());
    let document = place.run(&["config", "list", "--json"]).json();
    assert_eq!(document["settings"].as_array().unwrap().len(), 29);
    assert_eq!(document["files"].as_array().unwrap().len(), 2);
}

#[test]
fn a_broken_file_is_told_with_all_its_problems() {
    let place = Place::project();
    place.with(
        "orchestrate.toml",
        "[release-prep]\nmin-coverge = 80\nmin-quality = 70\n\n[outptu]\ncolor = \"never\"\n",
    );
    place.check(
        &["release-prep"],
        expect![[r#"
        exit 3
        --- stderr
        error[ORC0905]: the configuration is not usable
          [DIR]/here/orchestrate.toml:2:1: unknown key `min-coverge`; did you mean `min-coverage`?
          [DIR]/here/orchestrate.toml:3:15: `release-prep.min-quality` must be a number from 0 to 10
          [DIR]/here/orchestrate.toml:5:2: unknown table `outptu`; did you mean `output`?
        hint: `orchestrate config list --origin` shows every key and where its value comes from
    "#]],
    );
    // What helps out of it works all the same.
    assert_eq!(place.run(&["explain", "ORC0905"]).code, Some(0));
    assert_eq!(place.run(&["completions", "bash"]).code, Some(0));
}
