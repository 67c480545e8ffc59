//! Text that is safe to show and fits: escaping, measuring, wrapping, durations.

use std::fmt::Write as _;

use orchestrate_core::limits::{Cost, Usage};

/// The text with everything escaped that could make a terminal do something, or show text in
/// another order than it stands: repositories hold names that nobody here has chosen.
pub(crate) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let dangerous = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        match c {
            '\n' | '\t' => out.push(' '),
            c if dangerous => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// How many columns a text takes. Wide scripts are counted as two each, some narrow signs with
/// them: a line may come out shorter than it could be, never longer than the terminal.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(|c| 1 + usize::from(c >= '\u{1100}')).sum()
}

/// The text in lines of at most `columns`, broken at spaces. A longer word stays whole, and so
/// does what stands between backticks: paths and commands are there to be copied.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(text) {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(&piece);
        } else if width(line) + 1 + width(&piece) <= columns {
            line.push(' ');
            line.push_str(&piece);
        } else {
            lines.push(piece);
        }
    }
    lines
}

/// The words of a text; those between two backticks are one.
fn pieces(text: &str) -> Vec<String> {
    let open = |piece: &str| piece.matches('`').count() % 2 == 1;
    let mut pieces: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match pieces.last_mut() {
            Some(last) if open(last) => {
                last.push(' ');
                last.push_str(word);
            }
            _ => pieces.push(word.to_owned()),
        }
    }
    // A backtick that is never closed quotes nothing.
    match pieces.pop() {
        Some(last) if open(&last) => pieces.extend(last.split(' ').map(str::to_owned)),
        last => pieces.extend(last),
    }
    pieces
}

/// The text cut to at most `columns`.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    let mut left = columns;
    text.chars()
        .take_while(|c| {
            let need = 1 + usize::from(*c >= '\u{1100}');
            let fits = need <= left;
            left = left.saturating_sub(if fits { need } else { left });
            fits
        })
        .collect()
}

/// A time in the unit that people would say it in.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 0.001 => format!("{:.0} us", s * 1e6),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 60.0 => format!("{s:.1} s"),
        s => format!(
            "{:.0} min {:02.0} s",
            (s / 60.0).floor(),
            (s % 60.0).floor()
        ),
    }
}

/// How many bytes, in the unit that people would say it in.
pub(crate) fn size(bytes: usize) -> String {
    let bytes = bytes as f64;
    match bytes {
        b if b < 1e3 => format!("{b:.0} B"),
        b if b < 1e6 => format!("{:.1} kB", b / 1e3),
        b => format!("{:.1} MB", b / 1e6),
    }
}

/// A count with its noun, which is regular.
pub(crate) fn counted(count: impl std::fmt::Display, noun: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// The name of a variant as reports write it.
pub(crate) fn word(variant: &impl std::fmt::Debug) -> String {
    format!("{variant:?}").to_lowercase()
}

/// What models used, as it is told while they work: nothing when there were none. What has no known price
/// is said to have none, and what is estimated is marked.
pub(crate) fn spent(usage: &Usage) -> Option<String> {
    if usage.tokens == 0 {
        return None;
    }
    let (tokens, cost) = (tokens_of(usage), cost_of(usage));
    Some(match usage.unpriced_tokens {
        0 => format!("{tokens}, {cost}"),
        unpriced if unpriced >= usage.tokens => format!("{tokens}, unpriced"),
        unpriced => format!("{tokens}, {cost} and {unpriced} unpriced"),
    })
}

/// The tokens that were used, with a mark where some are estimated.
fn tokens_of(usage: &Usage) -> String {
    format!("{}{}", mark(usage), counted(usage.tokens, "token"))
}

/// What was paid, with a mark where it comes of tokens that are estimated.
fn cost_of(usage: &Usage) -> String {
    let mark = if usage.cost == Cost::ZERO {
        ""
    } else {
        mark(usage)
    };
    format!("{mark}{}", dollars(usage.cost))
}

/// Why figures bear a mark; none when they do not.
pub(crate) fn estimate_of(usage: &Usage) -> Option<String> {
    (usage.estimated_tokens > 0).then(|| {
        format!(
            "~ {} estimated, because the provider did not tell what it used",
            counted(usage.estimated_tokens, "token")
        )
    })
}

fn mark(usage: &Usage) -> &'static str {
    if usage.estimated_tokens > 0 { "~" } else { "" }
}

