//! The prebuilt workflows, as data that can be listed and shown.

use orchestrate_core::error::similar;
use orchestrate_core::plan::Plan;
use orchestrate_core::template::AgentRegistry;
use schemars::Schema;

use crate::error::WorkflowError;
use crate::health_check::{self, HealthCheck};
use crate::release_prep::{RELEASE_AGENTS, ReleasePrep};
use crate::report;
use crate::scenarios::{self, CommandSkill, Material, Scenarios, SkillChoice, Words};
use crate::test_coverage::{self, TestCoverage};

/// What the catalogue says of a workflow.
#[derive(Debug, Clone, Copy)]
pub struct Workflow {
    /// Its name, as the command line takes it.
    pub name: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// What it does, in a few sentences.
    pub about: &'static str,
    /// The agents that it runs unless told otherwise.
    pub agents: &'static [&'static str],
    /// The name of its report among the documents of this program.
    pub document: &'static str,
    inputs: fn() -> Schema,
    report: fn() -> Schema,
    plan: fn(&AgentRegistry) -> Result<Plan, WorkflowError>,
}

impl Workflow {
    /// JSON Schema of its inputs, defaults included.
    #[must_use]
    pub fn inputs(&self) -> Schema {
        (self.inputs)()
    }

    /// JSON Schema of its report.
    #[must_use]
    pub fn report(&self) -> Schema {
        (self.report)()
    }

    /// Its plan with default inputs.
    ///
    /// # Errors
    /// When the registry lacks one of its agents.
    pub fn plan(&self, registry: &AgentRegistry) -> Result<Plan, WorkflowError> {
        (self.plan)(registry)
    }
}

const ALL: &[Workflow] = &[RELEASE_PREP, HEALTH_CHECK, TEST_COVERAGE, SCENARIOS];

const HEALTH_CHECK: Workflow = Workflow {
    name: HealthCheck::NAME,
    summary: "how well is this project, and which way is it going?",
    about: "Agents measure the project side by side, one for each category of a mode: security, coverage and \
            quality daily; performance and documentation as well weekly; architecture as well for a release. \
            The score is the weighted mean over what was measured. There is a grade only when at least 65 % of \
            the weight was. Each check is kept and held beside the last one that measured the same.",
    agents: &[
        "security_auditor",
        "test_coverage_analyzer",
        "code_reviewer",
    ],
    document: "health",
    inputs: || schemars::schema_for!(HealthCheck),
    report: health_check::schema,
    plan: |registry| HealthCheck::default().plan(registry),
};

const SCENARIOS: Workflow = Workflow {
    name: Scenarios::NAME,
    summary: "what does a skill take as its work grows, and how far can it be trusted?",
    about: "One skill (a program, an agent or a workflow) is run side by side at several difficulties: 1, 3 and 8 \
            times the items, within 30, 90 and 300 seconds unless told otherwise. Each portion of the work is a step \
            that is recorded and retried by itself, and a scenario that fails stops no other. The report compares \
            what was measured, names the class in which time grows where the points tell it from all others, and \
            recommends the hardest scenario that kept to its time, its memory, its tolerance and its quality.",
    agents: &["command"],
    document: "scenarios",
    inputs: Scenarios::schema,
    report: scenarios::schema,
    plan: |_| {
        let words: Words = "sort {input}".parse()?;
        let inputs = Scenarios::of(SkillChoice::Command(words.clone()));
        let skill = CommandSkill::new(words, Material::Generated, ".", &inputs)?;
        Ok(inputs.plan(&skill)?)
    },
};

const RELEASE_PREP: Workflow = Workflow {
    name: ReleasePrep::NAME,
    summary: "is this repository ready to be released?",
    about: "Four agents look at the repository side by side: security, test coverage, code \
            quality, documentation. What they measure is held against gates. A critical gate that \
            could not be measured leaves the verdict undecided. Nothing is changed or \
            sent, and no program is started unless that is asked for: it works offline with nothing configured.",
    agents: &RELEASE_AGENTS,
    document: "release-readiness",
    inputs: || schemars::schema_for!(ReleasePrep),
    report: report::schema,
    plan: |registry| ReleasePrep::default().plan(registry),
};

const TEST_COVERAGE: Workflow = Workflow {
    name: TestCoverage::NAME,
    summary: "which tests are missing, and do new ones prove anything?",
    about: "The project's own tests are run under coverage in a copy of the repository, and the gaps are ranked by what \
            they weigh. For the first gaps tests are written: by a model if one is set up, otherwise as skeletons that are \
            ignored by their runner and count as nothing. A test of a model is accepted only if it passes alone three times, \
            reaches lines that no test reached, fails for at least one fault that is planted there, and breaks nothing. The \
            repository is not changed unless `--apply` says so.",
    agents: &TestCoverage::AGENTS,
    document: "test-coverage",
    inputs: || schemars::schema_for!(TestCoverage),
    report: test_coverage::schema,
    plan: |registry| TestCoverage::default().plan(registry),
};

/// All workflows, in the order in which they are listed.
#[must_use]
pub fn all() -> &'static [Workflow] {
    ALL
}

/// The workflow of that name.
///
/// # Errors
/// [`WorkflowError::Unknown`] with what was possible.
pub fn get(name: &str) -> Result<&'static Workflow, WorkflowError> {
    ALL.iter()
        .find(|workflow| workflow.name == name)
        .ok_or_else(|| {
            let names = || ALL.iter().map(|workflow| workflow.name);
            WorkflowError::Unknown {
                name: name.to_owned(),
                possible: names().collect::<Vec<_>>().join(", "),
                near: similar(name, names())
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use orchestrate_core::error::Explain;
    use orchestrate_core::id::AgentId;

    #[test]
    fn every_workflow_plans_with_its_defaults_and_runs_the_agents_that_it_names() {
        let registry = AgentRegistry::builtin();
        for workflow in all() {
            let plan = workflow.plan(&registry).unwrap();
            let mut named: Vec<_> = workflow.agents.to_vec();
            named.sort_unstable();
            let planned: Vec<_> = plan.agents.keys().map(AgentId::as_str).collect();
            assert_eq!(planned, named);
            for schema in [workflow.inputs(), workflow.report()] {
                assert!(schema.get("properties").is_some(), "{schema:?}");
            }
        }
    }

    #[test]
    fn an_unknown_name_lists_what_is_possible() {
        let error = get("release-perp").unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown workflow `release-perp` (possible: release-prep, health-check, test-coverage, scenarios)"
        );
        assert_eq!(error.hints(), ["did you mean `release-prep`?"]);
        assert_eq!(
            get("release-prep").map(|found| found.name),
            Ok("release-prep")
        );
    }
}
