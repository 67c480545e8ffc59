//! A classifier looks at the task, then exactly one specialist works on it.

use orchestrate_core::condition::{Comparison, Condition, Reference};
use orchestrate_core::outcome::Outcome;
use orchestrate_core::plan::{Arm, OnError, Step, StepKind};
use orchestrate_core::strategy::{
    Aggregate, Arity, ExecutionStrategy, Gathered, Part, StrategyError, StrategyInfo,
};
use orchestrate_core::task::{Context, TaskComplexity};
use orchestrate_core::team::{Agent, Team};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::common;

const SPECIALIST: &str =
    "What is known of the task is in `classification`, if anything. Do the task.";

/// Routes to one specialist: the one the classifier names, else by the complexity it names, else by how sure it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Adaptive {
    /// A classifier that names nothing and is surer than this, from 0 to 1, sends the task to the cheapest tier, else to the highest; 0.8 unless told.
    #[schemars(range(min = 0, max = 1))]
    confidence_threshold: f64,
}

impl Default for Adaptive {
    fn default() -> Self {
        Self {
            confidence_threshold: 0.8,
        }
    }
}

impl Adaptive {
    /// Its name in the catalogue.
    pub const NAME: &'static str = "adaptive";
    /// How many agents it needs.
    pub const ARITY: Arity = Arity {
        least: 2,
        most: None,
    };

    /// Reads it from parameters.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] for an unknown parameter or a threshold out of range.
    pub fn from_params(params: &Context) -> Result<Self, StrategyError> {
        let this: Self = common::read(Self::NAME, params)?;
        this.check()?;
        Ok(this)
    }

    /// The same with another threshold, from 0 to 1.
    #[must_use]
    pub fn confidence_threshold(mut self, threshold: f64) -> Self {
        self.confidence_threshold = threshold;
        self
    }

    fn check(&self) -> Result<(), StrategyError> {
        if (0.0..=1.0).contains(&self.confidence_threshold) {
            return Ok(());
        }
        let problem = format!(
            "must be a number from 0 to 1, got `{}`",
            self.confidence_threshold
        );
        Err(common::parameter(
            Self::NAME,
            "confidence_threshold",
            problem,
        ))
    }
}

/// The words by which a classifier may name a complexity, and the way that is taken then.
const BY_COMPLEXITY: [(TaskComplexity, &str, &str); 3] = [
    (TaskComplexity::Simple, "low", "simple_task"),
    (TaskComplexity::Moderate, "medium", "moderate_task"),
    (TaskComplexity::Complex, "high", "complex_task"),
];
const NAMED: &str = "named_";
const SURE: &str = "sure_classifier";
const OTHERWISE: &str = "otherwise";

/// The cheapest, the middle and the dearest by tier; in a tie the first member, in the middle the dearer of two.
fn by_tier(specialists: &[Agent]) -> Option<[&Agent; 3]> {
    let mut ordered: Vec<&Agent> = specialists.iter().collect();
    ordered.sort_by_key(|agent| agent.tier);
    let cheapest = *ordered.first()?;
    let middle = *ordered.get(ordered.len() / 2)?;
    let highest = ordered.last()?.tier;
    let dearest = *ordered.iter().find(|agent| agent.tier == highest)?;
    Some([cheapest, middle, dearest])
}

fn arm(label: &str, agent: &Agent, so: Condition) -> Arm {
    Arm {
        label: label.to_owned(),
        when: Condition::All {
            of: vec![common::succeeded("classifier"), so],
        },
        then: specialist(label, agent),
    }
}

/// The form of a classifier's answer. It may name who, or how much there is to the task, or both.
fn classification(ids: &[&str]) -> Value {
    let words: Vec<&str> = TaskComplexity::ALL.iter().map(|it| it.as_str()).collect();
    json!({
        "type": "object",
        "properties": {
            "specialist": {"type": "string", "enum": ids},
            "complexity": {"type": "string", "enum": words},
            "reason": {"type": "string"},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        },
        "anyOf": [{"required": ["specialist"]}, {"required": ["complexity"]}],
    })
}

fn specialist(name: &str, agent: &Agent) -> Step {
    let classification = (
        "classification".to_owned(),
        "steps.classifier.output".to_owned(),
    );
    common::named(
        common::work(&agent.id, Some(SPECIALIST), [classification]),
        name,
    )
}

