//! Web tokens that were put into base64 once more, as secrets of clusters and build settings hold them.

use std::ops::Range;

/// Shorter texts cannot hold a token; of longer ones no more is read.
const LENGTH: Range<usize> = 60..8 * 1024;
/// The least lengths of the head and of the claims of a token.
const HEAD: usize = 12;
const CLAIMS: usize = 17;

/// The token that begins at `word`, which is what `eyJ` becomes.
pub(super) fn web_token(text: &str, word: &Range<usize>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let before = word.start.checked_sub(1).and_then(|at| bytes.get(at));
    if !text.get(word.start..)?.starts_with("ZXlK") || before.is_some_and(|it| value(*it).is_some())
    {
        return None;
    }
    let rest = bytes.get(word.start..)?;
    let length = rest
        .iter()
        .take(LENGTH.end)
        .take_while(|byte| value(**byte).is_some())
        .count();
    if !LENGTH.contains(&length) {
        return None;
    }
    let decoded = String::from_utf8(decode(rest.get(..length)?)).ok()?;
    let is_part = |part: &str, least: usize| {
        part.len() >= least
            && part.starts_with("ey")
            && part.bytes().all(|byte| value(byte).is_some())
    };
    let mut parts = decoded.split('.');
    let is_token = parts.next().is_some_and(|part| is_part(part, HEAD))
        && parts.next().is_some_and(|part| is_part(part, CLAIMS));
    is_token.then_some(word.start..word.start + length)
}

/// The bits of a character of base64, in either of its alphabets.
fn value(byte: u8) -> Option<u32> {
    let bits = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(bits))
}

fn decode(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(encoded.len() * 3 / 4);
    for four in encoded.chunks(4) {
        let bits = four
            .iter()
            .fold(0, |bits, byte| bits << 6 | value(*byte).unwrap_or(0))
            << (6 * (4 - four.len()));
        let [_, three @ ..] = bits.to_be_bytes();
        decoded.extend(three.iter().take(four.len() * 3 / 4));
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::{decode, web_token};

    fn encode(text: &str) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut encoded = String::new();
        for three in text.as_bytes().chunks(3) {
            let mut all = [0; 4];
            all[1..=three.len()].copy_from_slice(three);
            let bits = u32::from_be_bytes(all);
            for at in 0..=three.len() {
                let six = usize::try_from(bits >> (18 - 6 * at) & 63).unwrap();
                encoded.push(char::from(ALPHABET[six]));
            }
        }
        encoded
    }

    #[test]
    fn a_token_is_found_through_its_encoding_and_other_text_is_not() {
        let head = encode("{\"alg\":\"HS256\",\"x\":1}");
        let claims = encode("{\"sub\":\"1\",\"name\":\"n\"}");
        let token = encode(&format!("{head}.{claims}.c2lnbmF0dXJl"));
        assert_eq!(decode(encode("any te xt").as_bytes()), b"any te xt");
        let found = |text: &str| {
            let at = text.find("ZXlK").unwrap();
            web_token(text, &(at..at + 4))
        };
        assert_eq!(found(&format!("t: {token}==")), Some(3..3 + token.len()));
        assert_eq!(found(&format!("aZXlK{token}")), None);
        assert_eq!(found(&encode(&format!("{head}{claims}{head}"))), None);
        assert_eq!(found("ZXlK"), None);
    }
}
