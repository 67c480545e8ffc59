//! Profiles of instrumented programs, turned into a report.
//!
//! The tools of LLVM itself come first: those of the toolchain, then those on the path, of which an
//! older one refuses a newer profile. Where none can read it, a parser in this process does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use llvm_profparser::{CoverageMapping, SourceLocation, merge_profiles};

use super::place::Place;
use crate::process::{in_directory, on_path};

/// Versions in the names of tools that distributions install beside each other, the newest first.
const VERSIONS: std::ops::RangeInclusive<u32> = 15..=40;

/// What is to be read, and where the report goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) place: &'a Place<'a>,
    /// The directory of the raw profiles.
    pub(super) profiles: &'a Path,
    /// The programs that wrote them.
    pub(super) objects: &'a [PathBuf],
    /// The repository; files elsewhere are not reported.
    pub(super) root: &'a Path,
    /// The report, in the form of lcov.
    pub(super) report: &'a Path,
}

/// Writes the report. Gives what read the profile.
pub(super) async fn report(
    reader: &Reader<'_>,
    toolchain: Option<&Path>,
) -> Result<String, String> {
    let profiles = profiles(reader.profiles);
    if profiles.is_empty() {
        return Err("no test wrote one".to_owned());
    }
    let mut refused = Vec::new();
    for (profdata, cov) in tools(toolchain) {
        match by_tools(reader, &profiles, &profdata, &cov).await {
            Ok(()) => return Ok(format!("`{}`", cov.display())),
            Err(why) => refused.push(format!("`{}`: {why}", profdata.display())),
        }
    }
    let (objects, root) = (reader.objects.to_vec(), reader.root.to_owned());
    // The parser is another's: should it fall over, nothing else does.
    let parsed = tokio::task::spawn_blocking(move || in_process(&profiles, &objects, &root)).await;
    match parsed {
        Ok(Ok(text)) => {
            std::fs::write(reader.report, text).map_err(|error| error.to_string())?;
            return Ok("llvm_profparser, because no installed LLVM could read it".to_owned());
        }
        Ok(Err(why)) => refused.push(why),
        Err(_) => refused.push("the parser fell over".to_owned()),
    }
    Err(refused.join("; "))
}

fn profiles(directory: &Path) -> Vec<PathBuf> {
    let Ok(listed) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = listed
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "profraw"))
        // A program that was ended before it could write leaves an empty file.
        .filter(|path| path.metadata().is_ok_and(|found| found.len() > 0))
        .collect();
    paths.sort();
    paths
}

/// The pairs of tools that are installed.
fn tools(toolchain: Option<&Path>) -> Vec<(PathBuf, PathBuf)> {
    let own = toolchain.and_then(|directory| {
        Some((
            in_directory(directory, "llvm-profdata")?,
            in_directory(directory, "llvm-cov")?,
        ))
    });
    let suffixes = VERSIONS.rev().map(|version| format!("-{version}"));
    let suffixes = std::iter::once(String::new()).chain(suffixes);
    let others = suffixes.filter_map(|suffix| {
        Some((
            on_path(&format!("llvm-profdata{suffix}"))?,
            on_path(&format!("llvm-cov{suffix}"))?,
        ))
    });
    own.into_iter().chain(others).collect()
}

async fn by_tools(
    reader: &Reader<'_>,
    profiles: &[PathBuf],
    profdata: &Path,
    cov: &Path,
) -> Result<(), String> {
    const MOST: usize = 512 << 20;
    let place = reader.place;
    let merged = reader.profiles.join("merged.profdata");
    let list = reader.profiles.join("list");
    let names: Vec<String> = profiles
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    std::fs::write(&list, names.join("\n")).map_err(|error| error.to_string())?;
    let merge = place
        .program(profdata, reader.root)
        .args(["merge", "-sparse", "-o"])
        .arg(&merged)
        .arg("-f")
        .arg(&list);
    let ended = merge.run().await.map_err(|error| error.to_string())?;
    if !ended.stop.is_success() {
        return Err(ended.last_line().to_owned());
    }
    let Some((first, others)) = reader.objects.split_first() else {
        return Err("there is no instrumented program".to_owned());
    };
    let mut export = place
        .program(cov, reader.root)
        .args(["export", "-format=lcov", "-instr-profile"])
        .arg(&merged)
        .arg(first)
        .keeping(MOST);
    for object in others {
        export = export.arg("-object").arg(object);
    }
    let ended = export.run().await.map_err(|error| error.to_string())?;
    if !ended.stop.is_success() || ended.is_cut {
        return Err(ended.last_line().to_owned());
    }
    std::fs::write(reader.report, &ended.stdout).map_err(|error| error.to_string())
}

/// Reads the profiles without any tool. Gives a report in the form of lcov.
fn in_process(profiles: &[PathBuf], objects: &[PathBuf], root: &Path) -> Result<String, String> {
    let why = |error: &dyn std::fmt::Display| format!("llvm_profparser: {error}");
    let profile = merge_profiles(profiles).map_err(|error| why(&error))?;
    let mapping = CoverageMapping::new(objects, &profile, true).map_err(|error| why(&error))?;
    let is_own = |paths: &[PathBuf]| paths.iter().any(|path| path.starts_with(root));
    let report = mapping
        .generate_subreport(is_own)
        .map_err(|error| why(&error))?;
    let mut text = String::new();
    for (path, result) in report
        .files
        .iter()
        .filter(|(path, _)| path.starts_with(root))
    {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "SF:{}", path.display());
        for (line, hits) in lines(&result.hits) {
            let _ = writeln!(text, "DA:{line},{hits}");
        }
        text.push_str("end_of_record\n");
    }
    if text.is_empty() {
        return Err(why(&"no file of the repository is named"));
    }
    Ok(text)
}

/// The hits of each line as LLVM counts them: the most of the regions that begin on it and of the
/// innermost one that goes on from the line before.
fn lines(regions: &BTreeMap<SourceLocation, usize>) -> BTreeMap<usize, usize> {
    let mut lines: BTreeMap<usize, usize> = BTreeMap::new();
    // Regions come by their begin, so a later one that covers a line lies inside of earlier ones.
    for (region, hits) in regions {
        lines.extend((region.line_start + 1..=region.line_end).map(|line| (line, *hits)));
    }
    for (region, hits) in regions {
        let most = lines.entry(region.line_start).or_default();
        *most = (*most).max(*hits);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_llvm_does() {
        let at = |line_start, column_start, line_end, column_end| SourceLocation {
            line_start,
            column_start,
            line_end,
            column_end,
        };
        let regions = BTreeMap::from([
            // A function that ran 3 times, with a block in it that never did, and one on a line of its own.
            (at(1, 1, 6, 2), 3),
            (at(2, 9, 4, 6), 0),
            (at(5, 5, 5, 9), 2),
            (at(8, 1, 9, 2), 0),
        ]);
        let counted: Vec<(usize, usize)> = lines(&regions).into_iter().collect();
        assert_eq!(
            counted,
            [
                (1, 3),
                (2, 3),
                (3, 0),
                (4, 0),
                (5, 3),
                (6, 3),
                (8, 0),
                (9, 0)
            ]
        );
    }
}
