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
fn the_settings_of_a_project_hold_wherever_it_is_analysed_from() {
    let place = Place::empty();
    place
        .with(
            "project/orchestrate.toml",
            "[release-prep]\nmin-coverage = 33\n",
        )
        .with("project/deep/x.py", "\n");
    for path in ["project", "project/deep"] {
        let report = place
            .run(&["release-prep", "--json", "--path", path])
            .json();
        assert_eq!(report["quality_gates"][1]["threshold"], 33.0, "{path}");
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
    expect![[""]].assert_eq(&ran.shown());
    let document = place.run(&["config", "list", "--json"]).json();
    assert_eq!(document["settings"].as_array().unwrap().len(), 13);
    assert_eq!(document["files"].as_array().unwrap().len(), 2);
}

#[test]
fn a_broken_file_is_told_with_all_its_problems() {
    let place = Place::project();
    place.with(
        "orchestrate.toml",
        "[release-prep]\nmin-coverge = 80\nmin-quality = 70\n\n[outptu]\ncolor = \"never\"\n",
    );
    place.check(&["release-prep"], expect![[""]]);
    // What helps out of it works all the same.
    assert_eq!(place.run(&["explain", "ORC0905"]).code, Some(0));
    assert_eq!(place.run(&["completions", "bash"]).code, Some(0));
}
