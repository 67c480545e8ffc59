//! The points that an executor is held to name tests that are there.

use std::fs;
use std::path::{Path, PathBuf};

use orchestrate_strategies::conformance::points;

fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|it| it == "rs") {
            all.push(path);
        }
    }
}

#[test]
fn every_point_of_the_executor_names_tests_that_are_there() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
        &mut files,
    );
    let texts: Vec<String> = files
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert_eq!(points().len(), 15);
    for point in points() {
        assert!(!point.tests.is_empty(), "{}", point.point);
        for test in &point.tests {
            let head = format!("fn {test}(");
            let is_there = texts.iter().any(|text| text.contains(&head));
            assert!(is_there, "no test `{test}` for: {}", point.point);
        }
    }
}
