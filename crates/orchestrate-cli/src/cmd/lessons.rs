//! `lessons`: what was learned, from which runs, and what planners make of it.

use std::path::Path;

use jiff::Timestamp;
use orchestrate_core::learning::{
    ConfigurationStore as _, Exploration, Factor, Lesson, Pattern, PatternLibrary as _,
    PatternMatch, PatternQuery, RunOutcome,
};
use orchestrate_core::task::Context;
use serde::Serialize;
use serde_json::{Value, json};

use super::learn::Memory;
use super::{files, store};
use crate::app::Call;
use crate::args::{Hint, LessonsVerb};
use crate::error::{CliError, Failure};
use crate::exit::Exit;
use crate::render::{Columns, HEAD, paint, safe};
use crate::wire;

pub(crate) fn run(verb: &LessonsVerb, call: &Call) -> Result<Exit, Failure> {
    let given = verb.place().store.as_deref();
    let store = store::named(given, Path::new("."), &call.settings)?;
    if let LessonsVerb::Import { path, .. } = verb {
        files::readable(std::slice::from_ref(path))?;
        return import(path, &Memory::open(&store)?, call);
    }
    // Asking writes nothing, so where nothing was learned there is nothing to ask.
    let memory = Memory::open_existing(&store)?;
    let Some(memory) = &memory else {
        return nothing(verb, call);
    };
    match verb {
        LessonsVerb::List { pattern, .. } => list(all(memory, pattern.as_deref(), call)?, call),
        LessonsVerb::Show { id, .. } => show(id, memory, call),
        LessonsVerb::Best { task, .. } => best(task, memory, call),
        LessonsVerb::Find { context, tags, .. } => {
            let query = query(context, tags)?;
            let found = memory.wait(memory.store.query(&query))?;
            memory.warn(call);
            find(found, call)
        }
        LessonsVerb::Disable { id, .. } => disable(id, true, memory, call),
        LessonsVerb::Enable { id, .. } => disable(id, false, memory, call),
        LessonsVerb::Forget { id, .. } => forget(id, memory, call),
        LessonsVerb::Import { path, .. } => import(path, memory, call),
    }
}

/// The answer where nothing was learned.
fn nothing(verb: &LessonsVerb, call: &Call) -> Result<Exit, Failure> {
    match verb {
        LessonsVerb::Best { task, .. } => told_best(&pattern_of(task, &[])?, None, call),
        LessonsVerb::Find { context, tags, .. } => {
            query(context, tags)?;
            find(Vec::new(), call)
        }
        LessonsVerb::Show { id, .. }
        | LessonsVerb::Disable { id, .. }
        | LessonsVerb::Enable { id, .. }
        | LessonsVerb::Forget { id, .. } => Err(unknown(id, Vec::new())),
        LessonsVerb::List { .. } | LessonsVerb::Import { .. } => list(Vec::new(), call),
    }
}

/// A lesson as it is shown.
#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    task_pattern: String,
    strategy: String,
    agents: Vec<Context>,
    quality_gates: Value,
    tags: Vec<String>,
    usage_count: u64,
    success_count: u64,
    failure_count: u64,
    success_rate: f64,
    /// What the rate is at least, with 97.5 % confidence.
    lower_bound: f64,
    avg_quality_score: f64,
    /// Whether planners put it before their rules.
    proven: bool,
    disabled: bool,
    created_at: String,
    last_used: Option<String>,
    /// The newest runs that it comes from.
    runs: Vec<String>,
}

impl Entry {
    fn of(lesson: Lesson) -> Self {
        let bound = lesson.tally.lower_bound();
        let it = lesson.configuration;
        Self {
            id: it.id,
            task_pattern: it.task_pattern,
            strategy: it.strategy,
            agents: it.agents.into_iter().map(Context::from).collect(),
            quality_gates: json!(it.quality_gates),
            tags: it.tags,
            usage_count: it.usage_count,
            success_count: it.success_count,
            failure_count: it.failure_count,
            success_rate: it.success_rate,
            lower_bound: (bound * 1e4).round() / 1e4,
            avg_quality_score: (it.avg_quality_score * 1e4).round() / 1e4,
            proven: !it.disabled && bound >= wire::PROVEN,
            disabled: it.disabled,
            created_at: moment(it.created_at),
            last_used: it.last_used.map(moment),
            runs: lesson.runs.iter().map(ToString::to_string).collect(),
        }
    }

    fn state(&self) -> &'static str {
        match (self.disabled, self.proven) {
            (true, _) => "disabled",
            (false, true) => "proven",
            (false, false) => "not proven",
        }
    }

    fn members(&self) -> String {
        let named = self.agents.iter().map(|agent| {
            let word = |key: &str| agent.get(key).and_then(Value::as_str);
            let template = word("template_id").or_else(|| word("role")).unwrap_or("?");
            match word("tier") {
                Some(tier) => format!("{template} ({tier})"),
                None => template.to_owned(),
            }
        });
        named.collect::<Vec<_>>().join(", ")
    }
}