fn arms(specialists: &[Agent], tiers: [&Agent; 3], threshold: f64) -> Vec<Arm> {
    let field = |name: &str| Reference::new(format!("steps.classifier.output.{name}"));
    // A field that is not there is no surprise, so it is asked for before it is read.
    let says = |name: &str, test: Condition| Condition::All {
        of: vec![Condition::Exists { field: field(name) }, test],
    };
    let names = common::step_names(specialists);
    let named = specialists.iter().zip(&names).map(|(agent, name)| {
        let is = Condition::Compare {
            field: field("specialist"),
            by: Comparison::Eq,
            value: agent.id.as_str().into(),
        };
        arm(&format!("{NAMED}{name}"), agent, says("specialist", is))
    });
    let complex = BY_COMPLEXITY
        .iter()
        .zip(tiers)
        .map(|((complexity, synonym, label), agent)| {
            let values = vec![complexity.as_str().into(), (*synonym).into()];
            let is = Condition::In {
                field: field("complexity"),
                values,
            };
            arm(label, agent, says("complexity", is))
        });
    let [cheapest, ..] = tiers;
    let sure = Condition::compare("steps.classifier.confidence", Comparison::Gt, threshold);
    named
        .chain(complex)
        .chain([arm(SURE, cheapest, sure)])
        .collect()
}

impl ExecutionStrategy for Adaptive {
    fn info(&self) -> StrategyInfo {
        common::info::<Self>(
            Self::NAME,
            Self::ARITY,
            "a classifier chooses the one specialist that runs",
            "it is not known beforehand how hard the task is or whose it is",
            "classifier, then one or more specialists, best of different tiers",
        )
    }

    fn compose(&self, team: &Team, _: &Context) -> Result<Step, StrategyError> {
        self.check()?;
        let [classifier, specialists @ ..] = team.members() else {
            return Err(common::wrong_arity(
                Self::NAME,
                Self::ARITY.to_string(),
                team,
            ));
        };
        let Some(tiers) = by_tier(specialists) else {
            return Err(common::wrong_arity(
                Self::NAME,
                Self::ARITY.to_string(),
                team,
            ));
        };
        let [.., dearest] = tiers;
        let ids: Vec<&str> = specialists.iter().map(|agent| agent.id.as_str()).collect();
        let instruction = format!(
            "Do not do the task: say who should. Answer with `specialist`, one of {}; or with `complexity`, one of simple, moderate, complex.",
            ids.join(", ")
        );
        let choice = Step::new(StepKind::Branch {
            arms: arms(specialists, tiers, self.confidence_threshold),
            otherwise: Some(Box::new(specialist(OTHERWISE, dearest))),
        });
        Ok(Step::new(StepKind::Sequence {
            steps: vec![
                common::named(
                    common::asking(
                        common::work(&classifier.id, Some(&instruction), []),
                        classification(&ids),
                    ),
                    "classifier",
                ),
                common::named(choice, "specialist"),
            ],
            on_error: OnError::Continue,
            collect: Some(common::collect(Self::NAME, self)),
        }))
    }

    /// Success is that of the specialist, also when the classifier failed. `why` says what led to the choice.
    fn aggregate(&self, group: &Gathered<'_>) -> Aggregate {
        let (parts, outcome) = (group.parts, group.outcome.clone());
        let classifier = parts.first();
        let specialist = parts.get(1);
        let chosen = specialist.filter(|part| common::ran(part));
        let taken = chosen.and_then(|part| part.parts.iter().find(|arm| common::ran(arm)));
        let why = match taken {
            Some(arm) => self.why(&arm.name, classifier),
            None => "no specialist was started".to_owned(),
        };
        let success = chosen.is_some_and(|part| part.outcome.is_success());
        Aggregate {
            outcome: match chosen {
                _ if success => Outcome::Succeeded,
                Some(part) if !common::interrupted(&outcome) => part.outcome.clone(),
                _ => outcome,
            },
            output: json!({
                "classification": classifier.map(|part| part.output.as_ref()),
                "selected_specialist": chosen.map(common::label),
                "specialist_output": chosen.map(|part| part.output.as_ref()),
                "why": why,
            }),
            confidence: chosen.map_or(0.0, |part| part.confidence),
        }
    }
}

