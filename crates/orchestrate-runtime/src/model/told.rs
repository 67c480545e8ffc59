//! What a provider tells of its limits with an answer: how much, what is left, when it is renewed.
//!
//! The client library hands out the headers of answers that failed, in every family, and drops those of
//! answers that succeeded; so limits are known from the first refusal on. What cannot be read is as if it
//! had not been told.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::HeaderMap;

const MINUTE: f64 = 60.0;
/// The times in which limits are usually renewed, in seconds.
const USUAL: [f64; 3] = [1.0, 10.0, MINUTE];

/// The next longer of the usual times.
pub(super) fn longer_period(period: f64) -> Option<f64> {
    USUAL.into_iter().find(|it| *it > period)
}

/// A limit of one kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Share {
    /// How much in a window.
    pub(super) limit: f64,
    /// How much of it is left.
    pub(super) left: Option<f64>,
    /// Seconds until all of it is renewed.
    pub(super) renewed_in: Option<f64>,
    /// How long a window is, in seconds. Few providers say so.
    pub(super) window: Option<f64>,
}

impl Share {
    /// Whether something is left of it.
    pub(super) fn is_left(self) -> bool {
        self.left.is_some_and(|left| left >= 1.0)
    }

    /// The time in which the limit is renewed, in seconds. Where no window is named it is a minute, as
    /// providers document, unless nothing is left: then it is the usual time in which the wait fits. Longer
    /// than a minute it is at least what is said.
    pub(super) fn period(self) -> f64 {
        if let Some(window) = self.window {
            return window;
        }
        match self.renewed_in {
            Some(renewed) if renewed > MINUTE => renewed,
            Some(renewed) if self.left == Some(0.0) => {
                let usual = USUAL.into_iter().find(|it| *it >= renewed - 0.01);
                usual.unwrap_or(MINUTE)
            }
            _ => MINUTE,
        }
    }

    /// Whether a pace can hold it: who would have to spread an hour's or a day's worth evenly had better be
    /// refused, and told how long to wait.
    pub(super) fn is_short(self) -> bool {
        self.period() <= MINUTE
    }
}

/// All that an answer tells.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Told {
    pub(super) requests: Option<Share>,
    pub(super) tokens: Option<Share>,
    /// How long to wait.
    pub(super) wait: Option<Duration>,
}

impl Told {
    /// Reads the headers of an answer.
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let told = Headers::new(headers);
        let names = |start: &str, ends: [&str; 3]| ends.map(|end| format!("{start}{end}"));
        let openai = |what: &str| {
            let names =
                ["limit", "remaining", "reset"].map(|it| format!("x-ratelimit-{it}-{what}"));
            told.share(&names)
        };
        let anthropic = |what: &str| {
            let start = format!("anthropic-ratelimit-{what}-");
            told.share(&names(&start, ["limit", "remaining", "reset"]))
        };
        let tokens = [
            openai("tokens"),
            anthropic("tokens"),
            anthropic("input-tokens"),
            anthropic("output-tokens"),
        ];
        let part = |share: &Share| share.left.map_or(1.0, |left| left / share.limit);
        Self {
            requests: openai("requests")
                .or_else(|| anthropic("requests"))
                .or_else(|| told.draft()),
            // What is scarcest holds the others back too.
            tokens: tokens
                .into_iter()
                .flatten()
                .min_by(|one, other| part(one).total_cmp(&part(other))),
            wait: told.wait(),
        }
    }
}

/// The headers of an answer, and when it was sent by the provider's own clock.
struct Headers<'a> {
    all: &'a HeaderMap,
    now: Timestamp,
}

impl<'a> Headers<'a> {
    fn new(all: &'a HeaderMap) -> Self {
        let sent = all.get("date").and_then(|date| date.to_str().ok());
        let sent = sent.and_then(http_date);
        Self {
            all,
            now: sent.unwrap_or_else(Timestamp::now),
        }
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        Some(self.all.get(name)?.to_str().ok()?.trim())
    }

