//! What advisories say, and what an audit makes of them.

use std::path::Path;

use expect_test::{Expect, expect};

use crate::dependencies::locked::CARGO;
use crate::dependencies::{Acceptance, audit_dependencies};

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("it is writable");
        std::fs::write(path, text).expect("it is writable");
    }
}

fn shown(files: &[(&str, &str)], accepted: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), files);
    let mut locks: Vec<String> = files
        .iter()
        .map(|(path, _)| (*path).to_owned())
        .filter(|path| !path.starts_with("db"))
        .collect();
    locks.sort();
    let accepted: Vec<Acceptance> = accepted
        .iter()
        .map(|(id, reason)| Acceptance {
            id: (*id).to_owned(),
            reason: (*reason).to_owned(),
        })
        .collect();
    let databases = [directory.path().join("db")];
    let report = match audit_dependencies(directory.path(), &locks, &databases, &accepted) {
        Ok(report) => report,
        Err(error) => {
            return error
                .to_string()
                .replace(&directory.path().display().to_string(), "ROOT");
        }
    };
    let mut text = String::new();
    for it in &report.vulnerable {
        let (name, version) = (&it.package.name, &it.package.version);
        text += &format!(
            "{}:{}: {name} {version}: {} {:?} {:?}",
            it.path, it.package.line, it.id, it.kind, it.severity
        );
        if !it.aliases.is_empty() {
            text += &format!(" also {}", it.aliases.join(", "));
        }
        if let Some(remedy) = &it.remedy {
            text += &format!("; good: {remedy}");
        }
        if let Some(reason) = &it.accepted {
            text += &format!("; accepted: {reason}");
        }
        text += "\n";
    }
    for problem in report.lock_problems.iter().chain(&report.advisory_problems) {
        let path = problem
            .path
            .replace(&directory.path().display().to_string(), "ROOT");
        text += &format!("{path}:{}: {}\n", problem.line, problem.what);
    }
    for (_, advisories, newest) in &report.databases {
        text += &format!("{advisories} advisories, newest {newest}\n");
    }
    text
}

fn check(files: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&shown(files, &[]));
}

fn cargo_lock(packages: &[(&str, &str)]) -> String {
    packages
        .iter()
        .map(|(name, version)| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"sparse+x/{CARGO}\"\n")
        })
        .collect()
}

fn rustsec(id: &str, package: &str, extra: &str, versions: &str) -> String {
    format!(
        "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"2024-01-02\"\n{extra}\n[versions]\n{versions}\n```\n\n# What is wrong\n\nText.\n"
    )
}

#[test]
fn rustsec_patched_unaffected_and_withdrawn() {
    let lock = cargo_lock(&[
        ("a", "0.6.2"),
        ("a", "0.6.10"),
        ("a", "1.5.0"),
        ("a", "1.6.1"),
        ("b", "1.0.0"),
        ("c", "1.0.0"),
        ("d", "1.0.0"),
    ]);
    let critical = "cvss = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"";
    check(
        &[
            ("Cargo.lock", &lock),
            (
                "db/crates/a/RUSTSEC-1.md",
                &rustsec(
                    "RUSTSEC-1",
                    "a",
                    critical,
                    "patched = [\">= 0.6.14, < 1.0.0\", \">= 1.6.1\"]\nunaffected = [\"< 0.6.3\"]",
                ),
            ),
            (
                "db/crates/b/RUSTSEC-2.md",
                &rustsec(
                    "RUSTSEC-2",
                    "b",
                    "withdrawn = \"2024-02-02\"",
                    "patched = []",
                ),
            ),
            (
                "db/crates/c/RUSTSEC-3.md",
                &rustsec(
                    "RUSTSEC-3",
                    "c",
                    "informational = \"unmaintained\"",
                    "patched = []",
                ),
            ),
            (
                "db/crates/d/RUSTSEC-4.md",
                &rustsec("RUSTSEC-4", "d", "", "patched = [\"^1.0.1\"]"),
            ),
            (
                "db/crates/e/RUSTSEC-5.md",
                "```toml\n[advisory]\nid = 5\n```\n",
            ),
            ("db/README.md", "# No advisory\n"),
        ],
        expect![[r#"
            Cargo.lock:6: a 0.6.10: RUSTSEC-1 Vulnerability Some(Critical); good: >= 0.6.14, < 1.0.0 or >= 1.6.1
            Cargo.lock:10: a 1.5.0: RUSTSEC-1 Vulnerability Some(Critical); good: >= 0.6.14, < 1.0.0 or >= 1.6.1
            Cargo.lock:22: c 1.0.0: RUSTSEC-3 Unmaintained None
            Cargo.lock:26: d 1.0.0: RUSTSEC-4 Vulnerability None; good: ^1.0.1
            ROOT/db/crates/e/RUSTSEC-5.md:3: invalid type: integer `5`, expected a string
            4 advisories, newest 2024-01-02
        "#]],
    );
}

fn osv(id: &str, ecosystem: &str, name: &str, events: &str, rest: &str) -> String {
    format!(
        r#"{{"id": "{id}", "modified": "2025-03-04T00:00:00Z", "summary": "bad", {rest}
  "affected": [{{"package": {{"ecosystem": "{ecosystem}", "name": "{name}"}},
    "ranges": [{{"type": "ECOSYSTEM", "events": [{events}]}}]}}]}}"#
    )
}

