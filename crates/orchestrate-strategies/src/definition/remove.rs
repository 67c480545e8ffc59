//! Takes one agent out of a file of agents and leaves the rest, comments too, as it stands.

use super::problem::{DefinitionProblem, DefinitionProblems, Place};
use super::tree::{Kind, Node, TreeFault};
use super::world::Source;

/// What is left of a file of agents without one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// All of it: it does not define the agent.
    All,
    /// This text, with the other agents.
    Text(String),
    /// No agent: the file held no other.
    Nothing,
}

/// Takes an agent out of the text of a file of agents.
///
/// Its lines are taken out, with the comment above them. What is left is read again: unless it says the same
/// of all others, the file is refused.
///
/// # Errors
/// When the file cannot be read (`ORC1010`), or does not give the agent lines of its own (`ORC1024`).
pub fn without_agent(source: &Source, id: &str) -> Result<Left, DefinitionProblems> {
    let refuse = |code, at, message: String| {
        DefinitionProblems(vec![DefinitionProblem {
            code,
            file: source.file.clone(),
            at,
            message,
            hint: None,
        }])
    };
    let read = |text: &str| {
        Node::parse(text).map_err(|TreeFault { at, message }| refuse("ORC1010", at, message))
    };
    let tree = read(&source.text)?;
    let agents = tree.get("agents").map_or(&[][..], Node::pairs);
    let Some(index) = agents.iter().position(|(key, _)| key.name == id) else {
        return Ok(Left::All);
    };
    if agents.len() == 1 {
        return Ok(Left::Nothing);
    }
    let after = tree.pairs().iter().map(|(key, _)| key.at.line);
    let starts = |at: usize| agents.get(at).map(|(key, _)| key.at.line);
    let first = starts(index).unwrap_or_default();
    let next = starts(index + 1).or_else(|| after.filter(|line| *line > first).min());
    let text = without_lines(&source.text, first, next.unwrap_or(u32::MAX));
    match read(&text) {
        Ok(left) if left.says_the_same(&without(tree.clone(), id)) => Ok(Left::Text(text)),
        _ => {
            let at = agents.get(index).map_or(Place::START, |(key, _)| key.at);
            let message =
                format!("the agent `{id}` has no lines of its own that could be taken out");
            Err(refuse("ORC1024", at, message))
        }
    }
}

fn without(mut tree: Node, id: &str) -> Node {
    if let Kind::Map(pairs) = &mut tree.kind {
        for (key, agents) in pairs {
            if let (Kind::Map(agents), "agents") = (&mut agents.kind, &*key.name) {
                agents.retain(|(key, _)| key.name != id);
            }
        }
    }
    tree
}

/// The text without the lines from `first` up to `next`. The comment above a line goes with the line.
fn without_lines(text: &str, first: u32, next: u32) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let with_comment = |line: u32| {
        let mut from = usize::try_from(line)
            .unwrap_or(usize::MAX)
            .min(lines.len() + 1)
            - 1;
        let is_comment = |line: &&str| line.trim_start().starts_with('#');
        while from > 0 && lines.get(from - 1).is_some_and(is_comment) {
            from -= 1;
        }
        from
    };
    let (from, to) = (with_comment(first), with_comment(next));
    let before = lines.iter().take(from);
    before.chain(lines.iter().skip(to)).copied().collect()
}
