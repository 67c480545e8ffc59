//! The readers, each with small reports, broken ones, and the laws that hold for any input.

use std::fmt::Write;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::read;
use crate::coverage::model::{RawReport, count_branches};

const LCOV: &str = "TN:unit
SF:src/a.rs
FN:1,first
FN:4,9,second, with a comma
FNDA:2,first
FNDA:0,second, with a comma
DA:1,2
DA:2,2,checksum
DA:4,0
BRDA:2,0,jump to line 4,1
BRDA:2,0,jump to line 9,-
LF:3
LH:2
end_of_record
SF:src/b.rs
DA:1,0
LF:1
LH:0
end_of_record
";

const COBERTURA: &str = r#"<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM "http://example.test/coverage-04.dtd">
<coverage lines-valid="4" lines-covered="2" line-rate="0.5" branches-valid="2">
  <sources><source>/srv/me/a &amp; b</source><source></source></sources>
  <packages><package name="p"><classes>
    <class name="A" filename="p/a.py"><methods>
      <method name="run"><lines><line number="2" hits="1"/><line number="3" hits="0"/></lines></method>
    </methods><lines>
      <line number="1" hits="7"/>
      <line number="2" hits="1" branch="true" condition-coverage="50% (1/2)"/>
      <line number="3" hits="0"/>
    </lines></class>
    <class name="B" filename="p/a.py"><methods/><lines><line number="9" hits="0"/></lines></class>
    <class name="__init__.py" filename="p/__init__.py"><methods/><lines/></class>
  </classes></package></packages>
</coverage>
"#;

const COVERAGE_PY: &str = r#"{"meta": {"format": 3, "branch_coverage": true}, "files": {
  "p/a.py": {"executed_lines": [1, 2], "missing_lines": [4], "excluded_lines": [7],
    "executed_branches": [[2, 4]], "missing_branches": [[2, -1]],
    "functions": {"A.run": {"executed_lines": [2], "missing_lines": [4], "start_line": 1},
                  "": {"executed_lines": [1], "missing_lines": []}}},
  "p/__init__.py": {"executed_lines": [], "missing_lines": []}},
 "totals": {"covered_lines": 2, "num_statements": 3, "percent_covered": 60.0, "num_branches": 2}}"#;

// `fn main` on lines 1 to 7 entered once, an `if` body on lines 3 to 5 never, and a skipped region on line 9.
const LLVM_COV: &str = r#"{"data": [{"files": [
  {"filename": "/p/src/main.rs", "branches": [[2, 5, 2, 9, 0, 1, 0, 0, 4]], "expansions": [],
   "segments": [[1, 1, 1, true, true, false], [3, 8, 0, true, true, false], [5, 6, 1, true, false, false],
                [7, 2, 0, false, false, false], [9, 1, 0, false, true, false]],
   "summary": {"lines": {"count": 7, "covered": 5, "percent": 71.4}}},
  {"filename": "/p/src/lib.rs", "segments": [], "summary": {"lines": {"count": 0, "covered": 0}}}],
  "functions": [{"name": "_RNvCs_4main", "count": 1, "filenames": ["/p/src/main.rs"],
                 "regions": [[1, 1, 7, 2, 1, 0, 0, 0], [3, 8, 5, 6, 0, 0, 0, 0], [90, 8, 95, 6, 0, 1, 0, 0]]}],
  "totals": {"lines": {"count": 7, "covered": 5}}}], "type": "llvm.coverage.json.export", "version": "2.0.1"}"#;

const GO: &str = "mode: count
example.com/m/a.go:3.20,5.2 2 4
example.com/m/a.go:7.20,9.16 1 0
example.com/m/a.go:7.20,9.16 1 0
example.com/m/b b.go:1.1,1.9 3 0
";

const ISTANBUL: &str = r#"{"/p/src/a.js": {"path": "/p/src/a.js",
  "statementMap": {"0": {"start": {"line": 1, "column": 0}, "end": {"line": 1, "column": 9}},
                   "1": {"start": {"line": 1, "column": 10}, "end": {"line": 3, "column": 1}},
                   "2": {"start": {"line": 2, "column": 2}, "end": {"line": 2, "column": null}}},
  "fnMap": {"0": {"name": "f", "loc": {"start": {"line": 1, "column": 0}, "end": {"line": 3, "column": 1}}}},
  "branchMap": {"0": {"type": "if", "loc": {"start": {"line": 2, "column": 2}, "end": {"line": 2, "column": 9}}}},
  "s": {"0": 0, "1": 3, "2": 0}, "f": {"0": 3}, "b": {"0": [3, 0]}}}"#;

