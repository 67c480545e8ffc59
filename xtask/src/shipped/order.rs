//! Which functions a profile of callgrind names.
//!
//! A start touches some four thousand functions of thirty thousand, spread over the whole program, and the system
//! maps sixteen pages around each touch. Side by side they take a quarter of that memory.

use std::collections::BTreeSet;

/// The names as the linker knows them, each once, in a fixed order.
pub(super) fn functions(profile: &str) -> String {
    let names: BTreeSet<&str> = profile.lines().filter_map(function).collect();
    names.into_iter().fold(String::new(), |mut out, name| {
        out.push_str(name);
        out.push('\n');
        out
    })
}

/// `fn=(12) NAME`, or `cfn=` for one that is called; the name stands only where the number is new. What comes
/// after an apostrophe counts the levels of a recursion.
fn function(line: &str) -> Option<&str> {
    let named = line
        .strip_prefix("fn=(")
        .or_else(|| line.strip_prefix("cfn=("))?;
    let (_, name) = named.split_once(") ")?;
    let name = name.split('\'').next().unwrap_or(name);
    // An address stands where there is no name.
    (!name.is_empty() && !name.starts_with("0x")).then_some(name)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn each_function_that_ran_is_named_once() {
        let profile = "\
version: 1
ob=(1) /place/orchestrate
fn=(1) _RNvC5first
16 4
cfn=(2) _RNvC5other'2
calls=1 0
fn=(2)
+3 5
fn=(3) 0x00000000000f5000
fn=(4) _RNvC5first
";
        expect![[r"
            _RNvC5first
            _RNvC5other
        "]]
        .assert_eq(&functions(profile));
    }
}
