//! What a report must never claim, one repository each.

use orchestrate_core::gate::GateStatus;
use orchestrate_workflows::release_prep::RELEASE_AGENTS;
use orchestrate_workflows::report::{Confidence, Verdict};
use orchestrate_workflows::{ReleasePrep, ReleaseReadinessReport};

use crate::driver::{output, report, report_with};
use crate::project::Project;

/// The status of a gate and, where it was not measured, why.
fn gate(report: &ReleaseReadinessReport, metric: &str) -> (GateStatus, String) {
    let found = report.quality_gates.iter().find(|g| g.metric == metric);
    let item = report.not_measured.iter().find(|item| item.what == metric);
    let found = found.unwrap();
    assert_eq!(
        item.is_some(),
        found.status == GateStatus::NotMeasured,
        "{metric}"
    );
    assert_eq!(found.actual.is_none(), item.is_some(), "{metric}");
    (
        found.status,
        item.map(|i| i.why.clone()).unwrap_or_default(),
    )
}

const GATES: [&str; 4] = [
    "critical_issues",
    "coverage_percent",
    "quality_score",
    "doc_coverage_percent",
];

/// Nothing was measured, and the report says so for every gate.
fn nothing_measured(project: &Project, why: &str) {
    let report = report(project);
    assert_eq!(report.verdict, Verdict::Undecided, "{}", report.summary);
    assert!(!report.approved);
    for metric in GATES {
        let (status, told) = gate(&report, metric);
        assert_eq!(status, GateStatus::NotMeasured, "{metric}");
        assert!(
            metric == "coverage_percent" || told.contains(why),
            "{metric}: {told}"
        );
    }
}

#[test]
fn a_tested_and_documented_project_is_ready() {
    let report = report(&Project::good());
    assert_eq!(report.verdict, Verdict::Ready, "{report:#?}");
    assert!(report.approved && report.blockers.is_empty());
    assert_eq!(report.warnings, Vec::<String>::new());
    assert_eq!(report.findings, []);
    for metric in GATES {
        assert_eq!(gate(&report, metric).0, GateStatus::Passed, "{metric}");
    }
    // Dependencies were not audited, and that shows.
    assert_eq!(report.confidence, Confidence::Medium);
    assert_eq!(report.not_measured.len(), 1, "{:?}", report.not_measured);
    for gate in &report.quality_gates {
        assert!(!gate.evidence.is_empty(), "{}", gate.name);
    }
}

#[test]
fn without_a_coverage_report_there_is_no_number() {
    let project = Project::good();
    std::fs::remove_file(project.root().join("lcov.info")).unwrap();
    let report = report(&project);
    assert_eq!(
        gate(&report, "coverage_percent"),
        (
            GateStatus::NotMeasured,
            "there is no coverage report".to_owned()
        )
    );
    assert_eq!(report.verdict, Verdict::Undecided);
    let item = report
        .not_measured
        .iter()
        .find(|item| item.what == "coverage_percent");
    let how = &item.unwrap().how_to_measure;
    assert!(how.contains("coverage run -m pytest"), "{how}");
}

#[test]
fn a_coverage_report_without_a_test_that_asserts_is_not_believed() {
    let silent = Project::good().file(
        "tests/test_basket.py",
        "from shop.basket import total\n\n\ndef test_total():\n    total([1.0, 2.5])\n",
    );
    let (status, why) = gate(&report(&silent), "coverage_percent");
    assert_eq!(status, GateStatus::NotMeasured);
    assert!(why.contains("none has a visible assertion"), "{why}");

    let none = Project::good();
    std::fs::remove_dir_all(none.root().join("tests")).unwrap();
    let report = report(&none);
    let (status, why) = gate(&report, "coverage_percent");
    assert_eq!(status, GateStatus::NotMeasured);
    assert!(why.contains("no test that could have made it"), "{why}");
    assert_eq!(report.verdict, Verdict::Undecided);
}

#[test]
fn a_report_older_than_the_sources_is_not_believed() {
    let report = report(&Project::good().aged("lcov.info", 7200));
    let (status, why) = gate(&report, "coverage_percent");
    assert_eq!(status, GateStatus::NotMeasured);
    assert!(why.contains("is older than the sources"), "{why}");
    assert_eq!(report.verdict, Verdict::Undecided);
}

#[test]
fn a_report_of_another_project_is_not_believed() {
    let project = Project::good().lcov(&[("/elsewhere/other/engine.py", &[(1, 1)])]);
    let report = report(&project);
    let (status, why) = gate(&report, "coverage_percent");
    assert_eq!(status, GateStatus::NotMeasured);
    assert!(why.contains("is of other paths"), "{why}");
    assert_eq!(report.verdict, Verdict::Undecided);
}