const ALL: [&str; 6] = [LCOV, COBERTURA, COVERAGE_PY, LLVM_COV, GO, ISTANBUL];

fn render(report: &RawReport) -> String {
    let mut text = format!("{}, {}", report.format.name(), report.unit.name());
    if let Some(own) = report.own_summary {
        write!(text, ", says {}/{}", own.covered, own.total).unwrap();
    }
    if !report.source_roots.is_empty() {
        write!(text, ", from {:?}", report.source_roots).unwrap();
    }
    text.push('\n');
    for file in &report.files {
        let counts = file.counts();
        write!(text, "{} {}/{}:", file.path, counts.covered, counts.total).unwrap();
        for probe in &file.probes {
            write!(text, " {}", probe.line).unwrap();
            if probe.last_line > probe.line || probe.weight != 1 {
                write!(text, "-{}*{}", probe.last_line, probe.weight).unwrap();
            }
            write!(text, "={}", probe.hits).unwrap();
        }
        if let Some(branches) = &file.branches {
            let counts = count_branches(branches.iter());
            write!(text, " branches {}/{}", counts.covered, counts.total).unwrap();
        }
        for function in &file.functions {
            let end = function.last_line.map(|line| format!("-{line}"));
            write!(
                text,
                " [{} {}{}={}]",
                function.name,
                function.line,
                end.unwrap_or_default(),
                function.hits
            )
            .unwrap();
        }
        text.push('\n');
    }
    for note in &report.notes {
        writeln!(text, "note: {note}").unwrap();
    }
    text
}

fn check(text: &str, expected: Expect) {
    let rendered = match read(text) {
        Ok(report) => render(&report),
        Err(error) => format!("error: {error}\n"),
    };
    expected.assert_eq(&rendered);
}

