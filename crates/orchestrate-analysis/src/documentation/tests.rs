//! Small sources with the public items that are expected of them.

use std::fmt::Write as _;
use std::fs;

use expect_test::{Expect, expect};

use super::{Changelog, Readme, project_documents, public_items};
use crate::scan::{Parsers, parse};
use crate::source::SourceFile;

fn check(path: &str, text: &str, expected: &Expect) {
    let source = SourceFile::of_text(path, text).expect("a known ending");
    let (file, _) = parse(&mut Parsers::default(), &source).expect("it is small");
    let mut shown = String::new();
    for item in public_items(&file) {
        let mark = if item.documented { '+' } else { '-' };
        writeln!(shown, "{mark} {:?} {}:{}", item.kind, item.name, item.line)
            .expect("a string takes all");
    }
    expected.assert_eq(&shown);
}

#[test]
fn rust_items() {
    check(
        "src/lib.rs",
        r#"
//! The crate.

/// Documented.
#[derive(Debug)]
pub struct A { pub field: u8 }
// A comment is no documentation.
pub fn bare() {}
#[doc = "Documented."]
pub const C: u8 = 1;
/** Documented. */
pub static S: u8 = 1;
pub(crate) fn within() {}
fn private() {}
#[doc(hidden)]
pub fn hidden() {}
struct Private;
impl Private { pub fn unreachable(&self) {} }
impl<T> A<T> {
    /// Documented.
    pub fn method(&self) {}
    pub fn bare(&self) {}
    fn private(&self) {}
}
impl Debug for A { fn fmt(&self) {} }
/// Documented.
pub trait T {
    fn required(&self);
    /// Documented.
    type Item;
}
trait Inner { fn private(&self); }
pub mod outside;
/// Documented.
pub mod inside { pub fn deep() {} }
pub mod inner { //! Documented.
}
mod private_module { pub fn unseen() {} }
pub use other::Thing;
#[macro_export]
macro_rules! exported { () => {} }
macro_rules! unexported { () => {} }
#[cfg(test)]
pub mod tests { pub fn helper() {} }
"#,
        &expect![[r#"
            + Type A:6
            - Function bare:8
            + Value C:10
            + Value S:12
            + Method A::method:21
            - Method A::bare:22
            + Trait T:27
            - Method T::required:28
            + Type T::Item:30
            - Module outside:33
            - Function deep:35
            + Module inside:35
            + Module inner:36
            - Macro exported:41
        "#]],
    );
}

#[test]
fn python_items() {
    check(
        "pkg/module.py",
        r#"
"""The module."""

def documented():
    """It is."""
    def nested(): pass

def bare():
    # A comment is no documentation.
    pass

def _private(): pass

class A:
    "It is."
    def __init__(self): pass
    def method(self):
        x = 1
        """Too late."""
    def _private(self): pass
    def __mangled(self): pass
    @property
    def value(self): """It is."""
    @value.setter
    def value(self, to): pass
    @typing.overload
    def over(self): pass
    @override
    def ridden(self): pass
    class Inner: pass

class _Private:
    def method(self): pass

if x:
    async def conditional(): pass
"#,
        &expect![[r#"
            + Module module.py:1
            + Function documented:4
            - Function bare:8
            + Type A:14
            - Method A.__init__:16
            - Method A.method:17
            + Method A.value:23
            - Type A.Inner:30
            - Function conditional:36
        "#]],
    );
}

#[test]
fn python_all_and_private_modules() {
    check(
        "pkg/module.py",
        "__all__ = ['a']\n__all__ += ['c']\ndef a(): pass\ndef b(): pass\ndef c(): 'It is.'\n",
        &expect![[r#"
            - Module module.py:1
            - Function a:3
            + Function c:5
        "#]],
    );
    check("pkg/_private.py", "def a(): pass\n", &expect![[""]]);
    check("_pkg/a.py", "def a(): pass\n", &expect![[""]]);
    check("pkg/a.pyi", "def a(): ...\n", &expect![[""]]);
    check(
        "pkg/__init__.py",
        "",
        &expect![[r#"
        - Module __init__.py:1
    "#]],
    );
}

#[test]
fn script_items() {
    check(
        "src/a.ts",
        r#"
/** Documented. */
export function f(a: string): void;
export function f(a: number): void;
export function f(a: any) {}
export function g(a: string): void;
/** Documented. */
export function g(a: any) {}
// A comment is no documentation.
export const bare = 1, arrow = () => 1;
/** Documented. */
export default class A { method() {} }
/** Documented. */
export interface I {}
export type T = string;
export enum E {}
/** Documented. */
function listed() {}
function local() {}
export { listed, other as another };
export { again } from './again';
export * from './all';
"#,
        &expect![[r#"
            + Function f:3
            + Function g:6
            - Function arrow:10
            - Value bare:10
            + Type A:12
            + Type I:14
            - Type T:15
            - Type E:16
            + Function listed:18
        "#]],
    );
    check(
        "src/a.js",
        "/** Documented. */\nexports.f = function () {};\nmodule.exports.g = () => 1;\nexports.h = h;\nmodule.exports = f;\n",
        &expect![[r#"
            + Function f:2
            - Function g:3
        "#]],
    );
    check(
        "src/b.js",
        "export default () => 1;\n",
        &expect![[r#"
        - Function default:1
    "#]],
    );
}

#[test]
fn go_items() {
    check(
        "a.go",
        r#"
package a

// Documented.
func F() {}

// Too far away.

func Bare() {}
func private() {}

// Documented.
type T struct { Field int }
// Documented.
func (t *T) Method() {}
func (t T) Bare() {}
func (t *private) Method() {}

// Documented.
const (
	A = 1
	b = 2
)

var (
	// Documented.
	C = 1
	D = 2
	E = 3 // Documented.
)

type (
	G[T any] struct{}
)
"#,
        &expect![[r#"
            + Function F:5
            - Function Bare:9
            + Type T:13
            + Method T.Method:15
            - Method T.Bare:16
            + Value A:21
            + Value C:27
            - Value D:28
            + Value E:29
            - Type G:33
        "#]],
    );
    check("main.go", "package main\n\nfunc F() {}\n", &expect![[""]]);
}

#[test]
fn documents_of_a_project() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let nothing = project_documents(root, &[]);
    assert_eq!(nothing.readme, Readme::Missing);
    assert_eq!(nothing.changelog, Changelog::Missing);
    assert_eq!((nothing.version, nothing.licence), (None, None));

    let write = |name: &str, text: &str| fs::write(root.join(name), text).expect("it is writable");
    write("README.md", "# Name\n");
    write("CHANGELOG.md", "## 0.9.0\n");
    write("COPYING", "all");
    let found = project_documents(root, &[]);
    let path = |name: &str| name.to_owned();
    assert_eq!(
        found.readme,
        Readme::Trivial {
            path: path("README.md")
        }
    );
    assert_eq!(
        found.changelog,
        Changelog::Unchecked {
            path: path("CHANGELOG.md")
        }
    );
    assert_eq!(found.licence, Some(path("COPYING")));

    write("README.md", &"Words that say something. ".repeat(20));
    write("Cargo.toml", "[package]\nversion = \"1.0.0\"\n");
    let found = project_documents(root, &[]);
    assert_eq!(
        found.readme,
        Readme::Present {
            path: path("README.md")
        }
    );
    assert_eq!(
        found.changelog,
        Changelog::Behind {
            path: path("CHANGELOG.md")
        }
    );
    write("CHANGELOG.md", "## 1.0.0\n## 0.9.0\n");
    let found = project_documents(root, &[]);
    assert_eq!(
        found.changelog,
        Changelog::Current {
            path: path("CHANGELOG.md")
        }
    );
}

/// The root of a workspace has no version; its packages have, each with a changelog of its own.
#[test]
fn changelogs_of_packages() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let package = |name: &str, version: &str, changelog: &str| {
        let directory = root.join(name);
        fs::create_dir(&directory).expect("it is writable");
        let manifest = format!("[package]\nversion = \"{version}\"\n");
        fs::write(directory.join("Cargo.toml"), manifest).expect("it is writable");
        fs::write(directory.join("CHANGELOG.md"), changelog).expect("it is writable");
    };
    package("a", "1.0.0", "# 1.0.0");
    let found = project_documents(root, &["a".to_owned()]);
    assert_eq!(
        found.changelog,
        Changelog::Current {
            path: "a/CHANGELOG.md".to_owned()
        }
    );
    package("b", "2.0.0", "# 1.0.0");
    let found = project_documents(root, &["a".to_owned(), "b".to_owned()]);
    assert_eq!(
        found.changelog,
        Changelog::Behind {
            path: "b/CHANGELOG.md".to_owned()
        }
    );
    assert_eq!(
        found.version.map(|version| version.manifest),
        Some("b/Cargo.toml".to_owned())
    );
}
