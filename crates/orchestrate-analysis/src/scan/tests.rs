//! Whole scans of small directories, and of what no directory should hold.

use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;

use proptest::prelude::*;
use tempfile::TempDir;

use super::{ScanOptions, Snapshot, Syntax, scan, scan_text};
use crate::inventory::testing::{in_time, pipe};
use crate::inventory::{ScanErrorKind, SkipReason};
use crate::measured::Measured;
use crate::scan::Parsers;
use crate::source::{Role, SourceFile};
use crate::test_quality::ProductNames;
use crate::user_rules::UserRules;
use crate::{documentation, quality};

const PATHS: [&str; 6] = ["a.rs", "a.py", "a.js", "a.ts", "a.tsx", "a.go"];

fn directory(files: &[(&str, &[u8])]) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("it is writable");
        fs::write(path, text).expect("it is writable");
    }
    directory
}

fn scanned(directory: &TempDir) -> Snapshot {
    scan(directory.path(), &ScanOptions::default()).expect("it is a directory")
}

fn paths(snapshot: &Snapshot) -> Vec<&str> {
    snapshot
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect()
}

fn why(snapshot: &Snapshot) -> Vec<(&str, SkipReason)> {
    snapshot
        .skipped
        .iter()
        .map(|skipped| (skipped.path.as_str(), skipped.why))
        .collect()
}

fn not_measured<T>(measured: &Measured<T>) -> &str {
    match measured {
        Measured::NotMeasured { why, .. } => why,
        Measured::Measured { .. } | Measured::Failed { .. } => "it was measured or failed",
    }
}

#[test]
fn files_are_measured_in_order_whatever_the_threads() {
    let files: Vec<(String, String)> = (0..50)
        .map(|number| {
            (
                format!("src/f{number:02}.rs"),
                format!("pub fn f{number}() {{ a.unwrap() }}\n"),
            )
        })
        .collect();
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_bytes()))
        .collect();
    let directory = directory(&files);
    let [one, four] = [1, 4].map(|threads| {
        let options = ScanOptions {
            threads,
            ..ScanOptions::default()
        };
        let mut snapshot = scan(directory.path(), &options).expect("it is a directory");
        assert_eq!(snapshot.threads, threads);
        snapshot.threads = 0;
        snapshot.elapsed_ms = 0;
        snapshot
    });
    assert_eq!(one.files.len(), 50);
    assert_eq!(one, four);
    assert!(one.files.is_sorted_by_key(|file| &file.path));
}

#[test]
fn an_empty_directory_is_not_good() {
    let snapshot = scanned(&directory(&[]));
    assert_eq!(not_measured(&quality(&snapshot)), "no source files");
    assert_eq!(not_measured(&documentation(&snapshot)), "no source files");
}

#[test]
fn other_languages_are_named() {
    let snapshot = scanned(&directory(&[
        ("a.c", b"int a;"),
        ("b.rb", b""),
        ("c.rb", b""),
    ]));
    assert_eq!(snapshot.other_languages.get("Ruby"), Some(&2));
    assert_eq!(
        not_measured(&quality(&snapshot)),
        "only languages that are not analysed: C, Ruby"
    );
}

#[test]
fn tests_alone_are_no_product() {
    let snapshot = scanned(&directory(&[("tests/a.rs", b"fn a() {}")]));
    assert_eq!(
        not_measured(&quality(&snapshot)),
        "no line of code in product code (source files: 1)"
    );
}

#[test]
fn roots_that_cannot_be_scanned() {
    let directory = directory(&[("a.rs", b"")]);
    let kind = |path: &Path| {
        scan(path, &ScanOptions::default())
            .expect_err("it is no directory")
            .kind()
    };
    assert_eq!(
        kind(&directory.path().join("none")),
        ScanErrorKind::NotFound
    );
    assert_eq!(
        kind(&directory.path().join("a.rs")),
        ScanErrorKind::NotADirectory
    );
    assert_eq!(
        kind(&directory.path().join("a.rs/below")),
        ScanErrorKind::Unreadable
    );
}