#[test]
fn lcov() {
    check(
        LCOV,
        expect![[r#"
        lcov, lines, says 2/4
        src/a.rs 2/3: 1=2 2=2 4=0 branches 1/2 [first 1=2] [second, with a comma 4-9=0]
        src/b.rs 0/1: 1=0
    "#]],
    );
}

#[test]
fn lcov_records_of_one_file_are_joined() {
    check(
        "SF:a.js\nDA:1,1\nDA:2,0\nBRDA:1,0,0,1\nBRDA:1,0,1,0\nLF:2\nLH:1\nend_of_record\n\
         SF:a.js\nDA:2,3\nDA:3,0\nBRDA:1,0,1,2\nLF:2\nLH:1\nend_of_record\n",
        expect![[r#"
            lcov, lines
            a.js 2/3: 1=1 2=3 3=0 branches 2/2
        "#]],
    );
}

#[test]
fn lcov_2_functions_have_an_index() {
    check(
        "# a comment\nSF:a.c\nFNL:0,3,9\nFNA:0,2,main\nDA:3,2\nMCF:0\nend_of_record\n",
        expect![[r#"
            lcov, lines
            a.c 1/1: 3=2 [main 3-9=2]
        "#]],
    );
}

#[test]
fn lcov_that_is_broken() {
    check(
        "SF:a.rs\nDA:1,x\nend_of_record\n",
        expect![[r#"
        error: `x` is no number of hits at line 2
    "#]],
    );
    check(
        "SF:a.rs\nDA:0,1\nend_of_record\n",
        expect![[r#"
        error: `0` is no line number (1 to 2000000) at line 2
    "#]],
    );
    check(
        "SF:a.rs\nDA:1,-1\nend_of_record\n",
        expect![[r#"
        error: `-1` is no number of hits at line 2
    "#]],
    );
    check(
        "SF:a.rs\nDA:4294967296,1\nend_of_record\n",
        expect![[r#"
        error: `4294967296` is no line number (1 to 2000000) at line 2
    "#]],
    );
    check(
        "SF:a.rs\nDA:1\nend_of_record\n",
        expect![[r#"
        error: `` is no number of hits at line 2
    "#]],
    );
    check(
        "SF:a.rs\nDA:1,1\n",
        expect![[r#"
        error: the report is cut off in the record of `a.rs` at line 2
    "#]],
    );
    check(
        "SF:a.rs\nDA:1,1\nSF:b.rs\nend_of_record\n",
        expect![[r#"
        error: `SF:` before the `end_of_record` of the file above at line 3
    "#]],
    );
    check(
        "TN:\nDA:1,1\n",
        expect![[r#"
        error: `DA:` outside a record at line 2
    "#]],
    );
    check(
        "TN:\nend_of_record\n",
        expect![[r#"
        error: `end_of_record` without `SF:` at line 2
    "#]],
    );
    check(
        "SF:a.rs\nnonsense\nend_of_record\n",
        expect![[r#"
        error: `nonsense` is no lcov line at line 2
    "#]],
    );
    check(
        "SF:\nend_of_record\n",
        expect![[r#"
        error: `SF:` without a path at line 1
    "#]],
    );
}

#[test]
fn cobertura() {
    check(
        COBERTURA,
        expect![[r#"
        Cobertura XML, lines, says 2/4, from ["/srv/me/a & b"]
        p/__init__.py 0/0: branches 0/0
        p/a.py 2/4: 1=7 2=1 3=0 9=0 branches 1/2 [run 2-3=1]
    "#]],
    );
}

#[test]
fn cobertura_that_is_broken() {
    let line = |line: &str| {
        format!(
            "<coverage><packages><class filename='a.py'><lines>{line}</lines></class></packages></coverage>"
        )
    };
    check(
        &line("<line number='1' hits='x'/>"),
        expect![[r#"
        error: `x` is no number of hits at byte 77
    "#]],
    );
    check(
        &line("<line number='-1' hits='1'/>"),
        expect![[r#"
        error: `-1` is no line number at byte 78
    "#]],
    );
    check(
        &line("<line hits='1'/>"),
        expect![[r#"
        error: `<line>` without a number at byte 66
    "#]],
    );
    check(
        &line("<line number='1' hits='1' condition-coverage='half'/>"),
        expect![[r#"
            error: `half` is no condition coverage at byte 103
        "#]],
    );
    check(
        &line("<line number='1' hits='1' condition-coverage='200% (4/2)'/>"),
        expect![[r#"
            error: `200% (4/2)` is no condition coverage at byte 109
        "#]],
    );
    check(
        &line("<line number='&bomb;' hits='1'/>"),
        expect![[r#"
        error: malformed attribute: at 1..5: unrecognized entity `bomb` at byte 82
    "#]],
    );
    check(
        &line("<line number='1' hits='1'>"),
        expect![[r#"
        error: malformed XML: ill-formed document: expected `</line>`, but `</lines>` was found at byte 76
    "#]],
    );
    check(
        "<coverage><packages><line number='1' hits='1'/></packages></coverage>",
        expect![[r#"
            error: `<line>` outside a class at byte 47
        "#]],
    );
    check(
        "<coverage><packages><class/></packages></coverage>",
        expect![[r#"
            error: `<class>` without a filename at byte 28
        "#]],
    );
    check(
        "<coverage line-rate='1'><packages>",
        expect![[r#"
        error: the report is cut off at byte 34
    "#]],
    );
    check(
        "<coverage line-rate='1'/>",
        expect![[r#"
        Cobertura XML, lines
    "#]],
    );
}

#[test]
fn cobertura_never_unfolds_entities() {
    check(
        r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>
<coverage><sources><source>&b;</source></sources><packages/></coverage>"#,
        expect![[r#"
            error: unknown entity `b` at byte 87
        "#]],
    );
    check(
        &"<coverage>".repeat(100_000),
        expect![[r#"
        error: more than 64 elements inside each other at byte 650
    "#]],
    );
}

#[test]
fn coverage_py() {
    check(
        COVERAGE_PY,
        expect![[r#"
        coverage.py JSON, lines, says 2/3
        p/__init__.py 0/0: branches 0/0
        p/a.py 2/3: 1=1 2=1 4=0 branches 1/2 [A.run 1-4=1]
        note: coverage.py prints 60.0 % for this report, which adds branches to lines
    "#]],
    );
}

#[test]
fn coverage_py_that_is_broken() {
    check(
        r#"{"meta": {"format": 3}, "files": {"a.py": {"executed_lines": [0], "missing_lines": []}}}"#,
        expect![[r#"
            error: `0` is no line number (1 to 2000000) in the entry of `a.py`
        "#]],
    );
    check(
        r#"{"meta": {"format": 3}, "files": {"a.py": {"executed_lines": [1]}}}"#,
        expect![[r#"
            error: missing field `missing_lines` at line 1 column 65
        "#]],
    );
    check(
        r#"{"meta": {"format": 3}, "files": {"a.py": {"executed_lines": [1], "mis"#,
        expect![[r#"
            error: the report is cut off (EOF while parsing a string) at line 1 column 70
        "#]],
    );
    check(
        r#"{"meta": {"format": 9}, "files": {}}"#,
        expect![[r#"
        coverage.py JSON, lines
        note: coverage.py JSON format 9 is newer than 3, which this reader knows
    "#]],
    );
}

#[test]
fn llvm_cov() {
    check(
        LLVM_COV,
        expect![[r#"
        llvm-cov JSON, lines, says 5/7
        /p/src/lib.rs 0/0:
        /p/src/main.rs 5/7: 1=1 2=1 3=1 4=0 5=0 6=1 7=1 branches 1/2 [_RNvCs_4main 1-7=1]
    "#]],
    );
}

#[test]
fn llvm_cov_with_summaries_only() {
    check(
        r#"{"data": [{"files": [{"filename": "a.rs", "summary": {"lines": {"count": 10, "covered": 7}}}]}],
            "type": "llvm.coverage.json.export"}"#,
        expect![[r#"
            llvm-cov JSON, lines
            a.rs 7/10:
        "#]],
    );
}

#[test]
fn llvm_cov_that_is_broken() {
    let segments = |segments: &str| {
        format!(
            r#"{{"data": [{{"files": [{{"filename": "a.rs", "segments": {segments}}}]}}], "type": "llvm.coverage.json.export"}}"#
        )
    };
    check(
        &segments("[[5, 1, 1, true, true, false], [3, 1, 0, false, false, false]]"),
        expect![[r#"
            error: segments out of order at line 3 in the entry of `a.rs`
        "#]],
    );
    check(
        &segments("[[1, 1, 1]]"),
        expect![[r#"
            error: a segment needs line, column, count and two flags at line 1 column 65
        "#]],
    );
    // A small report that claims billions of lines.
    check(
        &segments("[[1, 1, 1, true, true, false], [4000000000, 1, 0, false, false, false]]"),
        expect![[r#"
            error: more than 20000000 lines in the entry of `a.rs`
        "#]],
    );
    let file = r#"{"filename": "a.rs", "segments": [[1, 1, 1, true, true, false], [2000000, 1, 0, false, false, false]]}"#;
    let files = [file; 11].join(",");
    check(
        &format!(r#"{{"data": [{{"files": [{files}]}}], "type": "llvm.coverage.json.export"}}"#),
        expect![[r#"
            error: more than 20000000 lines in the entry of `a.rs`
        "#]],
    );
    check(
        r#"{"data": [{"files": [{"filename": "a.rs"}]}], "type": "llvm.coverage.json.export"}"#,
        expect![[r#"
            error: neither segments nor a summary in the entry of `a.rs`
        "#]],
    );
}

#[test]
fn go_profile() {
    check(
        GO,
        expect![[r#"
        Go cover profile, statements
        example.com/m/a.go 2/3: 3-5*2=4 7-9*1=0
        example.com/m/b b.go 0/3: 1-1*3=0
    "#]],
    );
}

#[test]
fn go_profile_that_is_broken() {
    check(
        "mode: magic\n",
        expect![[r#"
        error: ` magic` is no mode (set, count, atomic) at line 1
    "#]],
    );
    check(
        "mode: set\na.go:1.1,2.2 1\n",
        expect![[r#"
        error: `a.go:1.1,2.2 1` is no block at line 2
    "#]],
    );
    check(
        "mode: set\na.go:3.1,2.2 1 1\n",
        expect![[r#"
        error: `a.go:3.1,2.2 1 1` is no block at line 2
    "#]],
    );
    check(
        "mode: set\na.go:1.1,2.2 1 -1\n",
        expect![[r#"
        error: `a.go:1.1,2.2 1 -1` is no block at line 2
    "#]],
    );
    check(
        "mode: set\na.go:1.1,2.2 1 1",
        expect![[r#"
        error: the report is cut off (its last line has no end) at line 2
    "#]],
    );
    check(
        "mode: set\n",
        expect![[r#"
        Go cover profile, statements
    "#]],
    );
}

#[test]
fn istanbul() {
    check(
        ISTANBUL,
        expect![[r#"
        istanbul JSON, lines
        /p/src/a.js 1/2: 1=3 2=0 branches 1/2 [f 1-3=3]
    "#]],
    );
    check(
        r#"{"a.js": {"statementMap": {"0": {"start": {"line": 1}, "end": {"line": 1}}}, "s": {}}}"#,
        expect![[r#"
            error: no count of statement `0` in the entry of `a.js`
        "#]],
    );
}

#[test]
fn other_texts_are_no_reports() {
    check(
        "",
        expect![[r#"
        error: `` starts no coverage report (known are lcov, llvm-cov JSON, coverage.py JSON, istanbul JSON, Cobertura XML and Go cover profiles) at line 1
    "#]],
    );
    check(
        "hello\nworld",
        expect![[r#"
        error: `hello` starts no coverage report (known are lcov, llvm-cov JSON, coverage.py JSON, istanbul JSON, Cobertura XML and Go cover profiles) at line 1
    "#]],
    );
    check(
        "{}",
        expect![[r#"
        error: JSON of an unknown shape (known are lcov, llvm-cov JSON, coverage.py JSON, istanbul JSON, Cobertura XML and Go cover profiles) at line 1
    "#]],
    );
    check(
        r#"{"statements": 80}"#,
        expect![[r#"
        error: JSON of an unknown shape (known are lcov, llvm-cov JSON, coverage.py JSON, istanbul JSON, Cobertura XML and Go cover profiles) at line 1
    "#]],
    );
    check(
        r#"<report name="jacoco"><package/></report>"#,
        expect![[r#"
            error: JaCoCo XML is not read (known are lcov, llvm-cov JSON, coverage.py JSON, istanbul JSON, Cobertura XML and Go cover profiles) at line 1
        "#]],
    );
    check(
        r#"<?xml version="1.0"?><coverage generated="1"><project/></coverage>"#,
        expect![[r#"
            error: Clover XML is not read (known are lcov, llvm-cov JSON, coverage.py JSON, istanbul JSON, Cobertura XML and Go cover profiles) at line 1
        "#]],
    );
    check(
        "<html></html>",
        expect![[r#"
        error: XML without `<coverage>` (known are lcov, llvm-cov JSON, coverage.py JSON, istanbul JSON, Cobertura XML and Go cover profiles) at line 1
    "#]],
    );
    check(
        "\u{feff}mode: set\n",
        expect![[r#"
        Go cover profile, statements
    "#]],
    );
}

/// Every prefix is an error, or says no more than the whole does: a cut never makes a line covered.
#[test]
fn cut_off_reports_never_give_more_than_the_whole() {
    for text in ALL {
        let whole = read(text).unwrap();
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let Ok(part) = read(&text[..end]) else {
                continue;
            };
            for file in &part.files {
                let full = whole.files.iter().find(|full| full.path == file.path);
                let full = full.unwrap_or_else(|| panic!("`{}` is not in the whole", file.path));
                assert!(
                    file.probes.iter().all(|probe| full.probes.contains(probe)),
                    "cut at {end} of {text}"
                );
            }
        }
    }
}

#[test]
fn cut_off_documents_are_errors() {
    for text in [COBERTURA, COVERAGE_PY, LLVM_COV, ISTANBUL] {
        for end in (1..text.trim_end().len()).filter(|end| text.is_char_boundary(*end)) {
            assert!(read(&text[..end]).is_err(), "cut at {end} of {text}");
        }
    }
}

fn laws(text: &str) -> Result<(), TestCaseError> {
    let Ok(report) = read(text) else {
        return Ok(());
    };
    prop_assert!(
        report
            .files
            .windows(2)
            .all(|pair| pair[0].path < pair[1].path)
    );
    for file in &report.files {
        let counts = file.counts();
        prop_assert!(counts.covered <= counts.total);
        prop_assert!(
            file.probes
                .windows(2)
                .all(|pair| pair[0].line <= pair[1].line)
        );
        prop_assert!(
            file.probes
                .iter()
                .all(|probe| probe.line >= 1 && probe.line <= probe.last_line)
        );
        let branches = count_branches(file.branches.iter().flatten());
        prop_assert!(branches.covered <= branches.total);
    }
    Ok(())
}

proptest! {
    #[test]
    fn prop_any_text_is_read_or_refused(text in "\\PC*") {
        laws(&text)?;
    }

    #[test]
    fn prop_any_bytes_behind_a_known_start_are_read_or_refused(start in 0..6_usize, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let starts = ["SF:a\n", "mode: set\n", "<coverage>", "{\"meta\":{},\"files\":", "{\"type\":\"llvm.coverage.json.export\",\"data\":", "{\"statementMap\":"];
        laws(&format!("{}{}", starts[start], String::from_utf8_lossy(&bytes)))?;
    }

    #[test]
    fn prop_mutated_reports_are_read_or_refused(
        which in 0..ALL.len(),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), "[0-9,:<>/\"{}\\[\\]\n -]{0,3}", 0..4_usize), 1..6),
    ) {
        let mut chars: Vec<char> = ALL[which].chars().collect();
        for (at, text, removed) in edits {
            let at = at.index(chars.len());
            let end = (at + removed).min(chars.len());
            chars.splice(at..end, text.chars());
            if chars.is_empty() { chars.push(' '); }
        }
        laws(&chars.into_iter().collect::<String>())?;
    }
}
