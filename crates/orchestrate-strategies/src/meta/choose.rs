//! Which strategy fits a task: rules as data, tried in order, each with a test task.

use orchestrate_core::task::{Context, TaskComplexity, TaskDomain, TaskRequirements};
use orchestrate_core::template::AgentTemplate;
use serde::Serialize;
use serde_json::Value;

use super::analyze::Cues;
use super::team::coordinates;
use crate::strategy::{
    Adaptive, Conditional, Debate, DelegationChain, EventFlow, GroupChat, Handoff, Hierarchical,
    MapReduce, MultiConditional, Nested, NestedSequential, OrchestratorWorker, Parallel,
    PlanExecute, PromptCachedSequential, React, Refinement, ScatterVote, SelfCorrect, Sequential,
    Supervisor, Synthesis, Teaching, ToolEnhanced,
};

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
    /// Who there is to work on it.
    pub(super) templates: &'a [&'a AgentTemplate],
    /// What the user said besides the task.
    pub(super) context: &'a Context,
}

/// From how many characters on a shared context is worth caching.
const LARGE: usize = 2000;
/// The keys of a context that several agents read whole.
const SHARED: [&str; 2] = ["cached_context", "shared_knowledge"];

/// The keys of the context that ask for a strategy, and the parameter in which it takes the value.
pub(super) const GIVEN: [(&str, &str, &str); 5] = [
    ("condition", Conditional::NAME, "condition"),
    ("cases", MultiConditional::NAME, "cases"),
    ("workflow", Nested::NAME, "workflow"),
    ("workflows", NestedSequential::NAME, "steps"),
    ("flow", EventFlow::NAME, "steps"),
];

/// All rules, in the order in which they are tried. A `strategy` in the context goes before all of them.
pub const RULES: &[Rule] = &[
    Rule {
        id: "given_condition",
        when: "the context gives a `condition`",
        strategy: Conditional::NAME,
        holds: |it| given(it, "condition"),
    },
    Rule {
        id: "given_cases",
        when: "the context gives `cases`, each with its condition",
        strategy: MultiConditional::NAME,
        holds: |it| given(it, "cases"),
    },
    Rule {
        id: "given_workflow",
        when: "the context names a registered `workflow`",
        strategy: Nested::NAME,
        holds: |it| given(it, "workflow"),
    },
    Rule {
        id: "given_workflows",
        when: "the context names `workflows` or agents that follow each other",
        strategy: NestedSequential::NAME,
        holds: |it| given(it, "workflows"),
    },
    Rule {
        id: "given_flow",
        when: "the context gives a `flow` of steps that listen to each other",
        strategy: EventFlow::NAME,
        holds: |it| given(it, "flow"),
    },
    Rule {
        id: "exploring_with_tools",
        when: "one agent with tools is to find its way step by step",
        strategy: React::NAME,
        holds: |it| asked(it, React::NAME).filter(|_| it.agents == 1),
    },
    Rule {
        id: "one_agent_with_tools",
        when: "one agent is enough, and the context gives `tools`",
        strategy: ToolEnhanced::NAME,
        holds: |it| given(it, "tools").filter(|_| it.agents == 1),
    },
    Rule {
        id: "coordinator_and_complex",
        when: "a complex task, and one of several agents is a coordinator",
        strategy: DelegationChain::NAME,
        holds: |it| {
            let complex = it.requirements.complexity == TaskComplexity::Complex;
            let coordinator = it.templates.iter().find(|template| coordinates(template))?;
            (complex && it.agents > 1).then(|| format!("`{}`", coordinator.id))
        },
    },
    Rule {
        id: "large_shared_context",
        when: "three or more agents share a context of more than 2000 characters",
        strategy: PromptCachedSequential::NAME,
        holds: |it| {
            let size = SHARED
                .iter()
                .filter_map(|key| it.context.get(*key))
                .map(size);
            let size: usize = size.sum();
            (it.agents >= 3 && size > LARGE).then(|| format!("{size} characters"))
        },
    },
    Rule {
        id: "either_or",
        when: "what is to be done depends on something that is to be found out first",
        strategy: Conditional::NAME,
        holds: |it| asked(it, Conditional::NAME),
    },
    Rule {
        id: "delegating",
        when: "somebody is to divide the work and join the results",
        strategy: DelegationChain::NAME,
        holds: |it| asked(it, DelegationChain::NAME),
    },
    Rule {
        id: "open_ended",
        when: "the way to the goal is not known beforehand",
        strategy: OrchestratorWorker::NAME,
        holds: |it| asked(it, OrchestratorWorker::NAME),
    },
    Rule {
        id: "supervising",
        when: "work is to be routed to those who can do it",
        strategy: Supervisor::NAME,
        holds: |it| asked(it, Supervisor::NAME),
    },
    Rule {
        id: "managing",
        when: "a manager is to delegate and to review",
        strategy: Hierarchical::NAME,
        holds: |it| asked(it, Hierarchical::NAME),
    },
    Rule {
        id: "planning_first",
        when: "a plan is to be written and carried out",
        strategy: PlanExecute::NAME,
        holds: |it| asked(it, PlanExecute::NAME),
    },
    Rule {
        id: "handing_over",
        when: "work is to be handed over to whoever should go on",
        strategy: Handoff::NAME,
        holds: |it| asked(it, Handoff::NAME),
    },
    Rule {
        id: "discussing",
        when: "a conversation is asked for",
        strategy: GroupChat::NAME,
        holds: |it| asked(it, GroupChat::NAME),
    },
    Rule {
        id: "until_it_holds",
        when: "a result is to be checked and made again until it holds",
        strategy: SelfCorrect::NAME,
        holds: |it| asked(it, SelfCorrect::NAME),
    },
    Rule {
        id: "for_each",
        when: "the same is to be done for many things",
        strategy: MapReduce::NAME,
        holds: |it| asked(it, MapReduce::NAME),
    },
    Rule {
        id: "voting",
        when: "a vote is asked for",
        strategy: ScatterVote::NAME,
        holds: |it| asked(it, ScatterVote::NAME),
    },
    Rule {
        id: "events",
        when: "steps are to follow from events",
        strategy: EventFlow::NAME,
        holds: |it| asked(it, EventFlow::NAME),
    },
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
        id: "mending",
        when: "something is to be mended: whoever finds out what is wrong goes before whoever changes it",
        strategy: Sequential::NAME,
        holds: |it| quoted(it.cues.repair.as_deref()).filter(|_| it.agents > 1),
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

/// The context has something under a key.
fn given(situation: &Situation<'_>, key: &str) -> Option<String> {
    let value = situation.context.get(key)?;
    let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    (!empty).then(|| format!("`{key}` in the context"))
}

/// The task has a word for a way of working together.
fn asked(situation: &Situation<'_>, strategy: &str) -> Option<String> {
    let (way, word) = situation.cues.way.as_ref()?;
    (*way == strategy).then(|| format!("`{word}`"))
}

/// How many characters a value has as text.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        other => other.to_string().chars().count(),
    }
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
