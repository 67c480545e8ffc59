//! Faults are planted where they are said to be, and nowhere else.

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::mutants;
use crate::scan::{Parsers, parse};
use crate::source::SourceFile;

fn planted(path: &str, text: &str, lines: impl IntoIterator<Item = u32>, most: usize) -> String {
    let source = SourceFile::of_text(path, text).unwrap();
    let mut parsers = Parsers::default();
    let (file, _) = parse(&mut parsers, &source).unwrap();
    let lines: BTreeSet<u32> = lines.into_iter().collect();
    let mut out = String::new();
    for mutant in mutants(&file, &lines, most) {
        let changed = mutant.plant(text).unwrap();
        let line = changed.lines().nth(mutant.line as usize - 1);
        let kind = mutant.kind;
        let line = line.map_or("", str::trim);
        out += format!("{} {kind:?}: {}\n    {line}", mutant.line, mutant.what).trim_end();
        out.push('\n');
    }
    out
}

fn check(path: &str, text: &str, expected: Expect) {
    expected.assert_eq(&planted(path, text, 1..99, 99));
}

#[test]
fn python() {
    check(
        "a.py",
        "def f(x):\n    \"\"\"Says.\"\"\"\n    log(x)\n    if x is not None and x < 3:\n        return x * 2\n    return None\n",
        expect![[r#"
            5 ReturnValue: `None` is returned in place of `x * 2`
                return None
            4 Comparison: `is not` becomes `is`
                if x is None and x < 3:
            4 Condition: the condition `x is not None and x < 3` is negated
                if not (x is not None and x < 3):
            5 Arithmetic: `*` becomes `+`
                return x + 2
            4 Logic: `and` becomes `or`
                if x is not None or x < 3:
            4 Literal: `3` becomes `4`
                if x is not None and x < 4:
            3 Statement: `log(x)` is left out
                pass
            4 Comparison: `<` becomes `>=`
                if x is not None and x >= 3:
            5 Literal: `2` becomes `3`
                return x * 3
        "#]],
    );
}

#[test]
fn rust() {
    check(
        "a.rs",
        "fn f(x: u32) -> bool {\n    log(x);\n    if let Some(y) = g::<u8>(x) {\n        return y > 3;\n    }\n    false\n}\n\n#[cfg(test)]\nmod tests {\n    fn t() -> bool {\n        1 > 2\n    }\n}\n",
        expect![[r#"
            2 ReturnValue: the default of its type is returned at once
            4 Comparison: `>` becomes `<=`
                return y <= 3;
            4 Literal: `3` becomes `4`
                return y > 4;
            2 Statement: `log(x);` is left out
                {}
            6 Literal: `false` becomes `true`
                true
        "#]],
    );
}

#[test]
fn scripts_and_go() {
    check(
        "a.ts",
        "function f(x) {\n  if (x === 1) {\n    go(x);\n  }\n  return x ? true : 0;\n}\n",
        expect![[r#"
            5 ReturnValue: `undefined` is returned in place of `x ? true : 0`
                return undefined;
            2 Comparison: `===` becomes `!==`
                if (x !== 1) {
            2 Condition: the condition `(x === 1)` is negated
                if (!(x === 1)) {
            2 Literal: `1` becomes `2`
                if (x === 2) {
            3 Statement: `go(x);` is left out
                {}
            5 Condition: the condition `x` is negated
                return !(x) ? true : 0;
            5 Literal: `true` becomes `false`
                return x ? false : 0;
            5 Literal: `0` becomes `1`
                return x ? true : 1;
        "#]],
    );
    check(
        "a.go",
        "package a\n\nfunc F(x int) int {\n\tif x > 1 {\n\t\tx = 2\n\t}\n\treturn x + 1\n}\n",
        expect![[r#"
            4 Comparison: `>` becomes `<=`
                if x <= 1 {
            4 Condition: the condition `x > 1` is negated
                if !(x > 1) {
            7 Arithmetic: `+` becomes `-`
                return x - 1
            4 Literal: `1` becomes `2`
                if x > 2 {
            5 Statement: `x = 2` is left out
                {}
            5 Literal: `2` becomes `3`
                x = 3
            7 Literal: `1` becomes `2`
                return x + 2
        "#]],
    );
}

#[test]
fn only_the_lines_that_were_asked_for_are_changed() {
    let text = "def f(x):\n    y = x + 1\n    return y - 2\n";
    let some = planted("a.py", text, [2], 99);
    assert!(some.lines().all(|line| !line.starts_with('3')), "{some}");
    assert_eq!(planted("a.py", text, [], 99), "");
    assert_eq!(planted("a.py", text, 1..9, 2).lines().count(), 4);
}

proptest! {
    /// Whatever the text, a fault changes it in its bytes only, and the first ones do not depend on how many are wanted.
    #[test]
    fn prop_a_fault_changes_its_own_place_only(body in "[a-z0-9+<>=(). \n]{0,200}", most in 0usize..20) {
        let text = format!("def f(x):\n    if x < 1:\n        return x\n{body}");
        let source = SourceFile::of_text("a.py", &text).unwrap();
        let mut parsers = Parsers::default();
        if let Ok((file, _)) = parse(&mut parsers, &source) {
            let lines = (1..99).collect();
            let some = mutants(&file, &lines, most);
            prop_assert!(some.len() <= most);
            let all = mutants(&file, &lines, usize::MAX);
            prop_assert_eq!(&some[..], &all[..some.len()]);
            for mutant in all {
                let changed = mutant.plant(&text).unwrap();
                prop_assert_ne!(&changed, &text);
                prop_assert!(changed.starts_with(&text[..mutant.bytes.start]));
                prop_assert!(changed.ends_with(&text[mutant.bytes.end..]));
            }
        }
    }
}
