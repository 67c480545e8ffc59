//! What a step was short of that a limit kept from beginning.

use orchestrate_core::event::LimitHolder;
use orchestrate_core::limits::{Limits, Usage};
use orchestrate_core::outcome::LimitKind;
use orchestrate_core::result::ReachedLimit;

use super::text::exact;

/// A shortage in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Short {
    /// The smallest limit that would let the step begin, as it is written for a flag.
    pub(crate) enough: String,
    /// Which limit, what of it is used, what the step needs.
    pub(crate) told: String,
}

impl Short {
    /// Of a limit of what is spent; none of other kinds.
    pub(crate) fn of(reached: &ReachedLimit) -> Option<Self> {
        let short = &reached.short;
        let (amount, sign, unit): (fn(&Usage) -> f64, _, _) = match reached.limit {
            LimitKind::Calls => (|it| it.calls as f64, "", " attempts"),
            LimitKind::Tokens => (|it| it.tokens as f64, "", " tokens"),
            LimitKind::Cost => (|it| f64::from(it.cost), "$", ""),
            _ => return None,
        };
        let Limits {
            calls,
            tokens,
            cost,
            ..
        } = short.limits;
        let cap = match reached.limit {
            LimitKind::Calls => calls? as f64,
            LimitKind::Tokens => tokens? as f64,
            _ => f64::from(cost?),
        };
        let of = match &reached.of {
            LimitHolder::Run => "the run".to_owned(),
            LimitHolder::Step(step) => format!("step `{step}`"),
            LimitHolder::Agent(agent) => format!("agent `{agent}`"),
        };
        let (spent, needs) = (amount(&short.spent), amount(&short.needs));
        let left = (cap - spent).max(0.0);
        Some(Self {
            enough: exact(amount(&(short.spent + short.needs))),
            told: format!(
                "{of} may use {sign}{}{unit}, {sign}{} are left, and `{}` needs at least {sign}{} to begin",
                exact(cap),
                exact(left),
                short.step,
                exact(needs),
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use orchestrate_core::event::Shortage;
    use orchestrate_core::id::{AgentId, StepPath};
    use orchestrate_core::limits::Cost;

    #[track_caller]
    fn check(of: LimitHolder, limit: LimitKind, expected: Expect) {
        let used = |calls, tokens, micros| Usage {
            calls,
            tokens,
            cost: Cost(micros),
            ..Usage::default()
        };
        let short = Shortage {
            step: StepPath::root().child(&"audit"),
            needs: used(1, 5000, 25_001),
            spent: used(2, 340, 1_700),
            limits: Limits {
                calls: Some(2),
                tokens: Some(1000),
                cost: Some(Cost(20_000)),
                ..Limits::default()
            },
        };
        let reached = ReachedLimit { of, limit, short };
        let shown = Short::of(&reached).map(|it| format!("{}\n{}", it.told, it.enough));
        expected.assert_eq(&shown.unwrap_or_default());
    }

    #[test]
    fn a_shortage_tells_the_limit_what_is_left_and_what_would_do() {
        check(
            LimitHolder::Run,
            LimitKind::Tokens,
            expect![[r#"
                the run may use 1000 tokens, 660 are left, and `audit` needs at least 5000 to begin
                5340"#]],
        );
        check(
            LimitHolder::Step(StepPath::root().child(&"both")),
            LimitKind::Cost,
            expect![[r#"
                step `both` may use $0.02, $0.0183 are left, and `audit` needs at least $0.025001 to begin
                0.026701"#]],
        );
        check(
            LimitHolder::Agent(AgentId::new("auditor").unwrap()),
            LimitKind::Calls,
            expect![[r#"
                agent `auditor` may use 2 attempts, 0 are left, and `audit` needs at least 1 to begin
                3"#]],
        );
        check(LimitHolder::Run, LimitKind::Depth, expect![""]);
    }
}
