//! `release`: `orchestrate release-prep` on a small repository, killed at each change that it makes to
//! its store, then gone on with by `runs resume`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;

use super::family::{Cases, Opened};
use super::history::{Change, History};
use super::random::Random;
use super::stage::{Check, Faults, Kind, Place, Stage};
use super::tally::Tally;

/// When a kill falls: before a change to the store, or amid it.
const MOMENTS: &[&str] = &["before:kill", "before:half"];

struct Release {
    whole: Value,
    changes: u64,
}

pub(crate) fn open(stage: &Stage) -> Check<Opened> {
    if stage.kind != Kind::Sqlite {
        return Ok(Opened::Skipped(
            "it is recorded where a project keeps its runs".to_owned(),
        ));
    }
    if !stage.orchestrate.is_file() {
        let missing = stage.orchestrate.display();
        return Ok(Opened::Skipped(format!("`{missing}` is not built")));
    }
    let project = Project::new(stage)?;
    let log = Some(project.place.log());
    let faults = Faults {
        log,
        ..Faults::default()
    };
    let whole = project.run(stage, &["release-prep", "--json"], &faults)?;
    let again = project.run(stage, &["release-prep", "--json"], &Faults::default())?;
    if let Some(difference) = difference(&comparable(&again.output)?, &comparable(&whole.output)?) {
        return Err(format!("two undisturbed runs differ: {difference}"));
    }
    let history = History::read(&project.place.log())?;
    let told = |change: &&Change| !matches!(change, Change::Told(_));
    Ok(Opened::cases(Release {
        whole: comparable(&whole.output)?,
        changes: history.changes.iter().filter(told).count() as u64,
    }))
}

/// A small repository of our own.
struct Project {
    place: Place,
}

const FILES: &[(&str, &str)] = &[
    ("README.md", "# Sum\n\nAdds numbers. See `src/sum.py`.\n"),
    (
        "LICENSE",
        "MIT License\n\nPermission is hereby granted, free of charge, to any person.\n",
    ),
    (
        "CHANGELOG.md",
        "# Changelog\n\n## 1.0.0\n\n- First release.\n",
    ),
    (
        "pyproject.toml",
        "[project]\nname = \"sum\"\nversion = \"1.0.0\"\n",
    ),
    (
        "src/sum.py",
        "\"\"\"Adds numbers.\"\"\"\n\n\ndef add(left, right):\n    \"\"\"The sum of two numbers.\"\"\"\n    return left + right\n",
    ),
    (
        "tests/test_sum.py",
        "\"\"\"Tests.\"\"\"\nfrom sum import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n",
    ),
    (
        "lcov.info",
        "SF:src/sum.py\nDA:4,1\nDA:6,1\nLF:2\nLH:2\nend_of_record\n",
    ),
];

/// What a command did.
struct Ran {
    killed: bool,
    code: Option<i32>,
    output: String,
    errors: String,
}

impl Project {
    fn new(stage: &Stage) -> Check<Self> {
        let place = stage.place()?;
        let project = Self { place };
        for (name, text) in FILES {
            let path = project.folder().join(name);
            let made = path.parent().map_or(Ok(()), fs::create_dir_all);
            let written = made.and_then(|()| fs::write(&path, text));
            // Reports say how old files are.
            let dated = written.and_then(|()| {
                let file = File::options().write(true).open(&path)?;
                file.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000))
            });
            dated.map_err(|error| format!("no project: {error}"))?;
        }
        Ok(project)
    }

    fn folder(&self) -> PathBuf {
        self.place.store()
    }

    fn run(&self, stage: &Stage, words: &[&str], faults: &Faults) -> Check<Ran> {
        let mut command = Command::new(&stage.orchestrate);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ORCHESTRATE_") {
                command.env_remove(name);
            }
        }
        let home = self.folder().join("../home");
        command
            .args(words)
            .current_dir(self.folder())
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .stdin(Stdio::null());
        stage.arm(&mut command, &self.folder().join(".orchestrate"), faults);
        let ran = command.output().map_err(|error| error.to_string())?;
        Ok(Ran {
            killed: ran.status.signal() == Some(9),
            code: ran.status.code(),
            output: String::from_utf8_lossy(&ran.stdout).into_owned(),
            errors: String::from_utf8_lossy(&ran.stderr).into_owned(),
        })
    }

    fn json(&self, stage: &Stage, words: &[&str]) -> Check<Value> {
        let ran = self.run(stage, words, &Faults::default())?;
        serde_json::from_str(&ran.output)
            .map_err(|_| format!("`{}`: {}", words.join(" "), ran.errors.trim()))
    }
}

impl Cases for Release {
    fn count(&self) -> u64 {
        self.changes * MOMENTS.len() as u64
    }

