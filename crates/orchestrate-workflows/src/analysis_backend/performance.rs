//! The performance optimizer: patterns that are known to be slow. It times nothing, so all of it are hints.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::backend::Job;

pub(super) fn look(job: &Job<'_>) -> Answer {
    let mut answer = Answer::over(
        job,
        "patterns over syntax trees that are known to be slow where they run often; nothing was run or timed",
    );
    let mut by_rule: BTreeMap<&str, u32> = BTreeMap::new();
    for hint in &job.snapshot.hints {
        // Tests may be slow, and what somebody has looked at and left out counts no more.
        if answer.finding(hint) {
            *by_rule.entry(&hint.rule_id).or_default() += 1;
        }
    }
    if job.trust.files() == 0 {
        answer.not_measured(
            "slow_patterns",
            "there is no product source that could be read",
            "run it on product code in Rust, Python, JavaScript, TypeScript or Go",
        );
    } else {
        let count: u32 = by_rule.values().sum();
        answer.product_metric(job, "slow_patterns", f64::from(count));
    }
    answer.detail("by_rule", &by_rule);
    answer.not_measured(
        "running time",
        "nothing was run",
        "profile the program on real work before any of the hints is followed",
    );
    answer.not_measured.extend(job.trust.gap());
    answer
}
