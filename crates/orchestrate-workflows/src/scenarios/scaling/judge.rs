//! Holds every class against the points. A class is named only when the points refuse all others.
//!
//! Each class is a curve `fixed + growing * shape(n)`. A curve is refused beside the best one when the logarithm
//! of the ratio of what they leave unexplained, times the number of points that are free, is above
//! [`REFUSED`]. Curves of powers between the classes are tried as well: when one of them does better than every
//! class, or cannot be refused, growth lies between two classes and none is named.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fit::{Fit, Fitted, Point};
use super::growth::{Growth, Shape};

/// Different numbers of items that are needed at least.
const SIZES: usize = 5;
/// How many times the least number of items the greatest must be.
const RANGE: f64 = 4.0;
/// From where on a curve is refused beside the best one.
const REFUSED: f64 = 14.0;
/// How far times may lie from the best curve, as a share of them.
const ERROR: f64 = 0.25;
/// What grows by less than this factor from the least to the greatest number of items is constant, as long as the points admit it.
const CONSTANT: f64 = 1.25;
/// Powers between those of classes.
const BETWEEN: [f64; 6] = [0.5, 0.75, 1.5, 1.75, 2.5, 4.0];
/// The rates of exponential growth that are tried: from the least to the greatest, over the measured numbers of items.
const RATES: (f64, f64) = (1.5, 60.0);
/// How many rates are tried.
const STEPS: u32 = 120;

/// How time grows with the number of items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scaling {
    /// The class; null when the points do not tell.
    pub growth: Option<Growth>,
    /// The classes that the points admit, the slowest first; one when `growth` is known.
    pub candidates: Vec<Growth>,
    /// The curve of the class; of the best candidate where none is named; null when nothing could be fitted.
    pub fit: Option<Fit>,
    /// Why it is so, or why nothing is known, in a sentence.
    pub why: String,
    /// Invocations that were measured.
    pub points: Vec<Point>,
}

/// How the time of one invocation grows with the number of its items. Points with no items, or with a time
/// that is no number above nought, are left out.
#[must_use]
pub fn scaling(points: &[Point]) -> Scaling {
    let mut points: Vec<Point> = points
        .iter()
        .filter(|it| it.items > 0 && it.ms.is_finite() && it.ms > 0.0)
        .copied()
        .collect();
    points.sort_by(|a, b| a.items.cmp(&b.items).then(a.ms.total_cmp(&b.ms)));
    let unknown = |why: String, points| Scaling {
        growth: None,
        candidates: Vec::new(),
        fit: None,
        why,
        points,
    };
    let sizes: BTreeSet<u64> = points.iter().map(|it| it.items).collect();
    let (least, most) = match (sizes.first(), sizes.last()) {
        (Some(least), Some(most)) => (*least as f64, *most as f64),
        _ => return unknown("nothing was measured".to_owned(), points),
    };
    if sizes.len() < SIZES || most < RANGE * least {
        let why = format!(
            "undecided: {} of items from {least} to {most} {} measured; it takes {SIZES}, the greatest at least \
             {RANGE} times the least",
            numbers(sizes.len()),
            if sizes.len() == 1 { "was" } else { "were" },
        );
        return unknown(why, points);
    }
    let told = Curves::of(&points, least, most).judge();
    Scaling { points, ..told }
}

fn numbers(count: usize) -> String {
    match count {
        1 => "one number".to_owned(),
        count => format!("{count} different numbers"),
    }
}

/// Every curve, fitted.
struct Curves<'a> {
    points: &'a [Point],
    least: f64,
    most: f64,
    classes: Vec<(Growth, Fitted)>,
    between: Vec<Fitted>,
}

impl<'a> Curves<'a> {
    fn of(points: &'a [Point], least: f64, most: f64) -> Self {
        let fitted = |shape| Fitted::of(points, shape, most);
        let classes = Growth::ALL.map(|growth| {
            let fitted = match Shape::of(growth) {
                Some(shape) => fitted(shape),
                None => steepest(&fitted, most - least),
            };
            (growth, fitted)
        });
        Self {
            points,
            least,
            most,
            classes: classes.into(),
            between: BETWEEN.map(|power| fitted(Shape::Power(power))).into(),
        }
    }

