//! Each pattern with a case that has it and one that does not.

use std::collections::BTreeSet;

use crate::performance::slow_patterns;
use crate::scan::{Parsers, scan_text};
use crate::source::SourceFile;
use crate::test_quality::ProductNames;
use crate::user_rules::UserRules;

/// What is found, by line and the end of the id.
fn found(path: &str, text: &str) -> Vec<(u32, String)> {
    let source = SourceFile::of_text(path, text).expect("a known ending");
    let scanned = scan_text(
        &mut Parsers::default(),
        source,
        &mut ProductNames::default(),
        &UserRules::default(),
    );
    let short = |id: &str| id.trim_start_matches("performance.").to_owned();
    scanned
        .hints
        .iter()
        .map(|hint| (hint.line, short(&hint.rule_id)))
        .collect()
}

fn check(path: &str, text: &str, expected: &[(u32, &str)]) {
    let found = found(path, text);
    let found: Vec<(u32, &str)> = found
        .iter()
        .map(|(line, id)| (*line, id.as_str()))
        .collect();
    assert_eq!(found, expected, "for {path}:\n{text}");
}

const PYTHON: &str = "\
import re
async def f(rows, df):
    time.sleep(1)
    for row in await rows:
        text += 'a' + row
        re.compile('x')
        rows.pop(0)
        await row
        total += 1
        rows.pop()
    for i, row in df.iterrows():
        pass
def g():
    time.sleep(1)
    re.compile('x')
    for x in y:
        def h():
            text += 'a'
";

const SCRIPT: &str = "\
async function f(items) {
  items.forEach(async (item) => { await item; });
  const copy = JSON.parse(JSON.stringify(items));
  items.reduce((all, item) => ({ ...all, [item]: 1 }), {});
  fs.readFileSync('a');
  for (const item of items) {
    await item;
    text += 'a' + item;
    new RegExp('x');
    items.shift();
    sum += item;
  }
}
function g() { fs.readFileSync('a'); items.forEach((item) => item); }
";

const RUST: &str = "\
async fn f() {
    std::thread::sleep(d);
    for item in items {
        item.await;
        let r = Regex::new(\"x\");
        items.remove(0);
        let c = self.config.clone();
        let n = shared.clone();
    }
    loop { next().await; }
    let n = it.collect::<Vec<_>>().len();
}
fn g() { std::thread::sleep(d); let r = Regex::new(\"x\"); }
";

const GO: &str = "\
package a
func f() {
	for _, x := range xs {
		defer x.Close()
		s += \"a\" + x
		regexp.MustCompile(\"x\")
		<-time.After(1)
		n += 1 + len(\"a\")
		func() { defer x.Close() }()
	}
	defer y.Close()
}
";

#[test]
fn every_pattern_is_found_where_it_stands_and_nowhere_else() {
    check(
        "a.py",
        PYTHON,
        &[
            (3, "blocking-in-async"),
            (5, "text-in-loop"),
            (6, "regex-in-loop"),
            (7, "front-of-list"),
            (8, "await-in-loop"),
            (11, "rows-one-by-one"),
        ],
    );
    check(
        "a.ts",
        SCRIPT,
        &[
            (2, "async-for-each"),
            (3, "json-copy"),
            (4, "spread-in-reduce"),
            (5, "blocking-in-async"),
            (7, "await-in-loop"),
            (8, "text-in-loop"),
            (9, "regex-in-loop"),
            (10, "front-of-list"),
        ],
    );
    check(
        "a.rs",
        RUST,
        &[
            (2, "blocking-in-async"),
            (4, "await-in-loop"),
            (5, "regex-in-loop"),
            (6, "front-of-list"),
            (7, "clone-in-loop"),
            (11, "collect-to-count"),
        ],
    );
    check(
        "a.go",
        GO,
        &[
            (4, "defer-in-loop"),
            (5, "text-in-loop"),
            (6, "regex-in-loop"),
            (7, "timer-in-loop"),
        ],
    );
}

#[test]
fn every_pattern_has_a_case() {
    let cases = [
        ("a.py", PYTHON),
        ("a.ts", SCRIPT),
        ("a.rs", RUST),
        ("a.go", GO),
    ];
    let seen: BTreeSet<String> = cases
        .iter()
        .flat_map(|(path, text)| found(path, text))
        .map(|(_, id)| format!("performance.{id}"))
        .collect();
    let all: BTreeSet<String> = slow_patterns().iter().map(|it| it.id.to_owned()).collect();
    assert_eq!(seen, all);
}

#[test]
fn tests_are_left_out() {
    check("tests/a.py", "for x in y:\n    re.compile('x')\n", &[]);
}
