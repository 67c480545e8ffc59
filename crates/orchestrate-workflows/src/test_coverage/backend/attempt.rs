//! One test from its placing to the decision: runs what `validation` asks for, and gives back what was seen.

use std::collections::BTreeSet;
use std::time::Duration;

use orchestrate_analysis::language::Language;
use orchestrate_analysis::measured::Measured;
use orchestrate_analysis::mutation::{Mutant, mutants};
use orchestrate_analysis::scan::{Parsers, parse};
use orchestrate_analysis::secrets::redact;
use orchestrate_analysis::source::SourceFile;
use orchestrate_core::backend::AgentFailure;
use orchestrate_core::evidence::Evidence;
use orchestrate_core::outcome::FailureClass;

use super::run::TestCoverageBackend;
use super::session::{Session, TestsRan};
use crate::test_coverage::area;
use crate::test_coverage::candidate::{Candidate, MOST_BYTES, Suite};
use crate::test_coverage::gap::{Brief, file_coverage, hit_lines, numbered};
use crate::test_coverage::inputs::TestCoverage;
use crate::test_coverage::report::{Attempt, PlantedFault};
use crate::test_coverage::validation::{
    ALONE, Before, Check, FAULTS, Facts, Fate, Next, Ran, next,
};
use crate::test_run::Ask;
use crate::work_copy::Placed;

/// How long a test may take with a fault in the code, at least, and in times of what it takes without.
const LEAST_TIME: Duration = Duration::from_secs(10);
const TIMES: u32 = 5;

/// One test to be checked.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) backend: &'a TestCoverageBackend,
    pub(super) session: &'a Session,
    pub(super) workflow: &'a TestCoverage,
    pub(super) brief: &'a Brief,
    pub(super) candidate: &'a Candidate,
    pub(super) suites: &'a [Suite],
}

/// What checking it came to.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) attempt: Attempt,
    pub(super) evidence: Vec<Evidence>,
}

/// What was seen so far.
#[derive(Debug, Default)]
struct Seen {
    facts: Facts,
    /// How long the test takes alone.
    alone: Duration,
    /// Output of the last run that did not go well.
    output: String,
    evidence: Vec<Evidence>,
}

/// Checks a test until it is accepted or rejected.
///
/// # Errors
/// When the copy cannot be written to.
pub(super) async fn check(job: &Job<'_>) -> Result<Checked, AgentFailure> {
    let mut seen = Seen {
        facts: Facts {
            misplaced: job.misplaced(),
            before: job.before(),
            ..Facts::default()
        },
        ..Seen::default()
    };
    let mut placed = None;
    if seen.facts.misplaced.is_none() {
        placed = Some(job.place()?);
    }
    let (accepted, reason) = loop {
        match next(&seen.facts) {
            Next::Accept(reason) => break (true, reason),
            Next::Reject(reason) => break (false, reason),
            Next::Check(Check::SuiteWithout) => {
                job.say(&Check::SuiteWithout, &seen.facts);
                placed = None;
                let ran = job.run(None, false, None).await;
                seen.facts.without = Some(seen.note(ran));
            }
            Next::Check(asked) => job.carry_out(asked, &mut seen).await?,
        }
    };
    drop(placed);
    let Seen {
        facts,
        output,
        evidence,
        ..
    } = seen;
    let attempt = Attempt {
        number: 0,
        path: job.candidate.path.clone(),
        accepted,
        reason,
        alone: facts
            .alone
            .iter()
            .map(|ran| ran.word().to_owned())
            .collect(),
        lines_gained: facts.gained.clone().and_then(Result::ok),
        faults: faults(&facts),
        breaks_nothing: breaks_nothing(&facts, accepted),
        notes: notes(&facts, accepted),
        output: if accepted { String::new() } else { output },
    };
    Ok(Checked { attempt, evidence })
}