#[test]
fn a_report_that_names_one_file_of_many_proves_nothing_of_the_others() {
    let body = "\"\"\"M.\"\"\"\n\n\ndef f(x):\n    \"\"\"F.\"\"\"\n    return x + 1\n";
    let mut project = Project::good();
    for at in 0..5 {
        project = project.file(&format!("shop/part_{at}.py"), body);
    }
    let report = report(&project.aged("lcov.info", 60));
    let (status, why) = gate(&report, "coverage_percent");
    assert_eq!(status, GateStatus::NotMeasured);
    assert!(why.starts_with("it lies between "), "{why}");
    assert!(
        why.contains("no report names 6 of the product files"),
        "{why}"
    );
}

#[test]
fn a_file_without_code_that_runs_need_not_be_named() {
    let project = Project::empty()
        .file("Cargo.toml", "[package]\nname = \"shop\"\n")
        .file(
            "src/lib.rs",
            "mod basket;\n\npub struct A {\n    pub a: u8,\n    pub b: u8,\n}\n",
        )
        .file("src/basket.rs", "pub fn one() -> u8 {\n    1\n}\n")
        .file(
            "tests/one.rs",
            "#[test]\nfn one_is_one() {\n    assert_eq!(shop::basket::one(), 1);\n}\n",
        )
        .lcov(&[("src/basket.rs", &[(1, 1), (2, 1)])]);
    let (status, why) = gate(&report(&project), "coverage_percent");
    assert_eq!(status, GateStatus::Passed, "{why}");
}

#[test]
fn a_language_without_a_report_is_not_covered_by_another() {
    let script = "function f(x) {\n  return x + 1;\n}\n".repeat(5);
    let report = report(
        &Project::good()
            .file("web/app.js", &script)
            .aged("lcov.info", 60),
    );
    let (status, why) = gate(&report, "coverage_percent");
    assert_eq!(status, GateStatus::NotMeasured);
    assert!(why.starts_with("it lies between "), "{why}");
    let item = report
        .not_measured
        .iter()
        .find(|item| item.what == "coverage of JavaScript");
    assert!(item.unwrap().how_to_measure.contains("c8"));
}

#[test]
fn low_coverage_is_a_blocker() {
    let project = Project::good().lcov(&[("shop/basket.py", &[(4, 1), (6, 0)])]);
    let report = report(&project);
    assert_eq!(report.verdict, Verdict::NotReady);
    assert_eq!(report.confidence, Confidence::High);
    assert_eq!(report.blockers, ["Test coverage is 50, wanted at least 80"]);
    let gaps = output(&report, "test_coverage_analyzer", "gaps");
    assert_eq!(gaps[0]["function"], "total", "{gaps}");
}

/// A project with one product module and these test files, covered to the last line.
fn tested_by(tests: &[(&str, &str)]) -> Project {
    let product = "def total(prices):\n    return sum(prices)\n";
    let mut project = Project::empty()
        .file("shop/__init__.py", "")
        .file("shop/basket.py", product);
    for (path, text) in tests {
        project = project.file(path, text);
    }
    project.lcov(&[("shop/basket.py", &[(1, 1), (2, 1)])])
}

#[test]
fn five_hundred_tests_that_assert_nothing_are_no_tests() {
    let texts: Vec<(String, String)> = (0..3)
        .map(|file| {
            let tests = (0..167).map(|at| format!("def test_{at}():\n    assert True\n\n\n"));
            (format!("tests/test_{file}.py"), tests.collect())
        })
        .collect();
    let files: Vec<(&str, &str)> = texts
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let report = report(&tested_by(&files));
    // The coverage report claims everything, and is not believed.
    assert_eq!(gate(&report, "coverage_percent").0, GateStatus::NotMeasured);
    assert_eq!(report.verdict, Verdict::NotReady, "{}", report.summary);
    assert_eq!(
        report.blockers,
        [
            "no test reaches the product: 501 tests, 501 assert nothing about the product, 0 reach the product"
        ]
    );
    assert_eq!(
        output(&report, "test_coverage_analyzer", "tests")["only_trivial"],
        501
    );
}

#[test]
fn tests_that_import_the_product_and_assert_nothing_prove_nothing() {
    let silent = "from shop.basket import total\n\n\ndef test_a():\n    total([1])\n    assert True\n\n\ndef test_b():\n    total([])\n    assert 1 == 1\n";
    let report = report(&tested_by(&[("tests/test_a.py", silent)]));
    assert_eq!(
        report.verdict,
        Verdict::NotReady,
        "{:?}",
        report.not_measured
    );
    assert!(
        report.blockers[0].starts_with("most tests prove nothing: 2 tests"),
        "{:?}",
        report.blockers
    );
}

#[test]
fn one_silent_test_of_three_is_a_warning() {
    let mixed = "from shop.basket import total\n\n\ndef test_a():\n    assert total([1]) == 1\n\n\ndef test_b():\n    assert total([]) == 0\n\n\ndef test_c():\n    assert True\n";
    let report = report(&tested_by(&[("tests/test_a.py", mixed)]));
    assert_eq!(report.blockers, Vec::<String>::new());
    assert!(
        report
            .warnings
            .iter()
            .any(|warning| warning.starts_with("some tests prove nothing: 3 tests")),
        "{:?}",
        report.warnings
    );
}

