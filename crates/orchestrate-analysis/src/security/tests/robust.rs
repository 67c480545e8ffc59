//! What holds for any text: no panic, bounded depth, stable identities, honest marks.

use proptest::prelude::*;

use super::findings;
use crate::finding::{Confidence, Severity};

const PATHS: [&str; 6] = ["a.rs", "a.py", "a.js", "a.ts", "a.tsx", "a.go"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn prop_any_text_is_survived(text in "\\PC{0,200}") {
        for path in PATHS {
            findings(path, &text);
        }
    }

    #[test]
    fn prop_text_that_looks_like_code_is_survived(
        parts in proptest::collection::vec(0_usize..40, 0..60),
    ) {
        const WORDS: [&str; 40] = [
            "def f(a):\n", "    ", "if ", "x", " = ", "request", ".", "args", "(", ")", "[", "]", "{", "}", "'a'", "\"",
            "+", "fn f(", "let ", "unsafe ", "=>", "function ", "`${", ";", "\n", ":", "import os", "return ", "for ",
            " in ", "os.system(", "exec(", "else ", "f'{", "é", "func ", "package m\n", "# nosec", "// nosec", ",",
        ];
        let text: String = parts.iter().map(|at| WORDS[*at]).collect();
        for path in PATHS {
            findings(path, &text);
        }
    }
}

#[test]
fn deep_nesting_costs_no_stack() {
    for depth in [100, 5_000] {
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("{", "}"),
            ("f(", ")"),
            ("!", ""),
            ("if x { ", "}"),
        ] {
            let text = format!("{}x{}", open.repeat(depth), close.repeat(depth));
            for path in PATHS {
                findings(path, &text);
            }
        }
        let text: String = (0..depth.min(200))
            .map(|n| format!("{}if x:\n", " ".repeat(n)))
            .collect();
        findings("a.py", &text);
        findings("a.js", &format!("x{}", ".y()".repeat(depth)));
        findings("a.js", &format!("x = {}1;", "'a' + ".repeat(depth)));
        findings(
            "a.go",
            &format!(
                "package m\nfunc f() {{ {} }}",
                "if x { } else ".repeat(depth) + "{ }"
            ),
        );
    }
}

#[test]
fn a_long_sum_is_followed_to_its_end() {
    let text = format!(
        "import os\ndef f(request):\n    os.system({}request.GET['d'])\n",
        "'a' + ".repeat(2_000)
    );
    let found = findings("a.py", &text);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].severity, Severity::Critical);
}

#[test]
fn severity_follows_what_is_proven() {
    let check = |text: &str| {
        let found = findings("a.py", text);
        found.first().map(|f| (f.severity, f.confidence))
    };
    assert_eq!(
        check("import os\ndef f(request):\n    os.system(request.GET['d'])\n"),
        Some((Severity::Critical, Confidence::High))
    );
    assert_eq!(
        check("import os\ndef f(request):\n    os.system(unknown(request.GET['d']))\n"),
        Some((Severity::High, Confidence::Medium))
    );
    assert_eq!(
        check("import os\ndef f(d):\n    os.system('ls ' + d)\n"),
        Some((Severity::High, Confidence::Medium))
    );
    assert_eq!(
        check("import os\ndef f(d):\n    os.system(d)\n"),
        Some((Severity::Medium, Confidence::Medium))
    );
    assert_eq!(
        check("import os, sys\nos.system(sys.argv[1])\n"),
        Some((Severity::Medium, Confidence::Medium))
    );
}

#[test]
fn equal_lines_keep_distinct_identities_and_moved_lines_keep_theirs() {
    let text = "import hashlib\ndef f(x):\n    hashlib.md5(x)\n    hashlib.md5(x)\ndef g(x):\n    hashlib.md5(x)\n";
    let ids: Vec<String> = findings("a.py", text)
        .into_iter()
        .map(|f| f.fingerprint)
        .collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[1], format!("{}-2", ids[0]));
    assert_ne!(ids[2], ids[0]);
    let moved: Vec<String> = findings("a.py", &format!("# a line\n\n{text}"))
        .into_iter()
        .map(|f| f.fingerprint)
        .collect();
    assert_eq!(ids, moved);
}

#[test]
fn suppressions_are_kept_with_their_reason() {
    let text = "import hashlib\nhashlib.md5(x)  # nosec: not for security\n# orchestrate: allow(python.weak-hash) a cache key\nhashlib.md5(y)\nhashlib.md5(z)  # noqa: E501\n";
    let reasons: Vec<Option<String>> = findings("a.py", text)
        .into_iter()
        .map(|f| f.suppressed)
        .collect();
    assert_eq!(
        reasons,
        [
            Some("not for security".to_owned()),
            Some("a cache key".to_owned()),
            None
        ]
    );
}

