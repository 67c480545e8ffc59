//! What rules of a user find, allow, and cannot say.

use std::fs;
use std::sync::Arc;

use expect_test::{Expect, expect};

use super::UserRules;
use crate::scan::{ScanOptions, scan};

/// Scans files with a `gitleaks.toml` and a directory of rules, both beside the project.
fn check(gitleaks: &str, own: &str, files: &[(&str, &str)], expected: Expect) {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path().join("project");
    let rules = directory.path().join("rules");
    for directory in [&root, &rules] {
        fs::create_dir(directory).expect("it is writable");
    }
    for (path, text) in files {
        fs::write(root.join(path), text).expect("it is writable");
    }
    let config = directory.path().join("gitleaks.toml");
    fs::write(&config, gitleaks).expect("it is writable");
    fs::write(rules.join("a.toml"), own).expect("it is writable");
    let rules = UserRules::load(Some(&config), &[rules]);
    let base = directory.path().display().to_string();
    let mut text = String::new();
    for it in rules.problems() {
        text += &format!("{}:{}: {}\n", it.path.replace(&base, ""), it.line, it.what);
    }
    let options = ScanOptions {
        rules: Arc::new(rules),
        ..ScanOptions::default()
    };
    let snapshot = scan(&root, &options).expect("it is a directory");
    for it in &snapshot.findings {
        text += &format!(
            "{}:{}:{}: {} {:?}: {}",
            it.path, it.line, it.column, it.rule_id, it.severity, it.message
        );
        if let Some(reason) = &it.suppressed {
            text += &format!(" (suppressed: {reason})");
        }
        text += "\n";
    }
    expected.assert_eq(&text);
}

#[test]
fn secrets_by_the_rules_of_gitleaks() {
    let config = r#"
[[rules]]
id = "own-token"
description = "a token of ours"
regex = '''own_([a-z0-9]{8})'''
keywords = ["OWN_"]
entropy = 2.0
[[rules.allowlists]]
stopwords = ["test"]

[[rules]]
id = "by-path"
description = "a key file"
path = '''\.sealed$'''

[[rules]]
id = "looks-ahead"
regex = '''(?=a)'''

[allowlist]
paths = ['''^ignored''']
regexes = ['''^\${[a-z]+}$''', '''(''']
"#;
    check(
        config,
        "",
        &[
            (
                "a.txt",
                "own_a1b2c3d4\nown_aaaaaaaa\nown_test1234\nown_e5f6a7b8 # nosec: revoked\n",
            ),
            ("ignored.txt", "own_a1b2c3d4\n"),
            ("key.sealed", "text"),
        ],
        expect![[r#"
            /gitleaks.toml:18: the expression cannot be read: look-around, including look-ahead and look-behind, is not supported
            /gitleaks.toml:22: the expression cannot be read: unclosed group
            a.txt:1:5: gitleaks.own-token High: a token of ours: `a1...`, 8 characters
            a.txt:4:5: gitleaks.own-token High: a token of ours: `e5...`, 8 characters (suppressed: revoked)
            key.sealed:1:1: gitleaks.by-path High: a key file: `...`, 0 characters
        "#]],
    );
}

#[test]
fn own_rules_over_trees_and_texts() {
    let own = r#"
[[rule]]
id = "no-print"
language = "python"
query = '((call function: (identifier) @name) @found (#eq? @name "print"))'
message = "print is for scripts"
fix = "use the logger"
severity = "low"

[[rule]]
id = "no-http"
regex = 'http://[a-z]+'
message = "not encrypted"
paths = ["b"]

[[rule]]
id = "broken"
language = "python"
query = '(no_such_node) @found'
message = "never"

[[rule]]
id = "half"
message = "never"
"#;
    check(
        "",
        own,
        &[
            (
                "a.py",
                "print(1)\nx = printer(2)\nprint(3)  # orchestrate: allow(user.no-print) a script\nu = 'http://a'\n",
            ),
            ("b.txt", "see http://example\n"),
        ],
        expect![[r#"
            /rules/a.toml:19: the query cannot be read: NodeType "no_such_node"
            /rules/a.toml:23: `half` needs either `query` or `regex`
            a.py:1:1: user.no-print Low: print is for scripts
            a.py:3:1: user.no-print Low: print is for scripts (suppressed: a script)
            b.txt:1:5: user.no-http Medium: not encrypted
        "#]],
    );
}

#[test]
fn files_that_cannot_be_read_are_named() {
    check(
        "rules = 1\n",
        "[[rule]]\nid = \"a\"\nmesage = \"b\"\n",
        &[],
        expect![[r#"
            /gitleaks.toml:1: invalid type: integer `1`, expected a sequence
            /rules/a.toml:3: unknown field `mesage`, expected one of `id`, `language`, `query`, `regex`, `message`, `fix`, `severity`, `confidence`, `paths`
        "#]],
    );
}

#[test]
fn the_lists_of_a_user_hold_for_the_rules_of_this_program_too() {
    // Put together here, so that no credential stands in this file.
    let token = format!("{}{}", "ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx");
    let text = format!("token = \"{token}\"\n");
    let allow = "[allowlist]\npaths = ['''^a\\.cfg$''']\n";
    check(
        allow,
        "",
        &[("a.cfg", &text), ("b.cfg", &text)],
        expect![[r#"
            b.cfg:1:10: secrets.github-token Critical: GitHub token: `ghp_...`, 40 characters
        "#]],
    );
}
