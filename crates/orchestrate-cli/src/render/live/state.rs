//! What is running now, folded from the events of a run. Draws nothing and reads no clock.

use std::collections::{BTreeMap, BTreeSet};

use orchestrate_core::event::{Event, EventKind};
use orchestrate_core::id::StepPath;
use orchestrate_core::outcome::Outcome;
use orchestrate_core::result::Worker;
use orchestrate_core::spending::Spending;

use crate::render::style::{BAD, DIM, GOOD, WARN, paint};
use crate::render::text::{cut, duration, safe, spent};

#[derive(Debug)]
struct Running {
    agent: String,
    since_us: u64,
    doing: String,
}

/// The steps that run, in the order of their paths.
#[derive(Debug, Default)]
pub(super) struct State {
    running: BTreeMap<StepPath, Running>,
    /// Questions that are open.
    asking: BTreeSet<StepPath>,
    ended: usize,
    spending: Spending,
}

impl State {
    /// What the run had used before these events.
    pub(super) fn had_used(&mut self, spending: Spending) {
        self.spending = spending;
    }

    /// Takes in one event. Gives the line that stays on the screen, if the event has one.
    pub(super) fn apply(&mut self, event: &Event) -> Option<String> {
        self.spending.apply(event);
        match &event.kind {
            EventKind::StepStarted {
                step,
                worker,
                attempt,
                ..
            } => {
                let running = self.running.entry(step.clone()).or_insert(Running {
                    agent: worker.to_string(),
                    since_us: event.at_us,
                    doing: String::new(),
                });
                running.doing = match attempt {
                    0 | 1 => String::new(),
                    attempt => format!("attempt {attempt}"),
                };
                None
            }
            EventKind::Progress { step, message } => {
                if let Some(running) = self.running.get_mut(step) {
                    running.doing = safe(message);
                }
                None
            }
            EventKind::StepRetried {
                step,
                class,
                delay_ms,
                ..
            } => {
                if let Some(running) = self.running.get_mut(step) {
                    let delay = duration(*delay_ms as f64 / 1e3);
                    running.doing = format!("{}, again in {delay}", class.as_str());
                }
                None
            }
            EventKind::StepFinished {
                step,
                worker,
                outcome,
                duration_us,
                attempts,
                ..
            } => {
                self.running.remove(step);
                self.asking.remove(step);
                self.ended += 1;
                (*attempts > 0 || !outcome.lets_pass())
                    .then(|| finished(&who(step, worker), outcome, *duration_us))
            }
            EventKind::ApprovalRequested { request } => {
                self.asking.insert(request.step.clone());
                None
            }
            EventKind::ApprovalDecided { step, .. } => {
                self.asking.remove(step);
                None
            }
            EventKind::StepParked { step, .. } => {
                self.running.remove(step);
                None
            }
            EventKind::RunFinished { .. } | EventKind::RunPaused { .. } => {
                self.asking.clear();
                self.running.clear();
                None
            }
            _ => None,
        }
    }

    /// Whether a person may be asked at this moment.
    pub(super) fn is_asking(&self) -> bool {
        !self.asking.is_empty()
    }

    /// The lines to show now, none wider than `columns` and not more than `rows`.
    pub(super) fn lines(&self, now_us: u64, columns: usize, rows: usize) -> Vec<String> {
        // When not all fit, the last row says how many are not shown.
        let total = spent(&self.spending.total());
        let rows = rows.saturating_sub(usize::from(total.is_some()));
        let all = self.running.len();
        let shown = if all > rows {
            rows.saturating_sub(1)
        } else {
            all
        };
        let mut lines: Vec<String> = self
            .running
            .iter()
            .take(shown)
            .map(|(step, it)| {
                let elapsed = now_us.saturating_sub(it.since_us) as f64 / 1e6;
                let used = spent(&self.spending.of_step(step));
                let doing = [used.unwrap_or_default(), it.doing.clone()];
                let doing: Vec<String> = doing.into_iter().filter(|it| !it.is_empty()).collect();
                let doing = doing.join("  ");
                let line = format!("  [..]   {:<24} {elapsed:>7.1} s  {doing}", it.agent);
                cut(line.trim_end(), columns)
            })
            .collect();
        if shown < all && rows > 0 {
            let rest = all - shown;
            lines.push(cut(&format!("  [..]   {rest} more are running"), columns));
        }
        if let Some(total) = total.filter(|_| !lines.is_empty()) {
            lines.push(cut(&format!("         so far: {total}"), columns));
        }
        lines
    }
}

/// What a step is called: who did it, and for a person's decision the step that asked.
fn who(step: &StepPath, worker: &Worker) -> String {
    match worker {
        Worker::Agent(_) | Worker::Tool(_) => worker.to_string(),
        Worker::Approver(_) => step.to_string(),
    }
}

