//! How the paths of a report find the sources that they mean.

use super::*;

#[test]
fn absolute_paths_below_the_root_are_ours() {
    Repo::new(&[("src/a.rs", 20)])
        .report(
            "lcov.info",
            &lcov(&[
                ("$ROOT/src/a.rs", 7, 10),
                ("/rustc/abc/library/core/src/lib.rs", 1, 2),
            ]),
            60,
        )
        .check(expect![[r#"
            70.00 % of 10 lines, at least 70.00 %
            Rust 70.00 %
              src/a.rs 7/10 uncovered [8-10]
            from lcov.info (lcov): 2 files = 1 product + 0 other + 1 unmatched
              note: as a whole it counts 12 lines (66.7 % covered); 10 of them are product code of these languages (70.0 %)
        "#]]);
}

#[test]
fn paths_of_another_checkout_are_mapped() {
    Repo::new(&[("src/a.rs", 20), ("src/b/mod.rs", 20)])
        .report(
            "lcov.info",
            &lcov(&[
                ("/build/p/src/a.rs", 7, 10),
                ("/build/p/src/b/mod.rs", 1, 10),
                ("/srv/.cargo/registry/src/x-1/src/a.rs", 9, 9),
            ]),
            60,
        )
        .check(expect![[r#"
            40.00 % of 20 lines, at least 40.00 %
            Rust 40.00 %
              src/a.rs 7/10 uncovered [8-10]
              src/b/mod.rs 1/10 uncovered [2-10]
            from lcov.info (lcov): 3 files = 2 product + 0 other + 1 unmatched, `/build/p/` -> ``
              note: as a whole it counts 29 lines (58.6 % covered); 20 of them are product code of these languages (40.0 %)
        "#]]);
    // A run inside a subdirectory leaves its name out.
    Repo::new(&[("backend/app/a.py", 20), ("frontend/a.js", 9)])
        .report("coverage/lcov.info", &lcov(&[("app/a.py", 7, 10)]), 60)
        .check(expect![[r#"
            70.00 % of 10 lines, at least 70.00 %
            Python 70.00 %
              backend/app/a.py 7/10 uncovered [8-10]
            JavaScript not measured: no usable report names any of its 1 file; run `npx c8 --reporter=lcov npm test`, or without a package `node --test --experimental-test-coverage --test-reporter=lcov --test-reporter-destination=lcov.info`
            from coverage/lcov.info (lcov): 1 files = 1 product + 0 other + 0 unmatched, `` -> `backend/`
            note: JavaScript is not in the figures: no usable report names any of its 1 file
        "#]]);
}

#[test]
fn equal_names_do_not_make_a_foreign_report_ours() {
    // One of three files has a name of ours.
    Repo::new(&[("src/lib.rs", 20)])
        .report(
            "lcov.info",
            &lcov(&[
                ("/other/src/lib.rs", 7, 10),
                ("/other/src/x.rs", 7, 10),
                ("/other/src/y.rs", 7, 10),
            ]),
            60,
        )
        .check(expect![[r#"
            not measured: `lcov.info` is of other paths: it names 3 files such as `/other/src/lib.rs` and `/other/src/x.rs`, the repository has files such as `src/lib.rs`
            how: run the tests under coverage first; Rust: `cargo llvm-cov --lcov --output-path lcov.info`
        "#]]);
    // Two of our files could be meant.
    Repo::new(&[("x/main.py", 20), ("y/main.py", 20)])
        .report("lcov.info", &lcov(&[("main.py", 7, 10)]), 60)
        .check(expect![[r#"
            not measured: `lcov.info` is of other paths: it names 1 file such as `main.py`, the repository has files such as `x/main.py`
            how: run the tests under coverage first; Python: `coverage run -m pytest && coverage json`
        "#]]);
}

#[test]
fn cobertura_paths_start_from_their_sources() {
    let xml = |source: &str| {
        format!(
            "<coverage line-rate='1'><sources><source>{source}</source></sources><packages><package><classes>\
             <class filename='app/a.py'><lines><line number='1' hits='1'/><line number='2' hits='0'/></lines></class>\
             </classes></package></packages></coverage>"
        )
    };
    let repo = || Repo::new(&[("src/app/a.py", 20), ("app/a.py", 20)]);
    repo()
        .report("coverage.xml", &xml("$ROOT/src"), 60)
        .check(expect![[r#"
            50.00 % of 2 lines, at least 4.55 %
            Python 50.00 %
              src/app/a.py 1/2 uncovered [2-2]
              app/a.py in no report
            from coverage.xml (Cobertura XML): 1 files = 1 product + 0 other + 0 unmatched
            note: 1 of 2 Python product files are in no report (20 lines with comments and blanks; the largest is `app/a.py`): they hold no executable code, or no test loads them. They are not in the 50.0 %; were all their lines code and uncovered, it would be 4.5 %
        "#]]);
    repo()
        .report("coverage.xml", &xml("src"), 60)
        .check(expect![[r#"
            50.00 % of 2 lines, at least 4.55 %
            Python 50.00 %
              src/app/a.py 1/2 uncovered [2-2]
              app/a.py in no report
            from coverage.xml (Cobertura XML): 1 files = 1 product + 0 other + 0 unmatched
            note: 1 of 2 Python product files are in no report (20 lines with comments and blanks; the largest is `app/a.py`): they hold no executable code, or no test loads them. They are not in the 50.0 %; were all their lines code and uncovered, it would be 4.5 %
        "#]]);
    repo()
        .report("coverage.xml", &xml("/elsewhere"), 60)
        .check(expect![[r#"
            50.00 % of 2 lines, at least 4.55 %
            Python 50.00 %
              app/a.py 1/2 uncovered [2-2]
              src/app/a.py in no report
            from coverage.xml (Cobertura XML): 1 files = 1 product + 0 other + 0 unmatched
            note: 1 of 2 Python product files are in no report (20 lines with comments and blanks; the largest is `src/app/a.py`): they hold no executable code, or no test loads them. They are not in the 50.0 %; were all their lines code and uncovered, it would be 4.5 %
        "#]]);
}

#[test]
fn go_import_paths_are_mapped_by_module() {
    let repo = Repo::new(&[("a.go", 20), ("tools/gen/b.go", 20)]);
    repo.write(
        "go.mod",
        "module example.com/m // the main one\n\ngo 1.22\n",
    );
    repo.write("tools/go.mod", "module example.com/m/v2/tools\n");
    repo.report(
        "cover.out",
        "mode: set\nexample.com/m/a.go:1.1,3.2 3 1\nexample.com/m/v2/tools/gen/b.go:1.1,3.2 1 0\n",
        60,
    )
    .check(expect![[r#"
        75.00 % of 4 statements, at least 75.00 %
        Go 75.00 %
          a.go 3/3 uncovered []
          tools/gen/b.go 0/1 uncovered [1-3]
        from cover.out (Go cover profile): 2 files = 2 product + 0 other + 0 unmatched
    "#]]);
}