    /// What a curve leaves unexplained, at least as much as chance does.
    fn rest(&self, fitted: &Fitted) -> f64 {
        fitted.rest.max(self.free())
    }

    /// Points beyond those that a curve needs.
    fn free(&self) -> f64 {
        self.points.len().saturating_sub(2).max(1) as f64
    }

    fn judge(&self) -> Scaling {
        let all = || self.classes.iter().map(|(_, it)| it).chain(&self.between);
        let best = all().map(|it| self.rest(it)).fold(f64::INFINITY, f64::min);
        let is_admitted = |it: &Fitted| self.free() * (self.rest(it) / best).ln() <= REFUSED;
        let admitted = self.classes.iter().filter(|(_, it)| is_admitted(it));
        let admitted: Vec<&(Growth, Fitted)> = admitted.collect();
        let candidates: Vec<Growth> = admitted.iter().map(|(growth, _)| *growth).collect();
        let nearest = self
            .classes
            .iter()
            .min_by(|(_, a), (_, b)| self.rest(a).total_cmp(&self.rest(b)));
        let Some((growth, fitted)) = nearest else {
            return self.undecided(candidates, None, "nothing could be fitted".to_owned());
        };
        let fit = fitted.told(self.points, *growth);
        let error = fitted.error(self.points);
        if error > ERROR {
            let why = format!(
                "undecided: times lie {:.0} % from the best curve, above {:.0} %",
                100.0 * error,
                100.0 * ERROR
            );
            return self.undecided(candidates, Some(fit), why);
        }
        let grows_by = |it: &Fitted| it.at(self.most) / it.at(self.least);
        let steepest = admitted.iter().map(|(_, it)| grows_by(it));
        let steepest = steepest.fold(1.0, f64::max);
        if let Some((_, flat)) = admitted.iter().find(|(it, _)| *it == Growth::Constant) {
            if steepest <= CONSTANT {
                return Scaling {
                    growth: Some(Growth::Constant),
                    candidates: vec![Growth::Constant],
                    fit: Some(flat.told(self.points, Growth::Constant)),
                    why: format!(
                        "from {} to {} items time does not grow, or by less than {:.0} %",
                        self.least,
                        self.most,
                        100.0 * (CONSTANT - 1.0)
                    ),
                    points: Vec::new(),
                };
            }
            let why =
                "undecided: times differ too much from chance to tell whether they grow at all";
            return self.undecided(candidates, Some(fit), why.to_owned());
        }
        let between = self.between.iter().filter(|it| is_admitted(it)).count();
        match (&*candidates, between) {
            ([only], 0) => Scaling {
                growth: Some(*only),
                candidates: candidates.clone(),
                why: format!(
                    "of all classes only {} agrees with the points",
                    only.as_str()
                ),
                fit: Some(fit),
                points: Vec::new(),
            },
            ([], _) => {
                let why = "undecided: growth lies between two classes, or is of another kind";
                self.undecided(candidates, Some(fit), why.to_owned())
            }
            ([only], _) => {
                let why = format!(
                    "undecided: {} agrees with the points, and so does growth between it and the next class",
                    only.as_str()
                );
                self.undecided(candidates.clone(), Some(fit), why)
            }
            (several, _) => {
                let words: Vec<&str> = several.iter().map(|it| it.as_str()).collect();
                let why = format!(
                    "undecided: the points do not tell these apart: {}",
                    words.join(", ")
                );
                self.undecided(candidates.clone(), Some(fit), why)
            }
        }
    }

    fn undecided(&self, candidates: Vec<Growth>, fit: Option<Fit>, why: String) -> Scaling {
        Scaling {
            growth: None,
            candidates,
            fit,
            why,
            points: Vec::new(),
        }
    }
}

/// The best curve of exponential growth, of all rates that are tried.
fn steepest(fitted: &impl Fn(Shape) -> Fitted, range: f64) -> Fitted {
    let (least, most) = RATES;
    let factor = (most / least).powf(1.0 / f64::from(STEPS));
    let rates = (0..=STEPS).map(|step| least * factor.powi(step.cast_signed()) / range);
    let first = fitted(Shape::Exponent(least / range));
    rates
        .map(|rate| fitted(Shape::Exponent(rate)))
        .fold(
            first,
            |best, it| if it.rest < best.rest { it } else { best },
        )
}