    fn number(&self, name: &str) -> Option<f64> {
        number(self.text(name)?)
    }

    fn seconds_until(&self, time: Timestamp) -> f64 {
        (time.duration_since(self.now).as_secs_f64()).max(0.0)
    }

    /// A share from the headers of the limit, of what is left and of when it is renewed.
    fn share(&self, [limit, left, reset]: &[String; 3]) -> Option<Share> {
        let reset = self.text(reset);
        let renewed_in = reset.and_then(|text| {
            let time = || Some(self.seconds_until(text.parse().ok()?));
            seconds(text).or_else(time)
        });
        Some(Share {
            limit: self.number(limit).filter(|limit| *limit > 0.0)?,
            left: self.number(left),
            renewed_in,
            window: None,
        })
    }

    /// The forms of the IETF's draft: one header each, all in one, and a policy beside it.
    fn draft(&self) -> Option<Share> {
        let state = self.text("ratelimit").unwrap_or_default();
        let policy = self.text("ratelimit-policy").unwrap_or_default();
        // The policy of bytes or of connections is none of requests.
        let policy = policy
            .split(',')
            .find(|it| !it.contains("qu=") || it.contains("qu=\"requests\""))
            .unwrap_or_default();
        let quota = policy.split(';').next().and_then(|it| number(it.trim()));
        let limit = self
            .number("ratelimit-limit")
            .or_else(|| field(state, &["limit"]))
            .or_else(|| field(policy, &["q"]))
            .or(quota)
            .filter(|limit| *limit > 0.0)?;
        Some(Share {
            limit,
            left: self
                .number("ratelimit-remaining")
                .or_else(|| field(state, &["remaining", "r"])),
            renewed_in: self
                .number("ratelimit-reset")
                .or_else(|| field(state, &["reset", "t"])),
            window: field(policy, &["w"]).filter(|window| *window > 0.0),
        })
    }

    fn wait(&self) -> Option<Duration> {
        let seconds = self.number("retry-after-ms").map(|ms| ms / 1000.0);
        let seconds = seconds.or_else(|| self.number("retry-after"));
        let date = || Some(self.seconds_until(http_date(self.text("retry-after")?)?));
        Duration::try_from_secs_f64(seconds.or_else(date)?).ok()
    }
}

fn number(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// The number of the first of these fields, in a list with `,` or `;` between its parts.
fn field(list: &str, names: &[&str]) -> Option<f64> {
    list.split([',', ';']).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let named = names.contains(&name.trim());
        named.then(|| number(value.trim()))?
    })
}

