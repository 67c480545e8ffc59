//! Text inside Markdown. Messages quote code and paths of a repository that nobody vouches for, so
//! nothing in them may become markup, a link, a mention or another table cell.

/// One line of text. Balanced backquotes stay code, everything else is shown as it is written.
pub(super) fn text(given: &str) -> String {
    let line = one_line(given);
    let parts: Vec<&str> = line.split('`').collect();
    // An even number of parts means a backquote without its partner.
    let balanced = parts.len() % 2 == 1;
    let mut out = String::with_capacity(line.len() + 8);
    for (position, part) in parts.iter().enumerate() {
        let is_code = position % 2 == 1 && (balanced || position + 1 < parts.len());
        if is_code {
            out.push_str(&code(part));
            continue;
        }
        if position > 0 && position % 2 == 1 {
            out.push_str("\\`");
        }
        escape(part, &mut out);
    }
    out
}

/// Text in a cell of a table.
pub(super) fn cell(given: &str) -> String {
    text(given).replace('|', "\\|")
}

/// A code span, whatever it holds.
pub(super) fn code(given: &str) -> String {
    let line = one_line(given);
    if line.trim().is_empty() {
        return "` `".to_owned();
    }
    let longest = line
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{line}{pad}{fence}")
}

/// A code span in a cell of a table.
pub(super) fn code_cell(given: &str) -> String {
    code(given).replace('|', "\\|")
}

fn one_line(given: &str) -> String {
    given
        .split(|c: char| c.is_control())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn escape(part: &str, out: &mut String) {
    for c in part.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '*' | '_' | '[' | ']' | '~' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            // A mention would notify people who have nothing to do with it.
            '@' => out.push_str("@<!-- -->"),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_markup() {
        let check = |given: &str, expected: &str| assert_eq!(text(given), expected, "{given}");
        check("plain words, 80 %", "plain words, 80 %");
        check("`eval(x)` is called", "`eval(x)` is called");
        check("<img src=x>", "&lt;img src=x&gt;");
        check("`<img>` & co", "`<img>` &amp; co");
        check("a ` b", "a \\` b");
        check("`a` and ` b", "`a` and \\` b");
        check("a\n\n# head", "a \\# head");
        check("[x](y) *b* @user", "\\[x\\](y) \\*b\\* @<!-- -->user");
    }

    #[test]
    fn cells_keep_their_table() {
        assert_eq!(cell("a | b"), "a \\| b");
        assert_eq!(code_cell("a|b.py:3"), "`a\\|b.py:3`");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code(""), "` `");
    }
}