#[test]
fn what_cannot_be_measured_has_a_reason() {
    let deep = format!("x = {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let snapshot = scanned(&directory(&[
        ("utf32.py", b"\0\0\0a\0\0\0=\0\0\0(\0\0\0b"),
        ("deep.py", deep.as_bytes()),
        ("large.js", &vec![b'\n'; (1 << 20) + 1]),
        ("limit.js", &vec![b'\n'; 1 << 20]),
        (
            "prose.go",
            b"This is no Go at all; it is \"prose, (isn't it?\n",
        ),
        ("image.png", b"\x89PNG\0"),
    ]));
    assert_eq!(
        why(&snapshot),
        [
            ("deep.py", SkipReason::TooDeep),
            ("large.js", SkipReason::TooLarge),
            ("prose.go", SkipReason::MostlyErrors),
            ("utf32.py", SkipReason::MostlyErrors),
        ]
    );
    assert_eq!(paths(&snapshot), ["limit.js"]);
    assert_eq!(snapshot.skipped_other.get(&SkipReason::Binary), Some(&1));
}

/// Size alone must not keep a credential from being found; where it does, the file is named.
#[test]
fn large_files_are_searched_for_credentials() {
    let key = b"key = \"AKIAZ7Q3M5T2W4X6Y2RB\"\n"; // not a real key
    let large = [vec![b'\n'; 1 << 20], key.to_vec()].concat();
    let directory = directory(&[
        ("large.py", &large),
        ("large.yaml", &large),
        ("huge.py", &vec![b'\n'; 3 << 20]),
        ("huge.yaml", &vec![b'\n'; 3 << 20]),
        ("huge.png", &vec![0; 3 << 20]),
    ]);
    let options = ScanOptions {
        max_text_bytes: 2 << 20,
        ..ScanOptions::default()
    };
    let snapshot = scan(directory.path(), &options).expect("it is a directory");
    let found: Vec<_> = snapshot
        .findings
        .iter()
        .map(|it| it.path.as_str())
        .collect();
    assert_eq!(found, ["large.py", "large.yaml"]);
    let large = SkipReason::TooLarge;
    assert_eq!(why(&snapshot), [("huge.py", large), ("large.py", large)]);
    let unsearched: Vec<_> = snapshot
        .unsearched
        .iter()
        .map(|it| (it.path.as_str(), it.why))
        .collect();
    assert_eq!(unsearched, [("huge.py", large), ("huge.yaml", large)]);
    assert_eq!(snapshot.skipped_other.get(&SkipReason::Binary), Some(&1));
    let [source, text] = [ScanOptions::MAX_FILE_BYTES, ScanOptions::MAX_TEXT_BYTES];
    assert_eq!((source, text), (1 << 20, 16 << 20));
}

#[test]
fn syntax_errors_make_figures_partial() {
    let text = b"fn a() { if true {} }\nfn b() {}\nfn c( -> {}\n";
    let snapshot = scanned(&directory(&[("a.rs", text)]));
    let partial: Vec<_> = snapshot.files_with_syntax_errors().collect();
    assert_eq!(partial.len(), 1);
    assert!(matches!(partial[0].syntax, Syntax::Partial { error_bytes } if error_bytes > 0));
    assert_eq!(partial[0].functions[0].cyclomatic, 2);
    assert_eq!(
        quality(&snapshot).value().expect("measured").partial_files,
        1
    );
}

#[cfg(unix)]
#[test]
fn links_and_special_files_are_not_followed() {
    let directory = directory(&[("src/a.rs", b"fn a() {}")]);
    let root = directory.path();
    std::os::unix::fs::symlink(root, root.join("src/loop")).expect("links are possible");
    std::os::unix::fs::symlink(root.join("src/a.rs"), root.join("b.rs"))
        .expect("links are possible");
    let _socket = std::os::unix::net::UnixListener::bind(root.join("s.py")).expect("a short path");
    let snapshot = scanned(&directory);
    assert_eq!(paths(&snapshot), ["src/a.rs"]);
    assert_eq!(snapshot.links, 2);
    assert_eq!(why(&snapshot), [("s.py", SkipReason::Special)]);
}

