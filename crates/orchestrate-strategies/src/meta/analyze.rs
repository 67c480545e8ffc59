//! From words and hints to what a task needs, with the reason for each part.

use orchestrate_core::task::{TaskComplexity, TaskDomain, TaskRequirements};

use super::hints::Hints;
use super::team::capabilities_of;
use super::vocabulary::{Meaning, Weight};
use super::words::{Hit, hits};

/// What a task needs, and why the planner thinks so.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// What it needs.
    pub requirements: TaskRequirements,
    /// Which words or hints led to it, one sentence per choice.
    pub reasons: Vec<String>,
}

/// The analysis with what only the planner itself goes on with.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) analysis: Analysis,
    pub(super) cues: Cues,
}

/// Words that decide about the strategy and the team, as they stand in the task.
#[derive(Debug, Default)]
pub(super) struct Cues {
    /// A release is to be prepared.
    pub(super) release: Option<String>,
    /// Several views or a decision are asked for.
    pub(super) views: Option<String>,
    /// It is to be found out what kind of task it is.
    pub(super) triage: Option<String>,
    /// The result is to be gone over.
    pub(super) polish: Option<String>,
    /// A way of working together that is asked for: the strategy, and the word for it.
    pub(super) way: Option<(&'static str, String)>,
    /// What several agents find is to be joined.
    pub(super) join: Option<String>,
    /// The capability that general work needs, and the word for it.
    pub(super) skill: Option<(&'static str, String)>,
    /// The word for something that is to be mended.
    pub(super) repair: Option<String>,
    /// Whether no word and no hint names a domain.
    pub(super) unclear: bool,
}

/// What is checked before a release, in the order of its weight.
const RELEASE_DOMAINS: [TaskDomain; 4] = [
    TaskDomain::Security,
    TaskDomain::Testing,
    TaskDomain::CodeQuality,
    TaskDomain::Documentation,
];

/// Analyses a task that is not blank.
pub(super) fn read(task: &str, hints: &Hints) -> Reading {
    let lower = task.to_lowercase();
    let hits = hits(&lower);
    let mut reasons = Vec::new();
    for hit in &hits {
        if let Some(cue) = hit.left_out {
            reasons.push(format!("left out: `{}`, after `{cue}`", hit.text()));
        }
    }
    let heard: Vec<&Hit> = hits.iter().filter(|hit| hit.left_out.is_none()).collect();
    let first = |meaning: Meaning| {
        heard
            .iter()
            .find(|hit| hit.means(meaning))
            .map(|hit| hit.text())
    };
    let mut cues = Cues {
        release: release(&heard),
        views: first(Meaning::Views),
        triage: first(Meaning::Triage),
        polish: first(Meaning::Polish),
        way: way(&heard),
        join: first(Meaning::Join),
        skill: skill(&heard),
        repair: first(Meaning::Repair),
        unclear: false,
    };
    let domains = domains(&heard, hints, &mut cues, &mut reasons);
    let complexity = complexity(&heard, hints, domains.len(), &mut reasons);
    let parallelizable = parallelizable(&first, complexity, domains.len(), &mut reasons);
    let mut capabilities_needed: Vec<String> = Vec::new();
    let own = domains
        .iter()
        .flat_map(|domain| capabilities_of(*domain))
        .map(|name| (*name).to_owned());
    for capability in own.chain(hints.capabilities.iter().cloned()) {
        if !capabilities_needed.contains(&capability) {
            capabilities_needed.push(capability);
        }
    }
    let requirements = TaskRequirements {
        complexity,
        domain: domains.first().copied().unwrap_or(TaskDomain::General),
        domains,
        capabilities_needed,
        parallelizable,
        tier: hints.tier,
        quality_gates: hints.quality_gates.clone(),
    };
    Reading {
        analysis: Analysis {
            requirements,
            reasons,
        },
        cues,
    }
}

/// The words that ask for a release: one that names it, or production with a word for making ready.
fn release(heard: &[&Hit]) -> Option<String> {
    let first = |meaning: Meaning| {
        heard
            .iter()
            .find(|hit| hit.means(meaning))
            .map(|hit| hit.text())
    };
    first(Meaning::Release).or_else(|| {
        let (ready, production) = (first(Meaning::Ready)?, first(Meaning::Production)?);
        Some(format!("{ready} … {production}"))
    })
}

/// The first way of working together that is asked for.
fn way(heard: &[&Hit]) -> Option<(&'static str, String)> {
    heard.iter().find_map(|hit| {
        let meanings = hit.phrase.meanings.iter();
        let mut ways = meanings.filter_map(|meaning| match meaning {
            Meaning::Way(strategy) => Some(*strategy),
            _ => None,
        });
        ways.next().map(|strategy| (strategy, hit.text()))
    })
}

/// The first skill that is named, or else that of whoever changes the product.
fn skill(heard: &[&Hit]) -> Option<(&'static str, String)> {
    let first = |capability: fn(&Meaning) -> Option<&'static str>| {
        heard.iter().find_map(|hit| {
            let mut named = hit.phrase.meanings.iter().filter_map(capability);
            named.next().map(|capability| (capability, hit.text()))
        })
    };
    first(|meaning| match meaning {
        Meaning::Skill(capability) => Some(*capability),
        _ => None,
    })
    .or_else(|| first(|meaning| (*meaning == Meaning::Change).then_some("write_code")))
}

/// The domains by how often they are named, then by who is named first. Weak words count only when there are no plain ones.
fn domains(
    heard: &[&Hit],
    hints: &Hints,
    cues: &mut Cues,
    reasons: &mut Vec<String>,
) -> Vec<TaskDomain> {
    if !hints.domains.is_empty() {
        let words: Vec<&str> = hints.domains.iter().map(|domain| domain.as_str()).collect();
        reasons.push(format!(
            "domain {}: {}",
            words.join(", "),
            hints.source("domain")
        ));
        return hints.domains.clone();
    }
    let named = |weight: Weight| {
        let mut named: Vec<(TaskDomain, Vec<String>, usize)> = Vec::new();
        for hit in heard {
            for meaning in &hit.phrase.meanings {
                let Meaning::Domain(domain, given) = meaning else {
                    continue;
                };
                if *given != weight {
                    continue;
                }
                let word = hit.text();
                match named.iter_mut().find(|(other, ..)| other == domain) {
                    Some((_, words, _)) if words.contains(&word) => {}
                    Some((_, words, _)) => words.push(word),
                    None => named.push((*domain, vec![word], hit.at)),
                }
            }
        }
        named.sort_by_key(|(_, words, at)| (std::cmp::Reverse(words.len()), *at));
        named
    };
    let mut ranked = named(Weight::Plain);
    if ranked.is_empty() && cues.release.is_none() {
        ranked = named(Weight::Weak);
    }
    let mut domains = Vec::new();
    for (domain, words, _) in ranked {
        reasons.push(format!("domain {domain}: {}", quoted(&words)));
        domains.push(domain);
    }
    if let Some(word) = &cues.release {
        let words: Vec<&str> = RELEASE_DOMAINS
            .iter()
            .map(|domain| domain.as_str())
            .collect();
        reasons.push(format!("a release (`{word}`) needs {}", words.join(", ")));
        let missing = RELEASE_DOMAINS
            .iter()
            .filter(|domain| !domains.contains(domain));
        domains.extend(missing.copied().collect::<Vec<_>>());
    }
    if domains.is_empty() {
        cues.unclear = true;
        domains.push(TaskDomain::General);
        reasons.push(match &cues.skill {
            Some((capability, word)) => format!("domain general: no word names another; `{word}` needs the capability `{capability}`"),
            None => "domain general: no word names another".to_owned(),
        });
    }
    domains
}

/// Words for the size win, then work that is usually complex, then the first word for other work.
fn complexity(
    heard: &[&Hit],
    hints: &Hints,
    domains: usize,
    reasons: &mut Vec<String>,
) -> TaskComplexity {
    use TaskComplexity::{Complex, Moderate, Simple};
    if let Some(complexity) = hints.complexity {
        reasons.push(format!(
            "complexity {complexity}: {}",
            hints.source("complexity")
        ));
        return complexity;
    }
    let first = |wanted: &[Meaning]| {
        heard.iter().find_map(|hit| {
            let meaning = wanted.iter().find(|meaning| hit.means(**meaning))?;
            match meaning {
                Meaning::Size(complexity) | Meaning::Work(complexity) => {
                    Some((*complexity, hit.text()))
                }
                _ => None,
            }
        })
    };
    let size = first(&[Meaning::Size(Complex)]).or_else(|| first(&[Meaning::Size(Simple)]));
    if let Some((complexity, word)) = size {
        reasons.push(format!("complexity {complexity}: `{word}`"));
        return complexity;
    }
    let by_work = first(&[Meaning::Work(Complex)])
        .or_else(|| first(&[Meaning::Work(Moderate), Meaning::Work(Simple)]));
    let by_count = match domains {
        0 | 1 => Simple,
        2 => Moderate,
        _ => Complex,
    };
    match by_work {
        Some((complexity, word)) if complexity >= by_count => {
            reasons.push(format!("complexity {complexity}: `{word}`"));
            complexity
        }
        None if domains <= 1 => {
            reasons.push("complexity moderate: no word says otherwise".to_owned());
            Moderate
        }
        _ => {
            reasons.push(format!("complexity {by_count}: {domains} domains at once"));
            by_count
        }
    }
}

fn parallelizable(
    first: &impl Fn(Meaning) -> Option<String>,
    complexity: TaskComplexity,
    domains: usize,
    reasons: &mut Vec<String>,
) -> bool {
    let (holds, why) = if let Some(word) = first(Meaning::Serial) {
        (
            false,
            format!("`{word}` is work whose parts build on each other"),
        )
    } else if let Some(word) = first(Meaning::Independent) {
        (
            true,
            format!("`{word}` is work whose parts do not need each other"),
        )
    } else if domains > 1 {
        (true, "its domains do not need each other".to_owned())
    } else {
        let complex = complexity == TaskComplexity::Complex;
        (
            complex,
            format!("no word says otherwise for a {complexity} task"),
        )
    };
    let word = if holds {
        "parallelizable"
    } else {
        "not parallelizable"
    };
    reasons.push(format!("{word}: {why}"));
    holds
}

fn quoted(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
