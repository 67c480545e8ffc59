//! Digests of entries: each covers the one before it, so nothing can be changed or left out unseen.

use std::fmt;
use std::str::FromStr;

/// The first 16 bytes of a BLAKE3 hash: names a value by its content, or an entry with all before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    /// The digest of a text.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        Self::first(&blake3::hash(text))
    }

    /// The digest that these bytes hold; none when they are not 16.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    fn first(hash: &blake3::Hash) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(hash.as_bytes()) {
            *to = *from;
        }
        Self(bytes)
    }
}

/// The digest of entry `number` of a run: over the digest of the entry before, the number and the text as kept.
///
/// Before entry 0 stands the digest of the run's name, so that entries of one run fit no other.
#[must_use]
pub fn chain(before: Digest, number: u64, body: &[u8]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&before.0);
    hasher.update(&number.to_le_bytes());
    hasher.update(body);
    Digest::first(&hasher.finalize())
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 32 hexadecimal digits")]
pub struct NoDigest;

impl FromStr for Digest {
    type Err = NoDigest;

    fn from_str(text: &str) -> Result<Self, NoDigest> {
        let digit = |c: u8| {
            char::from(c)
                .to_digit(16)
                .and_then(|n| u8::try_from(n).ok())
        };
        if text.len() != 32 {
            return Err(NoDigest);
        }
        let mut bytes = [0; 16];
        for (to, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let [high, low] = pair else {
                return Err(NoDigest);
            };
            *to = digit(*high).ok_or(NoDigest)? * 16 + digit(*low).ok_or(NoDigest)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_what_it_writes() {
        let digest = Digest::of(b"text");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!("xyz".parse::<Digest>(), Err(NoDigest));
        assert_eq!("é".repeat(16).parse::<Digest>(), Err(NoDigest));
    }

    #[test]
    fn an_entry_depends_on_all_before_it() {
        let first = chain(Digest::of(b"run"), 0, b"a");
        assert_ne!(chain(first, 1, b"b"), chain(Digest::default(), 1, b"b"));
        assert_ne!(chain(first, 1, b"b"), chain(first, 2, b"b"));
    }
}
