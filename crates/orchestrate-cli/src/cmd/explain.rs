//! `explain`: what a code means, what causes it, what to do.

use serde_json::json;

use crate::app::Call;
use crate::args::ExplainArgs;
use crate::codes::{self, Page};
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::{Columns, HEAD, paint, wrap};

pub(crate) fn run(args: &ExplainArgs, call: &Call) -> Result<Exit, Failure> {
    let printer = &call.printer;
    match &args.code {
        None => printer.answer(list, &json!({"codes": codes::all()}))?,
        Some(code) => {
            let page = codes::find(code).ok_or_else(|| CliError::Unknown {
                what: "code",
                given: code.clone(),
                possible: codes::all()
                    .iter()
                    .map(|page| page.code.to_owned())
                    .collect(),
                list: "explain",
            })?;
            printer.answer(|| show(&page, printer.width()), &page)?;
        }
    }
    Ok(Exit::Yes)
}

fn list() -> String {
    let mut columns = Columns::new(["CODE", "MEANING"]);
    for page in codes::all() {
        columns.row([page.code.to_owned(), page.title.to_owned()]);
    }
    columns.render()
}

fn show(page: &Page, width: usize) -> String {
    let head = paint(HEAD, format_args!("{}: {}", page.code, page.title));
    let paragraph = |text| wrap(text, width).join("\n");
    format!(
        "{head}\n\n{}\n\n{}\n",
        paragraph(page.cause),
        paragraph(page.remedy)
    )
}