/// A cost in US dollars: prices are in no other unit. Rounded up, to hundredths of a cent where it is a cent
/// or more, so that what is not nothing never looks like it.
pub(crate) fn dollars(cost: Cost) -> String {
    let shown = match cost.0 {
        micros if micros < 10_000 => cost,
        micros => Cost(micros.div_ceil(100).saturating_mul(100)),
    };
    format!("${}", exact(f64::from(shown)))
}

/// A number with as many decimals as it needs, at most those of a cost.
pub(crate) fn exact(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(safe("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(safe("x\u{202e}gpj.exe"), "x\\u{202e}gpj.exe");
        assert_eq!(safe("a\r\nb\u{9b}1m\u{7}"), "a\\u{d} b\\u{9b}1m\\u{7}");
        assert_eq!(safe("naïve 日本 ok"), "naïve 日本 ok");
    }

    #[test]
    fn lines_are_broken_at_spaces_and_words_stay_whole() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(
            wrap("a averyveryverylongpath b", 8),
            ["a", "averyveryverylongpath", "b"]
        );
        assert_eq!(wrap("", 8), [""]);
        assert_eq!(
            wrap("run `cargo test --all` now", 10),
            ["run", "`cargo test --all`", "now"]
        );
        assert_eq!(
            wrap("a stray ` in a text", 8),
            ["a stray", "` in a", "text"]
        );
        assert_eq!(wrap("日本 日本", 8), ["日本", "日本"]);
    }

    #[test]
    fn a_cut_text_is_never_wider_than_asked() {
        assert_eq!(cut("abcdef", 3), "abc");
        assert_eq!(cut("日本語x", 5), "日本");
        assert_eq!(cut("ab", 5), "ab");
    }

    #[test]
    fn what_is_estimated_or_unpriced_is_said_to_be() {
        let used = |tokens, micros, unpriced_tokens, estimated_tokens| Usage {
            tokens,
            cost: Cost(micros),
            unpriced_tokens,
            estimated_tokens,
            ..Usage::default()
        };
        let shown = [
            used(0, 0, 0, 0),
            used(1, 20_000, 0, 0),
            used(900, 1_000_000, 0, 300),
            used(900, 0, 900, 900),
            used(900, 500_000, 300, 0),
        ];
        let shown = shown.map(|it| spent(&it).unwrap_or_default());
        assert_eq!(
            shown,
            [
                "",
                "1 token, $0.02",
                "~900 tokens, ~$1",
                "~900 tokens, unpriced",
                "900 tokens, $0.5 and 300 unpriced"
            ]
        );
        let shown = [0, 1, 9_999, 10_001, 2_000_000].map(|micros| dollars(Cost(micros)));
        assert_eq!(shown, ["$0", "$0.000001", "$0.009999", "$0.0101", "$2"]);
        let why = estimate_of(&used(900, 0, 0, 300));
        let expected = "~ 300 tokens estimated, because the provider did not tell what it used";
        assert_eq!(why.as_deref(), Some(expected));
    }

    #[test]
    fn times_are_said_in_their_unit() {
        let shown: Vec<String> = [0.000_05, 0.25, 2.34, 59.99, 61.0, 3600.0]
            .map(duration)
            .to_vec();
        assert_eq!(
            shown,
            [
                "50 us",
                "250 ms",
                "2.3 s",
                "60.0 s",
                "1 min 01 s",
                "60 min 00 s"
            ]
        );
    }
}
