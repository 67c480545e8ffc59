//! What words mean to the planner: tables of words and phrases, and a quick way to look them up.
//!
//! A task is only ever compared with whole words, never with parts of words. A word marked `*` is
//! a verb and stands for its regular forms too; other words stand for themselves and their plural.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::OnceLock;

use orchestrate_core::task::{TaskComplexity, TaskDomain};

/// What a word or phrase says about a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is about a domain; plainly, or only when nothing plainer is said.
    Domain(TaskDomain, Weight),
    /// The task's size is named; this wins over the kind of work.
    Size(TaskComplexity),
    /// Work that is usually of this complexity.
    Work(TaskComplexity),
    /// Parts of such work build on each other.
    Serial,
    /// Parts of such work do not need each other.
    Independent,
    /// Something is to be released.
    Release,
    /// Something is to be made or found ready; with `Production` that is a release.
    Ready,
    /// Where releases go.
    Production,
    /// Several views or a decision are asked for.
    Views,
    /// It is to be found out what kind of task it is.
    Triage,
    /// The result is to be gone over.
    Polish,
    /// A way of working together is asked for, by the name of its strategy.
    Way(&'static str),
    /// What several find is to be joined.
    Join,
    /// Something is looked for; what is "without" something is then what is looked for.
    Search,
    /// A verb, with which a new part of the task may begin.
    Action,
    /// The capability that such general work needs.
    Skill(&'static str),
    /// Something in the product is to be changed: work for whoever writes code, unless a skill is named.
    Change,
    /// Something is broken and to be mended, which whoever only looks at it cannot do.
    Repair,
}

/// How plainly a word names its domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Plain,
    Weak,
}

