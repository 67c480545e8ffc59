//! Requirement files of pip. Only exact versions pin; everything else is named as not pinned.

use super::error::LockError;
use super::lines::{numbered, refuse_conflicts};
use super::read::Lock;
use crate::dependencies::locked::{Ecosystem, Locked};

pub(super) fn read(text: &str) -> Result<Lock, LockError> {
    refuse_conflicts(text)?;
    let mut lock = Lock::default();
    let mut joined: Option<(u32, String)> = None;
    for (number, line) in numbered(text) {
        let (start, mut whole) = joined.take().unwrap_or((number, String::new()));
        // A comment ends a line, also one that goes on.
        let content = without_comment(line);
        if let Some(content) = content.trim_end().strip_suffix('\\') {
            whole.push_str(content);
            joined = Some((start, whole));
            continue;
        }
        whole.push_str(content);
        read_line(whole.trim(), start, &mut lock);
    }
    if let Some((start, whole)) = joined {
        read_line(whole.trim(), start, &mut lock);
    }
    Ok(lock)
}

fn without_comment(line: &str) -> &str {
    let comment = line.match_indices('#').map(|(at, _)| at).find(|at| {
        line.get(..*at)
            .is_some_and(|before| before.is_empty() || before.ends_with(char::is_whitespace))
    });
    comment.and_then(|at| line.get(..at)).unwrap_or(line)
}

fn read_line(line: &str, number: u32, lock: &mut Lock) {
    if line.is_empty() {
        return;
    }
    if line.starts_with('-') {
        let (option, value) = line
            .split_once([' ', '='])
            .map_or((line, ""), |(option, value)| (option, value.trim()));
        match option {
            "-r" | "--requirement" | "-c" | "--constraint" => lock.includes.push(value.to_owned()),
            "-e" | "--editable" => lock.local += 1,
            _ => {}
        }
        return;
    }
    // Hashes and conditions follow the requirement.
    let requirement = line.split(" --").next().unwrap_or(line);
    let requirement = requirement.split(';').next().unwrap_or(requirement).trim();
    let end = requirement
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(requirement.len());
    let (name, rest) = requirement
        .split_at_checked(end)
        .unwrap_or((requirement, ""));
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras
            .split_once(']')
            .map_or("", |(_, rest)| rest)
            .trim_start(),
        None => rest,
    };
    if name.is_empty() {
        let what = format!("`{line}` is no requirement");
        lock.problems.push(LockError::at(number, what));
    } else if rest.starts_with(['@', ':', '/', '+']) {
        lock.local += 1;
    } else {
        let exact = rest.trim_matches(['(', ')']);
        let exact = exact
            .strip_prefix("===")
            .or_else(|| exact.strip_prefix("=="));
        match exact.map(str::trim) {
            Some(version) if !version.contains([',', '*']) && !version.is_empty() => {
                let locked = Locked::new(Ecosystem::PyPi, name, version, number);
                lock.packages.push(locked);
            }
            _ => lock.unpinned.push((name.to_owned(), number)),
        }
    }
}
