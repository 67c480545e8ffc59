//! The document around the parts, and their order.

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::{details, findings, top};
use crate::report::ReleaseReadinessReport;

const STYLE: &str = include_str!("style.css");

/// No request may leave the file, whatever a browser finds in it.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Renders the report as one self-contained HTML document. `name` is what the page calls the
/// repository, whose path may be a mere dot.
#[must_use]
pub fn html(report: &ReleaseReadinessReport, name: &str) -> String {
    let title = format!("{}: {name}", top::word(report.verdict));
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content={ "orchestrate " (env!("CARGO_PKG_VERSION")) };
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the report" }
                (head(report, name))
                main id="main" {
                    (top::verdict(report))
                    (top::gates(report))
                    (top::lists(report))
                    (top::not_measured(report))
                    (findings::summary(report))
                    h2 id="details" { "Details" }
                    (findings::all(report))
                    (details::coverage(report))
                    (details::quality(report))
                    (details::documentation(report))
                    (details::agents(report))
                    (details::read(report))
                }
                (foot(report))
            }
        }
    };
    page.into_string()
}

fn head(report: &ReleaseReadinessReport, name: &str) -> Markup {
    markup! {
        header {
            p.kind { "Release readiness" }
            h1 { (name) }
            p.quiet {
                time datetime=(report.timestamp) { (report.timestamp.replace('T', " ").replace('Z', " UTC")) }
                " · " code { (report.path) }
            }
            nav aria-label="Parts of this report" {
                a href="#gates" { "Gates" }
                @if !report.not_measured.is_empty() { a href="#not-measured" { "Not measured" } }
                a href="#findings" { "Findings" }
                a href="#details" { "Details" }
            }
        }
    }
}

fn foot(report: &ReleaseReadinessReport) -> Markup {
    markup! {
        footer {
            p {
                "Made by orchestrate " (env!("CARGO_PKG_VERSION")) " in "
                (super::parts::seconds(report.wall_duration))
                ". Every figure here was measured; what was not measured is said so and never counts as passed. "
                "The JSON form (" code { (report.schema) } ") holds all of it."
            }
        }
    }
}