/// A meaning, and the words and phrases that have it, separated by commas. One phrase may stand in several tables.
const TABLES: &[(Meaning, &str)] = {
    use Meaning::{
        Action, Change, Domain, Independent, Join, Polish, Production, Ready, Release, Repair,
        Search, Serial, Size, Skill, Triage, Views, Way, Work,
    };
    use TaskComplexity::{Complex, Moderate, Simple};
    use TaskDomain::{
        Architecture, CodeQuality, Documentation, Performance, Refactoring, Security, Testing,
    };
    use Weight::{Plain, Weak};
    &[
        (
            Domain(Testing, Plain),
            "test*, coverage, pytest, unittest, unit test*, integration test*, regression test*, end \
             to end test*, test coverage, test suite, test case, untested, fixture, flaky, tdd, make* \
             the test* pass, make* test* pass",
        ),
        (
            Domain(Security, Plain),
            "security, secure*, insecure, vulnerability, vulnerable, exploit*, threat, threat model*, \
             penetration, penetration test*, pentest*, security audit, security review*, security \
             test*, cve, owasp, sql injection, xss, csrf, leaked secret, credential leak, hardcoded \
             secret",
        ),
        (
            Domain(Security, Weak),
            "audit*, auditor, compliance, attack*, secret, hardening, harden*",
        ),
        (
            Domain(CodeQuality, Plain),
            "code quality, code review, review* code, review* the code, lint*, linter, best practice, \
             maintainability, maintainable, readability, readable, code style, style guide, pull \
             request",
        ),
        (
            Domain(CodeQuality, Weak),
            "quality, review*, reviewer, style",
        ),
        (
            Domain(Documentation, Plain),
            "doc, docs, document* the, document* it, document* all, document* every, document* \
             public, documentation, undocumented, docstring, readme, read me, tutorial, changelog, \
             change log, release note, user guide, api reference",
        ),
        (
            Domain(Documentation, Weak),
            "document*, guide, manual, example, how to, wiki",
        ),
        (
            Domain(Performance, Plain),
            "performance, benchmark*, latency, throughput, bottleneck, slow, slower, slowness, \
             faster, speed up, load test*, stress test*, memory leak, memory usage, hot path",
        ),
        (
            Domain(Performance, Weak),
            "optimize*, optimise*, optimization, optimisation, speed, profile*, profiler, fast, \
             cache*",
        ),
        (
            Domain(Architecture, Plain),
            "architecture, architectural, architect*, redesign*, modularity, microservice, monolith, \
             circular dependency, dependency graph, system design, design pattern, domain model, \
             layering",
        ),
        (
            Domain(Architecture, Weak),
            "design*, structure, pattern, dependency, coupling",
        ),
        (
            Domain(Refactoring, Plain),
            "refactor*, restructure*, clean up, cleanup, technical debt, tech debt, dead code, code \
             smell, duplication, duplicate* code, untangle*",
        ),
        (
            Domain(Refactoring, Weak),
            "simplify*, simplification, debt, extract*, tidy*, modernize*, modernise*",
        ),
        (
            Size(Simple),
            "quick, quickly, small, tiny, trivial, minor, simple, typo, one line",
        ),
        (
            Size(Complex),
            "comprehensive, comprehensively, entire, complex, overhaul*, from scratch, end to end, \
             whole codebase, whole system, whole project, large scale, thorough, thoroughly, in depth",
        ),
        (
            Work(Complex),
            "release*, migrate*, migration, redesign*, architecture, architectural, prepare, preparing, \
             preparation, ship*, rewrite*, restructure*, go live",
        ),
        (
            Work(Moderate),
            "improve*, refactor*, optimize*, optimise*, test*, review*, code review, review* code, \
             review* the code, security review*, audit*, security audit, analyze*, analyse*, \
             implement*, build*, investigate*, simplify*, increase*, extend*, compare*",
        ),
        (
            Work(Simple),
            "format*, lint*, check*, validate*, document*, documentation, rename*, list*, bump*, \
             docs, count*, summarize*, summarise*",
        ),
        (
            Serial,
            "migrate*, migration, refactor*, generate*, create*, implement*, build*, rewrite*, fix*, \
             repair*, then",
        ),
        (
            Independent,
            "release*, audit*, security audit, security review*, check*, validate*, review*, code \
             review, review* code, review* the code, assess*, inspect*, scan*, evaluate*",
        ),
        (Release, "release*, ship*, go live, going live"),
        (
            Ready,
            "prepare, preparing, preparation, ready, readiness, deploy*, deployment, push*, launch*",
        ),
        (Production, "production, prod"),
        (
            Views,
            "perspective, viewpoint, point of view, opinion, second opinion, debate*, consensus, \
             alternative, compare* approach, compare* option, versus, vs, trade off, tradeoff, pro \
             and con, should we, decide*, weigh*, argue*",
        ),
        (
            Triage,
            "triage*, classify*, right expert, right specialist, depending on, route* to the right",
        ),
        (
            Polish,
            "polish*, draft*, refine*, refinement, proofread*, iterate*, reword*, rephrase*, step by \
             step improvement",
        ),
        (Way("conditional"), "otherwise, only if, unless"),
        (
            Way("delegation_chain"),
            "delegate*, coordinate*, divide the work",
        ),
        (
            Way("orchestrator_worker"),
            "get to the bottom, figure out, by whatever means, open ended",
        ),
        (Way("supervisor"), "supervise*, supervisor, dispatch*"),
        (
            Way("hierarchical"),
            "crew, manage* the team, with a manager, team lead",
        ),
        (
            Way("plan_execute"),
            "make a plan, plan and execute, plan and carry out, step by step plan",
        ),
        (
            Way("handoff"),
            "hand over, hand off, handing over, handoff, escalate*, pass* on to",
        ),
        (
            Way("group_chat"),
            "brainstorm*, discuss*, discussion, round table, talk* through, group chat",
        ),
        (
            Way("react"),
            "explore*, poke around, look around, trial and error",
        ),
        (
            Way("self_correct"),
            "until it passes, until they pass, until it works, until valid, self correct, double check*",
        ),
        (
            Way("map_reduce"),
            "each file, every file, for each, for every, each of the, one by one",
        ),
        (Way("scatter_vote"), "vote*, poll*, ballot, majority"),
        (
            Way("event_flow"),
            "whenever, as soon as, event driven, react* to events",
        ),
        (
            Join,
            "synthesize*, synthesise*, synthesis, consolidate*, prioritize* the finding, \
             prioritise* the finding, rank* the finding, combine* the finding, overall assessment",
        ),
        (
            Search,
            "find*, list*, show*, detect*, identify*, count*, locate*, report*, which",
        ),
        (
            Action,
            "add*, analyze*, analyse*, assess*, audit*, build*, check*, create*, document*, find*, \
             fix*, generate*, implement*, improve*, increase*, inspect*, list*, make*, measure*, \
             optimize*, optimise*, prepare, preparing, profile*, refactor*, report*, review*, run*, scan*, \
             simplify*, update*, validate*, write*",
        ),
        (
            Skill("write_code"),
            "implement*, code*, fix*, repair*, bug, debug*, feature, function, program*, script, build*, \
             compile*",
        ),
        (
            Skill("gather_information"),
            "research*, investigate*, source, literature, look up, find out",
        ),
        (
            Skill("analyze_data"),
            "data, statistic, trend, metric, dataset, forecast*",
        ),
        (
            Skill("write_text"),
            "article, blog, blog post, email, essay, letter, text, story, newsletter, marketing, draft*, \
             announce*, announcement, about the release, about our release, about this release, about \
             the new release, about the next release",
        ),
        (Skill("list_files"), "file, folder, directory"),
        (Skill("open_pages"), "website, web page, url, browse*"),
        (Skill("run_commands"), "command, shell, terminal"),
        (
            Change,
            "add*, migrate*, migration, port*, upgrade*, integrate*, replace*, support*, change*, remove*, \
             rename*, convert*, bump*",
        ),
        (
            Repair,
            "fix*, repair*, debug*, make* the test* pass, make* test* pass",
        ),
    ]
};