#[test]
fn go_tests_reach_their_own_package() {
    let product = "// Package shop adds up.\npackage shop\n\n// Total adds prices up.\nfunc Total(a, b int) int { return a + b }\n";
    let test = "package shop\n\nimport \"testing\"\n\nfunc TestTotal(t *testing.T) {\n\tif Total(1, 2) != 3 {\n\t\tt.Fatal(\"wrong\")\n\t}\n}\n";
    let project = Project::empty()
        .file("go.mod", "module example.com/shop\n")
        .file("shop.go", product)
        .file("shop_test.go", test);
    let tests = output(&report(&project), "test_coverage_analyzer", "tests").clone();
    assert_eq!(
        (&tests["tests"], &tests["reach_product"]),
        (&1.into(), &1.into()),
        "{tests}"
    );
}

#[test]
fn an_empty_directory_is_no_clean_project() {
    nothing_measured(&Project::empty(), "no source file");
}

#[test]
fn languages_that_are_not_analysed_are_named() {
    let project = Project::empty()
        .file("src/main.rb", "eval(params[:x])\n")
        .file("src/main.c", "int main(void) { return system(0); }\n");
    nothing_measured(&project, "C, Ruby");
}

#[test]
fn what_cannot_be_parsed_is_not_praised() {
    let noise = "def ) broken (:::\n  ]]] class {{{{ 12 34 +++\n".repeat(20);
    let check = |project: Project| {
        let report = report(&project);
        assert_eq!(report.verdict, Verdict::Undecided, "{}", report.summary);
        for metric in ["critical_issues", "quality_score", "doc_coverage_percent"] {
            let (status, why) = gate(&report, metric);
            assert_eq!(status, GateStatus::NotMeasured, "{metric}");
            assert!(why.contains("shop/broken.py"), "{metric}: {why}");
        }
    };
    check(Project::good().file("shop/broken.py", &noise));
    check(Project::good().bytes("shop/broken.py", &[b"# \xff\n", noise.as_bytes()].concat()));
}

#[test]
fn an_odd_byte_hides_nothing() {
    let flaw = b"\"\"\"Caf\xe9.\"\"\"\nimport os\nfrom flask import request\n\n\ndef run():\n    \"\"\"Runs.\"\"\"\n    os.system(request.args[\"a\"])\n";
    let report = report(&Project::good().bytes("shop/latin.py", flaw));
    assert_eq!(gate(&report, "critical_issues").0, GateStatus::Failed);
    let scan = output(&report, "security_auditor", "scan");
    assert_eq!(scan["decoded_lossily_count"], 1, "{scan}");
    assert_eq!(scan["decoded_lossily"][0], "shop/latin.py", "{scan}");
}

#[test]
fn a_missing_directory_is_an_error_before_anything_runs() {
    use orchestrate_workflows::{AnalysisBackend, AnalysisOptions};
    let project = Project::empty().file("a.py", "x = 1\n");
    let open = |path: &str| {
        let opened = AnalysisBackend::new(project.root().join(path), AnalysisOptions::default());
        opened.map(|_| ()).unwrap_err().to_string()
    };
    assert!(open("missing").contains("cannot be analysed"));
    assert!(open("a.py").contains("is a file, not a directory"));
}

#[test]
fn every_answer_says_what_was_scanned_and_how_long_what_took() {
    let agents = orchestrate_workflows::analysis_backend::AGENTS;
    let inputs = ReleasePrep {
        agents: agents.map(str::to_owned).to_vec(),
        ..ReleasePrep::default()
    };
    let report = report_with(&Project::good(), &inputs);
    for agent in agents {
        let scan = output(&report, agent, "scan");
        assert_eq!(scan["files_analysed"], 3, "{agent}: {scan}");
        assert_eq!(scan["by_language"]["python"]["product"], 2);
    }
    for agent in report.agent_results.values() {
        let (own, shared) = agent.own_and_shared_ms().unwrap();
        assert!(own > 0.0 && shared >= 0.0);
    }
    // The scan that all share stands once at the top, behind the run itself.
    assert_eq!(report.evidence.len(), 2);
}

#[test]
fn an_agent_that_the_analysis_cannot_run_is_not_passed_over() {
    let inputs = ReleasePrep {
        agents: [&RELEASE_AGENTS[..], &["coder"]]
            .concat()
            .iter()
            .map(|id| (*id).to_owned())
            .collect(),
        ..ReleasePrep::default()
    };
    let report = report_with(&Project::good(), &inputs);
    assert_eq!(report.verdict, Verdict::Undecided, "{}", report.summary);
    assert!(report.summary.contains("coder"), "{}", report.summary);
}
