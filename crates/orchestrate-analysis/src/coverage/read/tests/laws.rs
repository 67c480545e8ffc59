//! What holds for any text: it is read or refused, and what is cut off never gives more.

use super::*;

/// Every prefix is an error, or says no more than the whole does: a cut never makes a line covered.
#[test]
fn cut_off_reports_never_give_more_than_the_whole() {
    for text in ALL {
        let whole = read(text).unwrap();
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let Ok(part) = read(&text[..end]) else {
                continue;
            };
            for file in &part.files {
                let full = whole.files.iter().find(|full| full.path == file.path);
                let full = full.unwrap_or_else(|| panic!("`{}` is not in the whole", file.path));
                assert!(
                    file.probes.iter().all(|probe| full.probes.contains(probe)),
                    "cut at {end} of {text}"
                );
            }
        }
    }
}

#[test]
fn cut_off_documents_are_errors() {
    for text in [COBERTURA, COVERAGE_PY, LLVM_COV, ISTANBUL] {
        for end in (1..text.trim_end().len()).filter(|end| text.is_char_boundary(*end)) {
            assert!(read(&text[..end]).is_err(), "cut at {end} of {text}");
        }
    }
}

fn laws(text: &str) -> Result<(), TestCaseError> {
    let Ok(report) = read(text) else {
        return Ok(());
    };
    prop_assert!(
        report
            .files
            .windows(2)
            .all(|pair| pair[0].path < pair[1].path)
    );
    for file in &report.files {
        let counts = file.counts();
        prop_assert!(counts.covered <= counts.total);
        prop_assert!(
            file.probes
                .windows(2)
                .all(|pair| pair[0].line <= pair[1].line)
        );
        prop_assert!(
            file.probes
                .iter()
                .all(|probe| probe.line >= 1 && probe.line <= probe.last_line)
        );
        let branches = count_branches(file.branches.iter().flatten());
        prop_assert!(branches.covered <= branches.total);
    }
    Ok(())
}

proptest! {
    #[test]
    fn prop_any_text_is_read_or_refused(text in "\\PC*") {
        laws(&text)?;
    }

    #[test]
    fn prop_any_bytes_behind_a_known_start_are_read_or_refused(start in 0..6_usize, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let starts = ["SF:a\n", "mode: set\n", "<coverage>", "{\"meta\":{},\"files\":", "{\"type\":\"llvm.coverage.json.export\",\"data\":", "{\"statementMap\":"];
        laws(&format!("{}{}", starts[start], String::from_utf8_lossy(&bytes)))?;
    }

    #[test]
    fn prop_mutated_reports_are_read_or_refused(
        which in 0..ALL.len(),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), "[0-9,:<>/\"{}\\[\\]\n -]{0,3}", 0..4_usize), 1..6),
    ) {
        let mut chars: Vec<char> = ALL[which].chars().collect();
        for (at, text, removed) in edits {
            let at = at.index(chars.len());
            let end = (at + removed).min(chars.len());
            chars.splice(at..end, text.chars());
            if chars.is_empty() { chars.push(' '); }
        }
        laws(&chars.into_iter().collect::<String>())?;
    }
}