impl Job<'_> {
    fn source(&self) -> (Language, &str) {
        (self.brief.gap.language, &self.brief.gap.path)
    }

    /// Why the test cannot lie where it is to lie, or is none.
    fn misplaced(&self) -> Option<String> {
        let Candidate { path, content, .. } = self.candidate;
        let root = self.session.copy.root();
        let taken = &self.session.taken;
        let is_there = |path: &str| root.join(path).exists() || taken.contains(path);
        let area = &self.brief.tests;
        if let Err(why) = area::check(path, &self.brief.gap, area, &is_there) {
            return Some(why);
        }
        // A run may be gone on with after somebody has worked on.
        let now = std::fs::read_to_string(root.join(&self.brief.gap.path)).unwrap_or_default();
        if redact(&numbered(&now, &self.brief.gap)) != self.brief.source {
            return Some(format!(
                "`{}` was changed since it was measured: begin anew",
                self.brief.gap.path
            ));
        }
        if content.len() > MOST_BYTES {
            return Some(format!(
                "it has {} bytes, and {MOST_BYTES} are the most that is looked at",
                content.len()
            ));
        }
        let source = SourceFile::of_text(path, content)?;
        let parsed = parse(&mut Parsers::default(), &source);
        let has_errors = parsed.is_ok_and(|(file, _)| file.tree.root_node().has_error());
        has_errors.then(|| format!("it is not valid {}", self.brief.gap.language.name()))
    }

    /// How all tests went before; nothing when they could not be run.
    fn before(&self) -> Option<Before> {
        let (language, path) = self.source();
        let suite = Suite::of(self.suites, language, path)?;
        Some(Before {
            passed: suite.passed?,
            failed: suite.failed.iter().cloned().collect(),
        })
    }

    fn place(&self) -> Result<Placed, AgentFailure> {
        let Candidate { path, content, .. } = self.candidate;
        Placed::new_file(&self.session.copy.root(), path, content).map_err(unwritable)
    }

    async fn run(&self, file: Option<&str>, coverage: bool, longest: Option<Duration>) -> TestsRan {
        let ask = Ask {
            file,
            coverage,
            longest,
        };
        let timeout = Duration::from_secs(self.workflow.tests_seconds);
        self.session.tests(self.source(), ask, timeout).await
    }

    /// Says what is being checked: the commands are much the same each time.
    fn say(&self, asked: &Check, facts: &Facts) {
        let what = match asked {
            Check::Alone { .. } => format!("alone, run {} of {ALONE}", facts.alone.len() + 1),
            Check::Faults => return,
            Check::Fault(at) => {
                let faults = facts.faults.as_deref().unwrap_or_default();
                let fault = faults.get(*at).map_or("", |fault| fault.what.as_str());
                format!("with fault {} of {}: {fault}", at + 1, faults.len())
            }
            Check::Suite => "with all tests".to_owned(),
            Check::SuiteWithout => "all tests without it".to_owned(),
        };
        let path = &self.candidate.path;
        self.backend
            .progress
            .say(&format!("checking {path}: {what}"));
    }

    async fn carry_out(&self, asked: Check, seen: &mut Seen) -> Result<(), AgentFailure> {
        let file = Some(self.candidate.path.as_str());
        self.say(&asked, &seen.facts);
        match asked {
            Check::Alone { coverage } => {
                let ran = self.run(file, coverage, None).await;
                seen.alone = seen.alone.max(ran.duration);
                if coverage {
                    seen.facts.gained = Some(self.gained(&ran));
                }
                let ran = seen.note(ran);
                seen.facts.alone.push(ran);
            }
            Check::Faults => seen.facts.faults = Some(self.faults(&seen.facts)),
            Check::Fault(at) => {
                let fault = seen.facts.faults.as_ref().and_then(|all| all.get(at));
                let fate = match fault {
                    Some(fault) => self.planted(fault, seen.alone).await?,
                    None => not_viable("it is not there"),
                };
                seen.facts.fates.push(fate);
            }
            Check::Suite | Check::SuiteWithout => {
                let ran = self.run(None, true, None).await;
                let together = self.gained(&ran).map(|lines| {
                    let gained = seen.facts.gained.as_ref().and_then(|it| it.as_ref().ok());
                    let is_gained = |line: &&u32| gained.is_some_and(|all| all.contains(line));
                    lines.iter().filter(is_gained).count()
                });
                seen.facts.together = Some(together);
                seen.facts.suite = Some(seen.note(ran));
            }
        }
        Ok(())
    }

    /// The lines of the gap that a run reaches, of those that no test reached before.
    fn gained(&self, ran: &TestsRan) -> Result<Vec<u32>, String> {
        let Session { copy, snapshot, .. } = self.session;
        match self
            .backend
            .analysis
            .read_reports(copy, snapshot, &ran.reports)
        {
            Measured::Measured { value } => {
                let file = file_coverage(&value, &self.brief.gap.path);
                let hit = file.map_or_else(BTreeSet::new, hit_lines);
                let lines = self.brief.gap.uncovered_lines.iter();
                Ok(lines.filter(|line| hit.contains(line)).copied().collect())
            }
            Measured::NotMeasured { why, .. } | Measured::Failed { why, .. } => Err(why),
        }
    }

    /// The faults that can be planted on the lines gained.
    fn faults(&self, facts: &Facts) -> Vec<Mutant> {
        let Some(Ok(lines)) = &facts.gained else {
            return Vec::new();
        };
        let lines: BTreeSet<u32> = lines.iter().copied().collect();
        let path = &self.brief.gap.path;
        let Ok(text) = std::fs::read_to_string(self.session.copy.root().join(path)) else {
            return Vec::new();
        };
        let Some(source) = SourceFile::of_text(path, &text) else {
            return Vec::new();
        };
        let parsed = parse(&mut Parsers::default(), &source);
        parsed.map_or_else(|_| Vec::new(), |(file, _)| mutants(&file, &lines, FAULTS))
    }

    /// Plants a fault, runs the test alone, and takes the fault out again.
    async fn planted(&self, fault: &Mutant, alone: Duration) -> Result<Fate, AgentFailure> {
        let root = self.session.copy.root();
        let path = &self.brief.gap.path;
        let text = std::fs::read_to_string(root.join(path)).map_err(unwritable)?;
        let Some(faulty) = fault.plant(&text) else {
            return Ok(not_viable("the source is another by now"));
        };
        let _planted = Placed::change(&root, path, &text, &faulty).map_err(unwritable)?;
        let longest = Some(LEAST_TIME.max(alone.saturating_mul(TIMES)));
        let ran = self.run(Some(&self.candidate.path), false, longest).await;
        Ok(match ran.ran {
            Ran::Passed => Fate::Survived,
            Ran::Failed { .. } => Fate::Killed,
            Ran::TimedOut => Fate::TimedOut,
            Ran::NotRun(why) => Fate::NotViable { why },
        })
    }
}

