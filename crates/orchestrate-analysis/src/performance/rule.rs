//! The patterns: what each finds, why it is slow, and what to write instead.

use crate::finding::{Confidence, Severity};

/// A slow pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowPattern {
    /// Stable id, for example `performance.python-concatenation`.
    pub id: &'static str,
    /// What it finds, in a few words.
    pub title: &'static str,
    /// How much it may cost.
    pub severity: Severity,
    /// How sure it is that this costs time.
    pub confidence: Confidence,
    /// Why it is slow, in one sentence.
    pub why: &'static str,
    /// What to write instead, in one sentence.
    pub fix: &'static str,
}

const fn pattern(
    id: &'static str,
    severity: Severity,
    confidence: Confidence,
    title: &'static str,
    why: &'static str,
    fix: &'static str,
) -> SlowPattern {
    SlowPattern {
        id,
        title,
        severity,
        confidence,
        why,
        fix,
    }
}

use Confidence::{High, Low as Unsure, Medium as Likely};
use Severity::{Info, Low, Medium};

pub(super) const ASYNC_BLOCKING: SlowPattern = pattern(
    "performance.blocking-in-async",
    Medium,
    Likely,
    "a call that blocks inside an async function",
    "everything else on this thread waits as well",
    "use the asynchronous form of the call, or move it to a thread that may block",
);
pub(super) const AWAIT_IN_LOOP: SlowPattern = pattern(
    "performance.await-in-loop",
    Info,
    Unsure,
    "`await` in a loop",
    "each step waits for the one before, also where they do not depend on each other",
    "start them together and wait for all, if no step needs the one before",
);
pub(super) const ASYNC_FOR_EACH: SlowPattern = pattern(
    "performance.async-for-each",
    Low,
    Likely,
    "an async function given to `forEach`",
    "nobody waits for what it starts, and all of it starts at once",
    "use `for … of` with `await`, or `Promise.all` over `map`",
);
pub(super) const JSON_COPY: SlowPattern = pattern(
    "performance.json-copy",
    Low,
    High,
    "a copy by way of JSON text",
    "the value is written and parsed to be copied",
    "use `structuredClone`, or copy the fields that are needed",
);
pub(super) const SPREAD_IN_REDUCE: SlowPattern = pattern(
    "performance.spread-in-reduce",
    Low,
    Likely,
    "a spread of the accumulator in `reduce`",
    "every step copies what all steps before collected",
    "fill one object or array and return it",
);
pub(super) const REGEX_IN_LOOP: SlowPattern = pattern(
    "performance.regex-in-loop",
    Medium,
    Likely,
    "a regular expression compiled in a loop",
    "compiling it costs far more than using it",
    "compile it once, outside of the loop",
);
pub(super) const TEXT_IN_LOOP: SlowPattern = pattern(
    "performance.text-in-loop",
    Low,
    Likely,
    "a text that grows piece by piece in a loop",
    "each piece may copy all of the text before it",
    "collect the pieces and join them, or write to a builder",
);
pub(super) const FRONT_OF_LIST: SlowPattern = pattern(
    "performance.front-of-list",
    Low,
    Likely,
    "an element taken from or put to the front of a list in a loop",
    "all other elements are moved each time",
    "use a queue with two ends",
);
pub(super) const ROWS_ONE_BY_ONE: SlowPattern = pattern(
    "performance.rows-one-by-one",
    Low,
    Likely,
    "rows of a table taken one by one",
    "each row is built as an object of its own",
    "use an operation over whole columns",
);
pub(super) const CLONE_IN_LOOP: SlowPattern = pattern(
    "performance.clone-in-loop",
    Info,
    Unsure,
    "a copy of a collection or text made in a loop",
    "each turn of the loop allocates",
    "borrow it, or move the copy out of the loop",
);
pub(super) const COLLECT_TO_COUNT: SlowPattern = pattern(
    "performance.collect-to-count",
    Low,
    High,
    "a collection that is built to be counted or asked whether it is empty",
    "it is allocated and thrown away",
    "count the iterator, or ask it for its next element",
);
pub(super) const DEFER_IN_LOOP: SlowPattern = pattern(
    "performance.defer-in-loop",
    Low,
    High,
    "`defer` in a loop",
    "nothing is released before the function ends, however many turns there are",
    "move the body of the loop into a function",
);
pub(super) const TIMER_IN_LOOP: SlowPattern = pattern(
    "performance.timer-in-loop",
    Low,
    Likely,
    "`time.After` in a loop",
    "each turn makes a timer that lives until it fires",
    "make one timer and reset it",
);

/// All patterns, by id.
#[must_use]
pub fn slow_patterns() -> Vec<SlowPattern> {
    let mut all = vec![
        ASYNC_BLOCKING,
        AWAIT_IN_LOOP,
        ASYNC_FOR_EACH,
        JSON_COPY,
        SPREAD_IN_REDUCE,
        REGEX_IN_LOOP,
        TEXT_IN_LOOP,
        FRONT_OF_LIST,
        ROWS_ONE_BY_ONE,
        CLONE_IN_LOOP,
        COLLECT_TO_COUNT,
        DEFER_IN_LOOP,
        TIMER_IN_LOOP,
    ];
    all.sort_by_key(|pattern| pattern.id);
    all
}
