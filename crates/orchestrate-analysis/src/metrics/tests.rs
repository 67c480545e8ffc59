//! Small sources with the figures that are expected of them.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use crate::metrics::{FileMeasures, measure};
use crate::scan::{Parsers, parse};
use crate::source::SourceFile;

fn measured(path: &str, text: &str) -> FileMeasures {
    let source = SourceFile::of_text(path, text).expect("a known ending");
    let (file, _) = parse(&mut Parsers::default(), &source).expect("it is small");
    measure(&file)
}

/// One line per function, then the sums of the file.
fn check(path: &str, text: &str, expected: &Expect) {
    let measures = measured(path, text);
    let mut shown = String::new();
    for function in &measures.functions {
        writeln!(
            shown,
            "{}:{}-{} code {} cyc {} cog {} nest {} par {}{}",
            function.name,
            function.line,
            function.end_line,
            function.code_lines,
            function.cyclomatic,
            function.cognitive,
            function.nesting,
            function.parameters,
            if function.is_test { " test" } else { "" },
        )
        .expect("a string takes all");
    }
    write!(
        shown,
        "code {} test {}",
        measures.code_lines, measures.test_code_lines
    )
    .expect("a string takes all");
    for hazard in &measures.hazards {
        let place = if hazard.in_test { " in test" } else { "" };
        write!(shown, ", {:?}:{}{place}", hazard.kind, hazard.line).expect("a string takes all");
    }
    for marker in &measures.markers {
        write!(shown, ", {:?}:{}", marker.kind, marker.line).expect("a string takes all");
    }
    assert!(!measures.has_errors, "the source has syntax errors");
    expected.assert_eq(&shown);
}

