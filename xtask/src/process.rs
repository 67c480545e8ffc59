//! Other programs: start them at the top of the workspace, show what is started, say how it ended.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::verb::Outcome;

/// Makes the top of the workspace the current directory; every path of a verb is relative to it.
///
/// The place is asked for at run time, since one build directory may serve several checkouts.
pub(crate) fn enter_workspace() -> Outcome {
    let top = match std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) {
        Some(xtask) => xtask.parent().map(PathBuf::from),
        None => std::env::current_dir().ok().and_then(|here| {
            here.ancestors()
                .find(|dir| dir.join("xtask/Cargo.toml").is_file())
                .map(PathBuf::from)
        }),
    }
    .ok_or("no workspace with an `xtask` here or above")?;
    std::env::set_current_dir(&top).map_err(|error| format!("cannot enter the workspace: {error}"))
}

/// The cargo that started us, so that nested calls use the same toolchain.
fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

fn command(program: &str, args: &[&str]) -> Command {
    let mut command = if program == "cargo" {
        Command::new(cargo())
    } else {
        Command::new(program)
    };
    command.args(args);
    command
}

fn line(program: &str, args: &[&str]) -> String {
    [&[program], args].concat().join(" ")
}

/// Runs a program in the foreground with these variables added; a status other than zero is an error.
pub(crate) fn run(program: &str, args: &[&str], variables: &[(&str, &str)]) -> Outcome {
    let line = line(program, args);
    let mut shown = String::new();
    for (name, value) in variables {
        shown.push_str(&format!("{name}={value} "));
    }
    println!("$ {shown}{line}");
    let status = command(program, args)
        .envs(variables.iter().copied())
        .status()
        .map_err(|error| format!("cannot start `{line}`: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{line}` failed ({status})"))
    }
}

/// What a program writes to its output, taken whole; its error output is part of the error only.
pub(crate) fn output(program: &str, args: &[&str]) -> Result<String, String> {
    let line = line(program, args);
    let output = command(program, args)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start `{line}`: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "`{line}` failed ({}): {}",
            output.status,
            said.trim()
        ));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{line}` did not write UTF-8"))
}

/// Whether `cargo NAME` is there, such as `nextest` or `deny`.
pub(crate) fn has_cargo(name: &str) -> bool {
    output("cargo", &[name, "--version"]).is_ok()
}

/// What cargo knows of the workspace: packages, targets and the resolved dependencies.
pub(crate) fn metadata() -> Result<Value, String> {
    let text = output("cargo", &["metadata", "--format-version", "1", "--locked"])?;
    serde_json::from_str(&text).map_err(|error| format!("cannot read `cargo metadata`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_named_with_its_status_and_what_it_said() {
        let message = output("cargo", &["no-such-verb"]).unwrap_err();
        assert!(
            message.starts_with("`cargo no-such-verb` failed (exit status: 101)"),
            "{message}"
        );
        assert!(message.contains("no such command"), "{message}");
        assert!(!has_cargo("no-such-verb"));
    }

    #[test]
    fn a_missing_program_is_named() {
        let message = run("no-such-program", &["now"], &[]).unwrap_err();
        assert!(
            message.starts_with("cannot start `no-such-program now`"),
            "{message}"
        );
    }
}
