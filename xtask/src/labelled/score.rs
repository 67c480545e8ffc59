//! Precision and recall, by family and over all.

use std::collections::BTreeMap;

use crate::measured::percent;

/// How cases of one family went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Score {
    /// Cases with something to find in which it was found.
    pub(super) found: usize,
    /// Cases in which it was missed.
    pub(super) missed: usize,
    /// Cases that should stay silent and did not.
    pub(super) false_alarms: usize,
    /// Cases that should stay silent and did.
    pub(super) silent: usize,
}

impl Score {
    pub(super) fn add(&mut self, expected: bool, found: bool) {
        match (expected, found) {
            (true, true) => self.found += 1,
            (true, false) => self.missed += 1,
            (false, true) => self.false_alarms += 1,
            (false, false) => self.silent += 1,
        }
    }

    fn merge(&mut self, other: Self) {
        self.found += other.found;
        self.missed += other.missed;
        self.false_alarms += other.false_alarms;
        self.silent += other.silent;
    }

    pub(super) fn line(&self, name: &str) -> String {
        format!(
            "{name:<36} {:>5} {:>7} {:>6} {:>7}  {:>9} {:>9}\n",
            self.found,
            self.missed,
            self.false_alarms,
            self.silent,
            percent(self.found, self.found + self.false_alarms),
            percent(self.found, self.found + self.missed),
        )
    }
}

/// A table of all families, with their sum at its end.
pub(super) fn table(scores: &BTreeMap<String, Score>) -> String {
    let mut text = format!(
        "{:<36} {:>5} {:>7} {:>6} {:>7}  {:>9} {:>9}\n",
        "family", "found", "missed", "false", "silent", "precision", "recall"
    );
    let mut sum = Score::default();
    for (family, score) in scores {
        text += &score.line(family);
        sum.merge(*score);
    }
    text + &sum.line("all")
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_family_without_cases_of_a_kind_has_no_share() {
        let mut score = Score::default();
        score.add(true, true);
        score.add(true, false);
        let scores = BTreeMap::from([
            ("a".to_owned(), score),
            (
                "b".to_owned(),
                Score {
                    false_alarms: 1,
                    ..Score::default()
                },
            ),
        ]);
        expect![[r#"
            family                               found  missed  false  silent  precision    recall
            a                                        1       1      0       0   100.00 %   50.00 %
            b                                        0       0      1       0     0.00 %         -
            all                                      1       1      1       0    50.00 %   50.00 %
        "#]]
        .assert_eq(&table(&scores));
    }
}
