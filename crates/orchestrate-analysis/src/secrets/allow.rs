//! Tells real credentials from placeholders, names and other text that only looks like them.

use super::published;

/// Shannon entropy in bits per character.
pub(crate) fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "lengths of tokens are small")]
    let length = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / length;
            -share * share.log2()
        })
        .sum()
}

/// Letters or digits in their order, this many of them, come about by no chance.
const CLIMB: usize = 9;

/// Whether a part of a token counts or spells the alphabet, as somebody does who makes an example by hand.
pub(super) fn counts(token: &str) -> bool {
    longest_climb(&token.to_ascii_lowercase()) >= CLIMB
}

/// Whether a token of a known form is written as an example.
pub(super) fn is_example(token: &str) -> bool {
    let lower = token.to_ascii_lowercase();
    let climb = longest_climb(&lower);
    (climb >= CLIMB && climb * 3 >= token.len())
        || published::is_published(token)
        || token.ends_with("EXAMPLE")
        || token.ends_with("EXAMPLEKEY")
        || [
            "xxxxxx",
            "your",
            "placeholder",
            "<",
            "${",
            "{{",
            "******",
            "......",
            "redacted",
            "changeme",
            "username:password",
            "user:pass",
        ]
        .iter()
        .any(|word| lower.contains(word))
}

/// Whether a value repeats or counts, as nobody's random generator does.
fn is_filler(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let parts: Vec<&str> = value.split('-').collect();
    let repeats = |three: &[&str]| {
        three
            .iter()
            .all(|part| part.len() > 2 && Some(part) == three.first())
    };
    longest_run(value) >= 6
        || counts(value)
        || parts.windows(3).any(repeats)
        || ["12345678", "23456789", "abcdefgh", "qwertyui"]
            .iter()
            .any(|sequence| lower.contains(sequence))
}

/// The longest run of letters or digits that follow each other in their order.
fn longest_climb(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    let mut last: Option<u8> = None;
    for byte in text.bytes() {
        let climbs = byte.is_ascii_alphanumeric()
            && last.is_some_and(|last| last.checked_add(1) == Some(byte));
        run = if climbs { run + 1 } else { 1 };
        last = Some(byte);
        longest = longest.max(run);
    }
    longest
}

/// The longest run of one character.
fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    let mut last = None;
    for byte in text.bytes() {
        run = if Some(byte) == last { run + 1 } else { 1 };
        last = Some(byte);
        longest = longest.max(run);
    }
    longest
}

/// Words in a value that show that nobody could log in with it.
const PLACEHOLDERS: [&str; 34] = [
    "example",
    "placeholder",
    "your",
    "xxxx",
    "****",
    "change",
    "dummy",
    "sample",
    "fake",
    "todo",
    "redacted",
    "insert",
    "replace",
    "process.env",
    "environ",
    "getenv",
    "foobar",
    "deadbeef",
    "lorem",
    "undefined",
    "secret",
    "password",
    "passwd",
    "token",
    "not-a",
    "default",
    "testing",
    "${",
    "{{",
    "%(",
    "$(",
    "<%",
    "..",
    "://",
];

/// Words in a name that say that its value is no credential.
const HARMLESS_NAMES: [&str; 50] = [
    "public",
    "keyword",
    "key_id",
    "keyid",
    "key-id",
    "tokeniz",
    "token_type",
    "tokentype",
    "url",
    "uri",
    "author",
    "hash",
    "checksum",
    "digest",
    "fingerprint",
    "primary",
    "foreign",
    "cache",
    "sort",
    "secretname",
    "secret_name",
    "field",
    "header",
    "path",
    "file",
    "version",
    "keys",
    "issuer",
    "length",
    "size",
    "regex",
    "pattern",
    "format",
    "label",
    "title",
    "name",
    "placeholder",
    "example",
    "csrf",
    "xsrf",
    "credentialid",
    "credentialsid",
    "secretid",
    "secretsid",
    "integrity",
    "keyframe",
    "monkey",
    "authori",
    "sha1",
    "sha256",
];

/// Words in a name that say that its value opens something.
const SECRET_NAMES: [&str; 23] = [
    "secret",
    "token",
    "passw",
    "pwd",
    "api_key",
    "apikey",
    "api-key",
    "api.key",
    "access_key",
    "accesskey",
    "access-key",
    "auth_key",
    "authkey",
    "private_key",
    "private-key",
    "privatekey",
    "credential",
    "creds",
    "encryption_key",
    "encryptionkey",
    "signing_key",
    "signingkey",
    "auth",
];

