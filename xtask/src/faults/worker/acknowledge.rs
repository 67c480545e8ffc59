//! What the worker says, a line at a time: written by it, read by whoever watches it.

use std::fmt;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// An event was published, and so is recorded for good.
    Told {
        run: String,
        /// The number of the event.
        event: u64,
        /// The step that it ends, if it ends one, with the nonce of its result.
        end: Option<(String, String)>,
    },
    /// A run came to its end.
    Ended { run: String, outcome: String },
    /// A run, or the store as a whole, refused to go on.
    Refused {
        run: Option<String>,
        code: String,
        message: String,
    },
}

/// A step path as one word; that of the root is empty.
pub(super) fn word(text: &str) -> &str {
    if text.is_empty() { "." } else { text }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told {
                run,
                event,
                end: None,
            } => write!(f, "told {run} {event}"),
            Self::Told {
                run,
                event,
                end: Some((step, nonce)),
            } => write!(f, "told {run} {event} {step} {nonce}"),
            Self::Ended { run, outcome } => write!(f, "ended {run} {outcome}"),
            Self::Refused { run, code, message } => {
                let run = run.as_deref().unwrap_or("-");
                let message = message.replace('\n', " ");
                write!(f, "refused {run} {code} {message}")
            }
        }
    }
}

/// The line of a text; none when it is cut short, as the last one of a killed process may be.
pub(crate) fn parse(text: &str) -> Option<Line> {
    let mut words = text.split(' ');
    let mut next = || words.next().map(str::to_owned);
    match &*next()? {
        "told" => {
            let (run, event) = (next()?, next()?.parse().ok()?);
            let end = match (next(), next()) {
                (Some(step), Some(nonce)) => Some((step, nonce)),
                (None, _) => None,
                _ => return None,
            };
            Some(Line::Told { run, event, end })
        }
        "ended" => Some(Line::Ended {
            run: next()?,
            outcome: next()?,
        }),
        "refused" => Some(Line::Refused {
            run: next().filter(|run| run != "-"),
            code: next()?,
            message: words.collect::<Vec<_>>().join(" "),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let run = "run-a".to_owned();
        let lines = [
            Line::Told {
                run: run.clone(),
                event: 7,
                end: Some(("0/1".to_owned(), "9-1".to_owned())),
            },
            Line::Told {
                run: run.clone(),
                event: 8,
                end: None,
            },
            Line::Ended {
                run: run.clone(),
                outcome: "succeeded".to_owned(),
            },
            Line::Refused {
                run: None,
                code: "ORC1111".to_owned(),
                message: "no room left".to_owned(),
            },
        ];
        for line in lines {
            assert_eq!(parse(&line.to_string()), Some(line));
        }
        assert_eq!(parse("told run-a"), None);
        assert_eq!(parse("told run-a 7 0/1"), None);
    }
}
