//! Bytes to text. No byte hides a file: what is not valid is replaced, and the result says so.

/// The character that stands for what could not be decoded.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// A decoded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text without a byte order mark.
    pub text: String,
    /// Whether anything in it was replaced, because it was not valid or was a zero.
    pub lossy: bool,
}

/// Whether bytes are no text: they hold a zero, and no mark says that they are UTF-16.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    utf16_mark(bytes).is_none() && bytes.contains(&0)
}

/// Decodes UTF-16 with a byte order mark, and everything else as UTF-8.
///
/// Zeros are replaced as well, because parsers take one for the end of the text.
pub(super) fn decode(bytes: Vec<u8>) -> Decoded {
    let (text, valid) = match utf16_mark(&bytes) {
        Some((read, units)) => utf16(read, units),
        None => utf8(bytes),
    };
    if text.contains('\0') {
        return Decoded {
            text: text.replace('\0', REPLACEMENT.encode_utf8(&mut [0; 4])),
            lossy: true,
        };
    }
    Decoded {
        text,
        lossy: !valid,
    }
}

type ReadUnit = fn([u8; 2]) -> u16;

/// How to read the units of UTF-16, and the bytes behind its mark.
fn utf16_mark(bytes: &[u8]) -> Option<(ReadUnit, &[u8])> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => Some((u16::from_le_bytes, rest)),
        [0xfe, 0xff, rest @ ..] => Some((u16::from_be_bytes, rest)),
        _ => None,
    }
}

/// The text, and whether all of it was valid.
fn utf16(read: ReadUnit, bytes: &[u8]) -> (String, bool) {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut valid = odd.is_empty();
    let mut text: String = char::decode_utf16(pairs.iter().map(|pair| read(*pair)))
        .map(|unit| {
            unit.unwrap_or_else(|_| {
                valid = false;
                REPLACEMENT
            })
        })
        .collect();
    if !odd.is_empty() {
        text.push(REPLACEMENT);
    }
    (text, valid)
}

/// The text, and whether all of it was valid.
fn utf8(mut bytes: Vec<u8>) -> (String, bool) {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    match String::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(error) => (
            String::from_utf8_lossy(error.as_bytes()).into_owned(),
            false,
        ),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{decode, is_binary};

    fn check(bytes: &[u8], text: &str, lossy: bool) {
        let decoded = decode(bytes.to_vec());
        assert_eq!((decoded.text.as_str(), decoded.lossy), (text, lossy));
    }

    #[test]
    fn valid_text_is_decoded_as_it_is() {
        check("é".as_bytes(), "é", false);
        check("\u{fffd}".as_bytes(), "\u{fffd}", false);
        check(b"\xef\xbb\xbfa", "a", false);
        check(b"\xff\xfea\0\x3d\xd8\x00\xde", "a\u{1f600}", false);
        check(b"\xfe\xff\0a", "a", false);
        check(b"", "", false);
    }

    #[test]
    fn what_is_not_valid_is_replaced() {
        check(b"caf\xe9 a", "caf\u{fffd} a", true);
        check(b"a\0b", "a\u{fffd}b", true);
        check(b"\xff\xfea\0b", "a\u{fffd}", true);
        check(b"\xfe\xff\xd8\x00\0a", "\u{fffd}a", true);
    }

    #[test]
    fn zeros_tell_binary_from_text() {
        assert!(is_binary(b"a\0"));
        assert!(!is_binary(b"\xff\xfea\0"));
        assert!(!is_binary(b"caf\xe9"));
    }

    proptest! {
        #[test]
        fn prop_any_bytes_give_text_without_zeros(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(!decode(bytes).text.contains('\0'));
        }

        #[test]
        fn prop_valid_text_comes_back(text in "[^\0\u{feff}]*") {
            let decoded = decode(text.clone().into_bytes());
            prop_assert_eq!(decoded.text, text);
            prop_assert!(!decoded.lossy);
        }
    }
}
