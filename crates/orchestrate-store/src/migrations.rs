//! The shape of a database, as numbered steps that only ever go forward.
//!
//! A database remembers which steps it has taken, each with its checksum: one that was changed
//! after it had been released, or that this version does not know, is refused before anything else
//! is read.

use orchestrate_core::canonical;
use orchestrate_core::learning::StoreError;
use serde_json::Value;

/// The steps of one part of a database, in order; a step never changes once it was released.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migrations {
    /// The part, for example `documents`.
    pub(crate) part: &'static str,
    /// The statements of each step.
    pub(crate) steps: &'static [&'static str],
}

/// A step that is still to be taken.
#[derive(Debug)]
pub(crate) struct Pending {
    /// From 1.
    pub(crate) number: i64,
    pub(crate) statements: &'static str,
    pub(crate) checksum: String,
}

impl Migrations {
    /// What is to be done to a database that has taken these steps: `(number, checksum)`, in order.
    pub(crate) fn pending(
        &self,
        taken: &[(i64, String)],
        place: &str,
    ) -> Result<Vec<Pending>, StoreError> {
        let refuse = |problem: String| StoreError::Version {
            place: place.to_owned(),
            problem,
        };
        let mut pending = Vec::new();
        for (number, statements) in (1..).zip(self.steps) {
            let checksum = canonical::digest(&Value::from(*statements));
            match taken.iter().find(|(other, _)| *other == number) {
                None => pending.push(Pending {
                    number,
                    statements,
                    checksum,
                }),
                Some((_, other)) if *other == checksum => {}
                Some(_) => {
                    return Err(refuse(format!(
                        "step {number} of `{}` is not the one that this version knows",
                        self.part
                    )));
                }
            }
        }
        let newest = taken.iter().map(|(number, _)| *number).max().unwrap_or(0);
        if usize::try_from(newest).is_ok_and(|newest| newest > self.steps.len()) {
            return Err(refuse(format!(
                "`{}` is at step {newest}, and this version knows {}",
                self.part,
                self.steps.len()
            )));
        }
        Ok(pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: Migrations = Migrations {
        part: "test",
        steps: &["create a", "create b"],
    };

    fn numbers(taken: &[(i64, String)]) -> Result<Vec<i64>, String> {
        let pending = OURS.pending(taken, "here");
        let pending = pending.map_err(|error| error.to_string())?;
        Ok(pending.iter().map(|step| step.number).collect())
    }

    #[test]
    fn steps_are_taken_once_in_order_and_strangers_are_refused() {
        let all: Vec<(i64, String)> = OURS
            .pending(&[], "here")
            .unwrap()
            .into_iter()
            .map(|step| (step.number, step.checksum))
            .collect();
        assert_eq!(numbers(&[]), Ok(vec![1, 2]));
        assert_eq!(numbers(&all[..1]), Ok(vec![2]));
        assert_eq!(numbers(&all), Ok(vec![]));
        let changed = [(1, "other".to_owned())];
        assert!(numbers(&changed).unwrap_err().contains("step 1 of `test`"));
        let newer = [all, vec![(3, "x".to_owned())]].concat();
        assert!(numbers(&newer).unwrap_err().contains("knows 2"));
    }
}
