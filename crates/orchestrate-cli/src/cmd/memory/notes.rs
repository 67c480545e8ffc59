//! `notes`: the short texts that agents keep by a key.

use orchestrate_core::memory::Memory as _;
use orchestrate_runtime::guard::scrub;
use orchestrate_store::{Note, StoredMemory};
use serde_json::{Value, json};

use super::choose::{Kept, Kind, chosen, memory, newest_first, one, tell};
use crate::app::Call;
use crate::args::{ForgetArgs, NotesVerb};
use crate::cmd::runs::moment;
use crate::cmd::watch::wait_for;
use crate::error::Failure;
use crate::exit::Exit;
use crate::render::{Columns, cut, safe, size};

const KIND: Kind = Kind {
    one: "note",
    many: "notes",
    list: "notes list",
};

/// How much of a note a list shows, in columns.
const SHOWN: usize = 60;

impl Kept for Note {
    fn name(&self) -> &str {
        &self.key
    }

    fn updated_ms(&self) -> Option<u64> {
        self.updated_ms
    }
}

pub(crate) fn run(verb: &NotesVerb, call: &Call) -> Result<Exit, Failure> {
    match verb {
        NotesVerb::List { at } => {
            let (store, memory) = memory(at)?;
            let notes = wait_for(all(memory.as_ref()))?;
            let document = json!({
                "store": store.place(),
                "notes": notes.iter().map(document).collect::<Vec<_>>(),
            });
            call.printer.answer(|| list(&notes), &document)?;
        }
        NotesVerb::Show { key, at } => {
            let (_, memory) = memory(at)?;
            let mut notes = wait_for(all(memory.as_ref()))?;
            let note = notes.swap_remove(one(&KIND, key, &notes)?);
            let text = || {
                let lines = note.text.lines().map(|line| safe(line) + "\n");
                lines.collect::<String>()
            };
            call.printer.answer(text, &document(&note))?;
        }
        NotesVerb::Forget(args) => forget(args, call)?,
    }
    Ok(Exit::Yes)
}

/// All notes without credentials, the newest first.
async fn all(memory: Option<&StoredMemory>) -> Result<Vec<Note>, Failure> {
    let Some(memory) = memory else {
        return Ok(Vec::new());
    };
    let mut notes = memory.notes().await?;
    for note in &mut notes {
        if let Some(masked) = scrub(&note.text) {
            note.text = masked;
        }
    }
    newest_first(&mut notes);
    Ok(notes)
}

fn document(note: &Note) -> Value {
    json!({"key": note.key, "text": note.text, "updated_ms": note.updated_ms})
}

fn list(notes: &[Note]) -> String {
    if notes.is_empty() {
        return "no notes; agents keep some with the tool `notes.put`\n".to_owned();
    }
    table(notes)
}

fn table<'a>(notes: impl IntoIterator<Item = &'a Note>) -> String {
    let mut columns = Columns::new(["NOTE", "WRITTEN", "SIZE", "TEXT"]);
    for note in notes {
        let text = safe(&note.text);
        let shown = cut(&text, SHOWN);
        let more = if shown.len() < text.len() { "..." } else { "" };
        columns.row([
            safe(&note.key),
            note.updated_ms.map_or_else(|| "-".to_owned(), moment),
            size(note.text.len()),
            format!("{shown}{more}"),
        ]);
    }
    columns.render()
}

fn forget(args: &ForgetArgs, call: &Call) -> Result<(), Failure> {
    let (_, memory) = memory(&args.at)?;
    let memory = memory.as_ref();
    wait_for(async {
        let notes = all(memory).await?;
        let chosen = chosen(&KIND, args, &notes)?;
        if let Some(memory) = memory.filter(|_| args.yes) {
            for note in &chosen {
                memory.put_note(&note.key, "").await?;
            }
        }
        let list = || table(chosen.iter().copied());
        tell(&KIND, &chosen, notes.len(), args, list, call)
    })
}