/// A pipe keeps a reader waiting for ever, and `/dev/zero` never ends.
#[cfg(unix)]
#[test]
fn no_pipe_or_device_is_read() {
    let names = [
        ".gitignore",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "Cargo.toml",
        "pyproject.toml",
        "package.json",
        "lcov.info",
        "src/.gitignore",
        "src/a.py",
    ];
    for name in names {
        let directory = directory(&[("main.py", b"a = 1\n"), ("src/b.py", b"a = 1\n")]);
        let Some(pipe) = pipe(directory.path(), name) else {
            return;
        };
        let root = directory.path().to_owned();
        let read = move || {
            let root = root.clone();
            in_time(move || scan(&root, &ScanOptions::default()).expect("it is a directory"))
        };
        let snapshot = read();
        assert_eq!(paths(&snapshot).first(), Some(&"main.py"), "{name}");
        if name == "src/.gitignore" {
            let closed = SkipReason::UnreadableDirectory;
            assert_eq!(why(&snapshot), [("src", closed)]);
        }
        fs::remove_file(&pipe).expect("it is writable");
        std::os::unix::fs::symlink("/dev/zero", &pipe).expect("links are possible");
        assert_eq!(paths(&read()).first(), Some(&"main.py"), "{name}");
    }
}

/// An odd byte must not keep anyone from looking at the rest of a file.
#[test]
fn files_with_odd_bytes_are_read() {
    let key = b"key = \"AKIAZ7Q3M5T2W4X6Y2RB\"\n"; // not a real key
    let with = |before: &[u8]| [before, key].concat();
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(key.iter().flat_map(|byte| [*byte, 0]))
        .collect();
    let snapshot = scanned(&directory(&[
        ("bom.py", &with(b"\xef\xbb\xbf")),
        ("latin.py", &with(b"# caf\xe9\n")),
        ("latin.yaml", &with(b"# caf\xe9\n")),
        ("utf16.env", &utf16),
        ("utf16.py", &utf16),
        ("zero.py", &with(b"# \0\n")),
    ]));
    let found: Vec<_> = snapshot
        .findings
        .iter()
        .map(|finding| (finding.path.as_str(), finding.line))
        .collect();
    assert_eq!(
        found,
        [
            ("bom.py", 1),
            ("latin.py", 2),
            ("latin.yaml", 2),
            ("utf16.env", 1),
            ("utf16.py", 1),
            ("zero.py", 2)
        ]
    );
    let measured = ["bom.py", "latin.py", "utf16.py", "zero.py"];
    assert_eq!(paths(&snapshot), measured);
    let lossy = ["latin.py", "latin.yaml", "zero.py"];
    assert_eq!(snapshot.decoded_lossily, lossy);
}

/// What stands behind a zero byte is parsed, too.
#[test]
fn rules_over_trees_see_files_with_odd_bytes() {
    let flaw = b"import pickle\nfrom flask import request\n\ndef f():\n    return pickle.loads(request.data)\n";
    for odd in [b"# caf\xe9\n".as_slice(), b"# \0\n", b"\0\n"] {
        let text = [odd, flaw].concat();
        let snapshot = scanned(&directory(&[("a.py", &text)]));
        let lines: Vec<_> = snapshot.findings.iter().map(|it| it.line).collect();
        assert_eq!(lines, [2, 6], "{odd:?}");
    }
}

#[test]
fn ignored_installed_and_vendored_files_are_left_out() {
    let snapshot = scanned(&directory(&[
        (".gitignore", b"ignored/\n*.gen.py\n"),
        (".git/hooks/a.py", b""),
        (".hidden/a.py", b""),
        ("ignored/a.py", b""),
        ("a.gen.py", b""),
        ("node_modules/x/a.js", b""),
        ("target/CACHEDIR.TAG", b""),
        ("target/a.rs", b""),
        ("vendor/x/a.go", b"package x"),
        ("a.py", b""),
    ]));
    assert_eq!(paths(&snapshot), [".hidden/a.py", "a.py"]);
    assert_eq!(snapshot.pruned, ["node_modules", "target"]);
    assert_eq!(snapshot.vendored, 1);
}

/// Above the root of a repository, nobody's `.gitignore` is meant.
#[test]
fn rules_of_parents_hold_within_a_repository_only() {
    let directory = directory(&[
        (".gitignore", b"a.py\n"),
        ("sub/a.py", b""),
        ("sub/b.py", b""),
    ]);
    let found = || {
        let root = directory.path().join("sub");
        scan(&root, &ScanOptions::default())
            .expect("it is a directory")
            .files
            .len()
    };
    assert_eq!(found(), 2);
    fs::create_dir(directory.path().join(".git")).expect("it is writable");
    assert_eq!(found(), 1);
}

