//! Reads lists of texts out of Go source: enough for tables of cases, not more.

/// A text, and its key if it is the value of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Literal {
    pub(crate) key: Option<String>,
    pub(crate) text: String,
}

/// The text literals of a list that begins behind `{`, and where the list ends. An element that is more than one
/// literal is computed when the program runs, and is `None`.
pub(crate) fn literals(source: &str) -> (Vec<Option<Literal>>, usize) {
    let mut found = Vec::new();
    let mut element: Vec<String> = Vec::new();
    let mut key = None;
    let mut computed = false;
    let mut depth = 0_u32;
    let mut at = 0;
    let mut close = |element: &mut Vec<String>, key: &mut Option<String>, computed: &mut bool| {
        let text = element.pop();
        match text {
            None if !*computed => {}
            // A text that is empty here is filled in later.
            Some(text) if element.is_empty() && !*computed && !text.is_empty() => {
                let key = key.take();
                found.push(Some(Literal { key, text }));
            }
            _ => found.push(None),
        }
        element.clear();
        *key = None;
        *computed = false;
    };
    while let Some(rest) = source.get(at..)
        && let Some(c) = rest.chars().next()
    {
        let mut length = c.len_utf8();
        match c {
            '`' | '"' => {
                let (text, used) = literal(rest);
                length = used;
                element.push(text);
            }
            '/' if rest.starts_with("//") => length = rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => {
                length = rest.find("*/").map_or(rest.len(), |end| end + 2);
            }
            '}' if depth == 0 => {
                close(&mut element, &mut key, &mut computed);
                return (found, at);
            }
            ',' if depth == 0 => close(&mut element, &mut key, &mut computed),
            '(' | '[' | '{' => {
                depth += 1;
                computed = true;
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            // The key of a map stands before its value; the value is the case.
            ':' if depth == 0 => key = element.pop(),
            c if c.is_whitespace() => {}
            _ => computed = true,
        }
        at += length;
    }
    (found, at)
}

/// The text of a literal at the beginning, and how many bytes it takes.
fn literal(rest: &str) -> (String, usize) {
    let raw = rest.starts_with('`');
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '`' if raw => return (text, at + 1),
            '"' if !raw => return (text, at + 1),
            '\\' if !raw => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, other)) => text.push(other),
                None => {}
            },
            c => text.push(c),
        }
    }
    (text, rest.len())
}

#[cfg(test)]
mod tests {
    use super::literals;

    #[test]
    fn literals_are_cases_and_what_is_computed_is_none() {
        let source =
            "`a,}` , // no \"case\"\n \"b\\n\\\"\", f(\"c\"), \"d\" + e, \"key\": `f`,\n} rest";
        let (found, end) = literals(source);
        let texts: Vec<Option<&str>> = found
            .iter()
            .map(|it| it.as_ref().map(|it| it.text.as_str()))
            .collect();
        assert_eq!(texts, [Some("a,}"), Some("b\n\""), None, None, Some("f")]);
        let last = found.last().and_then(|it| it.as_ref()?.key.clone());
        assert_eq!(last.as_deref(), Some("key"));
        assert_eq!(source.get(end..), Some("} rest"));
    }
}
