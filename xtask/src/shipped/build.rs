//! Builds the program twice, the second time in the order that the first one tells.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::order;
use super::waiting::Waiting;
use crate::process::{metadata, output, run};

/// Where cargo builds.
pub(crate) fn build_directory() -> Result<PathBuf, String> {
    metadata()?
        .get("target_directory")
        .and_then(Value::as_str)
        .map(PathBuf::from)
        .ok_or_else(|| "`cargo metadata` names no build directory".to_owned())
}

/// Builds it twice: the second time in the order in which the first one ran. Where that cannot be, it says
/// why, and the first one is what is packaged.
pub(crate) fn build() -> Result<PathBuf, String> {
    compile(&[])?;
    let directory = build_directory()?;
    let program = directory
        .join("shipped")
        .join(format!("orchestrate{}", std::env::consts::EXE_SUFFIX));
    match ordered(&program, &directory)? {
        Ok(list) => compile(&[
            &format!("-Clink-arg=-Wl,--symbol-ordering-file={}", list.display()),
            // Names of the C library and of the profiler stand in it too.
            "-Clink-arg=-Wl,--no-warn-symbol-ordering",
        ])?,
        Err(why) => println!("not ordered by what a start touches: {why}"),
    }
    Ok(program)
}

fn compile(arguments: &[&str]) -> Result<(), String> {
    let build = [
        "rustc",
        "--profile",
        "shipped",
        "--locked",
        "--package",
        "orchestrate-cli",
        "--bin",
        "orchestrate",
        "--",
    ];
    run("cargo", &[&build, arguments].concat(), &[])
}

/// A file with the functions that a start needs, or why there is none.
fn ordered(program: &Path, directory: &Path) -> Result<Result<PathBuf, &'static str>, String> {
    if output("valgrind", &["--version"]).is_err() {
        return Ok(Err("valgrind is not installed"));
    }
    let failed = |path: &Path, error| format!("cannot read or write `{}`: {error}", path.display());
    let bytes = fs::read(program).map_err(|error| failed(program, error))?;
    if !bytes.windows(12).any(|part| part == b"Linker: LLD ") {
        return Ok(Err("the linker is not LLD"));
    }
    let profile = directory.join("shipped/start.callgrind");
    println!(
        "$ valgrind --tool=callgrind {} run w.yaml",
        program.display()
    );
    let waiting = Waiting::start(&[
        "valgrind",
        "--quiet",
        "--tool=callgrind",
        "--demangle=no",
        &format!("--callgrind-out-file={}", profile.display()),
        &program.display().to_string(),
    ])?;
    waiting.interrupt()?;
    let text = fs::read_to_string(&profile).map_err(|error| failed(&profile, error))?;
    let functions = order::functions(&text);
    println!("a start touches {} functions", functions.lines().count());
    let list = directory.join("shipped/start.order");
    fs::write(&list, functions).map_err(|error| failed(&list, error))?;
    Ok(Ok(list))
}