impl Seen {
    /// Keeps what there is to know of a run.
    fn note(&mut self, ran: TestsRan) -> Ran {
        self.evidence.extend(ran.evidence);
        if ran.ran != Ran::Passed {
            self.output = ran.output;
        }
        ran.ran
    }
}

fn faults(facts: &Facts) -> Vec<PlantedFault> {
    let faults = facts.faults.iter().flatten().enumerate();
    let faults = faults.map(|(at, fault)| PlantedFault {
        line: fault.line,
        kind: fault.kind,
        what: fault.what.clone(),
        fate: facts.fates.get(at).cloned(),
    });
    faults.collect()
}

/// Whether all tests went as well with it, as far as that was tried.
fn breaks_nothing(facts: &Facts, accepted: bool) -> Option<bool> {
    let suite = facts.suite.as_ref()?;
    Some(accepted || *suite == Ran::Passed)
}

fn notes(facts: &Facts, accepted: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if accepted && !matches!(facts.suite, Some(Ran::Passed)) {
        let note = "tests fail with it that fail without it as well";
        notes.push(note.to_owned());
    }
    notes
}

fn not_viable(why: &str) -> Fate {
    Fate::NotViable {
        why: why.to_owned(),
    }
}

fn unwritable(error: std::io::Error) -> AgentFailure {
    AgentFailure::new(
        FailureClass::Internal,
        format!("the copy of the repository cannot be used: {error}"),
    )
}
