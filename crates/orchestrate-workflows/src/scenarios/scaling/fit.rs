//! One curve fitted to measured times, by weighted least squares; neither of its two parts is below nought.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::growth::{Growth, Shape};

/// How much of a time is taken for chance at least, as a share of it.
const SHARE: f64 = 0.02;
/// The same in milliseconds: no program starts more evenly.
const LEAST_MS: f64 = 0.5;

/// One invocation: so many items in so many milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Items that it was given; at least 1.
    pub items: u64,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// How exactly that is known, in milliseconds.
    pub exact_to_ms: f64,
}

impl Point {
    /// The least difference that can be told, in milliseconds.
    fn least(self) -> f64 {
        self.exact_to_ms.max(LEAST_MS)
    }

    /// What its difference from a curve counts.
    pub(super) fn weight(self) -> f64 {
        1.0 / ((SHARE * self.ms).powi(2) + self.least().powi(2))
    }
}

/// The curve of a class: `fixed_ms` plus what grows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fit {
    /// The class.
    pub growth: Growth,
    /// What every invocation takes, whatever the number of its items, in milliseconds.
    pub fixed_ms: f64,
    /// What grows, as it is at the greatest number of items that was measured, in milliseconds.
    pub growing_ms: f64,
    /// The share of the differences between the times that the curve explains, from 0 to 1, each time weighted
    /// by how exactly it can be known. Null where all times are the same.
    pub r_squared: Option<f64>,
    /// How far times lie from the curve, as a share of them: the root of the mean square.
    pub error: f64,
}

/// A curve with its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fitted {
    pub(super) shape: Shape,
    fixed: f64,
    growing: f64,
    most: f64,
    /// Weighted sum of the squares of what is left.
    pub(super) rest: f64,
}

impl Fitted {
    /// The best curve of a shape.
    pub(super) fn of(points: &[Point], shape: Shape, most: f64) -> Self {
        let (mut ww, mut ws, mut ss, mut wt, mut st) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for point in points {
            let (weight, shape) = (point.weight(), shape.at(point.items as f64, most));
            ww += weight;
            ws += weight * shape;
            ss += weight * shape * shape;
            wt += weight * point.ms;
            st += weight * shape * point.ms;
        }
        let determinant = ww * ss - ws * ws;
        let flat = (wt / ww, 0.0);
        let (fixed, growing) = if shape == Shape::Constant || determinant <= 1e-12 * ww * ss {
            flat
        } else {
            let fixed = (wt * ss - st * ws) / determinant;
            let growing = (st * ww - wt * ws) / determinant;
            match (fixed < 0.0, growing < 0.0) {
                (_, true) => flat,
                (true, false) => (0.0, st / ss),
                (false, false) => (fixed, growing),
            }
        };
        let mut fitted = Self {
            shape,
            fixed,
            growing,
            most,
            rest: 0.0,
        };
        let square = |it: &Point| it.weight() * (it.ms - fitted.at(it.items as f64)).powi(2);
        fitted.rest = points.iter().map(square).sum();
        fitted
    }

    /// The time that it gives for so many items.
    pub(super) fn at(&self, items: f64) -> f64 {
        self.fixed + self.growing * self.shape.at(items, self.most)
    }

    /// It as it is told.
    pub(super) fn told(&self, points: &[Point], growth: Growth) -> Fit {
        let weights: f64 = points.iter().map(|it| it.weight()).sum();
        let mean: f64 = points.iter().map(|it| it.weight() * it.ms).sum::<f64>() / weights;
        let all: f64 = points
            .iter()
            .map(|it| it.weight() * (it.ms - mean).powi(2))
            .sum();
        Fit {
            growth,
            fixed_ms: self.fixed,
            growing_ms: self.growing,
            r_squared: (all > 0.0).then(|| (1.0 - self.rest / all).max(0.0)),
            error: self.error(points),
        }
    }

    /// How far times lie from it, as a share of them; what is below the least difference that can be told counts no more than that.
    pub(super) fn error(&self, points: &[Point]) -> f64 {
        let square = |it: &Point| {
            let rest = it.ms - self.at(it.items as f64);
            (rest / it.ms.max(10.0 * it.least())).powi(2)
        };
        let sum: f64 = points.iter().map(square).sum();
        (sum / points.len() as f64).sqrt()
    }
}
