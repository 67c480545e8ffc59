//! What is said of tests in the five languages, with tests that do claim something beside those that do not.

use std::fmt::Write;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{ProductNames, TestFacts, TestFunction, declarations, inspect};
use crate::language::Language;
use crate::source::{ParsedFile, Role, SourceFile};

fn source(path: &str, text: &str) -> SourceFile {
    let is_test = path.contains("test") || path.contains("spec");
    SourceFile {
        path: path.to_owned(),
        language: Language::of_path(path).unwrap(),
        role: if is_test { Role::Test } else { Role::Product },
        text: text.to_owned(),
        modified: None,
    }
}

/// Parses; `#[cfg(test)]` begins test code that goes to the end of a product file.
fn parse(source: &SourceFile) -> ParsedFile<'_> {
    let mut parser = tree_sitter::Parser::new();
    parser
        .set_language(&source.language.grammar(&source.path))
        .unwrap();
    let tests = source
        .text
        .find("#[cfg(test)]")
        .map(|start| start..source.text.len());
    ParsedFile {
        source,
        tree: parser.parse(&source.text, None).unwrap(),
        test_ranges: tests.into_iter().collect(),
    }
}

fn product() -> ProductNames {
    let files = [
        source("shop/__init__.py", ""),
        source("shop/price.py", "def total(): pass"),
        source("src/price.js", ""),
        source("web/app/index.ts", ""),
        source(
            "pkg/price.go",
            "package pkg\nfunc total(x int) int { return x }\ntype Basket struct{}\n",
        ),
    ];
    let parsed: Vec<ParsedFile<'_>> = files.iter().map(parse).collect();
    let mut names = ProductNames::of_paths(files.iter().map(|file| file.path.as_str()));
    parsed
        .iter()
        .for_each(|file| names.learn(&file.source.path, &declarations(file)));
    names.learn_manifest("Cargo.toml", "[package]\nname = \"my-shop\"\n");
    names.learn_manifest("package.json", r#"{"name": "@me/shop"}"#);
    names.learn_manifest("go.mod", "module example.com/shop\n\ngo 1.22\n");
    names
}

fn tests_of(path: &str, text: &str) -> Vec<TestFunction> {
    inspect(&parse(&source(path, text)), &product())
}

fn check(path: &str, text: &str, expected: Expect) {
    let mut rendered = String::new();
    for test in tests_of(path, text) {
        writeln!(
            rendered,
            "{} {}: {:?}, {} of {} trivial, {:?}",
            test.line, test.name, test.claims, test.trivial_assertions, test.assertions, test.reach
        )
        .unwrap();
    }
    expected.assert_eq(&rendered);
}

#[test]
fn python_assertions_of_constants_are_trivial() {
    check(
        "tests/test_a.py",
        r#"
from shop.price import total

def test_true(): assert True
def test_one(): assert 1 == 1, "message"
def test_text(): assert "non-empty"
def test_builtin(): assert len([1, 2]) == 2 and isinstance("x", str)
def test_local():
    result = {"status": "success"}
    assert result["status"] == "success"
def test_chain():
    a = 2
    b = a + 1
    assert b == 3
def test_dead():
    if False:
        assert total() == 1
class TestX(TestCase):
    def test_method(self):
        self.assertTrue(True)
        self.assertEqual(1, 1)
"#,
        expect![[r#"
            4 test_true: OnlyTrivial, 1 of 1 trivial, DoesNot
            5 test_one: OnlyTrivial, 1 of 1 trivial, DoesNot
            6 test_text: OnlyTrivial, 1 of 1 trivial, DoesNot
            7 test_builtin: OnlyTrivial, 1 of 1 trivial, DoesNot
            8 test_local: OnlyTrivial, 1 of 1 trivial, DoesNot
            11 test_chain: OnlyTrivial, 1 of 1 trivial, DoesNot
            15 test_dead: OnlyTrivial, 1 of 1 trivial, DoesNot
            19 test_method: OnlyTrivial, 2 of 2 trivial, DoesNot
        "#]],
    );
}

#[test]
fn python_assertions_that_hold_by_their_form_are_trivial_and_equal_calls_are_not() {
    check(
        "tests/test_a.py",
        r#"
from shop.price import total
def test_same(x): assert x.a == x.a
def test_is(x): assert (x is x)
def test_or(x): assert x or True
def test_or_first(x): assert x == 1 or True or x
def test_stable(x): assert total(x) == total(x)
def test_other(x): assert x == x.a
def test_chain(x): assert x == x == total
def test_and(x): assert x and True
"#,
        expect![[r#"
            3 test_same: OnlyTrivial, 1 of 1 trivial, DoesNot
            4 test_is: OnlyTrivial, 1 of 1 trivial, DoesNot
            5 test_or: OnlyTrivial, 1 of 1 trivial, DoesNot
            6 test_or_first: OnlyTrivial, 1 of 1 trivial, DoesNot
            7 test_stable: Asserts, 0 of 1 trivial, Reaches
            8 test_other: Asserts, 0 of 1 trivial, Reaches
            9 test_chain: Asserts, 0 of 1 trivial, Reaches
            10 test_and: Asserts, 0 of 1 trivial, Reaches
        "#]],
    );
}

#[test]
fn python_assertions_of_something_are_not() {
    check(
        "tests/test_a.py",
        r#"
import pytest
from shop.price import total

def test_call(): assert total() == 1
def test_local():
    result = total()
    assert result
def test_changed():
    items = []
    total(items)
    assert items == []
def test_overwritten():
    ok = True
    ok = total()
    assert ok
def test_raises():
    with pytest.raises(ValueError):
        total(-1)
def test_unittest(self):
    self.assertEqual(total(), 1)
def test_mock(mock):
    mock.assert_called_once_with(1)
def test_fail():
    if total() != 1:
        pytest.fail("no")
def test_unreachable():
    try:
        total(-1)
    except ValueError:
        return
    assert False
def test_one_of_two():
    assert True
    assert total() == 1
def check_total(value): assert total() == value
def inner(value): helper_two(value)
def helper_two(value): assert total() == value
def test_helper(): check_total(1)
def test_local_helper(): inner(1)
def test_name_of_a_builtin():
    bytes = total().getvalue()
    assert bytes == b""
def test_method_of_a_constant():
    result = {"status": "ok"}
    assert result.get("status") == "ok"
async def test_async():
    assert await total()
"#,
        expect![[r#"
            5 test_call: Asserts, 0 of 1 trivial, Reaches
            6 test_local: Asserts, 0 of 1 trivial, Reaches
            9 test_changed: Asserts, 0 of 1 trivial, Reaches
            13 test_overwritten: Asserts, 0 of 1 trivial, Reaches
            17 test_raises: Asserts, 0 of 1 trivial, Reaches
            20 test_unittest: Asserts, 0 of 1 trivial, Reaches
            22 test_mock: Asserts, 0 of 1 trivial, Reaches
            24 test_fail: Asserts, 0 of 1 trivial, Reaches
            27 test_unreachable: Asserts, 0 of 1 trivial, Reaches
            33 test_one_of_two: Asserts, 1 of 2 trivial, Reaches
            39 test_helper: Asserts, 0 of 1 trivial, Reaches
            40 test_local_helper: Asserts, 0 of 1 trivial, Reaches
            41 test_name_of_a_builtin: Asserts, 0 of 1 trivial, Reaches
            44 test_method_of_a_constant: OnlyTrivial, 1 of 1 trivial, DoesNot
            47 test_async: Asserts, 0 of 1 trivial, Reaches
        "#]],
    );
}

#[test]
fn python_without_assertions() {
    check(
        "tests/test_a.py",
        r#"
from shop.price import total

def test_pass(): pass
def test_doc():
    """Says something."""
    print("hello")
def test_smoke(): total()
def helper(): assert True
def not_a_test(): assert True
@pytest.fixture(scope="session")
def test_apps(): pass
@pytest.mark.usefixtures("x")
@pytest.mark.parametrize("x", [1])
def test_marked(x): pass
def test_nested():
    def test_inner(): assert True
    test_inner()
"#,
        expect![[r#"
            4 test_pass: Nothing, 0 of 0 trivial, DoesNot
            5 test_doc: Nothing, 0 of 0 trivial, DoesNot
            8 test_smoke: NoneVisible, 0 of 0 trivial, Reaches
            15 test_marked: Nothing, 0 of 0 trivial, DoesNot
            16 test_nested: OnlyTrivial, 1 of 1 trivial, Reaches
        "#]],
    );
}

#[test]
fn python_ways_to_the_product() {
    let reach = |imports: &str| {
        let text = format!("{imports}\ndef test_a(): assert f() == 1\n");
        format!("{:?}", tests_of("tests/unit/test_a.py", &text)[0].reach)
    };
    for imports in [
        "import shop",
        "import shop.price as p",
        "from shop import price",
        "from shop.price import total",
        "from ...shop import price",
        "from ...shop.price import total",
        "from unittest import mock\nmock.patch('shop.price.total')",
        "import os, shop",
    ] {
        assert_eq!(reach(imports), "Reaches", "{imports}");
    }
    for imports in [
        "from .helpers import f",
        "from tests.helpers import f",
        "import subprocess",
        "from shop.tests.util import f",
    ] {
        assert_eq!(reach(imports), "Unknown", "{imports}");
    }
    for imports in [
        "",
        "import os",
        "import shopping",
        "from json import loads",
        "import pytest",
    ] {
        assert_eq!(reach(imports), "DoesNot", "{imports}");
    }
    check(
        "tests/test_b.py",
        "def test_fixture(client, tmp_path): assert client.get('/').ok\ndef test_own(tmp_path): assert tmp_path.exists()\n",
        expect![[r#"
            1 test_fixture: Asserts, 0 of 1 trivial, Unknown
            2 test_own: Asserts, 0 of 1 trivial, DoesNot
        "#]],
    );
}

#[test]
fn rust_tests() {
    check(
        "src/lib.rs",
        r#"
pub fn total() -> u32 { 1 }
#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn trivial() { assert!(true); assert_eq!(1, 1); assert!(Some(1).is_some()); }
    #[test]
    fn trivial_local() { let result = 4; assert_eq!(result, 4, "message"); }
    #[test]
    fn real() { assert_eq!(total(), 1); }
    #[test]
    #[should_panic(expected = "x")]
    fn panics() { total(); }
    #[test]
    fn question() -> Result<(), E> { run()?; Ok(()) }
    #[test]
    fn unwraps() { parse("1").unwrap(); }
    #[test]
    fn snapshot() { insta::assert_snapshot!(total()); }
    #[test]
    fn expected() { expect![["1"]].assert_eq(&total().to_string()); }
    #[test]
    fn helper() { check("a", 1); }
    #[test]
    fn local_helper() { run_it(1); }
    #[test]
    fn smoke() { total(); }
    #[test]
    fn empty() {}
    #[tokio::test]
    async fn waits() { assert!(total().await); }
    #[test]
    fn dead() { if false { assert_eq!(total(), 2); } }
    #[test]
    fn method_of_a_trait() { let xs = [7, 9]; assert!(xs.largest() == 9); }
    #[test]
    fn must_not_get_here() { if total() == 2 { assert!(false, "{}", 1); } }
    #[test]
    fn panics_itself() { match total() { 1 => {} other => panic!("{other}") } }
    fn run_it(x: u32) { assert_eq!(total(), x); }
    fn not_a_test() { assert!(true); }
    proptest! {
        #[test]
        fn law(x in 0..9u32) { prop_assert!(total() < x); }
        #[test]
        fn no_law(x in 0..9u32) { prop_assert!(true); }
        #[test]
        #[should_panic]
        fn panics_in_macro() { total(); }
    }
}
"#,
        expect![[r#"
            7 trivial: OnlyTrivial, 3 of 3 trivial, DoesNot
            9 trivial_local: OnlyTrivial, 1 of 1 trivial, DoesNot
            11 real: Asserts, 0 of 1 trivial, Reaches
            14 panics: Asserts, 0 of 1 trivial, Reaches
            16 question: Asserts, 0 of 1 trivial, Reaches
            18 unwraps: Asserts, 0 of 1 trivial, Reaches
            20 snapshot: Asserts, 0 of 1 trivial, Reaches
            22 expected: Asserts, 0 of 1 trivial, Reaches
            24 helper: Asserts, 0 of 1 trivial, Reaches
            26 local_helper: Asserts, 0 of 1 trivial, Reaches
            28 smoke: NoneVisible, 0 of 0 trivial, Reaches
            30 empty: Nothing, 0 of 0 trivial, DoesNot
            32 waits: Asserts, 0 of 1 trivial, Reaches
            34 dead: OnlyTrivial, 1 of 1 trivial, DoesNot
            36 method_of_a_trait: Asserts, 0 of 1 trivial, Reaches
            38 must_not_get_here: Asserts, 0 of 1 trivial, Reaches
            40 panics_itself: Asserts, 0 of 1 trivial, Reaches
            45 law: Asserts, 0 of 1 trivial, Reaches
            47 no_law: OnlyTrivial, 1 of 1 trivial, DoesNot
            50 panics_in_macro: Asserts, 0 of 1 trivial, Reaches
        "#]],
    );
}

#[test]
fn rust_ways_to_the_product() {
    let reach = |imports: &str| {
        format!(
            "{:?}",
            tests_of(
                "tests/a.rs",
                &format!("{imports}\n#[test]\nfn a() {{ assert_eq!(f(), 1); }}\n")
            )[0]
            .reach
        )
    };
    assert_eq!(reach("use my_shop::total;"), "Reaches");
    assert_eq!(reach("fn f() -> u32 { my_shop::total() }"), "Reaches");
    assert_eq!(
        reach("fn f() { Command::new(env!(\"CARGO_BIN_EXE_shop\")); }"),
        "Reaches"
    );
    assert_eq!(reach("mod common;"), "Unknown");
    assert_eq!(reach("use std::process::Command;"), "Unknown");
    assert_eq!(reach("use std::fmt;"), "DoesNot");
}

#[test]
fn javascript_tests() {
    check(
        "test/price.test.js",
        r#"
import { total } from '../src/price.js';
describe('x', () => {
  it('trivial', () => { expect(true).toBe(true); });
  it('trivial chai', () => { expect(1).to.equal(1); expect(true).to.be.true; });
  it("trivial local", () => { const a = 1; expect(a).toBe(1); });
  test('trivial assert', () => { assert(true); assert.strictEqual(1, 1); });
  it('real', () => { expect(total([])).toBe(0); });
  it('real chai', () => { total([]).should.equal(0); expect(total([])).to.be.ok; });
  it('real assert', async () => { assert.equal(await total(), 1); });
  it.each([[1]])('table %s', (x) => { expect(total(x)).toBe(x); });
  it('throws', () => { expect(() => total(-1)).toThrow(); });
  it('rejects', async () => { await expect(total()).rejects.toThrow(); });
  test('tap', (t) => { t.is(total(), 1); });
  it('supertest', () => request(app).get('/').expect(200));
  it('snapshot', () => { expect(total()).toMatchSnapshot(); });
  it('no matcher', () => { expect(true); });
  it('smoke', () => { total(); });
  it('empty', () => {});
  it('helper', () => { checkTotal(total()); });
  it('local helper', () => { run(1); });
  it('changed', () => { let a = 0; a = total(); expect(a).toBe(1); });
  it('set in a callback', () => { let all = false; app.all(() => { all = true; }); expect(all).toBe(true); });
  it('counted', () => { let count = 0; app.use(() => { assert.equal(++count, 1); }); });
  it('throw', () => { if (total() !== 1) throw new Error('no'); });
  it.skip('skipped', () => { expect(true).toBe(true); });
  it.todo('later');
});
const run = (x) => { expect(total()).toBe(x); };
"#,
        expect![[r#"
            4 trivial: OnlyTrivial, 1 of 1 trivial, DoesNot
            5 trivial chai: OnlyTrivial, 2 of 2 trivial, DoesNot
            6 trivial local: OnlyTrivial, 1 of 1 trivial, DoesNot
            7 trivial assert: OnlyTrivial, 2 of 2 trivial, DoesNot
            8 real: Asserts, 0 of 1 trivial, Reaches
            9 real chai: Asserts, 0 of 2 trivial, Reaches
            10 real assert: Asserts, 0 of 1 trivial, Reaches
            11 table %s: Asserts, 0 of 1 trivial, Reaches
            12 throws: Asserts, 0 of 1 trivial, Reaches
            13 rejects: Asserts, 0 of 1 trivial, Reaches
            14 tap: Asserts, 0 of 1 trivial, Reaches
            15 supertest: Asserts, 0 of 1 trivial, Reaches
            16 snapshot: Asserts, 0 of 1 trivial, Reaches
            17 no matcher: Nothing, 0 of 0 trivial, DoesNot
            18 smoke: NoneVisible, 0 of 0 trivial, Reaches
            19 empty: Nothing, 0 of 0 trivial, DoesNot
            20 helper: Asserts, 0 of 1 trivial, Reaches
            21 local helper: Asserts, 0 of 1 trivial, Reaches
            22 changed: Asserts, 0 of 1 trivial, Reaches
            23 set in a callback: Asserts, 0 of 1 trivial, Reaches
            24 counted: Asserts, 0 of 1 trivial, Reaches
            25 throw: Asserts, 0 of 1 trivial, Reaches
        "#]],
    );
}

#[test]
fn javascript_ways_to_the_product() {
    let reach = |imports: &str| {
        format!(
            "{:?}",
            tests_of(
                "test/unit/a.spec.ts",
                &format!("{imports}\nit('a', () => {{ expect(f()).toBe(1); }});\n")
            )[0]
            .reach
        )
    };
    for imports in [
        "import { f } from '../../src/price.js';",
        "import { f } from '../../src/price';",
        "const f = require('../../src/price');",
        "import '../../web/app';",
        "import f from '@me/shop';",
        "import f from '@me/shop/sub';",
        "import f from '@/price';",
        "const f = await import('../../src/price.js');",
        "jest.mock('../../src/price');",
    ] {
        assert_eq!(reach(imports), "Reaches", "{imports}");
    }
    assert_eq!(reach("import { f } from './helpers';"), "Unknown");
    assert_eq!(reach("import { f } from '~utils';"), "Unknown");
    assert_eq!(reach("import { f } from '@me/shopping';"), "DoesNot");
    assert_eq!(reach("import fs from 'node:fs';"), "DoesNot");
}

#[test]
fn go_tests() {
    check(
        "pkg/price_test.go",
        r#"
package pkg

import "testing"

func TestTrivial(t *testing.T) { if false { t.Fail() } }
func TestTrivialIf(t *testing.T) { if 1 != 1 { t.Error("no") } }
func TestTrivialLocal(t *testing.T) { got := 1; if got != 1 { t.Errorf("no %d", got) } }
func TestTrivialTestify(t *testing.T) { assert.True(t, true); require.Equal(t, 1, 1) }
func TestReal(t *testing.T) { if got := total(1); got != 1 { t.Errorf("got %d", got) } }
func TestTable(t *testing.T) {
	for _, c := range []struct{ in, want int }{{1, 1}} {
		t.Run("x", func(t *testing.T) { if total(c.in) != c.want { t.Fatal("no") } })
	}
}
func TestTestify(t *testing.T) { require.Equal(t, 1, total(1)) }
func TestHelper(t *testing.T) { checkTotal(t, 1) }
func TestLocalHelper(t *testing.T) { run(t, 1) }
func TestSmoke(t *testing.T) { total(1) }
func TestLog(t *testing.T) { t.Log("hello") }
func TestEmpty(t *testing.T) {}
func TestErrorf(t *testing.T) { _ = fmt.Errorf("x") }
func FuzzTotal(f *testing.F) { f.Fuzz(func(t *testing.T, x int) { if total(x) < 0 { t.Fatal() } }) }
func TestMain(m *testing.M) { os.Exit(m.Run()) }
func Testing(t *testing.T) {}
func BenchmarkX(b *testing.B) {}
func run(t *testing.T, want int) { if total(1) != want { t.Fatal() } }
"#,
        expect![[r#"
            6 TestTrivial: OnlyTrivial, 1 of 1 trivial, DoesNot
            7 TestTrivialIf: OnlyTrivial, 1 of 1 trivial, DoesNot
            8 TestTrivialLocal: OnlyTrivial, 1 of 1 trivial, DoesNot
            9 TestTrivialTestify: OnlyTrivial, 2 of 2 trivial, DoesNot
            10 TestReal: Asserts, 0 of 1 trivial, Reaches
            11 TestTable: Asserts, 0 of 1 trivial, Reaches
            16 TestTestify: Asserts, 0 of 1 trivial, Reaches
            17 TestHelper: Asserts, 0 of 1 trivial, Reaches
            18 TestLocalHelper: Asserts, 0 of 1 trivial, Reaches
            19 TestSmoke: NoneVisible, 0 of 0 trivial, Reaches
            20 TestLog: Nothing, 0 of 0 trivial, DoesNot
            21 TestEmpty: Nothing, 0 of 0 trivial, DoesNot
            22 TestErrorf: Nothing, 0 of 0 trivial, DoesNot
            23 FuzzTotal: Asserts, 0 of 1 trivial, Reaches
        "#]],
    );
}

#[test]
fn go_ways_to_the_product() {
    let reach = |path: &str, imports: &str| {
        let text = format!(
            "package p\n{imports}\nfunc TestA(t *testing.T) {{ if f() != 1 {{ t.Fatal() }} }}\n"
        );
        format!("{:?}", tests_of(path, &text)[0].reach)
    };
    assert_eq!(
        reach("other/a_test.go", "import \"example.com/shop/pkg\""),
        "Reaches"
    );
    assert_eq!(
        reach("pkg/a_test.go", "func f() int { return total(1) }"),
        "Reaches"
    );
    assert_eq!(reach("pkg/a_test.go", "var b Basket"), "Reaches");
    assert_eq!(
        reach("other/a_test.go", "func f() int { return total(1) }"),
        "DoesNot"
    );
    assert_eq!(
        reach("other/a_test.go", "import \"example.com/shopping\""),
        "DoesNot"
    );
    assert_eq!(reach("other/a_test.go", "import \"os/exec\""), "Unknown");
}

/// A suite as a generator writes it that is paid by the test.
#[test]
fn a_suite_of_placeholders_is_described_as_what_it_is() {
    let mut tests = Vec::new();
    for file in 0..3 {
        let mut text = "\"\"\"Generated tests.\"\"\"\nimport pytest\n\n".to_owned();
        for test in 0..167 {
            writeln!(text, "def test_coverage_{file}_{test}():\n    \"\"\"Covers line {test}.\"\"\"\n    # TODO\n    assert True\n").unwrap();
        }
        tests.extend(tests_of(&format!("tests/test_generated_{file}.py"), &text));
    }
    let facts = TestFacts::of(&tests);
    assert_eq!(
        facts.describe(),
        "501 tests, 501 assert nothing about the product, 0 reach the product"
    );
    assert_eq!(
        (facts.files, facts.files_without_product, facts.only_trivial),
        (3, 3, 501)
    );
}

#[test]
fn a_mixed_suite_is_counted_apart() {
    let tests = tests_of(
        "tests/test_a.py",
        "from shop import total\ndef test_a(): assert total() == 1\ndef test_b(): total()\ndef test_c(): pass\ndef test_d(): assert True\n",
    );
    let facts = TestFacts::of(&tests);
    assert_eq!(
        facts.describe(),
        "4 tests, 2 assert nothing about the product, 2 reach the product, 1 have no visible assertion"
    );
    assert_eq!(
        TestFacts::of(&[]).describe(),
        "0 tests, 0 assert nothing about the product, 0 reach the product"
    );
}

#[test]
fn product_files_hold_no_tests() {
    assert_eq!(tests_of("shop/price.py", "def test_a(): assert True\n"), []);
}

#[test]
fn depth_does_not_exhaust_the_stack() {
    let deep = format!(
        "def test_a():\n    assert {}1{}\n",
        "(".repeat(20_000),
        ")".repeat(20_000)
    );
    assert_eq!(tests_of("tests/test_a.py", &deep).len(), 1);
    let chain = format!("it('a', () => {{ a{}; }});\n", ".b()".repeat(5_000));
    assert_eq!(tests_of("a.test.js", &chain).len(), 1);
}

proptest! {
    #[test]
    fn prop_any_text_is_inspected(text in "(def test_a|assert|expect|it\\(|fn|#\\[test\\]|func TestA|\\(|\\)|\\{|\\}|:|\n|    | |==|1|x|\\.|!|'|\"){0,40}", which in 0..5_usize) {
        let path = ["tests/test_a.py", "tests/a.rs", "a.test.js", "a.spec.ts", "a_test.go"][which];
        for test in tests_of(path, &text) {
            prop_assert!(test.trivial_assertions <= test.assertions);
            prop_assert!(test.line >= 1);
        }
    }
}