fn moment(milliseconds: u64) -> String {
    let at = i64::try_from(milliseconds / 1000).ok();
    let at = at.and_then(|at| Timestamp::from_second(at).ok());
    at.map_or_else(String::new, |at| at.to_string())
}

/// All lessons, by pattern, the best first.
fn all(memory: &Memory, pattern: Option<&str>, call: &Call) -> Result<Vec<Entry>, Failure> {
    let asked = memory.store.lessons(pattern, None, Exploration::default());
    let mut found = memory.wait(asked)?.lessons;
    memory.warn(call);
    // What is asked for comes ranked, and a stable sort keeps that within a pattern.
    found.sort_by(|a, b| {
        a.configuration
            .task_pattern
            .cmp(&b.configuration.task_pattern)
    });
    Ok(found.into_iter().map(Entry::of).collect())
}

/// The one lesson whose id begins so.
fn one(id: &str, memory: &Memory, call: &Call) -> Result<Entry, Failure> {
    let mut found = all(memory, None, call)?;
    if let Some(at) = found.iter().position(|it| it.id == id) {
        return Ok(found.swap_remove(at));
    }
    let ids: Vec<String> = found.iter().map(|it| it.id.clone()).collect();
    found.retain(|it| !id.is_empty() && it.id.starts_with(id));
    match found.len() {
        0 => Err(unknown(id, ids)),
        1 => Ok(found.swap_remove(0)),
        _ => {
            let ids: Vec<&str> = found.iter().map(|it| it.id.as_str()).collect();
            let message = format!("`{id}` can mean several lessons ({})", ids.join(", "));
            Err(CliError::arguments(message, "give more of the id").into())
        }
    }
}

fn unknown(id: &str, possible: Vec<String>) -> Failure {
    let unknown = CliError::Unknown {
        what: "lesson",
        given: id.to_owned(),
        possible,
        list: "lessons list",
    };
    unknown.into()
}

fn list(entries: Vec<Entry>, call: &Call) -> Result<Exit, Failure> {
    let text = || {
        if entries.is_empty() {
            return "nothing was learned yet; every `run` of a task in words, `release-prep` and `health-check` teaches something\n"
                .to_owned();
        }
        let mut columns = Columns::new([
            "LESSON",
            "TASKS",
            "SUCCEEDED",
            "AT LEAST",
            "QUALITY",
            "STATE",
        ]);
        for it in &entries {
            columns.row([
                safe(&it.id),
                safe(&it.task_pattern),
                format!("{} of {}", it.success_count, it.usage_count),
                format!("{:.2}", it.lower_bound),
                format!("{:.0}", it.avg_quality_score),
                it.state().to_owned(),
            ]);
        }
        columns.render()
    };
    call.printer.answer(text, &json!({"lessons": entries}))?;
    Ok(Exit::Yes)
}

fn show(id: &str, memory: &Memory, call: &Call) -> Result<Exit, Failure> {
    let entry = one(id, memory, call)?;
    let outcomes = memory.wait(memory.store.recent_outcomes(&entry.id))?;
    let text = || page(&entry, &outcomes);
    let runs: Vec<Value> = outcomes
        .iter()
        .map(|it| json!({"run": it.run, "success": it.success, "quality": it.quality, "at": moment(it.at)}))
        .collect();
    let mut document = json!(entry);
    if let Some(document) = document.as_object_mut() {
        document.insert("outcomes".to_owned(), runs.into());
    }
    call.printer.answer(text, &document)?;
    Ok(Exit::Yes)
}

/// How many outcomes the page shows; the document has all that are kept.
const SHOWN: usize = 10;

fn page(entry: &Entry, outcomes: &[RunOutcome]) -> String {
    let mut columns = Columns::default();
    let last = entry
        .last_used
        .clone()
        .unwrap_or_else(|| "never".to_owned());
    for (name, value) in [
        ("tasks", safe(&entry.task_pattern)),
        ("strategy", safe(&entry.strategy)),
        ("agents", safe(&entry.members())),
        (
            "succeeded",
            format!(
                "{} of {} runs, at least {:.2} of all with 97.5 % confidence",
                entry.success_count, entry.usage_count, entry.lower_bound
            ),
        ),
        (
            "quality",
            format!("{:.1} of 100 on average", entry.avg_quality_score),
        ),
        ("state", entry.state().to_owned()),
        ("first", entry.created_at.clone()),
        ("last", last),
    ] {
        columns.row([format!("  {name}"), value]);
    }
    let mut out = format!("{}\n{}", paint(HEAD, safe(&entry.id)), columns.render());
    if !outcomes.is_empty() {
        let mut columns = Columns::new(["  RUN", "ENDED", "QUALITY", "AT"]);
        for it in outcomes.iter().take(SHOWN) {
            columns.row([
                format!("  {}", it.run.as_ref().map_or("-", |run| run.as_str())),
                if it.success {
                    "succeeded"
                } else {
                    "did not succeed"
                }
                .to_owned(),
                format!("{:.0}", it.quality),
                moment(it.at),
            ]);
        }
        out.push_str(&format!("\n{}", columns.render()));
    }
    out
}

