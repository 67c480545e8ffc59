//! The score of a snapshot, with the functions and files that cost most.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::counts::{COMPLEX, OVERSIZED, QualityCounts};
use super::score::{Component, score};
use crate::measured::Measured;
use crate::metrics::FunctionFacts;
use crate::scan::Snapshot;

/// How many functions are named.
const NAMED: usize = 20;

/// A function that is worth mending first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Worst {
    /// Path of its file.
    pub path: String,
    /// Its figures.
    pub function: FunctionFacts,
}

/// The quality of product code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QualityReport {
    /// From 0 to 10, the sum of the contributions.
    pub score: f64,
    /// What it is made of.
    pub components: Vec<Component>,
    /// The sums behind the components.
    pub counts: QualityCounts,
    /// Product files measured.
    pub files: u32,
    /// Product functions measured.
    pub functions: u32,
    /// The most complex functions over the limit, worst first.
    pub worst: Vec<Worst>,
    /// Product files of more than 600 lines of code, with their lines, largest first.
    pub oversized_files: Vec<(String, u32)>,
    /// Product files with syntax errors, whose figures are partial.
    pub partial_files: u32,
    /// Source files that were skipped and are not in the score.
    pub skipped_files: u32,
}

/// Measures quality. Without product code there is nothing to score.
#[must_use]
pub fn quality(snapshot: &Snapshot) -> Measured<QualityReport> {
    if snapshot.cancelled {
        return snapshot.cancelled_measure();
    }
    let counts = QualityCounts::of(snapshot);
    let Some((score, components)) = score(&counts) else {
        return Measured::NotMeasured {
            why: snapshot.nothing_measured("line of code"),
            how: "run it on a project with product code in Rust, Python, JavaScript, TypeScript or Go"
                .to_owned(),
        };
    };
    let functions = || {
        snapshot.product().flat_map(|file| {
            file.functions
                .iter()
                .filter(|function| !function.is_test)
                .map(move |function| (file, function))
        })
    };
    let [complex, _] = COMPLEX;
    let mut worst: Vec<_> = functions()
        .filter(|(_, function)| function.cyclomatic > complex)
        .collect();
    // Stable, so that equals stay in the order of their paths and lines.
    worst.sort_by_key(|(_, function)| {
        std::cmp::Reverse((function.cyclomatic, function.cognitive, function.code_lines))
    });
    worst.truncate(NAMED);
    let mut oversized_files: Vec<_> = snapshot
        .product()
        .filter(|file| file.code_lines > OVERSIZED)
        .map(|file| (file.path.clone(), file.code_lines))
        .collect();
    oversized_files.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
    Measured::Measured {
        value: QualityReport {
            score,
            components,
            counts,
            files: count(snapshot.product().count()),
            functions: count(functions().count()),
            worst: worst
                .into_iter()
                .map(|(file, function)| Worst {
                    path: file.path.clone(),
                    function: function.clone(),
                })
                .collect(),
            oversized_files,
            partial_files: snapshot.partial_product_files(),
            skipped_files: count(snapshot.skipped.len()),
        },
    }
}

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}
