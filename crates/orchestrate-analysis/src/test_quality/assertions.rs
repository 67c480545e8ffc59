//! Which calls are assertions, by the names that test frameworks and people give them.

use crate::language::Language;

/// What a call in a test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallKind {
    /// It fails the test unless its arguments are right.
    Assertion,
    /// A helper that is named like an assertion; what it asserts stands elsewhere.
    Helper,
    /// It fails the test.
    Fail,
    /// It can assert nothing: output, waiting, construction of plain data.
    Harmless,
    /// Nobody knows.
    Other,
}

/// What a call to this path is; `path` is not empty.
pub(super) fn kind_of(language: Language, path: &[&str]) -> CallKind {
    let (Some(root), Some(last)) = (path.first().copied(), path.last().copied()) else {
        return CallKind::Other;
    };
    let specific = match language {
        Language::Python => python(root, last),
        Language::Rust => rust(last),
        Language::JavaScript | Language::TypeScript => javascript(path, root, last),
        Language::Go => go(path, root, last),
    };
    if specific != CallKind::Other {
        return specific;
    }
    if is_assertion_name(last) {
        CallKind::Helper
    } else {
        CallKind::Other
    }
}

/// Whether people call helpers so that fail a test by themselves.
fn is_assertion_name(name: &str) -> bool {
    let name = name.trim_start_matches('_').to_ascii_lowercase();
    [
        "assert", "check", "expect", "verify", "validate", "ensure", "should", "require",
    ]
    .iter()
    .any(|start| name.starts_with(start))
}

/// The assertions of unittest and nose, whose arguments are all that they look at.
const UNITTEST: [&str; 24] = [
    "Equal",
    "Equals",
    "NotEqual",
    "True",
    "False",
    "Is",
    "IsNot",
    "IsNone",
    "IsNotNone",
    "In",
    "NotIn",
    "IsInstance",
    "NotIsInstance",
    "Greater",
    "GreaterEqual",
    "Less",
    "LessEqual",
    "AlmostEqual",
    "CountEqual",
    "ListEqual",
    "DictEqual",
    "SetEqual",
    "TupleEqual",
    "Regex",
];

/// Whether a name is one of unittest (`assertEqual`) or of nose (`assert_equal`).
fn is_unittest(name: &str) -> bool {
    let rest = name.strip_prefix("assert").unwrap_or_default();
    let plain = |text: &str| text.replace('_', "").to_ascii_lowercase();
    !rest.is_empty() && UNITTEST.iter().any(|known| plain(known) == plain(rest))
}

fn python(root: &str, last: &str) -> CallKind {
    match last {
        "raises" | "warns" | "deprecated_call" | "check_call" | "check_output"
        | "raise_for_status" => CallKind::Assertion,
        "fail" => CallKind::Fail,
        _ if is_unittest(last) => CallKind::Assertion,
        "print" | "len" | "range" | "sleep" | "str" | "int" | "float" | "bool" | "list"
        | "dict" | "set" | "tuple" | "type" | "isinstance" | "repr" | "sorted" | "enumerate"
        | "zip" | "abs" | "sum" | "min" | "max" | "skip" | "super" => CallKind::Harmless,
        _ if matches!(root, "logging" | "logger" | "log" | "time") => CallKind::Harmless,
        _ => CallKind::Other,
    }
}

fn rust(last: &str) -> CallKind {
    match last {
        // They panic, and a panic fails the test.
        "unwrap" | "unwrap_err" | "expect" | "expect_err" | "unwrap_none" | "panic"
        | "unreachable" => CallKind::Assertion,
        "println" | "eprintln" | "print" | "eprint" | "dbg" | "Some" | "Ok" | "Err" | "vec"
        | "format" | "sleep" | "drop" | "todo" => CallKind::Harmless,
        _ => CallKind::Other,
    }
}

