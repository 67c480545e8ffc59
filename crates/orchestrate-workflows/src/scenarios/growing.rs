//! How time grows with the number of items, by the clock and of the processor, and which of the two counts.

use super::report::{PortionReport, TimeOf};
use super::scaling::{Point, Scaling, scaling};

/// The share of what passed in which programs worked, or waited for a processor, for its time to count.
const BUSY: f64 = 0.5;

/// Both ways of growing.
#[derive(Debug)]
pub(super) struct Growing {
    pub(super) of: TimeOf,
    pub(super) clock: Scaling,
    pub(super) processor: Option<Scaling>,
}

impl Growing {
    /// Over portions that succeeded at the first attempt.
    pub(super) fn of(portions: &[&PortionReport]) -> Self {
        let clock = portions.iter().filter_map(|it| {
            Some(Point {
                items: it.items,
                ms: it.took_ms?,
                exact_to_ms: 0.0,
            })
        });
        let clock: Vec<Point> = clock.collect();
        let worked = portions.iter().map(|it| {
            Some(Point {
                items: it.items,
                ms: it.cpu_ms?,
                exact_to_ms: it.cpu_exact_to_ms?,
            })
        });
        let worked: Option<Vec<Point>> = worked.collect();
        let worked = worked.filter(|it| !it.is_empty());
        let sum = |of: fn(&PortionReport) -> Option<f64>| {
            let all = portions.iter().filter_map(|it| of(it));
            all.sum::<f64>()
        };
        let busy = sum(|it| Some(it.cpu_ms? + it.cpu_waited_ms?));
        let is_busy = worked.is_some() && busy >= BUSY * sum(|it| it.took_ms);
        Self {
            of: match is_busy {
                true => TimeOf::Processor,
                false => TimeOf::Clock,
            },
            clock: scaling(&clock),
            processor: worked.map(|it| scaling(&it)),
        }
    }

    /// The one that counts.
    pub(super) fn counts(&self) -> &Scaling {
        match (self.of, &self.processor) {
            (TimeOf::Processor, Some(processor)) => processor,
            _ => &self.clock,
        }
    }

    /// In a sentence.
    pub(super) fn told(&self) -> String {
        let of = self.of.as_str();
        match self.counts().growth {
            Some(growth) => format!(
                "The {of} grows with the number of items as {}: {}.",
                growth.notation(),
                growth.as_str()
            ),
            None => match &*self.counts().candidates {
                [] | [_, _, _, _, ..] => {
                    format!("How the {of} grows with the number of items is not decided.")
                }
                some => {
                    let words: Vec<&str> = some.iter().map(|it| it.as_str()).collect();
                    format!(
                        "How the {of} grows with the number of items is not decided; it may be {}.",
                        words.join(" or ")
                    )
                }
            },
        }
    }
}
