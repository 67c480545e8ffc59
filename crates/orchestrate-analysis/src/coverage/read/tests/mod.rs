//! The readers, each with small reports, broken ones, and the laws that hold for any input.

mod formats;
mod laws;

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