/// The line of a step that ended: state as a sign and a word, then the agent and its time.
fn finished(agent: &str, outcome: &Outcome, duration_us: u64) -> String {
    let (style, sign) = match outcome {
        Outcome::Succeeded => (GOOD, "[ok]  "),
        Outcome::Skipped { .. } => (DIM, "[skip]"),
        Outcome::Partial { .. } | Outcome::Cancelled { .. } => (WARN, "[stop]"),
        _ => (BAD, "[FAIL]"),
    };
    let time = duration(duration_us as f64 / 1e6);
    let why = outcome
        .error()
        .map(|error| format!("  {}", safe(&error)))
        .unwrap_or_default();
    format!("  {} {agent:<24} {time:>9}{why}", paint(style, sign))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use orchestrate_core::id::AgentId;
    use orchestrate_core::limits::Usage;
    use orchestrate_core::outcome::{FailureClass, SkipReason};

    fn event(at_us: u64, kind: EventKind) -> Event {
        Event {
            seq: 0,
            at_us,
            kind,
        }
    }

    fn started(at_us: u64, name: &str, attempt: u32) -> Event {
        event(
            at_us,
            EventKind::StepStarted {
                step: StepPath::root().child(&name),
                worker: Worker::Agent(AgentId::new(name).unwrap()),
                backend: "analysis".into(),
                attempt,
            },
        )
    }

    fn ended(at_us: u64, name: &str, outcome: Outcome, attempts: u32) -> Event {
        event(
            at_us,
            EventKind::StepFinished {
                step: StepPath::root().child(&name),
                worker: Worker::Agent(AgentId::new(name).unwrap()),
                outcome,
                output: std::sync::Arc::default(),
                confidence: 1.0,
                attempts,
                duration_us: at_us,
                usage: Usage::default(),
                evidence: vec![],
            },
        )
    }

    fn check(events: &[Event], columns: usize, rows: usize, expected: Expect) {
        let mut state = State::default();
        let mut shown = String::new();
        for event in events {
            if let Some(line) = state.apply(event) {
                shown.push_str(&anstream::adapter::strip_str(&line).to_string());
                shown.push('\n');
            }
        }
        for line in state.lines(2_500_000, columns, rows) {
            assert!(line.len() <= columns, "{line:?}");
            shown.push_str(&format!("|{line}\n"));
        }
        expected.assert_eq(&shown);
    }

    #[test]
    fn running_steps_are_drawn_and_ended_ones_stay() {
        check(
            &[
                started(0, "security_auditor", 1),
                started(1_000_000, "code_reviewer", 1),
                event(
                    1_200_000,
                    EventKind::Progress {
                        step: StepPath::root().child(&"code_reviewer"),
                        message: "parsing \u{1b}[2J".into(),
                    },
                ),
                started(0, "writer", 1),
                ended(
                    2_000_000,
                    "writer",
                    Outcome::failed(FailureClass::Timeout, "too slow"),
                    1,
                ),
                ended(
                    100,
                    "other",
                    Outcome::Skipped {
                        reason: SkipReason::NotTaken,
                    },
                    0,
                ),
            ],
            72,
            5,
            expect![[r#"
                  [FAIL] writer                       2.0 s  too slow
                |  [..]   code_reviewer                1.5 s  parsing \u{1b}[2J
                |  [..]   security_auditor             2.5 s
            "#]],
        );
    }

    #[test]
    fn tokens_are_told_as_calls_end_and_an_unknown_price_is_no_price() {
        let call = |name: &str, unpriced_tokens: u64, cost: u64| {
            let usage = Usage {
                tokens: 1200,
                cost: orchestrate_core::limits::Cost(cost),
                unpriced_tokens,
                ..Usage::default()
            };
            let kind = EventKind::CallFinished {
                step: StepPath::root().child(&name),
                ordinal: 0,
                result: orchestrate_core::calls::CallResult {
                    success: true,
                    response: std::sync::Arc::default(),
                    usage,
                },
            };
            event(10, kind)
        };
        check(
            &[
                started(0, "coder", 1),
                started(0, "writer", 1),
                call("coder", 0, 3100),
                call("coder", 0, 3100),
                call("writer", 1200, 0),
            ],
            72,
            5,
            expect![[r#"
                |  [..]   coder                        2.5 s  2400 tokens, $0.0062
                |  [..]   writer                       2.5 s  1200 tokens, unpriced
                |         so far: 3600 tokens, $0.0062 and 1200 unpriced
            "#]],
        );
    }

    #[test]
    fn a_run_that_is_gone_on_with_counts_from_what_it_had_used() {
        let used = |tokens: u64| Usage {
            tokens,
            ..Usage::default()
        };
        let before = EventKind::StepRetried {
            step: StepPath::root().child(&"coder"),
            attempt: 1,
            class: FailureClass::Output,
            message: "again".to_owned(),
            delay_ms: 0,
            usage: used(700),
        };
        let mut state = State::default();
        state.had_used(Spending::of(&[event(5, before)]));
        state.apply(&started(10, "coder", 2));
        let lines = state.lines(10, 72, 5).join("\n");
        assert!(lines.contains("so far: 700 tokens"), "{lines}");
    }

    #[test]
    fn more_steps_than_rows_are_counted() {
        let events: Vec<Event> = ["a", "b", "c", "d"].map(|it| started(0, it, 2)).to_vec();
        check(
            &events,
            30,
            3,
            expect![[r#"
            |  [..]   a                    
            |  [..]   b                    
            |  [..]   2 more are running
        "#]],
        );
    }
}
