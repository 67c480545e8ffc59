//! What a manager reads: the verdict, the gates, what blocks, what warns, what nobody measured.

use maud::{Markup, html as markup};
use orchestrate_core::gate::{GateStatus, QualityGate, shown};

use super::parts::{State, counted, state, text};
use crate::gates::target;
use crate::report::{ReleaseReadinessReport, Verdict};

pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ready => "Ready",
        Verdict::NotReady => "Not ready",
        Verdict::Undecided => "Undecided",
    }
}

pub(super) fn verdict(report: &ReleaseReadinessReport) -> Markup {
    let (class, icon) = match report.verdict {
        Verdict::Ready => ("good", "✓"),
        Verdict::NotReady => ("bad", "✕"),
        Verdict::Undecided => ("open", "?"),
    };
    let meaning = match report.verdict {
        Verdict::Ready => "Everything that binds was measured and passed.",
        Verdict::NotReady => "Something that was measured stands against a release.",
        Verdict::Undecided => {
            "Nothing that was measured stands against a release, but something needed could not be measured."
        }
    };
    let head = format!("{}: ", word(report.verdict));
    let summary = report
        .summary
        .strip_prefix(&head)
        .unwrap_or(&report.summary);
    markup! {
        section class={ "verdict " (class) } aria-label="Verdict" {
            span.sign aria-hidden="true" { (icon) }
            div {
                p.answer { (word(report.verdict)) }
                p { (text(summary)) }
                p.quiet { (meaning) " Confidence: " (report.confidence.as_str()) "." }
            }
        }
    }
}

pub(super) fn gates(report: &ReleaseReadinessReport) -> Markup {
    markup! {
        section {
            h2 id="gates" { "Quality gates" }
            ul.gates {
                @for gate in &report.quality_gates { (card(gate)) }
            }
        }
    }
}

fn card(gate: &QualityGate) -> Markup {
    let (kind, word) = match gate.status {
        GateStatus::Passed => (State::Good, "passed"),
        GateStatus::Failed if gate.critical => (State::Bad, "failed"),
        GateStatus::Failed => (State::Warn, "failed, warns only"),
        GateStatus::NotMeasured => (State::Open, "not measured"),
    };
    let scale = scale(&gate.metric);
    let unit = match scale {
        Some(most) if most > 10.0 => " %",
        Some(_) => " / 10",
        None => "",
    };
    markup! {
        li.card {
            p.name { (gate.name) }
            p.figure {
                @match gate.actual {
                    Some(value) => { (shown(value, gate.threshold)) span.unit { (unit) } },
                    None => span.unit { "no figure" },
                }
            }
            @if let (Some(most), Some(value)) = (scale, gate.actual) {
                (bar(value / most, gate.threshold / most, kind))
            }
            p { (state(kind, word)) }
            p.quiet {
                "Target " (target(gate)) (unit)
                @if !gate.critical { " · does not block" }
            }
        }
    }
}

/// A bar with a mark at the target. The figures beside it say the same.
fn bar(share: f64, target: f64, kind: State) -> Markup {
    let percent = |share: f64| format!("{:.1}%", 100.0 * share.clamp(0.0, 1.0));
    let class = match kind {
        State::Good => "bar good",
        State::Bad => "bar bad",
        _ => "bar warn",
    };
    markup! {
        div class=(class) aria-hidden="true" {
            span.fill style={ "width:" (percent(share)) } {}
            span.mark style={ "left:" (percent(target)) } {}
        }
    }
}

fn scale(metric: &str) -> Option<f64> {
    if metric.ends_with("_percent") {
        Some(100.0)
    } else if metric.ends_with("_score") {
        Some(10.0)
    } else {
        None
    }
}

pub(super) fn lists(report: &ReleaseReadinessReport) -> Markup {
    markup! {
        (list("Blockers", "blockers", State::Bad, &report.blockers))
        (list("Warnings", "warnings", State::Warn, &report.warnings))
    }
}

fn list(heading: &str, id: &str, kind: State, items: &[String]) -> Markup {
    markup! {
        @if !items.is_empty() {
            section {
                h2 id=(id) { (heading) " " span.count { (items.len()) } }
                ul.plain {
                    @for item in items { li { (state(kind, "")) span { (text(item)) } } }
                }
            }
        }
    }
}

pub(super) fn not_measured(report: &ReleaseReadinessReport) -> Markup {
    let items = &report.not_measured;
    markup! {
        @if !items.is_empty() {
            section {
                h2 id="not-measured" { "Not measured " span.count { (items.len()) } }
                p.quiet {
                    (counted(items.len(), "thing"))
                    " could not be measured. None of this is good news or bad news; it is not known."
                }
                dl.open {
                    @for item in items {
                        dt { (state(State::Open, "")) span { (text(&label(report, &item.what))) } }
                        dd {
                            p { (text(&item.why)) }
                            p.quiet { "To measure it: " (text(&item.how_to_measure)) }
                        }
                    }
                }
            }
        }
    }
}

/// The name of a gate in place of that of its metric.
fn label(report: &ReleaseReadinessReport, what: &str) -> String {
    let gate = report.quality_gates.iter().find(|gate| gate.metric == what);
    gate.map_or_else(|| what.to_owned(), |gate| gate.name.clone())
}
