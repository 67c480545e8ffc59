//! The names of tests that failed, from what their runners print.

use std::collections::BTreeSet;

/// What pytest (`FAILED tests/test_a.py::test_b - why`) and unittest (`FAIL: test_b (tests.test_a.A)`) name.
pub(super) fn in_python(output: &str) -> BTreeSet<String> {
    let names = output.lines().filter_map(|line| {
        let of_pytest = ["FAILED ", "ERROR "].iter().find_map(|word| {
            let rest = line.strip_prefix(word)?;
            let name = rest.split_once(" - ").map_or(rest, |(name, _)| name);
            name.contains(".py").then_some(name)
        });
        let of_unittest = || {
            ["FAIL: ", "ERROR: "]
                .iter()
                .find_map(|word| line.strip_prefix(word))
        };
        of_pytest.or_else(of_unittest)
    });
    names.map(|name| name.trim().to_owned()).collect()
}

/// What the harness of Rust names: `test module::name ... FAILED`.
pub(super) fn in_rust(output: &str) -> BTreeSet<String> {
    let names = output
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    names.map(|name| name.trim().to_owned()).collect()
}

/// What Go names: `--- FAIL: TestA/case (0.00s)`, which may be inside of another.
pub(super) fn in_go(output: &str) -> BTreeSet<String> {
    let names = output.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("--- FAIL: ")?;
        rest.split(' ').next()
    });
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_a_runner_prints() {
        let names = |found: BTreeSet<String>| found.into_iter().collect::<Vec<_>>().join(", ");
        let pytest = "x\nFAILED tests/test_a.py::test_b[1 - 2] - assert 1 == 2\nERROR tests/test_c.py - boom\nERROR root: a log line\n";
        assert_eq!(
            names(in_python(pytest)),
            "tests/test_a.py::test_b[1, tests/test_c.py"
        );
        let unittest = "FAIL: test_b (tests.test_a.A.test_b)\n------\nERROR: test_c (x.C)\n";
        assert_eq!(
            names(in_python(unittest)),
            "test_b (tests.test_a.A.test_b), test_c (x.C)"
        );
        let cargo = "test a::b ... ok\ntest a::c ... FAILED\ntest result: FAILED. 1 passed";
        assert_eq!(names(in_rust(cargo)), "a::c");
        let go = "--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\nFAIL\n";
        assert_eq!(names(in_go(go)), "TestA, TestA/b");
    }
}
