//! Rules for every text file: no trailing blanks, and nothing that names one machine.

use super::Problem;

/// Directories at the root of some machine; paths below them mean nothing elsewhere.
const MACHINE_ROOTS: [&str; 4] = ["work", "root", "home", "tmp/target"];

/// Hosts of package registries, in two parts so that the list does not find itself.
const REGISTRIES: [(&str, &str); 5] = [
    ("crates", "io"),
    ("pypi", "org"),
    ("files.pythonhosted", "org"),
    ("registry.npmjs", "org"),
    ("proxy.golang", "org"),
];

/// Every problem of a text; `is_data` says of a line, counted from 0, that its end is data.
pub(super) fn check(path: &str, text: &str, is_data: impl Fn(usize) -> bool) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut report = |what: String| problems.push(Problem::new(path, index + 1, what));
        if line.ends_with([' ', '\t']) && !is_data(index) {
            report("trailing blanks".to_owned());
        }
        if let Some(root) = MACHINE_ROOTS.iter().find(|root| names_root(line, root)) {
            report(format!("a path of one machine, under `{root}` at its top"));
        }
        for (name, zone) in REGISTRIES {
            if line.contains(&format!("{name}.{zone}")) {
                report(format!("names a registry's host, {name} in {zone}"));
            }
        }
    }
    problems
}

/// Whether an absolute path below the root stands in the line. What comes before the slash tells
/// it from the middle of a longer path.
fn names_root(line: &str, root: &str) -> bool {
    let below = format!("/{root}");
    line.match_indices(&below).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line
            .get(at + below.len()..)
            .and_then(|text| text.chars().next());
        let inside = |c: char| {
            c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '}' | ')' | '*' | '~' | '$')
        };
        let whole = if root.contains('/') {
            !after.is_some_and(char::is_alphanumeric)
        } else {
            after == Some('/')
        };
        !before.is_some_and(inside) && whole
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::listing;

    #[track_caller]
    fn check(text: &str, expected: &Expect) {
        let problems = super::check("a.md", text, |line| line == 9);
        expected.assert_eq(&listing(&problems));
    }

    #[test]
    fn trailing_blanks_are_found_where_they_are_not_data() {
        check(
            "one\ntwo \nthree\t\n",
            &expect![[r#"
                a.md:2: trailing blanks
                a.md:3: trailing blanks
            "#]],
        );
        check(&format!("{}data \n", "\n".repeat(9)), &expect![""]);
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        let text = ["home/me/x", "work/a", "root/.x", "tmp/target-a"]
            .map(|path| format!("see `/{path}`\n"));
        check(
            &text.concat(),
            &expect![[r#"
                a.md:1: a path of one machine, under `home` at its top
                a.md:2: a path of one machine, under `work` at its top
                a.md:3: a path of one machine, under `root` at its top
                a.md:4: a path of one machine, under `tmp/target` at its top
            "#]],
        );
    }

    #[test]
    fn relative_paths_and_longer_names_are_not() {
        // A path after these is relative to what they stand for.
        let relative =
            ["{top}", "~", ".", "$DIR", "**"].map(|start| format!("{start}/{}\n", "work/x"));
        check(&relative.concat(), &expect![""]);
        check(
            "crates/home/src, /homework/a, /tmp/targets, /workspace/, /usr/lib/\n",
            &expect![""],
        );
    }

    #[test]
    fn hosts_of_registries_are_found() {
        let text: String = super::REGISTRIES
            .map(|(name, zone)| format!("from {name}.{zone}\n"))
            .concat();
        check(
            &text,
            &expect![[r#"
                a.md:1: names a registry's host, crates in io
                a.md:2: names a registry's host, pypi in org
                a.md:3: names a registry's host, files.pythonhosted in org
                a.md:4: names a registry's host, registry.npmjs in org
                a.md:5: names a registry's host, proxy.golang in org
            "#]],
        );
        check("docs.rs and https://example.org\n", &expect![""]);
    }
}