    fn run(&self, stage: &Stage, case: u64, _: &mut Random, tally: &mut Tally) -> Check {
        let kinds = MOMENTS.len() as u64;
        let how = usize::try_from(case % kinds)
            .ok()
            .and_then(|at| MOMENTS.get(at));
        let how = how.ok_or("there is no such case")?;
        let rule = format!("any:any:{}:{how}", case / kinds + 1);
        let here = |problem: String| format!("{rule}: {problem}");
        let project = Project::new(stage)?;
        let cut = project.run(stage, &["release-prep", "--json"], &Faults::rule(&rule))?;
        if !cut.killed {
            tally.count("moments that did not come", 1);
            return Ok(());
        }
        tally.count("kills", 1);
        let listed = project.run(stage, &["runs", "list", "--json"], &Faults::default())?;
        let Ok(listed) = serde_json::from_str::<Value>(&listed.output) else {
            if listed.code == Some(2) && cut.output.is_empty() {
                // It was cut before anything was recorded, and nothing was begun either.
                tally.count("before the first entry", 1);
                return Ok(());
            }
            return Err(here(format!("runs cannot be listed: {}", listed.errors)));
        };
        let state = listed.pointer("/runs/0/state").and_then(Value::as_str);
        let before = match state {
            Some("interrupted" | "running") => {
                let before = exported(stage, &project)?;
                let ran = project.run(
                    stage,
                    &["runs", "resume", "latest", "--json"],
                    &Faults::default(),
                )?;
                let came_to = comparable(&ran.output)
                    .map_err(|_| here(format!("it cannot be gone on with: {}", ran.errors)))?;
                if let Some(difference) = difference(&came_to, &self.whole) {
                    return Err(here(format!("another report: {difference}")));
                }
                tally.count("resumed", 1);
                before
            }
            Some("ended") => {
                tally.count("after the last entry", 1);
                exported(stage, &project)?
            }
            None => {
                tally.count("before the first entry", 1);
                return Ok(());
            }
            other => return Err(here(format!("the run is {other:?}"))),
        };
        let after = exported(stage, &project)?;
        let problems = project.json(stage, &["runs", "verify", "--json"]);
        problems.map_err(here)?;
        for (step, count) in &after.ended {
            if *count != 1 {
                return Err(here(format!("the end of {step} is recorded {count} times")));
            }
            if before.ended.contains_key(step) && before.begun.get(step) != after.begun.get(step) {
                return Err(here(format!("{step} had ended and ran again")));
            }
            tally.count("steps", 1);
            let repeats = after.begun.get(step).map_or(0, |begun| begun - 1);
            tally.count("attempts repeated", repeats);
        }
        if after.ended.len() != 4 {
            return Err(here(format!("not every step ended: {:?}", after.ended)));
        }
        Ok(())
    }
}

/// How often each step began and ended.
struct Exported {
    begun: BTreeMap<String, u64>,
    ended: BTreeMap<String, u64>,
}

fn exported(stage: &Stage, project: &Project) -> Check<Exported> {
    let ran = project.run(stage, &["runs", "export", "latest"], &Faults::default())?;
    let mut exported = Exported {
        begun: BTreeMap::new(),
        ended: BTreeMap::new(),
    };
    for line in ran.output.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_default();
        let step = event
            .get("step")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let counts = match event.get("type").and_then(Value::as_str) {
            Some("step_started") => &mut exported.begun,
            Some("step_finished") => &mut exported.ended,
            _ => continue,
        };
        *counts.entry(step.to_owned()).or_default() += 1;
    }
    Ok(exported)
}

/// A report without what differs from run to run: times, and the name of the run.
fn comparable(text: &str) -> Check<Value> {
    let report = serde_json::from_str(text);
    let mut report = report.map_err(|error| format!("no report: {error}"))?;
    strip(&mut report);
    Ok(report)
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| {
                !(name.ends_with("_ms") || name.ends_with("_duration") || name == "timestamp")
            });
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => {
            let differs = |item: &Value| {
                let text = item.as_str().unwrap_or_default();
                text.starts_with("run run-") || text.starts_with("waited ")
            };
            items.retain(|item| !differs(item));
            items.iter_mut().for_each(strip);
            // A run that was cut reads the repository once more, and the report names both times.
            items.dedup();
        }
        _ => {}
    }
}

/// The first place in which two documents differ, with what stands there.
fn difference(is: &Value, was: &Value) -> Option<String> {
    if is == was {
        return None;
    }
    let inside = |key: String, is: Option<&Value>, was: Option<&Value>| {
        let (is, was) = (is.unwrap_or(&Value::Null), was.unwrap_or(&Value::Null));
        difference(is, was).map(|rest| format!("/{key}{rest}"))
    };
    let found = match (is, was) {
        (Value::Object(is), Value::Object(was)) => is
            .keys()
            .chain(was.keys())
            .find_map(|key| inside(key.clone(), is.get(key), was.get(key))),
        (Value::Array(is), Value::Array(was)) => (0..is.len().max(was.len()))
            .find_map(|at| inside(at.to_string(), is.get(at), was.get(at))),
        _ => None,
    };
    let here = || {
        let short = |value: &Value| value.to_string().chars().take(200).collect::<String>();
        format!(" is {} and was {}", short(is), short(was))
    };
    Some(found.unwrap_or_else(here))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference_is_named() {
        let was = json!({"a": [1, {"b": 2}], "c": 3});
        assert_eq!(difference(&was, &was), None);
        let is = json!({"a": [1, {"b": 4}], "c": 3});
        assert_eq!(difference(&is, &was).unwrap(), "/a/1/b is 4 and was 2");
        let is = json!({"a": [1], "c": 3});
        let expected = "/a/1 is null and was {\"b\":2}";
        assert_eq!(difference(&is, &was).unwrap(), expected);
    }
}
