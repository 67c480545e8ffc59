//! Quality: the reviewer's score.

use serde_json::Value;

use super::super::mode::Mode;
use super::super::report::Figure;
use super::category::{Category, Measured, figure};
use crate::answers::{NoValue, Results};

pub(super) const CATEGORY: Category = Category {
    name: "quality",
    weight: 0.20,
    from: Mode::Daily,
    agent: "code_reviewer",
    metric: "quality_score",
    definition: "ten times the reviewer's score from 0 to 10, over densities of complexity, size, nesting, \
                 copies, rule violations, hazards and unfinished work in product code",
    measure,
};

fn measure(results: &Results<'_>) -> Result<Measured, NoValue> {
    let (score, _) = results.metric(CATEGORY.agent, CATEGORY.metric)?;
    // What costs most comes first.
    let mut costs: Vec<(f64, Figure)> = Vec::new();
    let components = results.field(CATEGORY.agent, "components");
    let components = components.and_then(Value::as_array).map(Vec::as_slice);
    for component in components.unwrap_or_default() {
        let number = |field: &str| component.get(field).and_then(Value::as_f64);
        let text = |field: &str| component.get(field).and_then(Value::as_str);
        let (Some(name), Some(unit), Some(value)) = (text("name"), text("unit"), number("value"))
        else {
            continue;
        };
        let (Some(weight), Some(given)) = (number("weight"), number("contribution")) else {
            continue;
        };
        // The reviewer's ten are a hundred here.
        costs.push((10.0 * (10.0 * weight - given), figure(name, value, unit)));
    }
    costs.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let raise = costs.first().map(|(lost, it)| {
        let what = format!("bring down {} ({:.1} {})", it.name, it.value, it.unit);
        (what, *lost)
    });
    let mut figures = vec![figure("quality score", score, "of 10")];
    figures.extend(costs.into_iter().map(|(_, figure)| figure));
    Ok(Measured {
        score: 10.0 * score,
        figures,
        raise,
    })
}
