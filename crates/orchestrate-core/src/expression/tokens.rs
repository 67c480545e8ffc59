//! Texts taken apart and changed by their words, without reading them as a whole.

use minijinja::machinery::{Span, Token, tokenize};
use minijinja::syntax::SyntaxConfig;

use super::parse::range;

/// A template as its parts: `Ok` for what stands in it as it is, `Err` for the text of an expression.
/// `None` when it has blocks (`{% … %}`), or is no template.
#[must_use]
pub fn parts(template: &str) -> Option<Vec<Result<&str, &str>>> {
    let mut parts = Vec::new();
    let mut open: Option<Span> = None;
    for token in tokenize(template, false, SyntaxConfig::default()) {
        let (token, span) = token.ok()?;
        match token {
            Token::TemplateData(text) => parts.push(Ok(text)),
            Token::VariableStart => open = Some(span),
            Token::VariableEnd => {
                let inside = range(open.take()?).end..range(span).start;
                parts.push(Err(template.get(inside)?.trim()));
            }
            Token::BlockStart | Token::BlockEnd => return None,
            _ => {}
        }
    }
    Some(parts)
}

/// The same text with one name in the place of another, where it stands as a name of its own: not
/// behind a dot, a bar or `is`, and not before a single `=`.
#[must_use]
pub fn renamed(text: &str, is_expression: bool, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    let tokens: Vec<(Token<'_>, Span)> = tokenize(text, is_expression, SyntaxConfig::default())
        .map_while(Result::ok)
        .collect();
    for (i, (token, span)) in tokens.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| tokens.get(i));
        let after = tokens.get(i + 1);
        let is_name = matches!(token, Token::Ident(name) if *name == from)
            && !matches!(
                before,
                Some((Token::Dot | Token::Pipe | Token::Ident("is"), _))
            )
            && !matches!(after, Some((Token::Assign, _)));
        if is_name {
            let at = range(*span);
            out.push_str(text.get(copied..at.start).unwrap_or_default());
            out.push_str(to);
            copied = at.end;
        }
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_taken_apart() {
        assert_eq!(
            parts("a {{ inputs.x }}-{{ 'y}}' }}"),
            Some(vec![Ok("a "), Err("inputs.x"), Ok("-"), Err("'y}}'")])
        );
        assert_eq!(parts("{% if x %}a{% endif %}"), None);
    }

    #[test]
    fn a_name_is_replaced_where_it_is_one() {
        let renamed = |text, is_expression| renamed(text, is_expression, "file", "item");
        assert_eq!(
            renamed("file.file == 'file' and f(file=1, x=file)", true),
            "item.file == 'file' and f(file=1, x=item)"
        );
        assert_eq!(
            renamed("file {{ file | file }}", false),
            "file {{ item | file }}"
        );
    }
}
