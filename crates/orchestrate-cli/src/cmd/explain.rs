//! `explain`: what a code or a rule means, what causes it, what to do.

use serde_json::json;

use crate::app::Call;
use crate::args::ExplainArgs;
use crate::codes::{self, Page};
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::{Columns, HEAD, paint, wrap};
use crate::rules::{self, Rule};

pub(crate) fn run(args: &ExplainArgs, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    let (codes, rules) = (codes::all(), rules::all());
    let Some(wanted) = &args.code else {
        printer.answer(
            || list(&codes, &rules),
            &json!({"codes": codes, "rules": rules}),
        )?;
        return Ok(Exit::Yes);
    };
    let width = printer.width();
    if let Some(page) = codes.iter().find(|it| it.code.eq_ignore_ascii_case(wanted)) {
        let head = format!("{}: {}", page.code, page.title);
        printer.answer(|| show(&head, &[page.cause, page.remedy], width), page)?;
    } else if let Some(rule) = rules.iter().find(|it| it.id.eq_ignore_ascii_case(wanted)) {
        let head = format!("{}: {}", rule.id, rule.title);
        let kind = format!("At worst {}; CWE-{}.", rule.severity, rule.cwe);
        let (why, fix) = (format!("Why: {}", rule.why), format!("Fix: {}", rule.fix));
        printer.answer(|| show(&head, &[&kind, &why, &fix], width), rule)?;
    } else {
        let codes = codes.iter().map(|page| page.code);
        return Err(CliError::Unknown {
            what: "code or rule",
            given: wanted.clone(),
            possible: codes
                .chain(rules.iter().map(|rule| rule.id))
                .map(str::to_owned)
                .collect(),
            list: "explain",
        }
        .into());
    }
    Ok(Exit::Yes)
}

fn list(codes: &[Page], rules: &[Rule]) -> String {
    let mut columns = Columns::new(["CODE OR RULE", "MEANING"]);
    for page in codes {
        columns.row([page.code.to_owned(), page.title.to_owned()]);
    }
    for rule in rules {
        columns.row([rule.id.to_owned(), rule.title.to_owned()]);
    }
    columns.render()
}

fn show(head: &str, paragraphs: &[&str], width: usize) -> String {
    let mut out = format!("{}\n", paint(HEAD, head));
    for paragraph in paragraphs {
        out.push_str(&format!("\n{}\n", wrap(paragraph, width).join("\n")));
    }
    out
}
