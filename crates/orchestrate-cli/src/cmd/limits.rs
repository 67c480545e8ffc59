//! The limits of a run: flags over settings.

use orchestrate_core::limits::{Cost, Limits};

use crate::args::LimitArgs;
use crate::settings::{Settings, names};

/// The limits that hold.
pub(crate) fn limits(args: &LimitArgs, settings: &Settings) -> Limits {
    let count = |flag: Option<u64>, name| flag.or_else(|| settings.count(name));
    let small = |flag: Option<u32>, name| {
        let set = || Some(u32::try_from(settings.count(name)?).unwrap_or(u32::MAX));
        flag.or_else(set)
    };
    Limits {
        calls: count(args.max_calls, names::MAX_CALLS),
        tokens: count(args.max_tokens, names::MAX_TOKENS),
        cost: args
            .max_cost
            .or_else(|| settings.number(names::MAX_COST))
            .map(Cost::from),
        wall_ms: count(args.max_seconds, names::MAX_SECONDS).map(|it| it.saturating_mul(1000)),
        concurrency: small(args.concurrency, names::CONCURRENCY),
        max_depth: small(args.max_depth, names::MAX_DEPTH),
        max_width: small(args.max_width, names::MAX_WIDTH),
    }
}
