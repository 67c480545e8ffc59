//! Each format with a report that is whole, and with reports that are not.

use super::*;

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
