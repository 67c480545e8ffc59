//! Architecture: how much of a project hangs together in circles, or goes against its layers.

use std::collections::BTreeMap;

use orchestrate_analysis::architecture::Cycle;
use orchestrate_analysis::language::Language;
use serde::Deserialize as _;
use serde_json::Value;

use super::super::mode::Mode;
use super::super::score::halved;
use super::category::{Category, Measured, figure};
use crate::answers::{NoValue, Results};

pub(super) const CATEGORY: Category = Category {
    name: "architecture",
    weight: 0.10,
    from: Mode::Release,
    agent: "architecture_analyst",
    metric: "import_cycles",
    definition: "100, halved for every 25 percent of modules that import each other in a circle when they are \
                 loaded (in Rust, whose compiler sees a crate as one, a module counts half) and of imports \
                 against the layers for each module",
    measure,
};

/// The share of tangled modules, in percent, at which half of the score is left.
const HALF_AT: f64 = 25.0;

fn measure(results: &Results<'_>) -> Result<Measured, NoValue> {
    let (cycles_counted, _) = results.metric(CATEGORY.agent, CATEGORY.metric)?;
    let (violations, _) = results.metric(CATEGORY.agent, "layer_violations")?;
    let all = results
        .field(CATEGORY.agent, "modules")
        .and_then(Value::as_u64);
    let modules = match all {
        Some(all) if has_layers(results) => all,
        _ => could_circle(results),
    };
    if modules < 2 {
        return Err(NoValue::new(
            "there is nothing that could be wrong: fewer than two modules are written in a language that \
             admits import cycles (Go does not), and no layers were given",
            "give the directories from top to bottom with `--layers`, or `layers` in `orchestrate.toml`",
        ));
    }
    let cycles = results.field(CATEGORY.agent, "cycles");
    let cycles = cycles.map_or_else(|| Ok(Vec::new()), Vec::<Cycle>::deserialize);
    let mut cycles = cycles.map_err(|error| {
        NoValue::new(
            format!("`cycles` does not have the expected form: {error}"),
            "run it with a backend that measures",
        )
    })?;
    cycles.retain(|cycle| cycle.at_load);
    let score = |tangled: f64| halved(100.0 * tangled / modules as f64, HALF_AT);
    let tangled = cycles.iter().map(weight).sum::<f64>() + violations;
    let largest = cycles.iter().max_by(|a, b| weight(a).total_cmp(&weight(b)));
    let now = score(tangled);
    let raise = largest.and_then(|cycle| {
        let step = cycle.shortest.first()?;
        let size = cycle.modules.len();
        let what = format!(
            "take apart the {size} modules that import each other around `{}:{}`",
            step.path, step.line
        );
        Some((what, score(tangled - weight(cycle)) - now))
    });
    let in_cycles: usize = cycles.iter().map(|cycle| cycle.modules.len()).sum();
    Ok(Measured {
        score: now,
        figures: vec![
            figure("import cycles at load", cycles_counted, ""),
            figure(
                "modules in them",
                in_cycles as f64,
                &format!("of {modules}"),
            ),
            figure("imports against the layers", violations, ""),
        ],
        raise,
    })
}

fn weight(cycle: &Cycle) -> f64 {
    let each = match cycle.language {
        Language::Rust => 0.5,
        _ => 1.0,
    };
    each * cycle.modules.len() as f64
}

/// How many files ship that could import each other in a circle.
fn could_circle(results: &Results<'_>) -> u64 {
    let scan = results.field(CATEGORY.agent, "scan");
    let languages = scan.and_then(|scan| {
        BTreeMap::<Language, BTreeMap<String, u64>>::deserialize(scan.get("by_language")?).ok()
    });
    let languages = languages.into_iter().flatten();
    languages
        .filter(|(language, _)| *language != Language::Go)
        .filter_map(|(_, roles)| roles.get("product").copied())
        .sum()
}

/// Whether imports were held to layers: the analyst says so when they were not.
fn has_layers(results: &Results<'_>) -> bool {
    let answer = results.answers.get(CATEGORY.agent);
    answer.is_some_and(|answer| answer.not_measured.iter().all(|it| it.what != "layering"))
}
