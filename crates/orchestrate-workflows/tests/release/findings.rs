//! What is found where, and what is never shown.

use expect_test::expect;
use orchestrate_analysis::finding::Severity;
use orchestrate_workflows::ReleaseReadinessReport;
use orchestrate_workflows::formats::{markdown, sarif};
use orchestrate_workflows::report::Verdict;

use crate::driver::{output, report};
use crate::project::Project;

/// Where critical and high findings of one agent stand.
fn places(report: &ReleaseReadinessReport) -> Vec<(&str, u32)> {
    let mut places: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.agent == "security_auditor" && finding.severity <= Severity::High)
        .map(|finding| (finding.path.as_str(), finding.line))
        .collect();
    places.sort_unstable();
    places
}

const INJECTIONS: [(&str, &str); 4] = [
    (
        "app/run.py",
        "import os\nfrom flask import request\n\n\ndef run():\n    os.system(\"ls \" + request.args[\"dir\"])\n",
    ),
    (
        "app/run.js",
        "const { exec } = require('child_process');\n\nfunction run(req, res) {\n  exec('ls ' + req.query.dir);\n}\nmodule.exports = { run };\n",
    ),
    (
        "app/run.go",
        "package app\n\nimport (\n\t\"net/http\"\n\t\"os/exec\"\n)\n\nfunc run(w http.ResponseWriter, r *http.Request) {\n\texec.Command(\"sh\", \"-c\", \"ls \"+r.FormValue(\"dir\")).Run()\n}\n",
    ),
    (
        "app/run.rs",
        "use axum::extract::Query;\nuse std::process::Command;\n\npub async fn run(Query(dir): Query<String>) {\n    let _ = Command::new(\"sh\").arg(\"-c\").arg(format!(\"ls {dir}\")).status();\n}\n",
    ),
];

fn injections(prefix: &str, comment: bool) -> Project {
    INJECTIONS
        .iter()
        .fold(Project::empty(), |project, (path, text)| {
            let mark = match comment {
                false => "",
                true if path.ends_with(".py") => "# ",
                true => "// ",
            };
            let text: String = text.lines().map(|line| format!("{mark}{line}\n")).collect();
            project.file(&format!("{prefix}{path}"), &text)
        })
}

#[test]
fn injections_in_four_languages_are_found_at_their_lines() {
    let report = report(&injections("", false));
    assert_eq!(
        places(&report),
        [
            ("app/run.go", 9),
            ("app/run.js", 4),
            ("app/run.py", 6),
            ("app/run.rs", 5)
        ]
    );
}

#[test]
fn comments_are_no_code() {
    let report = report(&injections("", true));
    assert_eq!(places(&report), []);
}

#[test]
fn what_only_tests_do_is_counted_apart() {
    let report = report(&injections("tests/", false));
    assert_eq!(places(&report), []);
    let in_tests = output(&report, "security_auditor", "findings_in_tests");
    assert!(in_tests.as_u64() >= Some(3), "{in_tests}");
}

#[test]
fn a_suppressed_finding_is_listed_apart_with_its_reason() {
    let project = Project::good().file(
        "shop/run.py",
        "import os\nfrom flask import request\n\n\ndef run():\n    os.system(request.args[\"d\"])  # nosec: only operators reach this\n",
    );
    let report = report(&project);
    assert_eq!(places(&report), []);
    let suppressed = output(&report, "security_auditor", "findings_suppressed");
    assert_eq!(
        suppressed[0]["reason"], "only operators reach this",
        "{suppressed}"
    );
}

