//! `yarn.lock`: the classic form and the later one, which is YAML of one shape.

use super::error::LockError;
use super::lines::{numbered, refuse_conflicts};
use super::read::Lock;
use crate::dependencies::locked::{Ecosystem, Locked};

/// One entry while it is read.
#[derive(Default)]
struct Entry {
    line: u32,
    name: String,
    version: Option<String>,
    elsewhere: bool,
    member: bool,
}

pub(super) fn read(text: &str) -> Result<Lock, LockError> {
    refuse_conflicts(text)?;
    let mut lock = Lock::default();
    let mut entry: Option<Entry> = None;
    for (number, line) in numbered(text) {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if line.starts_with(' ') {
            if let Some(entry) = &mut entry
                && line
                    .strip_prefix("  ")
                    .is_some_and(|rest| !rest.starts_with(' '))
            {
                entry.read_field(content);
            }
            continue;
        }
        close(entry.take(), &mut lock);
        let Some(key) = content.strip_suffix(':') else {
            let what = format!("`{content}` is no package of this format");
            lock.problems.push(LockError::at(number, what));
            continue;
        };
        if key != "__metadata" {
            entry = Some(Entry {
                line: number,
                name: name_of(key).to_owned(),
                ..Entry::default()
            });
        }
    }
    close(entry, &mut lock);
    Ok(lock)
}

impl Entry {
    fn read_field(&mut self, content: &str) {
        let Some(end) = content.find([' ', ':']) else {
            return;
        };
        let (field, value) = content.split_at_checked(end).unwrap_or((content, ""));
        let value = value.trim_start_matches([':', ' ']).trim_matches('"');
        match field {
            "version" => self.version = Some(value.to_owned()),
            "resolved" => {
                self.elsewhere |= value.starts_with("git") || value.starts_with("file:");
            }
            "resolution" => {
                // The name that the package has in its registry, whatever it is called here.
                if let Some(name) = at_sign(value).and_then(|at| value.get(..at)) {
                    self.name = name.to_owned();
                }
                self.member |= value.contains("@workspace:");
                self.elsewhere |= !["@npm:", "@patch:"].iter().any(|it| value.contains(it));
            }
            _ => {}
        }
    }
}

fn close(entry: Option<Entry>, lock: &mut Lock) {
    let Some(entry) = entry else { return };
    match entry.version {
        _ if entry.member => {}
        Some(version) if !entry.elsewhere => {
            let locked = Locked::new(Ecosystem::Npm, &entry.name, &version, entry.line);
            lock.packages.push(locked);
        }
        Some(_) => lock.local += 1,
        None => {
            let what = format!("`{}` has no version", entry.name);
            lock.problems.push(LockError::at(entry.line, what));
        }
    }
}

/// The name in a key such as `"@scope/name@^1.0, @scope/name@^1.1"` or `alias@npm:name@^2`.
fn name_of(key: &str) -> &str {
    let key = key.trim_matches('"');
    let first = key.split(", ").next().unwrap_or(key).trim_matches('"');
    let Some(at) = at_sign(first) else {
        return first;
    };
    let (name, range) = first.split_at_checked(at).unwrap_or((first, ""));
    let Some(target) = range.strip_prefix("@npm:") else {
        return name;
    };
    match at_sign(target) {
        Some(at) => target.get(..at).unwrap_or(name),
        None => name,
    }
}

/// The `@` between name and range; the one that begins a scope is another.
fn at_sign(text: &str) -> Option<usize> {
    text.char_indices()
        .skip(1)
        .find(|(_, c)| *c == '@')
        .map(|(at, _)| at)
}