/// Whether a value assigned to a name looks like a credential.
pub(super) fn looks_secret(name: &str, value: &str, quoted: bool) -> bool {
    let name = name.to_ascii_lowercase();
    if HARMLESS_NAMES.iter().any(|word| name.contains(word))
        || !SECRET_NAMES.iter().any(|word| name.contains(word))
    {
        return false;
    }
    let lower = value.to_ascii_lowercase();
    if PLACEHOLDERS.iter().any(|word| lower.contains(word)) || is_example(value) || is_filler(value)
    {
        return false;
    }
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    if digits < 2 || letters < 2 || !(10..=150).contains(&value.len()) {
        return false;
    }
    let odd = value
        .bytes()
        .any(|byte| !(byte.is_ascii_alphanumeric() || b"_.=-+/~!@#$%^&*".contains(&byte)));
    if odd || is_call(value) || (!quoted && value.bytes().any(|byte| b"!@#$%^&*".contains(&byte))) {
        return false;
    }
    entropy(value) >= 3.5 && is_jumbled(value)
}

/// `a.b.c`, `a/b/c` of words: code or a path, not a credential.
fn is_call(value: &str) -> bool {
    let parts: Vec<&str> = value.split(['.', '/']).collect();
    parts.len() > 2
        && parts
            .iter()
            .all(|part| part.len() < 16 && part.bytes().filter(u8::is_ascii_digit).count() < 3)
}

/// Whether the kinds of characters alternate as in random text, not as in words with numbers.
fn is_jumbled(value: &str) -> bool {
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => 1,
        b'a'..=b'z' => 2,
        b'A'..=b'Z' => 3,
        _ => 0,
    };
    let changes = value
        .bytes()
        .zip(value.bytes().skip(1))
        .filter(|(one, other)| {
            let (one, other) = (kind(*one), kind(*other));
            one != other && one != 0 && other != 0
        })
        .count();
    changes * 5 >= value.len()
}

/// Whether a password in an address is one that everybody uses while developing.
pub(super) fn is_default_password(user: &str, password: &str, host: &str) -> bool {
    let lower = password.to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    let name = host.split(':').next().unwrap_or(&host);
    let local = [
        "localhost",
        "127.0.0.1",
        "0.0.0.0",
        "[",
        "host",
        "test",
        "db",
        "postgres",
        "redis",
        "mysql",
        "mongo",
        "database",
        "server",
        "hostname",
    ]
    .contains(&name)
        || host.contains("example")
        || name.ends_with(".test")
        || name.ends_with(".invalid");
    let plain = lower.is_empty()
        || lower == user.to_ascii_lowercase()
        || password.len() < 5
        || [
            "pass", "secret", "root", "admin", "test", "user", "guest", "postgres", "mysql",
            "example", "your", "xxx", "***", "changeme", "123456", "token", "foo", "bar", "...",
            "abc123",
        ]
        .iter()
        .any(|word| lower.contains(word));
    let variable = password.contains([
        '$', '{', '<', '%', '[', '(', ' ', '"', '\'', '`', ',', ';', '*', '+', '\\',
    ]) && !password.contains("%2")
        && !password.contains("%4");
    local || plain || variable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_of_known_texts() {
        assert!((entropy("aabb") - 1.0).abs() < 1e-9);
        assert!((entropy("abcdefgh") - 3.0).abs() < 1e-9);
        assert!(entropy("aaaa").abs() < 1e-9);
    }

    #[test]
    fn random_values_of_secret_names_are_found_and_words_are_not() {
        assert!(looks_secret("api_key", "q7Zp2LxV9tRb4KsW8nYd", true));
        assert!(looks_secret(
            "clientSecret",
            "9f86d081884c7d659a2feaa0",
            true
        ));
        for (name, value) in [
            ("api_key", "your-api-key-goes-here-1234"),
            ("api_key", "os.environ.get"),
            ("token", "my_service_name_2024_v2"),
            ("public_key", "q7Zp2LxV9tRb4KsW8nYd"),
            ("cache_key", "q7Zp2LxV9tRb4KsW8nYd"),
            ("author", "q7Zp2LxV9tRb4KsW8nYd"),
            ("password", "aaaaaaaaaaaaaaaa1111"),
        ] {
            assert!(!looks_secret(name, value, true), "{name}={value}");
        }
    }
}