/// A span of time as `1s`, `6m0s`, `1h2m3.5s` or `120ms`, or a bare number of seconds, in seconds.
pub(super) fn seconds(text: &str) -> Option<f64> {
    if let Some(seconds) = number(text) {
        return Some(seconds);
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (value, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic());
        let (unit, after) = after.split_at(letters.unwrap_or(after.len()));
        let factor = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        seconds += number(value)? * factor;
        rest = after;
    }
    (!text.is_empty()).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn read(lines: &str) -> Told {
        let headers = lines.lines().map(|line| {
            let (name, value) = line.trim().split_once(": ").unwrap();
            let name: HeaderName = name.parse().unwrap();
            (name, value.parse::<HeaderValue>().unwrap())
        });
        Told::read(&headers.collect())
    }

    fn share(limit: f64, left: f64, renewed_in: f64) -> Share {
        Share {
            limit,
            left: Some(left),
            renewed_in: Some(renewed_in),
            window: None,
        }
    }

    #[test]
    fn what_openai_tells_is_read() {
        let told = read(
            "x-ratelimit-limit-requests: 500
             x-ratelimit-remaining-requests: 0
             x-ratelimit-reset-requests: 120ms
             x-ratelimit-limit-tokens: 150000
             x-ratelimit-remaining-tokens: 149984
             x-ratelimit-reset-tokens: 6m0s
             retry-after-ms: 20
             retry-after: 1",
        );
        assert_eq!(told.requests, Some(share(500.0, 0.0, 0.12)));
        assert_eq!(told.tokens, Some(share(150_000.0, 149_984.0, 360.0)));
        assert_eq!(told.wait, Some(Duration::from_millis(20)));
    }

    #[test]
    fn what_anthropic_tells_is_read_by_its_own_clock_and_the_scarcest_tokens_count() {
        let told = read(
            "date: Wed, 25 Nov 2026 10:00:00 GMT
             anthropic-ratelimit-requests-limit: 50
             anthropic-ratelimit-requests-remaining: 49
             anthropic-ratelimit-requests-reset: 2026-11-25T10:00:01Z
             anthropic-ratelimit-input-tokens-limit: 30000
             anthropic-ratelimit-input-tokens-remaining: 0
             anthropic-ratelimit-input-tokens-reset: 2026-11-25T10:01:00Z
             anthropic-ratelimit-output-tokens-limit: 8000
             anthropic-ratelimit-output-tokens-remaining: 8000
             anthropic-ratelimit-output-tokens-reset: 2026-11-25T10:00:00Z
             retry-after: Wed, 25 Nov 2026 10:00:07 GMT",
        );
        assert_eq!(told.requests, Some(share(50.0, 49.0, 1.0)));
        assert_eq!(told.tokens, Some(share(30_000.0, 0.0, 60.0)));
        assert_eq!(told.wait, Some(Duration::from_secs(7)));
    }

    #[test]
    fn every_form_of_the_draft_is_read() {
        let expected = Share {
            window: Some(60.0),
            ..share(100.0, 0.0, 30.0)
        };
        for lines in [
            "ratelimit-limit: 100\nratelimit-remaining: 0\nratelimit-reset: 30\nratelimit-policy: 100;w=60",
            "ratelimit: limit=100, remaining=0, reset=30\nratelimit-policy: 100;w=60",
            "ratelimit: \"default\";r=0;t=30\nratelimit-policy: \"default\";q=100;w=60",
            "ratelimit: \"a\";r=0;t=30\nratelimit-policy: \"b\";q=9;qu=\"content-bytes\";w=1, \"a\";q=100;qu=\"requests\";w=60",
        ] {
            assert_eq!(read(lines).requests, Some(expected), "{lines}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_as_if_it_had_not_been_told() {
        let told = read(
            "x-ratelimit-limit-requests: many
             x-ratelimit-remaining-requests: 0
             x-ratelimit-limit-tokens: 100
             x-ratelimit-remaining-tokens: NaN
             x-ratelimit-reset-tokens: soon
             anthropic-ratelimit-requests-limit: 0
             ratelimit: ;;,=
             retry-after: -1",
        );
        let tokens = Share {
            left: None,
            renewed_in: None,
            ..share(100.0, 0.0, 0.0)
        };
        let expected = Told {
            tokens: Some(tokens),
            ..Told::default()
        };
        assert_eq!(told, expected);
        assert_eq!(read("retry-after: 1e300").wait, None);
    }

    #[test]
    fn spans_are_read_in_their_units() {
        let check =
            |text: &str, expected: Option<f64>| assert_eq!(seconds(text), expected, "{text}");
        check("1s", Some(1.0));
        check("1h2m3.5s", Some(3723.5));
        check("250ms", Some(0.25));
        check("12", Some(12.0));
        for wrong in ["", "s", "-1s", "1x", "1m5", "..s", "é"] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_period_is_named_or_a_usual_one() {
        let check = |share: Share, expected: f64| assert!((share.period() - expected).abs() < 1e-9);
        check(share(10.0, 0.0, 0.4), 1.0);
        check(share(10.0, 0.0, 60.0), 60.0);
        check(share(500.0, 499.0, 0.12), 60.0);
        check(share(200.0, 0.0, 7200.0), 7200.0);
        assert!(share(500.0, 499.0, 0.12).is_short() && !share(200.0, 0.0, 7200.0).is_short());
        let named = Share {
            window: Some(5.0),
            ..share(10.0, 0.0, 1.0)
        };
        check(named, 5.0);
    }
}