fn javascript(path: &[&str], root: &str, last: &str) -> CallKind {
    const OF_CONTEXT: [&str; 29] = [
        "is",
        "not",
        "true",
        "false",
        "truthy",
        "falsy",
        "deepEqual",
        "notDeepEqual",
        "equal",
        "equals",
        "notEqual",
        "same",
        "notSame",
        "ok",
        "notOk",
        "throws",
        "throwsAsync",
        "notThrows",
        "pass",
        "like",
        "regex",
        "snapshot",
        "strictEqual",
        "match",
        "rejects",
        "error",
        "ifError",
        "deepStrictEqual",
        "end",
    ];
    match root {
        // `expect(x)` without a matcher claims nothing.
        "expect" if path.len() == 1 => CallKind::Harmless,
        "expect" if matches!(last, "assertions" | "hasAssertions" | "extend") => CallKind::Harmless,
        "expect" | "assert" | "expectTypeOf" | "assertType" => CallKind::Assertion,
        "t" | "assertion" | "tap" if OF_CONTEXT.contains(&last) => CallKind::Assertion,
        "console" | "setTimeout" | "String" | "Number" | "Boolean" | "Object" | "Array"
        | "Math" | "JSON" | "Promise" => CallKind::Harmless,
        _ if last == "fail" => CallKind::Fail,
        _ if path
            .iter()
            .any(|part| matches!(*part, "should" | "expect" | "assert")) =>
        {
            CallKind::Assertion
        }
        _ => CallKind::Other,
    }
}

fn go(path: &[&str], root: &str, last: &str) -> CallKind {
    match (root, last) {
        ("fmt" | "log" | "time" | "errors" | "http", _)
        | (_, "Log" | "Logf" | "Helper" | "Parallel" | "Skip" | "Skipf" | "SkipNow") => {
            CallKind::Harmless
        }
        (_, "Error" | "Errorf" | "Fatal" | "Fatalf" | "Fail" | "FailNow") if path.len() == 2 => {
            CallKind::Fail
        }
        ("panic", _) => CallKind::Fail,
        ("require" | "assert" | "is" | "qt" | "So" | "Expect" | "Ω" | "g" | "check", _) => {
            CallKind::Assertion
        }
        ("len" | "cap" | "append" | "make" | "new" | "string" | "int" | "byte", _)
            if path.len() == 1 =>
        {
            CallKind::Harmless
        }
        _ => CallKind::Other,
    }
}

/// What a macro of Rust is; `debug_assert` and `prop_assert` are assertions like `assert`.
pub(super) fn kind_of_macro(name: &str) -> CallKind {
    let name = name
        .trim_start_matches("debug_")
        .trim_start_matches("prop_");
    match kind_of(Language::Rust, &[name]) {
        CallKind::Helper if name.starts_with("assert") => CallKind::Assertion,
        kind => kind,
    }
}

/// The receivers of assertions in Python that are part of a framework and not what is looked at.
pub(super) fn is_framework(receiver: &str) -> bool {
    [
        "self",
        "cls",
        "pytest",
        "unittest",
        "testing",
        "np.testing",
        "numpy.testing",
        "npt",
        "nt",
    ]
    .contains(&receiver)
}

/// Names that stand for no data of their own in an assertion: the frameworks, and functions that give the same for the
/// same constants.
pub(super) fn is_neutral(language: Language, name: &str) -> bool {
    let names: &[&str] = match language {
        Language::Python => &[
            "len",
            "int",
            "str",
            "float",
            "bool",
            "list",
            "dict",
            "set",
            "tuple",
            "isinstance",
            "type",
            "callable",
            "abs",
            "sum",
            "min",
            "max",
            "sorted",
            "range",
            "any",
            "all",
            "repr",
            "round",
            "object",
            "bytes",
        ],
        Language::Rust => &[
            "Some",
            "None",
            "Ok",
            "Err",
            "vec",
            "String",
            "from",
            "to_string",
            "len",
            "matches",
            "is_some",
            "is_none",
            "is_ok",
            "is_err",
            "unwrap",
            "format",
            "std",
        ],
        Language::JavaScript | Language::TypeScript => &[
            "expect",
            "assert",
            "t",
            "tap",
            "undefined",
            "NaN",
            "Infinity",
            "Object",
            "Array",
            "Number",
            "String",
            "Boolean",
            "Math",
            "JSON",
            "chai",
        ],
        Language::Go => &[
            "t", "b", "tb", "assert", "require", "is", "qt", "len", "string", "int", "testing",
            "nil", "true", "false", "float64", "bool", "byte",
        ],
    };
    names.contains(&name)
}
