//! Which strategy fits a task: rules as data, tried in order, each with a test task.

use orchestrate_core::task::{TaskComplexity, TaskDomain, TaskRequirements};
use serde::Serialize;

use super::analyze::Cues;
use crate::strategy::{Adaptive, Debate, Parallel, Refinement, Sequential, Synthesis, Teaching};

/// One rule by which the planner chooses a strategy.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rule {
    /// What it is called in reasons.
    pub id: &'static str,
    /// When it holds, for people.
    pub when: &'static str,
    /// The strategy that it chooses.
    pub strategy: &'static str,
    /// Whether it holds, and by what in the task.
    #[serde(skip)]
    holds: fn(&Situation<'_>) -> Option<String>,
}

/// What rules look at.
#[derive(Debug)]
pub(super) struct Situation<'a> {
    pub(super) requirements: &'a TaskRequirements,
    pub(super) cues: &'a Cues,
    /// How many agents there are to work on it.
    pub(super) agents: usize,
}

/// All rules, in the order in which they are tried. A `strategy` in the context goes before all of them.
pub const RULES: &[Rule] = &[
    Rule {
        id: "release",
        when: "something is to be released; the checks before it do not need each other",
        strategy: Parallel::NAME,
        holds: |it| quoted(it.cues.release.as_deref()),
    },
    Rule {
        id: "several_views",
        when: "several views, a comparison of options or a decision is asked for",
        strategy: Debate::NAME,
        holds: |it| quoted(it.cues.views.as_deref()),
    },
    Rule {
        id: "triage",
        when: "it is to be found out first what kind of task it is or who should do it",
        strategy: Adaptive::NAME,
        holds: |it| quoted(it.cues.triage.as_deref()),
    },
    Rule {
        id: "polish",
        when: "the result is to be drafted and gone over",
        strategy: Refinement::NAME,
        holds: |it| quoted(it.cues.polish.as_deref()),
    },
    Rule {
        id: "joined",
        when: "findings of several agents are to be joined and ranked",
        strategy: Synthesis::NAME,
        holds: |it| quoted(it.cues.join.as_deref()),
    },
    Rule {
        id: "several_independent_domains",
        when: "several domains at once, whose parts do not need each other",
        strategy: Parallel::NAME,
        holds: |it| (several(it) && it.requirements.parallelizable).then(|| domains(it)),
    },
    Rule {
        id: "several_domains_in_order",
        when: "several domains at once, whose parts build on each other",
        strategy: Sequential::NAME,
        holds: |it| several(it).then(|| domains(it)),
    },
    Rule {
        id: "documentation",
        when: "documents: a cheap writer is often good enough, and an expert can tell",
        strategy: Teaching::NAME,
        holds: |it| is(it, TaskDomain::Documentation),
    },
    Rule {
        id: "refactoring",
        when: "refactoring: every change gains from review and polish",
        strategy: Refinement::NAME,
        holds: |it| is(it, TaskDomain::Refactoring),
    },
    Rule {
        id: "unclear_and_complex",
        when: "a complex task of no known domain: a classifier finds out whose it is",
        strategy: Adaptive::NAME,
        holds: |it| {
            let complex = it.requirements.complexity == TaskComplexity::Complex;
            (it.cues.unclear && complex).then(|| "no word names a domain".to_owned())
        },
    },
    Rule {
        id: "one_domain_side_by_side",
        when: "several agents look at one thing: security, architecture, or work whose parts do not need each other",
        strategy: Parallel::NAME,
        holds: |it| {
            let looks = matches!(
                it.requirements.domain,
                TaskDomain::Security | TaskDomain::Architecture
            );
            (it.agents > 1 && (looks || it.requirements.parallelizable)).then(|| agents(it))
        },
    },
    Rule {
        id: "one_after_another",
        when: "anything else",
        strategy: Sequential::NAME,
        holds: |it| Some(agents(it)),
    },
];

/// The first rule that holds and whose strategy is `possible`, and the reason as a sentence.
pub(super) fn choose(
    situation: &Situation<'_>,
    possible: impl Fn(&str) -> bool,
) -> (&'static str, String) {
    RULES
        .iter()
        .filter(|rule| possible(rule.strategy))
        .find_map(|rule| {
            let by = (rule.holds)(situation)?;
            let Rule {
                id, when, strategy, ..
            } = rule;
            Some((
                *strategy,
                format!("strategy {strategy}: rule `{id}`, {when} ({by})"),
            ))
        })
        // Sequential admits any team, and its last rule always holds.
        .unwrap_or((
            Sequential::NAME,
            "strategy sequential: no rule holds".to_owned(),
        ))
}

fn quoted(word: Option<&str>) -> Option<String> {
    word.map(|word| format!("`{word}`"))
}

fn agents(situation: &Situation<'_>) -> String {
    match situation.agents {
        1 => "1 agent".to_owned(),
        more => format!("{more} agents"),
    }
}

fn several(situation: &Situation<'_>) -> bool {
    situation.requirements.domains.len() > 1
}

fn domains(situation: &Situation<'_>) -> String {
    let words: Vec<&str> = situation
        .requirements
        .domains
        .iter()
        .map(|domain| domain.as_str())
        .collect();
    words.join(", ")
}

fn is(situation: &Situation<'_>, domain: TaskDomain) -> Option<String> {
    (situation.requirements.domain == domain).then(|| format!("domain {domain}"))
}
