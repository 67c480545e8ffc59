//! What the tests claim. Coverage says that a line ran; only an assertion says that it ran right.

use orchestrate_analysis::Snapshot;
use orchestrate_analysis::test_quality::{Claims, Reach, TestFacts, TestFunction};

use super::answer::Answer;

/// How many tests are named.
const NAMED: usize = 20;

/// States what the tests claim, and what of it must block a release: a suite of which nothing
/// reaches the product, or of which more than half can never fail because of it. However many
/// lines such a suite covers, it proves nothing.
pub(super) fn state(answer: &mut Answer, snapshot: &Snapshot) {
    let facts = TestFacts::of(&snapshot.tests);
    answer.detail("tests", &facts);
    if facts.tests == 0 {
        if snapshot.product().next().is_some() {
            answer.warnings.push("there are no tests".to_owned());
        }
        return;
    }
    let silent: Vec<&TestFunction> = snapshot
        .tests
        .iter()
        .filter(|test| test.says_nothing())
        .collect();
    answer.detail(
        "tests_that_prove_nothing",
        &silent.iter().take(NAMED).collect::<Vec<_>>(),
    );
    let reaches_nothing = snapshot
        .tests
        .iter()
        .all(|test| test.reach == Reach::DoesNot);
    let told = facts.describe();
    if reaches_nothing {
        answer
            .blockers
            .push(format!("no test reaches the product: {told}"));
    } else if silent.len() * 2 > facts.tests {
        answer
            .blockers
            .push(format!("most tests prove nothing: {told}"));
    } else if silent.is_empty() && facts.no_visible_assertion * 2 > facts.tests {
        answer
            .warnings
            .push(format!("most tests have no visible assertion: {told}"));
    } else if !silent.is_empty() {
        answer
            .warnings
            .push(format!("some tests prove nothing: {told}"));
    }
}

/// Why a coverage report is not believed, whatever it says: nothing that was found could have made
/// it, or what could asserts nothing that can be seen. With it, what would settle the matter.
pub(super) fn doubt(snapshot: &Snapshot) -> Option<(String, String)> {
    let tests = snapshot.tests.len();
    let asserts = |test: &TestFunction| test.claims == Claims::Asserts;
    if tests == 0 {
        let why = "there is a coverage report, but no test that could have made it was found";
        let how = "add tests in the project's language, then run them under coverage";
        Some((why.to_owned(), how.to_owned()))
    } else if !snapshot.tests.iter().any(asserts) {
        let why = format!(
            "there is a coverage report, but of {tests} tests none has a visible assertion"
        );
        let how = "assert what the product is to give, then run the tests under coverage";
        Some((why, how.to_owned()))
    } else {
        None
    }
}
