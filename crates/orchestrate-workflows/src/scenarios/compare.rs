//! Figure by figure: what each scenario came to, how many times that of the first, and which did best.

use std::collections::BTreeMap;

use super::inputs::Scenarios;
use super::report::{Comparison, ScenarioReport};

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Better {
    More,
    Less,
    /// Nobody said.
    Unknown,
}

/// Every figure that at least one scenario has.
pub(super) fn comparison(inputs: &Scenarios, scenarios: &[ScenarioReport]) -> Vec<Comparison> {
    type Of = fn(&ScenarioReport) -> Option<f64>;
    let own: [(&str, &str, Better, Of); 5] = [
        ("time per item", "ms", Better::Less, |it| {
            it.time_per_item_ms.value
        }),
        ("time", "s", Better::Unknown, |it| {
            it.portions
                .iter()
                .any(|it| it.attempts > 0)
                .then_some(it.time_s)
        }),
        ("peak memory", "MB", Better::Less, |it| {
            it.peak_memory_mb.value
        }),
        ("error rate", "", Better::Less, |it| it.error_rate),
        ("cost", "USD", Better::Unknown, |it| {
            let usage = it.usage?;
            (usage.unpriced_tokens == 0).then(|| f64::from(usage.cost))
        }),
    ];
    let own = own
        .iter()
        .map(|(name, unit, better, of)| compared(name, unit, *better, scenarios, of));
    let told = inputs.metrics.iter().map(|(name, metric)| {
        let better = match (metric.min, metric.max) {
            (Some(_), None) => Better::More,
            (None, Some(_)) => Better::Less,
            _ => Better::Unknown,
        };
        let of = |it: &ScenarioReport| it.metrics.get(name)?.value;
        compared(name, "", better, scenarios, of)
    });
    own.chain(told)
        .filter(|it| it.values.values().any(Option::is_some))
        .collect()
}

fn compared(
    metric: &str,
    unit: &str,
    better: Better,
    scenarios: &[ScenarioReport],
    of: impl Fn(&ScenarioReport) -> Option<f64>,
) -> Comparison {
    let values: Vec<(String, Option<f64>)> = scenarios
        .iter()
        .map(|it| (it.name.clone(), of(it)))
        .collect();
    let first = values.first().and_then(|(_, value)| *value);
    let first = first.filter(|it| *it != 0.0);
    let ratios = values
        .iter()
        .map(|(name, value)| (name.clone(), value.zip(first).map(|(it, first)| it / first)));
    let known = || values.iter().filter_map(|(name, it)| Some((name, (*it)?)));
    let by = |a: &(&String, f64), b: &(&String, f64)| a.1.total_cmp(&b.1);
    let best = match better {
        Better::More => known().max_by(by),
        Better::Less => known().min_by(by),
        Better::Unknown => None,
    };
    // Of one, or of equals, none is best.
    let differs = best.is_some_and(|(_, best)| known().any(|(_, it)| it != best));
    let best = best.filter(|_| differs).map(|(name, _)| name.clone());
    Comparison {
        metric: metric.to_owned(),
        unit: unit.to_owned(),
        best,
        ratios: ratios.collect(),
        values: BTreeMap::from_iter(values),
    }
}
