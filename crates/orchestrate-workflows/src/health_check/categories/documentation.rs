//! Documentation: how much of what others may use is explained.

use serde_json::Value;

use super::super::mode::Mode;
use super::category::{Category, Measured, figure, findings};
use crate::answers::{NoValue, Results};

pub(super) const CATEGORY: Category = Category {
    name: "documentation",
    weight: 0.10,
    from: Mode::Weekly,
    agent: "documentation_writer",
    metric: "doc_coverage_percent",
    definition: "the share of public items with documentation, in percent, as each language defines public",
    measure,
};

fn measure(results: &Results<'_>) -> Result<Measured, NoValue> {
    let (percent, _) = results.metric(CATEGORY.agent, CATEGORY.metric)?;
    let mut figures = vec![figure("documented", percent, "percent")];
    let count = |field: &str| results.field(CATEGORY.agent, field).and_then(Value::as_u64);
    let mut raise = None;
    if let (Some(public), Some(documented)) = (count("public_items"), count("documented_items")) {
        figures.push(figure("public items", public as f64, ""));
        figures.push(figure("documented items", documented as f64, ""));
        let missing = public.saturating_sub(documented);
        let found = findings(results, CATEGORY.agent).iter();
        let mut files = found.filter(|it| it.rule_id == "docs.undocumented");
        let place = files.next().map_or_else(String::new, |it| {
            format!(", for example in `{}:{}`", it.path, it.line)
        });
        let noun = if missing == 1 { "item" } else { "items" };
        raise = Some((
            format!("document {missing} public {noun}{place}"),
            100.0 - percent,
        ));
    }
    Ok(Measured {
        score: percent,
        figures,
        raise,
    })
}