#[test]
fn osv_events_in_any_order_and_versions_as_the_ecosystem_compares_them() {
    let npm = r#"{"lockfileVersion": 3, "packages": {
"node_modules/a": {"version": "1.0.0"},
"node_modules/b": {"version": "2.0.0-rc.1"},
"node_modules/c": {"version": "3.0.0"},
"node_modules/x/node_modules/c": {"version": "3.0.1"}}}"#;
    let moderate = r#""database_specific": {"severity": "MODERATE"},"#;
    check(
        &[
            ("package-lock.json", npm),
            ("requirements.txt", "Django==3.2.0\n"),
            (
                "go.mod",
                "module own\ngo 1.21\nrequire example.org/m v1.2.3\n",
            ),
            (
                "db/1.json",
                &osv(
                    "GHSA-1",
                    "npm",
                    "a",
                    r#"{"fixed": "1.0.1"}, {"introduced": "0"}"#,
                    moderate,
                ),
            ),
            (
                "db/2.json",
                &osv(
                    "GHSA-2",
                    "npm",
                    "b",
                    r#"{"introduced": "1.0.0"}, {"fixed": "2.0.0"}"#,
                    "",
                ),
            ),
            (
                "db/3.json",
                &osv(
                    "GHSA-3",
                    "npm",
                    "c",
                    r#"{"introduced": "0"}, {"last_affected": "3.0.0"}"#,
                    "",
                ),
            ),
            (
                "db/4.json",
                r#"{"id": "PYSEC-4", "details": "\nlong text", "affected": [{"package": {"ecosystem": "PyPI", "name": "django"}, "versions": ["3.2"]}]}"#,
            ),
            (
                "db/5.yaml",
                "id: GO-5\nmodified: \"2025-01-01T00:00:00Z\"\naffected:\n- package:\n    ecosystem: Go\n    name: example.org/m\n  ranges:\n  - type: SEMVER\n    events:\n    - introduced: 1.2.0\n    - fixed: 1.2.4\n",
            ),
            (
                "db/6.json",
                &osv(
                    "GHSA-6",
                    "npm",
                    "a",
                    r#"{"introduced": "0"}"#,
                    r#""withdrawn": "2025-01-01T00:00:00Z","#,
                ),
            ),
            ("db/7.json", "{\"id\": \"GHSA-7\",\n\"affected\": 1}"),
            (
                "db/8.json",
                &osv("GHSA-8", "npm", "a", r#"{"introduced": "many"}"#, ""),
            ),
            ("db/config.json", "{\"name\": 1}"),
        ],
        expect![[r#"
            go.mod:3: example.org/m v1.2.3: GO-5 Vulnerability None; good: 1.2.4
            package-lock.json:2: a 1.0.0: GHSA-1 Vulnerability Some(Medium); good: 1.0.1
            package-lock.json:3: b 2.0.0-rc.1: GHSA-2 Vulnerability None; good: 2.0.0
            package-lock.json:4: c 3.0.0: GHSA-3 Vulnerability None
            requirements.txt:1: django 3.2.0: PYSEC-4 Vulnerability None
            ROOT/db/7.json:2: it is no advisory in the OSV format: invalid type: integer `1`, expected a sequence at line 2 column 13
            ROOT/db/8.json:1: `many` is no version of its ecosystem
            6 advisories, newest 2025-03-04
        "#]],
    );
}

#[test]
fn the_same_under_two_ids_is_one_and_the_worst_that_is_said_counts() {
    let lock = cargo_lock(&[("a", "1.0.0")]);
    let files = [
        ("Cargo.lock", lock.as_str()),
        (
            "db/crates/a/1.md",
            &rustsec("RUSTSEC-1", "a", "aliases = [\"CVE-1\"]", "patched = []"),
        ),
        (
            "db/1.json",
            &osv(
                "GHSA-1",
                CARGO,
                "a",
                r#"{"introduced": "0"}"#,
                r#""aliases": ["CVE-1"], "severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}],"#,
            ),
        ),
    ];
    let text = shown(&files, &[("CVE-1", "not reachable")]);
    expect![[r#"
        Cargo.lock:2: a 1.0.0: GHSA-1 Vulnerability Some(Critical) also CVE-1, RUSTSEC-1; accepted: not reachable
        2 advisories, newest 2025-03-04
    "#]]
    .assert_eq(&text);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_audited() {
    check(
        &[
            ("Cargo.lock", "[[package]\n"),
            (
                "requirements.txt",
                "-r more/base.txt\n-r ../outside.txt\n-r gone.txt\n",
            ),
            ("more/base.txt", "a==1.0\nb==x!\n"),
            (
                "db/1.json",
                &osv("GHSA-1", "PyPI", "A", r#"{"introduced": "0"}"#, ""),
            ),
        ],
        expect![[r#"
            more/base.txt:1: a 1.0: GHSA-1 Vulnerability None
            Cargo.lock:1: it is no valid TOML of this format: unclosed array table, expected `]`
            gone.txt:1: No such file or directory (os error 2)
            more/base.txt:2: `x!` of `b` is no version of its ecosystem
            1 advisories, newest 2025-03-04
        "#]],
    );
}

#[test]
fn a_directory_without_advisories_is_no_database() {
    check(
        &[("Cargo.lock", ""), ("db/readme.md", "# hello\n")],
        expect!["`ROOT/db` holds no advisory of RustSec (Markdown) or OSV (JSON, YAML)"],
    );
    check(
        &[("Cargo.lock", "")],
        expect!["the advisories in `ROOT/db` cannot be read"],
    );
}