impl Adaptive {
    fn why(&self, way: &str, classifier: Option<&Part>) -> String {
        let confidence = classifier.map_or(0.0, |part| part.confidence);
        let threshold = self.confidence_threshold;
        let named = classifier
            .and_then(|part| part.output.get("specialist"))
            .and_then(Value::as_str);
        // A name that led nowhere is told, or the choice would look like the classifier's.
        let stranger = named.map_or(String::new(), |name| {
            format!("the classifier named `{name}`, who is not in the team; ")
        });
        if way.starts_with(NAMED) {
            return "the classifier named it".to_owned();
        }
        if let Some((complexity, ..)) = BY_COMPLEXITY.iter().find(|(.., label)| *label == way) {
            let tier = match complexity {
                TaskComplexity::Simple => "cheapest",
                TaskComplexity::Moderate => "middle",
                TaskComplexity::Complex => "highest",
            };
            return format!("{stranger}the classifier called the task {complexity}: {tier} tier");
        }
        if way == SURE {
            return format!(
                "{stranger}the classifier was sure ({confidence:.2} > {threshold:.2}): cheapest tier"
            );
        }
        match classifier.and_then(|part| part.outcome.error()) {
            Some(error) => format!("the classifier did not succeed ({error}): highest tier"),
            None => format!(
                "{stranger}the classifier was not sure ({confidence:.2} <= {threshold:.2}): highest tier"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        assert_references_resolve, bad, branch, called, dependent, generic_failure, good,
        not_taken, object, text, tree,
    };
    use super::*;
    use expect_test::{Expect, expect};
    use orchestrate_core::outcome::{FailureClass, LimitKind};
    use orchestrate_core::template::Tier;
    use orchestrate_core::testing::template;

    fn team(members: &[(&str, Tier)]) -> Team {
        Team::new(members.iter().map(|(id, tier)| template(id, *tier).into()))
    }

    fn usual() -> Team {
        team(&[
            ("triage", Tier::Cheap),
            ("expert", Tier::Premium),
            ("helper", Tier::Cheap),
            ("solid", Tier::Capable),
        ])
    }

    #[test]
    fn there_is_a_way_for_everything_a_classifier_may_say() {
        let step = Adaptive::default()
            .compose(&usual(), &Context::new())
            .unwrap();
        assert_references_resolve(&step);
        expect![[r#"
            : sequence continue -> adaptive {"confidence_threshold":0.8}
              classifier: agent triage
              specialist: branch
                named_expert when (steps.classifier.success == true and (steps.classifier.output.specialist exists and steps.classifier.output.specialist == "expert"))
                  named_expert: agent expert classification=steps.classifier.output
                named_helper when (steps.classifier.success == true and (steps.classifier.output.specialist exists and steps.classifier.output.specialist == "helper"))
                  named_helper: agent helper classification=steps.classifier.output
                named_solid when (steps.classifier.success == true and (steps.classifier.output.specialist exists and steps.classifier.output.specialist == "solid"))
                  named_solid: agent solid classification=steps.classifier.output
                simple_task when (steps.classifier.success == true and (steps.classifier.output.complexity exists and steps.classifier.output.complexity in ["simple","low"]))
                  simple_task: agent helper classification=steps.classifier.output
                moderate_task when (steps.classifier.success == true and (steps.classifier.output.complexity exists and steps.classifier.output.complexity in ["moderate","medium"]))
                  moderate_task: agent solid classification=steps.classifier.output
                complex_task when (steps.classifier.success == true and (steps.classifier.output.complexity exists and steps.classifier.output.complexity in ["complex","high"]))
                  complex_task: agent expert classification=steps.classifier.output
                sure_classifier when (steps.classifier.success == true and steps.classifier.confidence > 0.8)
                  sure_classifier: agent helper classification=steps.classifier.output
                otherwise
                  otherwise: agent expert classification=steps.classifier.output
        "#]].assert_eq(&tree(&step));
    }

    /// The label of the way that is taken when the classifier ended so.
    fn way(facts: Value) -> String {
        let facts = json!({"steps": {"classifier": facts}});
        let team = usual();
        let specialists = &team.members()[1..];
        let arms = arms(specialists, by_tier(specialists).unwrap(), 0.8);
        let taken = arms.iter().find(|arm| {
            let evaluation = arm.when.evaluate(&facts);
            assert_eq!(evaluation.diagnostics, Vec::<String>::new());
            evaluation.holds
        });
        taken.map_or("otherwise", |arm| &arm.label).to_owned()
    }

    #[test]
    fn a_name_beats_a_complexity_beats_confidence() {
        let sure = |output: Value, confidence: f64| {
            way(json!({"success": true, "confidence": confidence, "output": output}))
        };
        assert_eq!(
            sure(json!({"specialist": "solid", "complexity": "simple"}), 0.9),
            "named_solid"
        );
        assert_eq!(
            sure(json!({"specialist": "nobody", "complexity": "simple"}), 0.1),
            "simple_task"
        );
        assert_eq!(sure(json!({"complexity": "medium"}), 0.1), "moderate_task");
        assert_eq!(sure(json!({"complexity": "complex"}), 0.9), "complex_task");
        assert_eq!(sure(json!("free text"), 0.81), "sure_classifier");
        assert_eq!(sure(json!({}), 0.8), "otherwise");
        assert_eq!(
            way(json!({"success": false, "confidence": 0.9, "output": {"specialist": "solid"}})),
            "otherwise"
        );
    }

    #[test]
    fn tiers_decide_who_is_cheapest_middle_and_dearest() {
        let ids = |members: &[(&str, Tier)]| {
            by_tier(team(members).members()).map(|tiers| tiers.map(|agent| agent.id.to_string()))
        };
        assert_eq!(ids(&[]), None);
        assert_eq!(ids(&[("a", Tier::Cheap)]).unwrap(), ["a", "a", "a"]);
        assert_eq!(
            ids(&[("b", Tier::Premium), ("a", Tier::Cheap)]).unwrap(),
            ["a", "b", "b"]
        );
        assert_eq!(
            ids(&[
                ("a", Tier::Capable),
                ("b", Tier::Capable),
                ("c", Tier::Capable)
            ])
            .unwrap(),
            ["a", "b", "a"]
        );
    }

    #[test]
    fn one_agent_and_thresholds_out_of_range_are_refused() {
        let error = Adaptive::default()
            .compose(&team(&[("a", Tier::Cheap)]), &Context::new())
            .unwrap_err();
        expect!["strategy `adaptive` needs at least 2 agents, got 1"].assert_eq(&error.to_string());
        let error = Adaptive::from_params(&object(json!({"confidence_threshold": 7}))).unwrap_err();
        expect!["strategy `adaptive`: parameter `confidence_threshold` must be a number from 0 to 1, got `7`"].assert_eq(&error.to_string());
    }

    fn check(classifier: Part, way: Option<(&str, Part)>, generic: Outcome, expected: Expect) {
        let ways = match way {
            Some((label, part)) => vec![not_taken("named_other"), called(label, part)],
            None => vec![dependent("otherwise", "classifier")],
        };
        let parts = [called("classifier", classifier), branch("specialist", ways)];
        expected.assert_eq(&text(
            &Adaptive::default().aggregate(&Gathered::new(&parts, generic)),
        ));
    }

    #[test]
    fn the_run_succeeds_with_its_specialist_and_says_why() {
        let done = || good("expert", json!("done"), 0.9);
        let says = |output: Value, confidence| good("triage", output, confidence);
        check(
            says(json!({"specialist": "expert"}), 0.5),
            Some(("named_expert", done())),
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.90)
                classification = {"specialist":"expert"}
                selected_specialist = "expert"
                specialist_output = "done"
                why = "the classifier named it"
            "#]],
        );
        check(
            says(json!({"specialist": "ghost", "complexity": "high"}), 0.5),
            Some(("complex_task", done())),
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.90)
                classification = {"specialist":"ghost","complexity":"high"}
                selected_specialist = "expert"
                specialist_output = "done"
                why = "the classifier named `ghost`, who is not in the team; the classifier called the task complex: highest tier"
            "#]],
        );
        check(
            says(json!({}), 0.95),
            Some(("sure_classifier", done())),
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.90)
                classification = {}
                selected_specialist = "expert"
                specialist_output = "done"
                why = "the classifier was sure (0.95 > 0.80): cheapest tier"
            "#]],
        );
        check(
            says(json!({}), 0.5),
            Some(("otherwise", done())),
            Outcome::Succeeded,
            expect![[r#"
                succeeded (0.90)
                classification = {}
                selected_specialist = "expert"
                specialist_output = "done"
                why = "the classifier was not sure (0.50 <= 0.80): highest tier"
            "#]],
        );
        check(
            bad("triage", FailureClass::Timeout),
            Some(("otherwise", done())),
            Outcome::Partial {
                succeeded: 1,
                total: 2,
            },
            expect![[r#"
                succeeded (0.90)
                classification = null
                selected_specialist = "expert"
                specialist_output = "done"
                why = "the classifier did not succeed (triage broke): highest tier"
            "#]],
        );
        check(
            says(json!({}), 0.5),
            Some(("otherwise", bad("expert", FailureClass::Denied))),
            Outcome::Partial {
                succeeded: 1,
                total: 2,
            },
            expect![[r#"
                failed: expert broke (0.00)
                classification = {}
                selected_specialist = "expert"
                specialist_output = null
                why = "the classifier was not sure (0.50 <= 0.80): highest tier"
            "#]],
        );
        check(
            bad("triage", FailureClass::Timeout),
            None,
            Outcome::LimitReached {
                limit: LimitKind::Calls,
            },
            expect![[r#"
                limit_reached: stopped: the limit of calls was reached (0.00)
                classification = null
                selected_specialist = null
                specialist_output = null
                why = "no specialist was started"
            "#]],
        );
        check(
            bad("triage", FailureClass::Timeout),
            None,
            generic_failure(),
            expect![[r#"
                failed: not all parts succeeded (0.00)
                classification = null
                selected_specialist = null
                specialist_output = null
                why = "no specialist was started"
            "#]],
        );
    }
}