fn best(task: &str, memory: &Memory, call: &Call) -> Result<Exit, Failure> {
    let known = all(memory, None, call)?;
    let pattern = pattern_of(task, &known)?;
    let best = memory.wait(memory.store.get_best_for_task(&pattern))?;
    let best = best.and_then(|best| known.into_iter().find(|it| it.id == best.id));
    told_best(&pattern, best, call)
}

/// The kind of task that is meant: one that is known by that name, else that of a task in words.
fn pattern_of(task: &str, known: &[Entry]) -> Result<String, Failure> {
    if known.iter().any(|it| it.task_pattern == task) {
        Ok(task.to_owned())
    } else {
        wire::task_pattern(task, &Context::new(), Path::new("."))
    }
}

fn told_best(pattern: &str, best: Option<Entry>, call: &Call) -> Result<Exit, Failure> {
    let found = best.is_some();
    let text = || match &best {
        Some(entry) => page(entry, &[]),
        None => format!("nothing was learned for `{}` yet\n", safe(pattern)),
    };
    call.printer
        .answer(text, &json!({"task_pattern": pattern, "lesson": best}))?;
    Ok(if found { Exit::Yes } else { Exit::No })
}

fn query(context: &[Hint], tags: &[String]) -> Result<PatternQuery, Failure> {
    if context.is_empty() && tags.is_empty() {
        let hint = "give at least one `KEY=VALUE` or `--tag WORD`";
        return Err(CliError::arguments("there is nothing to look for", hint).into());
    }
    let context = context.iter().map(|it| (it.key.clone(), it.value.clone()));
    Ok(PatternQuery {
        context: context.collect(),
        tags: tags.to_vec(),
        ..PatternQuery::default()
    })
}

fn find(found: Vec<PatternMatch>, call: &Call) -> Result<Exit, Failure> {
    let text = || {
        if found.is_empty() {
            return "no pattern that has proven itself matches\n".to_owned();
        }
        let mut columns = Columns::new(["PATTERN", "NAME", "RELEVANCE", "BECAUSE OF"]);
        for it in &found {
            columns.row([
                safe(&it.pattern.id),
                safe(&it.pattern.name),
                format!("{:.2}", it.relevance),
                because(it),
            ]);
        }
        columns.render()
    };
    call.printer.answer(text, &json!({"patterns": found}))?;
    Ok(Exit::Yes)
}

fn because(it: &PatternMatch) -> String {
    let told = it.factors.iter().map(|factor| match factor {
        Factor::Context(key) => format!("the same {key}"),
        Factor::Tag(tag) => format!("tag {tag}"),
        Factor::SuccessRate(rate) => format!("{:.0} % succeeded", rate * 100.0),
    });
    safe(&told.collect::<Vec<_>>().join(", "))
}

fn disable(id: &str, disabled: bool, memory: &Memory, call: &Call) -> Result<Exit, Failure> {
    let id = one(id, memory, call)?.id;
    memory.wait(memory.store.set_disabled(&id, disabled))?;
    let text = || match disabled {
        true => format!("{id} is disabled: planners leave it alone"),
        false => format!("{id} is enabled: planners consider it again"),
    };
    call.printer
        .answer(text, &json!({"id": id, "disabled": disabled}))?;
    Ok(Exit::Yes)
}

fn forget(id: &str, memory: &Memory, call: &Call) -> Result<Exit, Failure> {
    let id = one(id, memory, call)?.id;
    memory.wait(memory.store.delete(&id))?;
    memory.wait(memory.store.remove(&Pattern::id_of(&id)))?;
    call.printer
        .answer(|| format!("{id} is forgotten"), &json!({"forgotten": id}))?;
    Ok(Exit::Yes)
}

fn import(path: &Path, memory: &Memory, call: &Call) -> Result<Exit, Failure> {
    let imported = memory.wait(memory.store.import(path))?;
    memory.warn(call);
    for (file, problem) in &imported.malformed {
        let text = format!("`{}` is left out: {problem}", file.display());
        call.printer.note(&safe(&text));
    }
    let text = || {
        format!(
            "{} taken over, {} known already, {} left out",
            imported.taken.len(),
            imported.known.len(),
            imported.malformed.len()
        )
    };
    let malformed: Vec<Value> = imported
        .malformed
        .iter()
        .map(|(file, problem)| json!({"file": file, "problem": problem}))
        .collect();
    let document =
        json!({"taken": imported.taken, "known": imported.known, "malformed": malformed});
    call.printer.answer(text, &document)?;
    let is_of_use = !imported.taken.is_empty() || !imported.known.is_empty();
    if !is_of_use && malformed.is_empty() {
        let path = safe(&path.display().to_string());
        call.printer
            .note(&format!("there are no JSON files in `{path}`"));
    }
    // A part may be left out of what else is good; what is left out as a whole was no record of lessons.
    Ok(match is_of_use || malformed.is_empty() {
        true => Exit::Yes,
        false => Exit::Definition,
    })
}
