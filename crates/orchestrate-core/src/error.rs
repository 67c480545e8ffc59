//! What every error that a user can meet offers: a stable code, a kind, and advice.

/// What sort of mistake an error is; the command line maps it to an exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value given by the caller is not usable.
    Argument,
    /// A definition, plan or configuration is wrong.
    Definition,
    /// A credential is missing or was refused.
    Credentials,
    /// A limit or budget was reached.
    Limit,
    /// A needed action was denied by policy.
    Denied,
    /// The outside world failed: a file, a process, a service.
    Environment,
    /// A mistake of this program.
    Internal,
}

/// An error that can be explained. Advice is data: the renderer prints it, the message does not hold it.
pub trait Explain: std::error::Error {
    /// Stable code, for example `ORC0201`; `orchestrate explain` has a page for each.
    fn code(&self) -> &'static str;

    /// What sort of mistake it is.
    fn kind(&self) -> ErrorKind;

    /// What to do next, most useful first. May be empty, but a user-facing error has one.
    fn hints(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Words that were possible instead of `given`, nearest first, for a "did you mean" hint.
///
/// Only names within a third of the length are offered; farther ones are guesses.
#[must_use]
pub fn similar<'a>(given: &str, possible: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut near: Vec<(usize, &str)> = possible
        .into_iter()
        .map(|name| (edit_distance(given, name), name))
        .filter(|(distance, name)| *distance * 3 <= name.len().max(given.len()))
        .collect();
    near.sort_unstable();
    near.into_iter().map(|(_, name)| name).collect()
}

/// Levenshtein distance over characters, with one row of memory.
fn edit_distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut last = i + 1;
        if let Some(first) = row.first_mut() {
            *first = last;
        }
        for (slot, b) in row.iter_mut().skip(1).zip(right.chars()) {
            let substituted = diagonal + usize::from(a != b);
            diagonal = *slot;
            last = substituted.min(last + 1).min(*slot + 1);
            *slot = last;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_offers_near_names_only() {
        let names = ["sequential", "parallel", "debate"];
        assert_eq!(similar("paralel", names), ["parallel"]);
        assert_eq!(similar("debat", names), ["debate"]);
        assert!(similar("quantum", names).is_empty());
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
    }
}