#[test]
fn the_role_does_not_depend_on_what_lies_above_the_root() {
    let directory = directory(&[("tests/project/src/a.rs", b"fn a() {}")]);
    let root = directory.path().join("tests/project");
    let snapshot = scan(&root, &ScanOptions::default()).expect("it is a directory");
    assert_eq!(snapshot.files[0].role, Role::Product);
    assert_eq!(snapshot.files[0].path, "src/a.rs");
}

#[test]
fn modules_declared_for_tests_are_tests() {
    let snapshot = scanned(&directory(&[
        ("src/lib.rs", b"#[cfg(test)]\nmod checks;\nmod product;\n"),
        ("src/checks.rs", b"mod more;\nfn a() { b.unwrap() }\n"),
        ("src/checks/more.rs", b"fn a() {}\n"),
        ("src/product.rs", b"fn a() {}\n"),
    ]));
    let roles: Vec<_> = snapshot.files.iter().map(|file| file.role).collect();
    assert_eq!(
        roles,
        [Role::Test, Role::Test, Role::Product, Role::Product]
    );
    let checks = &snapshot.files[0];
    assert_eq!((checks.code_lines, checks.test_code_lines), (0, 2));
    assert!(checks.functions[0].is_test && checks.hazards[0].in_test);
}

#[test]
fn rust_modules_are_documented_in_their_own_files() {
    let snapshot = scanned(&directory(&[
        ("src/lib.rs", b"pub mod a;\npub mod b;\npub mod c;\n"),
        ("src/a.rs", b"//! Documented.\n"),
        ("src/b/mod.rs", b"//! Documented.\n"),
        ("src/c.rs", b"// Not documentation.\n"),
    ]));
    let report = documentation(&snapshot);
    let report = report.value().expect("measured");
    assert_eq!((report.documented, report.public), (2, 3));
    assert_eq!(report.undocumented[0].name, "c");
}

#[test]
fn broken_links_are_found_in_documents_that_ship() {
    let snapshot = scanned(&directory(&[
        (
            "README.md",
            b"[ok](docs/a.md#part)\n[broken](docs/none.md)\n[page](docs/a)\n",
        ),
        (
            "docs/a.md",
            b"[up](../README.md) [up](../NONE.md) [as on a site](../b/)\n",
        ),
        ("docs/b.md", b""),
        ("tests/a.md", b"[broken](none.md)\n"),
    ]));
    let links = &snapshot.documents.broken_links;
    let links: Vec<_> = links
        .iter()
        .map(|link| (link.path.as_str(), link.line, link.target.as_str()))
        .collect();
    assert_eq!(
        links,
        [
            ("README.md", 2, "docs/none.md"),
            ("docs/a.md", 1, "../NONE.md")
        ]
    );
    assert_eq!(snapshot.documents.links_checked, 6);
}

#[test]
fn a_cancelled_scan_measures_nothing() {
    let directory = directory(&[("a.rs", b"pub fn a() {}")]);
    let options = ScanOptions::default();
    options.cancel.store(true, Ordering::Relaxed);
    let snapshot = scan(directory.path(), &options).expect("it is a directory");
    assert!(snapshot.cancelled);
    assert!(matches!(quality(&snapshot), Measured::Failed { .. }));
    assert!(matches!(documentation(&snapshot), Measured::Failed { .. }));
}

fn one(path: &str, text: &str) -> super::ScannedFile {
    let source = SourceFile::of_text(path, text).expect("a known ending");
    scan_text(
        &mut Parsers::default(),
        source,
        &mut ProductNames::default(),
        &UserRules::default(),
    )
}

#[test]
fn nesting_without_end_is_skipped() {
    for path in PATHS {
        for unit in ["(", "[", "{", "a(", "a<", "!", "`${", "if a {\n"] {
            let facts = one(path, &unit.repeat(5_000)).facts;
            assert!(facts.is_err(), "{path} of `{unit}`");
        }
    }
}

#[test]
fn noise_is_given_up_within_a_bound() {
    let letters = "([{<\"'`)}];:,=+-*/ \n#aif".as_bytes();
    let mut state = 1_u32;
    let noise: String = (0..200_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(letters[(state >> 16) as usize % letters.len()])
        })
        .collect();
    assert_eq!(one("a.js", &noise).facts, Err(SkipReason::ParseBudget));
}

#[test]
fn the_text_may_say_that_it_is_generated() {
    let role = |path: &str, text: &str| one(path, text).facts.expect("measurable").role;
    let generated = "// Code generated by x. DO NOT EDIT.\npackage a\n";
    assert_eq!(role("a.go", generated), Role::Generated);
    assert_eq!(role("a_test.go", generated), Role::Test);
    assert_eq!(role("a.go", "package a\n"), Role::Product);
}

