//! Which of what is kept is meant: by name, part of a name, age, or all of it.

use orchestrate_store::{Store, StoredMemory};
use serde_json::json;

use crate::app::Call;
use crate::args::{FindArgs, ForgetArgs};
use crate::cmd::runs::now_ms;
use crate::cmd::store::of_runs;
use crate::error::{CliError, Failure};

/// What a kind of kept things is called.
#[derive(Debug)]
pub(super) struct Kind {
    /// One of them.
    pub(super) one: &'static str,
    /// Several of them.
    pub(super) many: &'static str,
    /// The verb that lists them.
    pub(super) list: &'static str,
}

/// Something that is kept by a name.
pub(super) trait Kept {
    fn name(&self) -> &str;
    /// When it was last written, in milliseconds since 1970.
    fn updated_ms(&self) -> Option<u64>;
}

/// The memory that is meant; none where nothing is kept yet, because asking makes nothing.
pub(super) fn memory(at: &FindArgs) -> Result<(Store, Option<StoredMemory>), Failure> {
    let store = of_runs(at)?;
    let memory = store.has_lessons().then(|| store.memory());
    Ok((store, memory))
}

/// Puts what was written last first; what has no time comes last.
pub(super) fn newest_first<T: Kept>(kept: &mut [T]) {
    kept.sort_by(|a, b| {
        let by_time = b.updated_ms().cmp(&a.updated_ms());
        by_time.then_with(|| a.name().cmp(b.name()))
    });
}

/// Where the one stands whose name begins or ends so, or the newest. They stand newest first.
pub(super) fn one(kind: &Kind, given: &str, kept: &[impl Kept]) -> Result<usize, CliError> {
    let names = kept.iter().map(Kept::name);
    if let Some(exact) = names.clone().position(|name| name == given) {
        return Ok(exact);
    }
    if given == "latest" && !kept.is_empty() {
        return Ok(0);
    }
    let fits = |name: &str| !given.is_empty() && (name.starts_with(given) || name.ends_with(given));
    let found: Vec<(usize, &str)> = names
        .clone()
        .enumerate()
        .filter(|(_, name)| fits(name))
        .collect();
    match *found {
        [(only, _)] => Ok(only),
        [] => Err(CliError::Unknown {
            what: kind.one,
            given: given.to_owned(),
            possible: names.map(str::to_owned).collect(),
            list: kind.list,
        }),
        _ => {
            let names: Vec<&str> = found.iter().take(5).map(|(_, name)| *name).collect();
            let message = format!("`{given}` can mean several ({})", names.join(", "));
            Err(CliError::arguments(message, "give more of the name"))
        }
    }
}

/// Those that are to be removed, newest first. Those without a time are of an age that nobody knows, and stay.
pub(super) fn chosen<'a, T: Kept>(
    kind: &Kind,
    args: &ForgetArgs,
    kept: &'a [T],
) -> Result<Vec<&'a T>, CliError> {
    if args.names.is_empty() && args.older_than.is_none() && !args.all {
        return Err(CliError::arguments(
            format!("nothing says which {} are to be removed", kind.many),
            "give them by name, `--older-than AGE` or `--all`",
        ));
    }
    let named = args.names.iter().map(|name| one(kind, name, kept));
    let named = named.collect::<Result<Vec<usize>, _>>()?;
    let oldest = args.older_than.map(|age| now_ms().saturating_sub(age.ms));
    let is_old = |it: &T| {
        let both = oldest.zip(it.updated_ms());
        both.is_some_and(|(oldest, at)| at < oldest)
    };
    let fits = |at: usize, it: &T| args.all || named.contains(&at) || is_old(it);
    let chosen = kept.iter().enumerate().filter(|(at, it)| fits(*at, it));
    Ok(chosen.map(|(_, it)| it).collect())
}

/// Says which of so many were removed, or would be.
pub(super) fn tell(
    kind: &Kind,
    chosen: &[&impl Kept],
    all: usize,
    args: &ForgetArgs,
    table: impl FnOnce() -> String,
    call: &Call,
) -> Result<(), Failure> {
    let names: Vec<&str> = chosen.iter().map(|it| it.name()).collect();
    let document = json!({"removed": args.yes, kind.many: names, "kept": all - names.len()});
    let text = || match (names.len(), args.yes) {
        (0, _) => format!("no {} fits, nothing is removed\n", kind.one),
        (count, true) => format!("{}\nremoved: {count}\n", table()),
        (count, false) => format!(
            "{}\nwould be removed: {count}; `--yes` removes them\n",
            table()
        ),
    };
    call.printer.answer(text, &document)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Kept for (&str, Option<u64>) {
        fn name(&self) -> &str {
            self.0
        }
        fn updated_ms(&self) -> Option<u64> {
            self.1
        }
    }

    const KIND: Kind = Kind {
        one: "session",
        many: "sessions",
        list: "sessions list",
    };

    #[test]
    fn a_name_may_be_shortened_from_either_side() {
        let mut kept = [
            ("old-login", Some(1)),
            ("no-time", None),
            ("login", Some(3)),
            ("log-out", Some(2)),
        ];
        newest_first(&mut kept);
        assert_eq!(
            kept.map(|it| it.0),
            ["login", "log-out", "old-login", "no-time"]
        );
        let found = |given: &str| one(&KIND, given, &kept).map(|at| kept[at].0);
        assert_eq!(found("latest").unwrap(), "login");
        assert_eq!(found("login").unwrap(), "login");
        assert_eq!(found("old").unwrap(), "old-login");
        assert_eq!(found("-time").unwrap(), "no-time");
        assert!(matches!(found("log"), Err(CliError::Arguments { .. })));
        for unknown in ["", "zz"] {
            let error = found(unknown).unwrap_err();
            assert!(matches!(error, CliError::Unknown { .. }), "{error}");
        }
    }
}