/// Words after which something is left out.
pub(super) const NEGATIVE: &[&str] = &[
    "avoid",
    "don't",
    "don’t",
    "dont",
    "except",
    "excluding",
    "ignore",
    "never",
    "no",
    "not",
    "skip",
    "skipping",
    "without",
];

/// Words that end what is left out.
pub(super) const ENDS_NEGATIVE: &[&str] =
    &["but", "instead", "just", "only", "rather", "then", "yet"];

/// A word or phrase of the tables.
#[derive(Debug)]
pub(super) struct Phrase {
    /// Its words in their base form.
    pub(super) words: Vec<&'static str>,
    /// Everything that it means.
    pub(super) meanings: Vec<Meaning>,
}

/// The tables, ready to be looked up.
#[derive(Debug)]
pub(super) struct Vocabulary {
    bases: HashMap<String, &'static str>,
    phrases: HashMap<&'static str, Vec<Phrase>>,
}

impl Vocabulary {
    /// The one vocabulary.
    pub(super) fn get() -> &'static Self {
        static VOCABULARY: OnceLock<Vocabulary> = OnceLock::new();
        VOCABULARY.get_or_init(Self::build)
    }

    /// The base form of a word, if the tables know it.
    pub(super) fn base(&self, word: &str) -> Option<&'static str> {
        self.bases.get(word).copied()
    }

    /// The phrases that begin with a base form, longest first.
    pub(super) fn starting_with(&self, base: &str) -> &[Phrase] {
        self.phrases.get(base).map_or(&[], Vec::as_slice)
    }

    fn build() -> Self {
        let mut bases: HashMap<String, &'static str> = HashMap::new();
        let mut phrases: HashMap<&'static str, Vec<Phrase>> = HashMap::new();
        let marked = || {
            TABLES
                .iter()
                .flat_map(|(_, texts)| texts.split([',', ' ']).filter(|word| !word.is_empty()))
        };
        for word in marked() {
            let base = word.trim_end_matches('*');
            bases.insert(base.to_owned(), base);
        }
        // A form that is itself a word of the tables keeps its own meaning.
        for word in marked() {
            let base = word.trim_end_matches('*');
            for form in forms(base, word.ends_with('*')) {
                if let Entry::Vacant(free) = bases.entry(form) {
                    free.insert(base);
                }
            }
        }
        for (meaning, texts) in TABLES {
            for text in texts.split(", ") {
                let words: Vec<&'static str> = text
                    .split(' ')
                    .map(|word| word.trim_end_matches('*'))
                    .collect();
                let Some(first) = words.first() else { continue };
                let same_start = phrases.entry(first).or_default();
                match same_start.iter_mut().find(|phrase| phrase.words == words) {
                    Some(phrase) => phrase.meanings.push(*meaning),
                    None => same_start.push(Phrase {
                        words,
                        meanings: vec![*meaning],
                    }),
                }
            }
        }
        for same_start in phrases.values_mut() {
            same_start.sort_by_key(|phrase| std::cmp::Reverse(phrase.words.len()));
        }
        Self { bases, phrases }
    }
}

