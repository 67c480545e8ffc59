//! Command lines in words.

/// A command line as people type it.
pub(crate) fn describe(command: &[String]) -> String {
    let quoted = command.iter().map(|part| {
        let is_plain = |c: char| c.is_alphanumeric() || "-_./=:,@+%".contains(c);
        if !part.is_empty() && part.chars().all(is_plain) {
            part.clone()
        } else {
            format!("'{}'", part.replace('\'', r"'\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_they_are_typed() {
        let command = ["a b", "--x=1", "it's", ""].map(str::to_owned);
        assert_eq!(describe(&command), r"'a b' --x=1 'it'\''s' ''");
    }
}
