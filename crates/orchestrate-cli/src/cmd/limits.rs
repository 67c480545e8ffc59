//! The limits of a run: flags over settings, and what to do about one that was reached.

use orchestrate_core::event::LimitHolder;
use orchestrate_core::limits::{Cost, Limits};
use orchestrate_core::outcome::LimitKind;
use orchestrate_core::result::ReachedLimit;

use crate::args::LimitArgs;
use crate::render;
use crate::settings::{Settings, names};

/// What a person can do about a limit that stopped a run; none for bounds that a plan has by itself.
/// `reached` is what is known of limits that kept steps from beginning.
pub(crate) fn advice(limit: LimitKind, reached: &[ReachedLimit]) -> Option<String> {
    let flag = match limit {
        LimitKind::Calls => "--max-calls",
        LimitKind::Tokens => "--max-tokens",
        LimitKind::Cost => "--max-cost",
        LimitKind::WallTime => "--max-seconds",
        LimitKind::Depth => "--max-depth",
        LimitKind::Width => "--max-width",
        _ => return None,
    };
    let name = limit.as_str();
    let known = reached.iter().rev().find(|it| it.limit == limit);
    let enough = known.and_then(|it| Some((it, render::Short::of(it)?)));
    Some(match enough {
        Some((it, short)) => {
            let (step, enough) = (&it.short.step, short.enough);
            let raised = match &it.of {
                LimitHolder::Run => format!("`{flag} {enough}` would let"),
                LimitHolder::Step(of) => format!("a limit of {enough} for step `{of}` would let"),
                LimitHolder::Agent(of) => format!("a limit of {enough} for agent `{of}` would let"),
            };
            format!("the limit of {name} stopped it: {raised} `{step}` begin")
        }
        None => format!(
            "the limit of {name} stopped it: raise `{flag}`, or `limits` of the workflow or step that sets it"
        ),
    })
}

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
