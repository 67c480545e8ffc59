//! The architecture analyst: who imports whom, where that goes in circles, and what goes against the layers.

use orchestrate_analysis::architecture::{ArchitectureReport, Coupling, Cycle, architecture};
use orchestrate_analysis::finding::{Confidence, Finding, Severity, number_equal};
use orchestrate_analysis::language::Language;

use super::answer::Answer;
use super::backend::Job;
use super::smell::Smell;
use super::trust::named;

const METRIC: &str = "import_cycles";
/// How many directories are listed.
const NAMED: usize = 40;

pub(super) fn analyse(job: &Job<'_>) -> Answer {
    let mut answer = Answer::over(
        job,
        "the graph of imports between the project's own modules; cycles are its strongly connected components; instability is outgoing / (incoming + outgoing) by directory",
    );
    let measured = architecture(job.root, job.snapshot, &job.options.layers);
    if let Some(report) = answer.take(METRIC, measured) {
        state(job, &mut answer, &report);
    }
    answer.not_measured.extend(job.trust.gap());
    answer
}

fn state(job: &Job<'_>, answer: &mut Answer, report: &ArchitectureReport) {
    let at_load = report.cycles.iter().filter(|cycle| cycle.at_load).count();
    answer.product_metric(job, METRIC, at_load as f64);
    answer.product_metric(job, "layer_violations", report.violations.len() as f64);
    answer.detail("modules", &report.modules);
    answer.detail("imports", &report.imports);
    answer.detail("late_imports", &report.late_imports);
    answer.detail("cycles", &report.cycles);
    let mut couplings: Vec<&Coupling> = report.couplings.iter().collect();
    couplings.sort_by_key(|it| std::cmp::Reverse(it.incoming + it.outgoing));
    couplings.truncate(NAMED);
    answer.detail("couplings", &couplings);
    if job.options.layers.is_empty() {
        answer.not_measured(
            "layering",
            "no layers were given",
            "give the directories from top to bottom with `--layers`, or `layers` in `orchestrate.toml`",
        );
    }
    for layer in &report.empty_layers {
        answer
            .warnings
            .push(format!("there is no module in the layer `{layer}`"));
    }
    let mut found: Vec<Finding> = report.cycles.iter().filter_map(cycle).collect();
    found.extend(report.violations.iter().map(|it| {
        Finding::from(Smell {
            rule_id: "architecture.layer",
            severity: Severity::Medium,
            confidence: Confidence::High,
            path: &it.path,
            line: it.line,
            subject: &it.target,
            message: format!(
                "`{}` imports `{}`, which lies in the higher layer `{}`",
                it.lower, it.target, it.higher
            ),
            fix: "move what is needed down, or hand it in from above",
        })
    }));
    number_equal(&mut found);
    for finding in &found {
        answer.finding(finding);
    }
}

fn cycle(cycle: &Cycle) -> Option<Finding> {
    let first = cycle.shortest.first()?;
    let mut way: Vec<&str> = cycle
        .shortest
        .iter()
        .map(|step| step.from.as_str())
        .collect();
    way.push(&first.from);
    let way = way.join("` -> `");
    let size = cycle.modules.len();
    let others = if size > cycle.shortest.len() {
        let all = cycle.modules.iter().map(|module| format!("`{module}`"));
        format!("; {size} modules hang together: {}", named(all))
    } else {
        String::new()
    };
    // The compiler of Rust sees a crate as one; elsewhere the order of loading decides what is there.
    let severity = if cycle.at_load && cycle.language != Language::Rust {
        Severity::Low
    } else {
        Severity::Info
    };
    let when = if cycle.at_load {
        ""
    } else {
        " once a function has run"
    };
    Some(
        Smell {
            rule_id: "architecture.import-cycle",
            severity,
            confidence: Confidence::High,
            path: &first.path,
            line: first.line,
            subject: &cycle.modules.join(" "),
            message: format!("modules import each other{when}: `{way}`{others}"),
            fix: "move what both need into a module of its own, or hand it in",
        }
        .into(),
    )
}