#[test]
fn a_secret_blocks_and_is_shown_in_no_format() {
    // Assembled here so that the file itself holds no credential.
    let secret = format!("AKIA{}", "Q3EGRXKTU5ZJ7WNB");
    let project = Project::good().file("config/deploy.yaml", &format!("aws_key: {secret}\n"));
    let report = report(&project);
    let found = report
        .findings
        .iter()
        .find(|finding| finding.rule_id.contains("aws"));
    let found = found.unwrap();
    assert_eq!((found.path.as_str(), found.line), ("config/deploy.yaml", 1));
    assert_eq!(report.verdict, Verdict::NotReady);
    let forms = [
        serde_json::to_string(&report).unwrap(),
        sarif(&report).to_string(),
        markdown(&report),
        format!("{report:?}"),
    ];
    for form in forms {
        assert!(form.contains("config/deploy.yaml"));
        assert!(!form.contains(&secret), "{form}");
        assert!(!form.contains(&secret[4..]), "{form}");
    }
}

#[test]
fn a_secret_beside_another_finding_or_in_a_name_is_shown_in_no_format() {
    let token = format!("ghp_{}", "Zk3Qv9Lw2Xc8Rb5Tn7Yd1Hs6Jf4Gm0PaUeBi");
    let password = format!("{}{}", "Vq7zK2m", "X9tLw4");
    let address = format!("postgres://admin:{password}@db.internal.corp:5432/app");
    let project = Project::good()
        .file(
            "shop/rows.py",
            &format!(
                "import psycopg2\n\n\ndef rows(n):\n    open_db(\"{token}\").execute(\"SELECT * FROM t WHERE a=\" + n)\n    psycopg2.connect(\"{address}\").cursor().execute(\"SELECT * FROM t WHERE a=\" + n)\n"
            ),
        )
        .file(
            "shop/rows.js",
            &format!(
                "function rows(req) {{\n  mk('{token}').query('SELECT * FROM t WHERE a=' + req.query.a);\n}}\nmodule.exports = {{ rows }};\n"
            ),
        )
        .file(
            "shop/raw.rs",
            &format!("pub fn get_{token}(p: *const u8) -> u8 {{\n    unsafe {{ login(\"{token}\"); *p }}\n}}\n"),
        )
        .file(&format!("shop/{token}.py"), "def undocumented():\n    return eval(input())\n");
    let report = report(&project);
    let places = places(&report);
    assert!(places.contains(&("shop/rows.py", 5)), "{places:?}");
    assert!(places.contains(&("shop/rows.js", 2)), "{places:?}");
    let forms = [
        serde_json::to_string(&report).unwrap(),
        sarif(&report).to_string(),
        markdown(&report),
        format!("{report:?}"),
    ];
    for form in forms {
        assert!(form.contains("shop/rows.py"));
        for secret in [&token[..], &token[4..], &password] {
            assert!(!form.contains(secret), "{secret} in {form}");
        }
    }
}

#[test]
fn figures_become_findings_at_their_places() {
    let decisions: String = (0..12)
        .map(|n| format!("    if n == {n} {{ return {n}; }}\n"))
        .collect();
    let source = format!(
        "//! Text.\n\n/// Reads.\npub fn read(text: &str) -> u32 {{\n    text.parse().unwrap()\n}}\n\npub fn pick(n: u32) -> u32 {{\n{decisions}    todo!()\n}}\n"
    );
    let project = Project::empty()
        .file(
            "Cargo.toml",
            "[package]\nname = \"text\"\nversion = \"0.1.0\"\n",
        )
        .file("README.md", "# text\n\nSee [the guide](docs/guide.md).\n")
        .file("src/lib.rs", &source);
    let report = report(&project);
    let mut found: Vec<_> = report
        .findings
        .iter()
        .map(|f| format!("{} {}:{} {}\n", f.rule_id, f.path, f.line, f.message))
        .collect();
    found.sort_unstable();
    expect![[r#"
        docs.broken-link README.md:3 the link to `docs/guide.md` leads nowhere
        docs.undocumented src/lib.rs:8 public without documentation: `pick`
        quality.complex-function src/lib.rs:8 `pick` has a cyclomatic complexity of 13 and a cognitive one of 12 in 15 lines of code
        quality.unfinished src/lib.rs:21 places that are not implemented: 1 in this file outside of tests, the first one here
        quality.unwrap src/lib.rs:5 calls of `unwrap`: 1 in this file outside of tests, the first one here
    "#]].assert_eq(&found.concat());
}
