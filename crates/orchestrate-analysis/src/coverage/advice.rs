//! The commands that would produce a report, for the languages that are there.

use std::collections::BTreeSet;

use crate::language::Language;

/// The commands, in backticks, that write a report for a language where [`find`](super::find) looks for it.
pub(super) fn command(language: Language) -> &'static str {
    match language {
        Language::Rust => "`cargo llvm-cov --lcov --output-path lcov.info`",
        Language::Python => "`coverage run -m pytest && coverage json`",
        Language::JavaScript => {
            "`npx c8 --reporter=lcov npm test`, or without a package `node --test --experimental-test-coverage --test-reporter=lcov --test-reporter-destination=lcov.info`"
        }
        Language::TypeScript => "`npx c8 --reporter=lcov npm test`",
        Language::Go => "`go test -coverprofile=cover.out ./...`",
    }
}

/// One sentence that names the commands for all these languages.
pub(super) fn how(languages: &BTreeSet<Language>) -> String {
    let mut commands: Vec<String> = Vec::new();
    for language in Language::ALL {
        // The two share runners; the longer advice covers both.
        let covered = language == Language::TypeScript && languages.contains(&Language::JavaScript);
        if languages.contains(&language) && !covered {
            commands.push(format!("{}: {}", language.name(), command(language)));
        }
    }
    format!(
        "run the tests under coverage first; {}",
        commands.join("; ")
    )
}