#[test]
fn rust_functions() {
    check(
        "a.rs",
        r#"
fn plain(a: u8, b: u8) -> u8 { a + b }

fn branches(x: Option<u8>) -> u8 {
    if x.is_some() && true || false { 1 } else if x.is_none() { 2 } else { 3 }
}

fn arms(x: u8) -> u8 {
    match x {
        0 => 1,
        1 if x > 2 => 2,
        _ => 3,
    }
}

impl<T> Holder<T> {
    /// Documentation is no code.
    fn method(&self, n: u8) {
        'outer: for i in 0..n {
            while i > 0 {
                if let Some(x) = y && x > 1 { continue 'outer; }
            }
        }
        let Some(z) = w else { return };
        // closures belong to the function around them
        let f = |x: u8| if x > 0 { 1 } else { 2 };
        fn inner() { loop {} }
    }
}

trait Speaks {
    fn silent(&self);
    fn loud(&self) { if true {} }
}
"#,
        &expect![[r#"
            plain:2-2 code 1 cyc 1 cog 0 nest 0 par 2
            branches:4-6 code 3 cyc 5 cog 5 nest 1 par 1
            arms:8-14 code 7 cyc 4 cog 1 nest 1 par 1
            Holder::method:18-28 code 9 cyc 7 cog 12 nest 3 par 1
            Holder::method::inner:27-27 code 1 cyc 2 cog 1 nest 1 par 0
            Speaks::loud:33-33 code 1 cyc 2 cog 1 nest 1 par 0
            code 27 test 0"#]],
    );
}

/// A run of one operator breaks the flow once, each change of operator once more.
#[test]
fn operators() {
    check(
        "a.go",
        r"
package a

func one() { return a && b && c }
func nested() { return a && (b && c) }
func mixed() { return a && b || c && d }
func negated() { return a && !(b && c) }
",
        &expect![[r#"
            one:4-4 code 1 cyc 3 cog 1 nest 0 par 0
            nested:5-5 code 1 cyc 3 cog 1 nest 0 par 0
            mixed:6-6 code 1 cyc 4 cog 3 nest 0 par 0
            negated:7-7 code 1 cyc 3 cog 2 nest 0 par 0
            code 5 test 0"#]],
    );
}

#[test]
fn rust_hazards_are_found_inside_macros_and_split_from_tests() {
    check(
        "a.rs",
        r#"
fn product() {
    a.unwrap();
    assert_eq!(a.unwrap(), b.expect("c"));
    a.unwrap_or(1); unwrap(); self::expect("x");
    panic!("{}", todo!());
    unimplemented!();
    let panic = "a.unwrap() // TODO not a comment"; // TODO: a comment
    vec![unreachable!()];
}

#[cfg(test)]
mod tests {
    fn helper() { a.unwrap() }
}

#[tokio::test]
async fn test() { a.unwrap() }

#[cfg(not(test))]
fn also_product() { a.unwrap() }

#[cfg(all(unix, test))]
fn tested() { a.unwrap() }

#[cfg(any(unix, test))]
fn shipped() { a.unwrap() }
"#,
        &expect![[r#"
            product:2-10 code 9 cyc 1 cog 0 nest 0 par 0
            helper:14-14 code 1 cyc 1 cog 0 nest 0 par 0 test
            test:18-18 code 1 cyc 1 cog 0 nest 0 par 0 test
            also_product:21-21 code 1 cyc 1 cog 0 nest 0 par 0
            tested:24-24 code 1 cyc 1 cog 0 nest 0 par 0 test
            shipped:27-27 code 1 cyc 1 cog 0 nest 0 par 0
            code 13 test 8, Unwrap:3, Unwrap:4, Expect:4, Panic:6, Todo:6, Unimplemented:7, Unreachable:9, Unwrap:14 in test, Unwrap:18 in test, Unwrap:21, Unwrap:24 in test, Unwrap:27, Todo:8"#]],
    );
}

#[test]
fn rust_whole_file_for_tests() {
    check(
        "a.rs",
        "#![cfg(test)]\nfn f() { a.unwrap() }\n",
        &expect![[r#"
            f:2-2 code 1 cyc 1 cog 0 nest 0 par 0 test
            code 0 test 2, Unwrap:2 in test"#]],
    );
}

/// The numbers of radon, by hand: its rules are odd in places and are kept.
#[test]
fn python_functions() {
    check(
        "a.py",
        r#"
"""Documentation is no code."""


def plain(a, b=1 if x else 2, *c, **d):
    """Nor is this."""
    return a


def branches(x):
    if x and y or z:
        pass
    elif x:
        pass
    else:
        pass
    return 1 if x else 2


def loops(x):
    for i in x:
        pass
    else:
        pass
    while x:
        break
    return [i for i in x if i if not i]


def handlers():
    try:
        pass
    except ValueError:
        pass
    except:
        pass
    else:
        pass
    finally:
        pass
    with a as b:
        assert a and b


def matched(x):
    match x:
        case 1:
            pass
        case 2 if x and y:
            pass
        case _:
            pass


class Outer:
    value = 1 if x else 2

    @decorated(1 if x else 2)
    async def method(self, a):
        def inner():
            if a:
                pass
        return lambda: 1 if a else 2

    class Inner:
        def method(cls): pass
"#,
        &expect![[r#"
            plain:5-7 code 2 cyc 1 cog 0 nest 0 par 4
            branches:10-17 code 8 cyc 6 cog 6 nest 1 par 1
            loops:20-27 code 8 cyc 7 cog 3 nest 1 par 1
            handlers:30-42 code 13 cyc 5 cog 3 nest 1 par 0
            matched:45-52 code 8 cyc 4 cog 2 nest 1 par 1
            Outer.method:59-63 code 2 cyc 2 cog 2 nest 1 par 1
            Outer.method.inner:60-62 code 3 cyc 2 cog 1 nest 1 par 0
            Outer.Inner.method:66-66 code 1 cyc 1 cog 0 nest 0 par 0
            code 49 test 0, BareExcept:35"#]],
    );
}

#[test]
fn python_test_classes() {
    check(
        "a.py",
        r#"
class TestThing(unittest.TestCase):
    def test_it(self):
        pass

class TestCase(unittest.TestCase):
    def helper(self):
        pass
"#,
        &expect![[r#"
            TestThing.test_it:3-4 code 2 cyc 1 cog 0 nest 0 par 0 test
            TestCase.helper:7-8 code 2 cyc 1 cog 0 nest 0 par 0
            code 3 test 3"#]],
    );
}

#[test]
fn script_functions() {
    check(
        "a.ts",
        r#"
export function plain(a: number, b?: string) { return a ? 1 : 2 }
export const arrow = async (x) => { for (const a of x) { if (a && b || c) break } };
const object = { key: function () { do {} while (x) }, method() { switch (x) { case 1: case 2: break; default: } } };
class A {
  field = () => { try { } catch (e) { } };
  method(a, b) { list.map((x) => x ?? 1); }
}
export default () => a || b;
describe('x', () => { it('y', () => { if (a) { } }) });
// TODO later
"#,
        &expect![[r#"
            plain:2-2 code 0 cyc 2 cog 1 nest 1 par 2
            arrow:3-3 code 0 cyc 5 cog 5 nest 2 par 1
            key:4-4 code 0 cyc 2 cog 1 nest 1 par 0
            method:4-4 code 0 cyc 3 cog 1 nest 1 par 0
            A.field:6-6 code 0 cyc 2 cog 1 nest 1 par 0
            A.method:7-7 code 1 cyc 2 cog 1 nest 0 par 2
            default:9-9 code 0 cyc 2 cog 1 nest 0 par 0
            func1:10-10 code 0 cyc 2 cog 2 nest 1 par 0
            code 9 test 0, Todo:11"#]],
    );
}

#[test]
fn tsx_functions() {
    check(
        "a.tsx",
        "export const View = ({ a }: Props) => <div>{a ? <b/> : null}</div>;\n",
        &expect![[r#"
            View:1-1 code 0 cyc 2 cog 1 nest 1 par 1
            code 1 test 0"#]],
    );
}

/// The numbers of lizard.
#[test]
fn go_functions() {
    check(
        "a.go",
        r#"
package a

func Plain(a, b int, c string) int { return a }

func (r *Reader[T]) Read(p []byte) (n int, err error) {
	if a && b || c {
	} else if d {
	} else {
	}
	for i := range p {
		switch i {
		case 1, 2:
		case 3:
		default:
		}
	}
	select {
	case <-c:
	}
	go func() {
		if x {
			panic("a")
		}
	}()
	return
}

var value = func() { for {} }
"#,
        &expect![[r#"
            Plain:4-4 code 1 cyc 1 cog 0 nest 0 par 3
            Reader.Read:6-27 code 18 cyc 9 cog 9 nest 2 par 1
            Reader.Read.func1:21-25 code 4 cyc 2 cog 1 nest 1 par 0
            func1:29-29 code 0 cyc 2 cog 1 nest 1 par 0
            code 25 test 0, Panic:23"#]],
    );
}

#[test]
fn nothing_gives_nothing() {
    for path in ["a.rs", "a.py", "a.js", "a.ts", "a.tsx", "a.go"] {
        let measures = measured(path, "");
        assert_eq!(measures.functions, []);
        assert_eq!(measures.code_lines, 0);
    }
}
