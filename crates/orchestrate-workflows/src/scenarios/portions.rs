//! How much of a scenario is worked on at a time.

use orchestrate_core::id::StepName;

use super::error::ScenarioError;
use super::inputs::{Portions, Scenario, Scenarios};

/// Portions of a scenario at most: each is a step, and a condition names those before it.
const MOST: usize = 50;

/// What one step of a scenario works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portion {
    /// Its step: the scenario and the number.
    pub name: StepName,
    /// The scenario.
    pub scenario: String,
    /// Its number in the scenario, from 1.
    pub number: u32,
    /// Items before it that it is not given.
    pub offset: u64,
    /// Items that it is given.
    pub items: u64,
    /// The milestones, in percent, that are reached once it has ended.
    pub milestones: Vec<u8>,
}

impl Scenarios {
    /// How items are handed out, where `usual` is what the skill is best given.
    pub(super) fn handed_out(&self, usual: Portions) -> Portions {
        let has_batches = self.scenarios.iter().any(|it| it.batch_size.is_some());
        match self.portions {
            Some(portions) => portions,
            None if has_batches => Portions::Batches,
            None => usual,
        }
    }

    /// The portions of every scenario, in their order.
    ///
    /// # Errors
    /// When a value makes no sense, or there are too few items or too many portions.
    pub fn all_portions(
        &self,
        usual: Portions,
        there: Option<u64>,
    ) -> Result<Vec<Vec<Portion>>, ScenarioError> {
        self.check()?;
        let handed_out = self.handed_out(usual);
        let base = self.base(there);
        let all = self.scenarios.iter().map(|scenario| {
            let scaled = (base as f64 * scenario.complexity_multiplier).round() as u64;
            let size = scenario.input_size.unwrap_or(scaled).max(1);
            if let Some(has) = there.filter(|has| *has < size) {
                return Err(ScenarioError::TooFew {
                    scenario: scenario.name.clone(),
                    needs: size,
                    has,
                });
            }
            self.portions_of(scenario, size, handed_out)
        });
        all.collect()
    }

    fn portions_of(
        &self,
        scenario: &Scenario,
        size: u64,
        handed_out: Portions,
    ) -> Result<Vec<Portion>, ScenarioError> {
        // Up to where each portion reaches, as a number of items.
        let shares = self.milestones.iter().map(|it| share(size, *it));
        let mut ends: Vec<u64> = match scenario.batch_size {
            Some(batch) if size.div_ceil(batch) > MOST as u64 => {
                return Err(ScenarioError::TooMany {
                    scenario: scenario.name.clone(),
                    portions: size.div_ceil(batch),
                    most: MOST,
                });
            }
            Some(batch) => (1..=size.div_ceil(batch))
                .map(|number| number.saturating_mul(batch).min(size))
                .collect(),
            None => shares.collect(),
        };
        ends.dedup();
        let mut from = 0;
        let portions = ends.into_iter().zip(1..).map(|(end, number)| {
            let before = from;
            from = end;
            let reached = |percent: &&u8| {
                let needs = share(size, **percent);
                needs > before && needs <= end
            };
            let offset = match handed_out {
                Portions::Growing => 0,
                Portions::Batches => before,
            };
            let name = format!("{}_{number}", scenario.name);
            let name = StepName::new(&name).map_err(|error| ScenarioError::Value {
                of: format!("scenario `{}`", scenario.name),
                problem: error.to_string(),
            })?;
            Ok(Portion {
                name,
                scenario: scenario.name.clone(),
                number,
                offset,
                items: end - offset,
                milestones: self.milestones.iter().filter(reached).copied().collect(),
            })
        });
        portions.collect()
    }
}

/// So many percent of items, rounded up: at least one.
fn share(size: u64, percent: u8) -> u64 {
    let all = u128::from(size) * u128::from(percent);
    u64::try_from(all.div_ceil(100)).unwrap_or(size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::SkillChoice;

    fn inputs() -> Scenarios {
        Scenarios::of(SkillChoice::Agent("code_reviewer".into()))
    }

    fn shown(portions: &[Portion]) -> Vec<(u64, u64, Vec<u8>)> {
        let shown = portions
            .iter()
            .map(|it| (it.offset, it.items, it.milestones.clone()));
        shown.collect()
    }

    #[test]
    fn inputs_grow_with_the_milestones() {
        let all = inputs().all_portions(Portions::Growing, None).unwrap();
        let sizes = |at: usize| -> Vec<u64> { all[at].iter().map(|it| it.items).collect() };
        assert_eq!(sizes(0), [30, 50, 70, 90, 100]);
        assert_eq!(sizes(1), [90, 150, 210, 270, 300]);
        assert_eq!(sizes(2), [240, 400, 560, 720, 800]);
        assert!(all.iter().flatten().all(|it| it.offset == 0));
        assert_eq!(all[2][4].name.as_str(), "complex_5");
    }

    #[test]
    fn batches_hand_out_each_item_once() {
        let mut inputs = inputs();
        let all = inputs.all_portions(Portions::Batches, None).unwrap();
        assert_eq!(
            shown(&all[0]),
            [
                (0, 30, vec![30]),
                (30, 20, vec![50]),
                (50, 20, vec![70]),
                (70, 20, vec![90]),
                (90, 10, vec![100])
            ]
        );
        inputs.scenarios[0].batch_size = Some(40);
        let all = inputs.all_portions(Portions::Growing, None).unwrap();
        assert_eq!(
            shown(&all[0]),
            [
                (0, 40, vec![30]),
                (40, 40, vec![50, 70]),
                (80, 20, vec![90, 100])
            ]
        );
        inputs.scenarios[0].batch_size = Some(1);
        assert!(inputs.all_portions(Portions::Growing, None).is_err());
    }

    #[test]
    fn a_few_items_have_fewer_portions_and_no_empty_one() {
        let mut inputs = inputs();
        inputs.items = Some(2);
        let all = inputs.all_portions(Portions::Batches, None).unwrap();
        assert_eq!(
            shown(&all[0]),
            [(0, 1, vec![30, 50]), (1, 1, vec![70, 90, 100])]
        );
    }

    #[test]
    fn a_file_gives_the_hardest_all_that_it_has() {
        let inputs = inputs();
        let all = inputs.all_portions(Portions::Growing, Some(81)).unwrap();
        let last: Vec<u64> = all.iter().map(|it| it.last().unwrap().items).collect();
        assert_eq!(last, [10, 30, 80]);
        let many = Scenarios {
            items: Some(11),
            ..inputs
        };
        assert!(many.all_portions(Portions::Growing, Some(81)).is_err());
    }
}
