//! The one form of an error on a terminal: code, what, why, and what to do next.

use super::style::{BAD, HEAD, paint};
use super::text::safe;
use crate::error::Failure;

/// The failure in lines. A message may have several; each is escaped on its own.
pub(crate) fn render(failure: &Failure) -> String {
    let mut lines = failure.message.lines().map(safe);
    let first = lines.next().unwrap_or_default();
    let head = paint(BAD, format_args!("error[{}]:", failure.code));
    let mut out = format!("{head} {first}\n");
    for line in lines {
        out.push_str(&format!("  {line}\n"));
    }
    for cause in &failure.causes {
        out.push_str(&format!("  because: {}\n", safe(cause)));
    }
    for hint in &failure.hints {
        out.push_str(&format!("{} {}\n", paint(HEAD, "hint:"), safe(hint)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn an_error_says_what_why_and_what_next() {
        let failure = Failure {
            code: "ORC0902",
            exit: Exit::Usage,
            message: "`x\u{1b}[2J` cannot be analysed\nsecond line".into(),
            causes: vec!["it does not exist".into()],
            hints: vec!["name another".into()],
        };
        let text = anstream::adapter::strip_str(&render(&failure)).to_string();
        assert_eq!(
            text,
            "error[ORC0902]: `x\\u{1b}[2J` cannot be analysed\n  second line\n  because: it does not exist\nhint: name another\n"
        );
    }
}
