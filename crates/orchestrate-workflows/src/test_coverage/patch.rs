//! New files as a patch.

use std::fmt::Write as _;

use super::report::TestFile;

/// A patch that adds these files, as `git apply` and `patch -p1` take it.
#[must_use]
pub fn patch<'a>(files: impl IntoIterator<Item = &'a TestFile>) -> String {
    let mut text = String::new();
    for TestFile { path, content, .. } in files {
        let count = content.lines().count();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{count} @@"
        );
        for line in content.split_inclusive('\n') {
            text.push('+');
            text.push_str(line);
        }
        if !content.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn each_file_is_added_as_a_whole() {
        let file = |path: &str, content: &str| TestFile {
            path: path.to_owned(),
            content: content.to_owned(),
            skeleton: false,
        };
        expect![[r"
            diff --git a/t/a.py b/t/a.py
            new file mode 100644
            --- /dev/null
            +++ b/t/a.py
            @@ -0,0 +1,2 @@
            +one
            +two
            diff --git a/b.py b/b.py
            new file mode 100644
            --- /dev/null
            +++ b/b.py
            @@ -0,0 +1,1 @@
            +x
            \ No newline at end of file
        "]]
        .assert_eq(&patch([&file("t/a.py", "one\ntwo\n"), &file("b.py", "x")]));
    }
}
