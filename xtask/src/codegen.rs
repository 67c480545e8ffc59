//! `codegen`: the committed files that the program itself can write, and whether they still match.
//!
//! The program lists what it offers; nothing here knows a schema or a page by name.

use std::fs;
use std::path::Path;

use crate::args::{Accepts, Args};
use crate::process::{output, run};
use crate::verb::{Outcome, Verb};

pub(crate) const VERB: Verb = Verb {
    name: "codegen",
    summary: "Write the generated files under docs/ anew, or check that they match",
    help: "
codegen [--check]

  --check   change nothing; fail when a committed file differs from what would be written

`orchestrate schema NAME` gives docs/schema/NAME.json, `orchestrate docs NAME` gives
docs/NAME.md, for each name that `--list` in place of NAME prints.
",
    accepts: Accepts::Only {
        flags: &["--check"],
        options: &[],
        positionals: 0,
        rest: false,
    },
    run: |args: &Args| codegen(args.has("--check")),
};

/// One family of generated files.
struct Family {
    /// The subcommand of `orchestrate` that lists and writes them.
    command: &'static str,
    directory: &'static str,
    extension: &'static str,
    /// Whether the directory holds nothing else, so that a file with no name in the list is stale.
    alone: bool,
}

const FAMILIES: &[Family] = &[
    Family {
        command: "schema",
        directory: "docs/schema",
        extension: "json",
        alone: true,
    },
    Family {
        command: "docs",
        directory: "docs",
        extension: "md",
        alone: false,
    },
];

/// Writes every generated file, or with `check` only compares.
pub(crate) fn codegen(check: bool) -> Outcome {
    // As the tests build it, so that nothing is built twice.
    let build = [
        "build",
        "--quiet",
        "--workspace",
        "--all-features",
        "--tests",
    ];
    run("cargo", &build, &[])?;
    let mut problems = Vec::new();
    for family in FAMILIES {
        match generate(family) {
            Ok(files) => apply(family, &files, check, &mut problems)?,
            Err(reason) if check => problems.push(reason),
            Err(reason) => println!("not generated: {reason}"),
        }
    }
    for problem in &problems {
        println!("{problem}");
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "{} generated files do not match; run `cargo xtask codegen` and commit what changed",
            problems.len()
        ))
    }
}

/// Paths and texts of a family, as the program writes them now.
fn generate(family: &Family) -> Result<Vec<(String, String)>, String> {
    let names = names(family.command, &orchestrate(&[family.command, "--list"])?)?;
    let file = |name: &String| {
        let text = orchestrate(&[family.command, name])?;
        let path = format!("{}/{name}.{}", family.directory, family.extension);
        Ok((path, format!("{}\n", text.trim_end())))
    };
    names.iter().map(file).collect()
}

fn orchestrate(args: &[&str]) -> Result<String, String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let program = Path::new(&target).join("debug/orchestrate");
    output(&program.to_string_lossy(), args)
}

/// The names in a list, one a line; each becomes a file name, so it has to look like one.
fn names(command: &str, list: &str) -> Result<Vec<String>, String> {
    let names: Vec<String> = list.split_whitespace().map(str::to_owned).collect();
    if names.is_empty() {
        return Err(format!("`orchestrate {command} --list` names nothing"));
    }
    let plain = |name: &&String| {
        !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    match names.iter().find(plain) {
        Some(name) => Err(format!(
            "`orchestrate {command} --list` gives `{name}`, no file name"
        )),
        None => Ok(names),
    }
}

fn apply(
    family: &Family,
    files: &[(String, String)],
    check: bool,
    problems: &mut Vec<String>,
) -> Outcome {
    for (path, text) in files {
        let committed = fs::read_to_string(path).ok();
        match (committed.as_ref() == Some(text), check) {
            (true, _) => {}
            (false, true) => problems.push(difference(path, committed.as_deref(), text)),
            (false, false) => {
                write(path, text).map_err(|error| format!("cannot write `{path}`: {error}"))?;
                println!("wrote {path}");
            }
        }
    }
    println!("{}: {} files", family.directory, files.len());
    for path in stale(family, files) {
        if check {
            problems.push(format!("{path}: the program no longer writes it"));
        } else {
            fs::remove_file(&path).map_err(|error| format!("cannot remove `{path}`: {error}"))?;
            println!("removed {path}");
        }
    }
    Ok(())
}

fn write(path: &str, text: &str) -> std::io::Result<()> {
    if let Some(directory) = Path::new(path).parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(path, text)
}

/// Where the committed file and the new text part.
fn difference(path: &str, committed: Option<&str>, text: &str) -> String {
    let Some(committed) = committed else {
        return format!("{path}: is missing");
    };
    let same = committed
        .lines()
        .zip(text.lines())
        .take_while(|(a, b)| a == b);
    format!(
        "{path}:{}: differs from what the program writes",
        same.count() + 1
    )
}

/// Files of a directory that is ours alone which nothing writes any more, sorted.
fn stale(family: &Family, files: &[(String, String)]) -> Vec<String> {
    if !family.alone {
        return Vec::new();
    }
    let entries = fs::read_dir(family.directory)
        .into_iter()
        .flatten()
        .flatten();
    let mut paths: Vec<String> = entries
        .map(|entry| {
            format!(
                "{}/{}",
                family.directory,
                entry.file_name().to_string_lossy()
            )
        })
        .filter(|path| !files.iter().any(|(written, _)| written == path))
        .collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_to_give_file_names() {
        assert_eq!(
            names("schema", "plan\nreport\n").unwrap(),
            ["plan", "report"]
        );
        assert_eq!(
            names("schema", "\n").unwrap_err(),
            "`orchestrate schema --list` names nothing"
        );
        assert_eq!(
            names("docs", "../up").unwrap_err(),
            "`orchestrate docs --list` gives `../up`, no file name"
        );
    }

    #[test]
    fn a_difference_names_the_first_line() {
        assert_eq!(difference("a.md", None, "x\n"), "a.md: is missing");
        assert_eq!(
            difference("a.md", Some("one\ntwo\n"), "one\n2\n"),
            "a.md:2: differs from what the program writes"
        );
        assert_eq!(
            difference("a.md", Some("one\n"), "one\ntwo\n"),
            "a.md:2: differs from what the program writes"
        );
    }

    #[test]
    fn a_file_is_written_once_then_matches_and_a_stale_one_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let family = Family {
            command: "schema",
            directory: directory.path().to_str().unwrap().to_owned().leak(),
            extension: "json",
            alone: true,
        };
        let files = [(format!("{}/plan.json", family.directory), "{}\n".to_owned())];
        let apply = |files, check| {
            let mut problems = Vec::new();
            apply(&family, files, check, &mut problems).unwrap();
            problems.len()
        };
        assert_eq!(apply(&files, true), 1, "missing");
        assert_eq!(apply(&files, false), 0);
        assert_eq!(apply(&files, true), 0, "written");
        assert_eq!(apply(&[], true), 1, "stale");
        assert_eq!(apply(&[], false), 0);
        assert!(!Path::new(&files[0].0).exists());
    }
}
