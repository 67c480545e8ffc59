//! `fmt`: definition files in the one layout.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use orchestrate_strategies::definition::{
    DefinitionProblem, DefinitionProblems, MAX_BYTES, Source, format,
};
use serde::Serialize;

use super::files;
use super::problems::listed;
use crate::app::Call;
use crate::args::FmtArgs;
use crate::definitions;
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::{GOOD, paint, safe};

/// What came of the files.
#[derive(Debug, Default, Serialize)]
struct Formatted {
    /// Those that were written, or would be.
    changed: Vec<String>,
    /// Those that were in the layout before.
    unchanged: Vec<String>,
    /// What cannot be laid out, and why; left as it was.
    problems: Vec<DefinitionProblem>,
}

pub(crate) fn run(args: &FmtArgs, call: &Call) -> Result<Exit, Failure> {
    if let [file] = args.files.as_slice()
        && file == Path::new("-")
        && !args.check
    {
        let text = format(&input()?)?;
        call.printer.answer(|| text.clone(), &text)?;
        return Ok(Exit::Yes);
    }
    if args.files.len() > 1 && args.files.iter().any(|file| file == Path::new("-")) {
        let advice = "give `-` alone, or files alone";
        return Err(CliError::arguments("`-` stands beside other files", advice).into());
    }
    let mut done = Formatted::default();
    for path in &args.files {
        let source = if path == Path::new("-") {
            input()?
        } else {
            definitions::named(path)?
        };
        match format(&source) {
            Err(DefinitionProblems(problems)) => done.problems.extend(problems),
            Ok(text) if text == source.text => done.unchanged.push(source.file),
            Ok(text) => {
                if !args.check {
                    files::write(path, &text)?;
                }
                done.changed.push(source.file);
            }
        }
    }
    call.printer.answer(|| show(&done, args.check), &done)?;
    Ok(match (&*done.problems, &*done.changed) {
        ([_, ..], _) => Exit::Definition,
        ([], [_, ..]) if args.check => Exit::No,
        _ => Exit::Yes,
    })
}

/// What a person or a program writes on the input.
fn input() -> Result<Source, CliError> {
    let mut text = String::new();
    // One byte more than is read tells a text that is too long.
    let mut input = std::io::stdin().lock().take(MAX_BYTES as u64 + 1);
    match input.read_to_string(&mut text) {
        Ok(_) => Ok(Source {
            file: "-".to_owned(),
            text,
        }),
        Err(source) => Err(CliError::Read {
            path: "-".into(),
            source,
        }),
    }
}

fn show(done: &Formatted, check: bool) -> String {
    let mut out = String::new();
    if !done.problems.is_empty() {
        out.push_str(&listed(&done.problems));
    }
    let word = if check {
        "would be written anew"
    } else {
        "written anew"
    };
    for file in &done.changed {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}: {word}", safe(file));
    }
    if done.problems.is_empty() && done.changed.is_empty() {
        let count = match done.unchanged.len() {
            1 => "the file is".to_owned(),
            n => format!("{n} files are"),
        };
        let _ = writeln!(out, "{} {count} in the layout", paint(GOOD, "ok:"));
    }
    out
}