#[test]
fn a_suppression_without_a_reason_is_mentioned_and_not_honoured() {
    let check = |text: &str, honoured: bool| {
        let found = findings("a.py", text);
        let [finding] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(finding.suppressed.is_some(), honoured, "{text}");
        let mentioned = finding.message.ends_with("is not honoured)");
        assert_eq!(mentioned, text.contains('#') && !honoured, "{text}");
    };
    check("import hashlib\nhashlib.md5(x)\n", false);
    check("import hashlib\nhashlib.md5(x)  # nosec\n", false);
    check("import hashlib\nhashlib.md5(x)  # nosemgrep\n", false);
    check("import hashlib\nhashlib.md5(x)  # noqa: S324\n", false);
    check(
        "import hashlib\n# orchestrate: allow(python.weak-hash)\nhashlib.md5(x)\n",
        false,
    );
    check(
        "import hashlib\n# nosec: a cache key\nhashlib.md5(x)  # nosec\n",
        true,
    );
    check(
        "import hashlib\nhashlib.md5(x)  # nosec a cache key\n",
        true,
    );
}

#[test]
fn what_a_literal_or_a_comment_holds_is_in_no_message() {
    // Assembled here so that the file itself holds no credential.
    let token = format!("ghp_{}", "Zk3Qv9Lw2Xc8Rb5Tn7Yd1Hs6Jf4Gm0PaUeBi");
    let password = format!("{}{}", "Vq7zK2m", "X9tLw4");
    let address = format!("postgres://admin:{password}@db.internal.corp:5432/app");
    let check = |path: &str, text: &str, shown: &str| {
        let found = findings(path, text);
        let messages: Vec<&str> = found.iter().map(|f| f.message.as_str()).collect();
        assert!(messages.iter().any(|m| m.contains(shown)), "{messages:?}");
        for secret in [&token, &password] {
            assert!(!format!("{found:?}").contains(secret), "{messages:?}");
        }
    };
    check(
        "a.py",
        &format!("def f(n):\n    open_db(\"{token}\").execute(\"SELECT a FROM t WHERE a=\" + n)\n"),
        "`open_db(\"…\").execute`",
    );
    check(
        "a.py",
        &format!(
            "def f(n):\n    psycopg2.connect(\"{address}\").execute(\"SELECT a FROM t WHERE a=\" + n)\n"
        ),
        "`psycopg2.connect(\"…\").execute`",
    );
    check(
        "a.js",
        &format!(
            "function f(req) {{ mk('{token}').query('SELECT a FROM t WHERE a=' + req.query.a) }}\n"
        ),
        "`mk(\"…\").query`",
    );
    check(
        "a.js",
        &format!(
            "function f(req) {{ mk(`{token}`, get_{token}).query('SELECT a FROM t WHERE a=' + req.query.a) }}\n"
        ),
        "`mk(\"…\", get_ghp_...(40 characters)).query`",
    );
    check(
        "a.go",
        &format!(
            "package m\nfunc f(r *http.Request) {{ open(`{token}`).Query(\"SELECT a FROM t WHERE a=\" + r.FormValue(\"a\")) }}\n"
        ),
        "open(\"…\").Query",
    );
    check(
        "a.rs",
        &format!("fn f(p: *const u8) {{ unsafe {{ login(/* {token} */ \"{token}\"); *p }} }}\n"),
        "`login( \"…\");`",
    );
    check(
        "a.py",
        &format!("import hashlib\nhashlib.md5(x)  # nosec: {token} is not hashed\n"),
        "md5",
    );
}

#[test]
fn control_characters_that_turn_text_are_found_in_every_language() {
    let line = |path: &str, text: &str| -> Vec<u32> {
        findings(path, text)
            .into_iter()
            .filter(|it| it.rule_id == "source.bidirectional-control")
            .map(|it| it.line)
            .collect()
    };
    assert_eq!(
        line("a.py", "a = 1\n# \u{202e}x\u{2066}\nb = '\u{2067}'\n"),
        [2, 3]
    );
    assert_eq!(line("a.rs", "/* one\n\u{202a} */ fn main() {}\n"), [2]);
    assert_eq!(line("a.go", "package a // \u{2069}\n"), [1]);
    assert_eq!(
        line("a.ts", "const a = '\u{200f}“é”';\n"),
        Vec::<u32>::new()
    );
}
