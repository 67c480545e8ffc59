//! The limits of a run: flags over settings.

use orchestrate_core::limits::{Cost, Limits};

use crate::args::LimitArgs;
use crate::settings::{Settings, names};

/// The limits that hold.
pub(crate) fn limits(args: &LimitArgs, settings: &Settings) -> Limits {
    let count = |flag: Option<u64>, name| flag.or_else(|| settings.count(name));
    let concurrency = args.concurrency.or_else(|| {
        let count = settings.count(names::CONCURRENCY)?;
        Some(u32::try_from(count).unwrap_or(u32::MAX))
    });
    Limits {
        calls: count(args.max_calls, names::MAX_CALLS),
        tokens: count(args.max_tokens, names::MAX_TOKENS),
        cost: args
            .max_cost
            .or_else(|| settings.number(names::MAX_COST))
            .map(Cost::from),
        wall_ms: count(args.max_seconds, names::MAX_SECONDS).map(|it| it.saturating_mul(1000)),
        concurrency,
        ..Limits::default()
    }
}