/// The regular forms of an English word.
fn forms(base: &str, verb: bool) -> Vec<String> {
    let mut forms = vec![format!("{base}s")];
    let before_y = base
        .strip_suffix('y')
        .filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    if let Some(stem) = before_y {
        forms.push(format!("{stem}ies"));
    }
    if base.ends_with(['s', 'x', 'h']) {
        forms.push(format!("{base}es"));
    }
    if !verb {
        return forms;
    }
    match (base.strip_suffix('e'), before_y) {
        (Some(stem), _) => forms.extend([format!("{base}d"), format!("{stem}ing")]),
        (None, Some(stem)) => forms.extend([format!("{stem}ied"), format!("{base}ing")]),
        (None, None) => forms.extend([format!("{base}ed"), format!("{base}ing")]),
    }
    let mut ending = base.chars().rev();
    let (last, vowel, before) = (ending.next(), ending.next(), ending.next());
    let is_vowel = |letter: Option<char>| letter.is_some_and(|letter| "aeiou".contains(letter));
    // A short vowel before one consonant doubles it: shipped, planning.
    if let Some(last) = last
        && !"aeiouwxy".contains(last)
        && is_vowel(vowel)
        && !is_vowel(before)
    {
        forms.extend([format!("{base}{last}ed"), format!("{base}{last}ing")]);
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_have_their_forms_and_parts_of_words_are_nothing() {
        let vocabulary = Vocabulary::get();
        for (word, base) in [
            ("tests", "test"),
            ("testing", "test"),
            ("audited", "audit"),
            ("shipping", "ship"),
            ("shipped", "ship"),
            ("migrating", "migrate"),
            ("vulnerabilities", "vulnerability"),
            ("simplified", "simplify"),
            ("patches", "-"),
            ("latest", "-"),
            ("protest", "-"),
            ("contest", "-"),
            ("attest", "-"),
            ("relationship", "-"),
            ("guided", "-"),
            ("structured", "-"),
            ("releases", "release"),
            ("classes", "-"),
        ] {
            assert_eq!(vocabulary.base(word).unwrap_or("-"), base, "{word}");
        }
    }

    #[test]
    fn tables_are_lower_case_and_without_repeats() {
        for (meaning, texts) in TABLES {
            let mut seen = std::collections::HashSet::new();
            for text in texts.split(", ") {
                assert!(seen.insert(text), "{meaning:?}: `{text}` stands twice");
                assert!(
                    text.chars()
                        .all(|c| c.is_ascii_lowercase() || matches!(c, ' ' | '*')),
                    "{text}"
                );
            }
        }
    }
}
