//! Each format of lock file: what it pins, on which line, and what is wrong with bad ones.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::read_lock;

fn shown(name: &str, files: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).expect("it is writable");
    }
    let lock = match read_lock(directory.path(), name) {
        Ok(lock) => lock,
        Err(error) => return format!("error: {error}\n"),
    };
    let mut text = String::new();
    for package in &lock.packages {
        let development = if package.development {
            " (development)"
        } else {
            ""
        };
        text += &format!(
            "{}: {} {}{development}\n",
            package.line, package.name, package.version
        );
    }
    for (name, line) in &lock.unpinned {
        text += &format!("{line}: {name} is not pinned\n");
    }
    for problem in &lock.problems {
        text += &format!("{problem}\n");
    }
    for included in &lock.includes {
        text += &format!("includes {included}\n");
    }
    if lock.local > 0 {
        text += &format!("local: {}\n", lock.local);
    }
    text
}

fn check(name: &str, text: &str, expected: Expect) {
    expected.assert_eq(&shown(name, &[(name, text)]));
}

#[test]
fn cargo() {
    let lock = r#"version = 4

[[package]]
name = "own"
version = "0.1.0"

[[package]]
name = "smallvec"
version = "1.6.0"
source = "registry+https://github.com/rust-lang/REGISTRY-index"

[[package]]
name = "forked"
version = "1.0.0"
source = "git+https://example.org/forked#abc"
"#;
    let lock = lock.replace("REGISTRY", crate::dependencies::locked::CARGO);
    check(
        "Cargo.lock",
        &lock,
        expect![[r#"
            8: smallvec 1.6.0
            local: 2
        "#]],
    );
    check(
        "Cargo.lock",
        "[[package]]\nname = \"a\"\nversion = 1\n",
        expect![[r#"
            error: line 3: it is no valid TOML of this format: invalid type: integer `1`, expected a string
        "#]],
    );
}

#[test]
fn npm_of_all_versions() {
    check(
        "package-lock.json",
        r#"{
  "name": "own", "version": "1.0.0", "lockfileVersion": 3,
  "packages": {
    "": {"name": "own", "dependencies": {"a": "^1"}},
    "member": {"version": "1.0.0"},
    "node_modules/member": {"resolved": "member", "link": true},
    "node_modules/@s/a": {"version": "1.2.3", "dev": true},
    "node_modules/a/node_modules/b": {
      "version": "2.0.0"
    },
    "node_modules/alias": {"name": "real", "version": "3.0.0"},
    "node_modules/g": {"version": "1.0.0", "resolved": "git+ssh://example.org/g"}
  }
}"#,
        expect![[r#"
            7: @s/a 1.2.3 (development)
            8: b 2.0.0
            11: real 3.0.0
            local: 2
        "#]],
    );
    check(
        "npm-shrinkwrap.json",
        r#"{"lockfileVersion": 1, "dependencies": {
  "a": {"version": "1.0.0", "requires": {"b": "^2"},
    "dependencies": {
      "b": {"version": "2.0.0"}
    }},
  "b": {"version": "git+https://example.org/b"},
  "c": {"version": "npm:real@4.0.0"}
}}"#,
        expect![[r#"
            2: a 1.0.0
            4: b 2.0.0
            7: real 4.0.0
            local: 1
        "#]],
    );
    check(
        "package-lock.json",
        "{\n  \"packages\": {,}\n}",
        expect![[r#"
            error: line 2: it is no valid JSON: key must be a string at line 2 column 16
        "#]],
    );
    check(
        "package-lock.json",
        "{}",
        expect![[r#"
            error: line 1: it has neither `packages` nor `lockfileVersion`
        "#]],
    );
}

#[test]
fn pnpm_of_all_versions() {
    check(
        "pnpm-lock.yaml",
        "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a: 1\n\npackages:\n\n  '@s/a@1.2.3':\n    resolution: {integrity: x}\n\n  b@2.0.0(react@18.0.0):\n    dev: true\n  c@file:c:\n    x: 1\n\nsnapshots:\n\n  d@1.0.0: {}\n",
        expect![[r#"
            11: @s/a 1.2.3
            14: b 2.0.0 (development)
            local: 1
        "#]],
    );
    check(
        "pnpm-lock.yaml",
        "lockfileVersion: 5.4\npackages:\n  /@s/a/1.2.3:\n    x: 1\n  /b/2.0.0_react@18.0.0:\n    x: 1\n  broken\n",
        expect![[r#"
            3: @s/a 1.2.3
            5: b 2.0.0
            line 7: `broken` is no package of this format
        "#]],
    );
    check(
        "pnpm-lock.yaml",
        "packages:\n",
        expect![[r#"
            error: line 1: it has no `lockfileVersion`
        "#]],
    );
}

#[test]
fn yarn_classic_and_later() {
    check(
        "yarn.lock",
        "# yarn lockfile v1\n\n\n\"@s/a@^1.0.0\", \"@s/a@^1.1.0\":\n  version \"1.2.3\"\n  resolved \"https://example.org/a.tgz#1\"\n  dependencies:\n    version \"9\"\n\nalias@npm:real@^2:\n  version \"2.0.0\"\n\ng@git+https://example.org/g:\n  version \"1.0.0\"\n  resolved \"git+https://example.org/g#1\"\n",
        expect![[r#"
            4: @s/a 1.2.3
            10: real 2.0.0
            local: 1
        "#]],
    );
    check(
        "yarn.lock",
        "__metadata:\n  version: 8\n\n\"a@npm:^1.0.0, a@npm:^1.1\":\n  version: 1.2.3\n  resolution: \"a@npm:1.2.3\"\n\n\"own@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"own@workspace:.\"\n\n\"b@patch:b@npm%3A2.0.0#x\":\n  version: 2.0.0\n  resolution: \"b@patch:b@npm%3A2.0.0#x\"\n",
        expect![[r#"
            4: a 1.2.3
            12: b 2.0.0
        "#]],
    );
    check(
        "yarn.lock",
        "a@^1:\n  version \"1.0.0\"\n<<<<<<< HEAD\n",
        expect![[r#"
            error: line 3: an unfinished merge (`<<<<<<<`)
        "#]],
    );
}

#[test]
fn python() {
    check(
        "requirements.txt",
        "# comment\nDjango==3.2 ; python_version > \"3\"  # why\nzope.interface[test] == 5.0 \\\n    --hash=sha256:00\nurllib3>=1.26\nflask==2.*\n-r other.txt\n-e .\nown @ https://example.org/own.whl\n--index-url https://example.org\n!!\n",
        expect![[r#"
            2: django 3.2
            3: zope-interface 5.0
            5: urllib3 is not pinned
            6: flask is not pinned
            line 11: `!!` is no requirement
            includes other.txt
            local: 2
        "#]],
    );
    check(
        "poetry.lock",
        "[[package]]\nname = \"Django\"\nversion = \"3.2\"\ngroups = [\"main\"]\n\n[[package]]\nname = \"pytest\"\nversion = \"7.0\"\ncategory = \"dev\"\n\n[[package]]\nname = \"own\"\nversion = \"1\"\n[package.source]\ntype = \"git\"\nurl = \"x\"\n",
        expect![[r#"
            2: django 3.2
            7: pytest 7.0 (development)
            local: 1
        "#]],
    );
    check(
        "uv.lock",
        "version = 1\n\n[[package]]\nname = \"own\"\nversion = \"0.1\"\nsource = { editable = \".\" }\n\n[[package]]\nname = \"idna\"\nversion = \"3.6\"\nsource = { registry = \"https://example.org/simple\" }\n",
        expect![[r#"
            9: idna 3.6
            local: 1
        "#]],
    );
    check(
        "Pipfile.lock",
        "{\"_meta\": {\"requires\": {}},\n\"default\": {\n \"idna\": {\"version\": \"==3.6\"},\n \"own\": {\"path\": \".\"}},\n\"develop\": {\n \"pytest\": {\"version\": \"==7.0\"}}}",
        expect![[r#"
            3: idna 3.6
            6: pytest 7.0 (development)
            local: 1
        "#]],
    );
}

#[test]
fn go() {
    let manifest = "module example.org/own\n\ngo 1.21\n\nrequire (\n\texample.org/a v1.2.3\n\texample.org/b v0.0.0-20200101000000-abcdefabcdef // indirect\n)\n\nrequire example.org/c v2.0.0+incompatible\n\nreplace example.org/a => ../a\nreplace example.org/c v2.0.0+incompatible => example.org/d v1.0.0\n";
    let sums =
        "example.org/x v1.0.0 h1:x\nexample.org/x v1.2.0 h1:x\nexample.org/y v1.0.0/go.mod h1:x\n";
    let pinned = shown("go.mod", &[("go.mod", manifest), ("go.sum", sums)]);
    expect![[r#"
        7: example.org/b v0.0.0-20200101000000-abcdefabcdef
        10: example.org/d v1.0.0
        local: 1
    "#]]
    .assert_eq(&pinned);
    let old = manifest.replace("go 1.21", "go 1.16");
    let pinned = shown("go.mod", &[("go.mod", &old), ("go.sum", sums)]);
    assert!(pinned.contains("1: example.org/x v1.2.0"), "{pinned}");
    assert!(!pinned.contains("example.org/y"), "{pinned}");
}

#[test]
fn a_missing_file_is_told() {
    expect![[r#"
        error: line 1: No such file or directory (os error 2)
    "#]]
    .assert_eq(&shown("Cargo.lock", &[]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn prop_no_text_makes_it_fall_over(text in "[\\[\\]{}:,\"'@/ =~^a-c0-2.\\-#\\n(<)]{0,200}", which in 0..8_usize) {
        let name = ["Cargo.lock", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "poetry.lock", "Pipfile.lock", "requirements.txt", "go.mod"][which];
        let _ = shown(name, &[(name, &text)]);
    }
}
