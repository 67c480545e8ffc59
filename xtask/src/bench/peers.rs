//! The static analysis beside the tools that each do a part of it, on the same directory and machine.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::process::output;
use crate::verb::Outcome;

/// Measures programs; only the GNU one tells memory.
const TIME: &str = "/usr/bin/time";
/// How long a program may take, in seconds; some of them take hours on a large repository.
const LIMIT: &str = "900";

/// What a program used.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Used {
    /// Seconds of processor time.
    processor: f64,
    /// Seconds by the clock.
    wall: f64,
    /// The most memory that it had, in megabytes.
    memory: f64,
}

pub(super) fn compare(directories: &[String]) -> Outcome {
    if directories.is_empty() {
        return Err("give directories".to_owned());
    }
    let ours = ours()?;
    let out = std::env::temp_dir().join(format!("orchestrate-peers-{}", std::process::id()));
    std::fs::create_dir_all(&out).map_err(|error| format!("cannot make a directory: {error}"))?;
    for directory in directories {
        println!("{directory}");
        measure(
            directory,
            &ours.to_string_lossy(),
            &out.join("scan.cache"),
            &out.to_string_lossy(),
        );
    }
    // What is left in the temporary directory harms nobody.
    let _ = std::fs::remove_dir_all(&out);
    Ok(())
}

/// The release build of the scan.
fn ours() -> Result<PathBuf, String> {
    let build = "build --release --quiet --package orchestrate-analysis --example scan";
    output("cargo", &build.split(' ').collect::<Vec<_>>())?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    Ok(target.join("release/examples/scan"))
}

fn measure(directory: &str, scan: &str, cache: &std::path::Path, out: &str) {
    let _ = std::fs::remove_file(cache);
    let cache = cache.to_string_lossy();
    let runs: [(&str, Vec<&str>); 8] = [
        ("orchestrate, everything static", vec![scan, directory]),
        (
            "orchestrate, keeps its results",
            vec![scan, directory, "2", "-", &cache],
        ),
        (
            "orchestrate, nothing changed",
            vec![scan, directory, "2", "-", &cache],
        ),
        (
            "bandit",
            vec!["bandit", "-r", "-q", "-f", "json", "--exit-zero", directory],
        ),
        ("radon cc", vec!["radon", "cc", "--json", directory]),
        ("lizard", vec!["lizard", "--csv", directory]),
        (
            "interrogate",
            vec!["interrogate", "--fail-under", "0", directory],
        ),
        (
            "jscpd",
            vec![
                "jscpd",
                "--silent",
                "--reporters",
                "json",
                "--max-size",
                "2mb",
                "--output",
                out,
                directory,
            ],
        ),
    ];
    let mut peers = 0.0;
    for (name, command) in runs {
        match used(&command) {
            Ok(used) => {
                if !name.starts_with("orchestrate") {
                    peers += used.processor;
                }
                println!(
                    "  {name:<32} {:>7.2} s of processor time, {:>7.2} s by the clock, {:>5.0} MB",
                    used.processor, used.wall, used.memory
                );
            }
            Err(why) => println!("  {name:<32} not measured: {why}"),
        }
    }
    println!(
        "  {:<32} {peers:>7.2} s of processor time",
        "the other tools together"
    );
}

fn used(command: &[&str]) -> Result<Used, String> {
    let program = command.first().copied().unwrap_or_default();
    // One that is missing would be measured as very fast.
    if !program.contains('/') {
        output(program, &["--help"]).map_err(|_| "it is not on PATH".to_owned())?;
    }
    let ended = Command::new(TIME)
        .args(["-f", "%U %S %e %M", "timeout", LIMIT])
        .args(command)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| format!("cannot start `{TIME}`: {error}"))?;
    let said = String::from_utf8_lossy(&ended.stderr);
    if ended.status.code() == Some(124) {
        return Err(format!("it had not ended after {LIMIT} s"));
    }
    figures(&said).ok_or_else(|| format!("it failed: {}", said.lines().last().unwrap_or_default()))
}

/// The figures on the last line.
fn figures(said: &str) -> Option<Used> {
    let numbers: Vec<f64> = said
        .lines()
        .last()?
        .split(' ')
        .map(|number| number.parse().ok())
        .collect::<Option<_>>()?;
    match numbers.as_slice() {
        [user, system, wall, kilobytes] => Some(Used {
            processor: user + system,
            wall: *wall,
            memory: kilobytes * 1024.0 / 1e6,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::figures;

    #[test]
    fn figures_stand_on_the_last_line_and_nothing_else_is_one() {
        let used = figures("a warning\n1.50 0.25 2.00 1000\n").unwrap();
        assert!((used.processor - 1.75).abs() < 1e-9);
        assert!((used.memory - 1.024).abs() < 1e-9);
        assert_eq!(figures("no module named x\n"), None);
        assert_eq!(figures(""), None);
    }
}
