//! Rust's panics, against every occurrence in the text that is no comment.

use std::path::Path;

use serde_json::Value;

use crate::measured::{list, percent, text};

const WORDS: [&str; 7] = [
    ".unwrap()",
    ".expect(",
    "panic!(",
    "todo!(",
    "unimplemented!(",
    "unreachable!(",
    "panic!{",
];

pub(super) fn text_of_rust(directory: &str, scanned: &Value) -> Result<String, String> {
    let (mut ours, mut theirs, mut met) = (0, 0, 0);
    for file in list(scanned, "/snapshot/files").filter(|file| text(file, "language") == "rust") {
        let path = Path::new(directory).join(text(file, "path"));
        let source = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let here = list(file, "/hazards").count();
        let there = occurrences(&source);
        ours += here;
        theirs += there;
        met += here.min(there);
    }
    if theirs == 0 {
        return Err("there is nothing of this language".to_owned());
    }
    Ok(format!(
        "{ours} here, {theirs} in the text, file by file {} of those in the text; the text also has them in strings",
        percent(met, theirs)
    ))
}

fn occurrences(source: &str) -> usize {
    source
        .lines()
        .map(|line| line.split("//").next().unwrap_or(line))
        .map(|line| {
            WORDS
                .iter()
                .map(|word| {
                    // `debug_panic!` is another macro.
                    let own = |at: usize| {
                        let before = line.get(..at).and_then(|before| before.chars().next_back());
                        word.starts_with('.')
                            || !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
                    };
                    line.match_indices(word).filter(|(at, _)| own(*at)).count()
                })
                .sum::<usize>()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::occurrences;

    #[test]
    fn comments_and_other_macros_are_left_out() {
        assert_eq!(
            occurrences("a.unwrap(); // b.unwrap()\nmy_panic!(); panic!(\"x\")"),
            2
        );
    }
}