/// Pieces of all languages, so that the parsers get further than into noise.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("fn f() {"),
        Just("def f(a, b=1):\n  "),
        Just("class A:\n"),
        Just("func f() {"),
        Just("function f() {"),
        Just("() => "),
        Just("if a "),
        Just("else "),
        Just("match a {"),
        Just("case 1:"),
        Just("}"),
        Just(")"),
        Just("("),
        Just("{"),
        Just("[cfg(test)]"),
        Just("#"),
        Just("//! a\n"),
        Just("/** a */"),
        Just("export "),
        Just("pub "),
        Just("impl A {"),
        Just("\""),
        Just("'"),
        Just("`"),
        Just("__all__ = ['a']\n"),
        Just(".unwrap()"),
        Just("panic!("),
        Just("// TODO é\n"),
        Just("\n"),
        Just(" "),
        Just("a"),
        Just("é"),
        Just("type A struct"),
        Just("(r *A[T])"),
        Just("try:\n"),
        Just("except:\n"),
        Just("\r\n"),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn prop_no_text_makes_it_fall_over(text in pieces(), which in 0..PATHS.len()) {
        let scanned = one(PATHS[which], &text);
        if let Ok(facts) = scanned.facts {
            prop_assert!(facts.code_lines + facts.test_code_lines <= facts.lines + 1);
            for function in &facts.functions {
                prop_assert!(function.cyclomatic >= 1);
                prop_assert!(1 <= function.line && function.line <= function.end_line);
                prop_assert!(function.end_line <= facts.lines + 1);
            }
        }
    }

    #[test]
    fn prop_no_bytes_make_it_fall_over(bytes in proptest::collection::vec(any::<u8>(), 0..300), which in 0..PATHS.len()) {
        let directory = directory(&[(PATHS[which], &bytes), ("README.md", &bytes)]);
        let snapshot = scanned(&directory);
        prop_assert_eq!(snapshot.files.len() + snapshot.skipped.len(), 1);
    }
}

/// Two scans of the same files are the same but for these.
fn without_circumstances(snapshot: &Snapshot) -> Snapshot {
    Snapshot {
        elapsed_ms: 0,
        from_cache: 0,
        ..snapshot.clone()
    }
}

#[test]
fn a_scan_with_kept_results_is_the_scan_without() {
    let directory = directory(&[
        ("src/lib.rs", b"mod a;\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() { assert!(super::a::f()); }\n}\n"),
        ("src/a.rs", b"use crate::b;\npub fn f() -> bool { x.unwrap() } // TODO\n"),
        ("app/main.py", b"import os\ndef f(request):\n    os.system(request.args['a'])\n"),
        ("tests/test_main.py", b"from app.main import f\ndef test_f():\n    assert f(1)\n"),
        ("README.md", b"[gone](gone.md)\n"),
        ("go.mod", b"module m\n"),
        ("g/g.go", b"package g\nfunc F() int { return 1 }\n"),
        ("g/g_test.go", b"package g\nfunc TestF(t *testing.T) { if F() != 1 { t.Fail() } }\n"),
    ]);
    let root = directory.path();
    let kept = tempfile::tempdir().expect("a directory");
    let options = ScanOptions {
        cache: Some(kept.path().join("scan.cache")),
        ..ScanOptions::default()
    };
    let check = |expected_hits: u32| {
        let fresh = scan(root, &ScanOptions::default()).expect("it is a directory");
        let cached = scan(root, &options).expect("it is a directory");
        assert_eq!(
            without_circumstances(&cached),
            without_circumstances(&fresh)
        );
        assert_eq!(cached.from_cache, expected_hits);
    };
    check(0);
    check(8);
    fs::write(root.join("src/a.rs"), "pub fn f() -> bool { true }\n").expect("it is writable");
    check(7);
    check(8);
    // A test is looked at again when what it may reach has changed.
    fs::write(
        root.join("g/g.go"),
        "package g\nfunc G() int { return 1 }\n",
    )
    .expect("it is writable");
    fs::remove_file(root.join("app/main.py")).expect("it is there");
    check(3);
    fs::write(kept.path().join("scan.cache"), "damaged").expect("it is writable");
    check(0);
}
