//! Coverage: how much of the product its tests run.

use serde_json::Value;

use super::super::mode::Mode;
use super::category::{Category, Measured, figure};
use crate::answers::{NoValue, Results};

pub(super) const CATEGORY: Category = Category {
    name: "coverage",
    weight: 0.25,
    from: Mode::Daily,
    agent: "test_coverage_analyzer",
    metric: "coverage_percent",
    definition: "the share of the product's code that its tests run, in percent; where reports name only a part \
                 of the product, the least that it can be, if that is known to within 20 points",
    measure,
};

/// How far apart the ends may be between which the share is known to lie.
const WITHIN: f64 = 20.0;
/// How many gaps the advice names.
const GAPS: usize = 3;

fn measure(results: &Results<'_>) -> Result<Measured, NoValue> {
    let (percent, bounds) = results.metric(CATEGORY.agent, CATEGORY.metric)?;
    let mut figures = vec![figure("coverage", percent, "percent")];
    // What no report names is not known to be run by any test.
    let mut score = percent;
    if let Some(bounds) = bounds {
        let (least, most) = (bounds.least, bounds.most);
        if most - least > WITHIN {
            return Err(NoValue::new(
                format!("it lies between {least:.1} and {most:.1}: {}", bounds.why),
                &bounds.how_to_measure,
            ));
        }
        figures.push(figure("at least", least, "percent"));
        score = score.min(least);
    }
    let totals = results.field(CATEGORY.agent, "totals");
    let totals = totals.and_then(Value::as_array).map(Vec::as_slice);
    let sum = |field: &str| -> u64 {
        let all = totals.unwrap_or_default().iter();
        all.filter_map(|it| it.get(field)?.as_u64()).sum()
    };
    let (covered, total) = (sum("covered"), sum("total"));
    if total > 0 {
        figures.push(figure("covered", covered as f64, &format!("of {total}")));
    }
    Ok(Measured {
        score,
        figures,
        raise: raise(results, score, whole(covered, total, score)),
    })
}

/// How much there is to cover, with what no report names where the score counts that.
fn whole(covered: u64, total: u64, score: f64) -> f64 {
    let whole = 100.0 * covered as f64 / score;
    if whole.is_finite() {
        whole.max(total as f64)
    } else {
        total as f64
    }
}

/// The first gaps, and what covering them would give.
fn raise(results: &Results<'_>, score: f64, whole: f64) -> Option<(String, f64)> {
    let gaps = results.field(CATEGORY.agent, "gaps")?.as_array()?;
    let first = gaps.iter().take(GAPS);
    let uncovered = first
        .clone()
        .filter_map(|gap| gap.get("uncovered")?.as_u64());
    let uncovered: u64 = uncovered.sum();
    let names = first.filter_map(|gap| {
        let (path, line) = (gap.get("path")?.as_str()?, gap.get("start")?.as_u64()?);
        let function = gap.get("function").and_then(Value::as_str);
        Some(match function {
            Some(name) => format!("`{name}` in `{path}:{line}`"),
            None => format!("`{path}:{line}`"),
        })
    });
    let names: Vec<String> = names.collect();
    if names.is_empty() || whole == 0.0 {
        return None;
    }
    let gain = 100.0 * uncovered as f64 / whole;
    Some((
        format!("test {}", names.join(", ")),
        gain.min(100.0 - score),
    ))
}
