//! Things that are asked for by name or listed: schemas and generated pages.

use serde_json::json;

use crate::app::Call;
use crate::args::PageArgs;
use crate::error::{CliError, Failure};

/// A name, and what makes the thing.
pub(super) type Named<T> = (&'static str, fn() -> T);

/// The thing that was asked for. None when the names were asked for: they are printed then.
pub(super) fn pick<T>(
    all: &[Named<T>],
    what: &'static str,
    list: &'static str,
    args: &PageArgs,
    call: &Call,
) -> Result<Option<T>, Failure> {
    let names = || all.iter().map(|(name, _)| *name);
    let Some(given) = &args.name else {
        let names: Vec<&str> = names().collect();
        call.printer
            .answer(|| names.join("\n"), &json!({"names": names}))?;
        return Ok(None);
    };
    match all.iter().find(|(name, _)| name == given) {
        Some((_, make)) => Ok(Some(make())),
        None => Err(CliError::Unknown {
            what,
            given: given.clone(),
            possible: names().map(str::to_owned).collect(),
            list,
        }
        .into()),
    }
}
