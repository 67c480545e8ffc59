//! `release`: from a clean tree and a changelog to an archive with its digest.
//!
//! It uploads nothing, and touches history only with `--tag`.

use std::fs;
use std::path::Path;

use crate::args::{Accepts, Args};
use crate::process::{output, run};
use crate::shipped;
use crate::verb::{Outcome, Verb};

pub(crate) const VERB: Verb = Verb {
    name: "release",
    summary: "Set the version, build the release and package it with its digest; publishes nothing",
    help: "
release [--version X.Y.Z] [--dry-run] [--tag]

  --version X.Y.Z   the version to release [default: the one in Cargo.toml]
  --dry-run         check everything that can be checked, show the notes, change and build nothing
  --tag             commit the version and the changelog, and tag the commit

The tree has to be clean. The notes are the changelog's section of the version; when there is
none, the section `Unreleased` becomes it. The archive and its digest land in dist/ in the
build directory.
",
    accepts: Accepts::Only {
        flags: &["--dry-run", "--tag"],
        options: &["--version"],
        positionals: 0,
        rest: false,
    },
    run: release,
};

const MANIFEST: &str = "Cargo.toml";
const CHANGELOG: &str = "CHANGELOG.md";
/// What stands beside the program in the archive.
const PAPERS: &[&str] = &["README.md", "LICENSE", CHANGELOG];

/// A release that nothing stands against any more.
struct Release {
    version: String,
    tag: String,
    notes: String,
    /// Paths of the files that change, with their new texts.
    edits: Vec<(&'static str, String)>,
    /// Whether the version is another than the one in Cargo.toml.
    new_version: bool,
}

fn release(args: &Args) -> Outcome {
    let release = prepare(args.value("--version"))?;
    let tag = &release.tag;
    if args.has("--tag") && !output("git", &["tag", "--list", tag])?.trim().is_empty() {
        return Err(format!("the tag `{tag}` exists already"));
    }
    if args.has("--dry-run") {
        println!(
            "would release {}; nothing stands against it",
            release.version
        );
        for (path, _) in &release.edits {
            println!("would change {path}");
        }
    } else {
        release.build().map_err(|message| {
            format!("{message}; `git restore .` takes back what was changed for the release")
        })?;
        if args.has("--tag") {
            release.commit_and_tag()?;
        }
    }
    println!("\nnotes of {}:\n\n{}", release.version, release.notes);
    Ok(())
}

/// Checks everything that can be checked before a file is changed.
fn prepare(version: Option<&str>) -> Result<Release, String> {
    let dirty = output("git", &["status", "--porcelain"])?;
    if !dirty.trim().is_empty() {
        return Err(format!("the tree is not clean:\n{}", dirty.trim_end()));
    }
    if let Some(missing) = PAPERS.iter().find(|path| !Path::new(path).is_file()) {
        return Err(format!(
            "`{missing}` is missing; it belongs into the archive"
        ));
    }
    let manifest = read(MANIFEST)?;
    let current = version_of(&manifest)?;
    let version = version.unwrap_or(current);
    if numbers(version)? < numbers(current)? {
        return Err(format!(
            "`{version}` is older than the version in Cargo.toml, `{current}`"
        ));
    }
    let changelog = read(CHANGELOG)?;
    // The day of the commit, so that the same commit gives the same release on any day.
    let day = output("git", &["show", "--no-patch", "--format=%cs", "HEAD"])?;
    let (dated, notes) = dated_changelog(&changelog, version, day.trim())?;
    let raised = manifest.replacen(&line_of(current), &line_of(version), 1);
    let mut edits = vec![(MANIFEST, raised), (CHANGELOG, dated)];
    edits.retain(|(_, text)| *text != manifest && *text != changelog);
    Ok(Release {
        version: version.to_owned(),
        tag: format!("v{version}"),
        notes,
        edits,
        new_version: version != current,
    })
}

impl Release {
    /// Changes the files, builds and packs.
    fn build(&self) -> Outcome {
        for (path, text) in &self.edits {
            fs::write(path, text).map_err(|error| format!("cannot write `{path}`: {error}"))?;
            println!("changed {path}");
        }
        if self.new_version {
            run("cargo", &["update", "--workspace", "--offline"], &[])?;
        }
        let archive = package(&self.version)?;
        println!("packaged {archive} and {archive}.sha256");
        Ok(())
    }

    fn commit_and_tag(&self) -> Outcome {
        if !self.edits.is_empty() {
            let message = format!("Release {}", self.version);
            run("git", &["commit", "--all", "--message", &message], &[])?;
        }
        // Verbatim, since git would take headings for comments.
        let tag = ["tag", "--annotate", "--cleanup=verbatim", &self.tag];
        let message = format!("orchestrate {}\n\n{}\n", self.version, self.notes);
        run(
            "git",
            &[tag.as_slice(), &["--message", &message]].concat(),
            &[],
        )
    }
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read `{path}`: {error}"))
}

/// The manifest's line of a version, with the line break before it, so that no other key matches.
fn line_of(version: &str) -> String {
    format!("\nversion = \"{version}\"")
}

/// The version in `[workspace.package]`, which has to be the first one in the manifest.
fn version_of(manifest: &str) -> Result<&str, String> {
    let (before, after) = manifest
        .split_once("\nversion = \"")
        .ok_or("Cargo.toml has no version")?;
    let section = before.lines().rfind(|line| line.starts_with('['));
    if section != Some("[workspace.package]") {
        return Err("the first version in Cargo.toml is not that of `[workspace.package]`".into());
    }
    Ok(after.split('"').next().unwrap_or_default())
}

/// The three numbers of a version, for comparing; what follows a dash is not released from here.
fn numbers(version: &str) -> Result<Vec<u64>, String> {
    let numbers: Result<Vec<u64>, _> = version.split('.').map(str::parse).collect();
    match numbers {
        Ok(numbers) if numbers.len() == 3 => Ok(numbers),
        _ => Err(format!("`{version}` is not a version of the form X.Y.Z")),
    }
}

/// The changelog with a section for the version, and that section's notes.
fn dated_changelog(text: &str, version: &str, day: &str) -> Result<(String, String), String> {
    if let Some(notes) = section(text, version) {
        return if notes.is_empty() {
            Err(format!("the changelog says nothing about {version}"))
        } else {
            Ok((text.to_owned(), notes))
        };
    }
    let notes = section(text, "Unreleased").filter(|notes| !notes.is_empty());
    let notes = notes.ok_or_else(|| {
        format!("the changelog has no section `[{version}]` and nothing under `[Unreleased]`")
    })?;
    let heading = "## [Unreleased]";
    let dated = text.replacen(heading, &format!("{heading}\n\n## [{version}] - {day}"), 1);
    Ok((dated, notes))
}

/// What stands under `## [name]`, up to the next section.
fn section(text: &str, name: &str) -> Option<String> {
    let heading = format!("## [{name}]");
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&heading));
    lines.next()?;
    let body: Vec<&str> = lines.take_while(|line| !line.starts_with("## ")).collect();
    Some(body.join("\n").trim().to_owned())
}

/// Builds the program and packs it; returns the archive's path.
fn package(version: &str) -> Result<String, String> {
    let built = shipped::build()?;
    let build_directory = shipped::build_directory()?.display().to_string();
    let compiler = output("rustc", &["--version", "--verbose"])?;
    let target = compiler
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .ok_or("`rustc --version --verbose` names no host")?;

    let name = format!("orchestrate-{version}-{target}");
    let dist = format!("{build_directory}/dist");
    let stage = format!("{dist}/{name}");
    let failed = |error: std::io::Error| format!("cannot fill `{stage}`: {error}");
    if Path::new(&stage).exists() {
        fs::remove_dir_all(&stage).map_err(failed)?;
    }
    fs::create_dir_all(&stage).map_err(failed)?;
    let program = format!("orchestrate{}", std::env::consts::EXE_SUFFIX);
    fs::copy(&built, format!("{stage}/{program}")).map_err(failed)?;
    for paper in PAPERS {
        fs::copy(paper, format!("{stage}/{paper}")).map_err(failed)?;
    }

    let archive = format!("{name}.tar.gz");
    run(
        "tar",
        &["-C", &dist, "-czf", &format!("{dist}/{archive}"), &name],
        &[],
    )?;
    // The digest names the file alone, so that it can be checked wherever both are put.
    let digest = output("sha256sum", &[&format!("{dist}/{archive}")])?;
    let digest = digest.split_whitespace().next().unwrap_or_default();
    let path = format!("{dist}/{archive}");
    fs::write(format!("{path}.sha256"), format!("{digest}  {archive}\n"))
        .map_err(|error| format!("cannot write the digest: {error}"))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str =
        "# Changelog\n\n## [Unreleased]\n\n- New.\n\n## [0.1.0] - 2026-01-02\n\n- Old.\n";

    #[test]
    fn notes_are_those_of_the_version_when_it_has_a_section() {
        let (text, notes) = dated_changelog(LOG, "0.1.0", "2026-02-03").unwrap();
        assert_eq!(notes, "- Old.");
        assert_eq!(text, LOG);
    }

    #[test]
    fn otherwise_what_is_unreleased_becomes_the_version() {
        let (text, notes) = dated_changelog(LOG, "0.2.0", "2026-02-03").unwrap();
        assert_eq!(notes, "- New.");
        let expected = "## [Unreleased]\n\n## [0.2.0] - 2026-02-03\n\n- New.\n\n## [0.1.0]";
        assert!(text.contains(expected), "{text}");
        assert_eq!(section(&text, "Unreleased").unwrap(), "");
    }

    #[test]
    fn a_release_without_notes_is_refused() {
        let empty = "# Changelog\n\n## [Unreleased]\n\n## [0.1.0]\n";
        assert_eq!(
            dated_changelog(empty, "0.1.0", "").unwrap_err(),
            "the changelog says nothing about 0.1.0"
        );
        assert_eq!(
            dated_changelog(empty, "0.2.0", "").unwrap_err(),
            "the changelog has no section `[0.2.0]` and nothing under `[Unreleased]`"
        );
    }

    #[test]
    fn only_the_version_of_the_workspace_is_taken() {
        let manifest =
            "[workspace]\nresolver = \"3\"\n\n[workspace.package]\nversion = \"0.1.0\"\n";
        assert_eq!(version_of(manifest), Ok("0.1.0"));
        assert!(version_of("[workspace]\n").is_err());
        assert!(version_of("[package]\nversion = \"1\"\n").is_err());
    }

    #[test]
    fn versions_have_three_numbers_and_are_ordered_by_them() {
        assert!(numbers("0.10.0").unwrap() > numbers("0.9.1").unwrap());
        for wrong in ["1.0", "1.0.0.0", "v1.0.0", "1.0.0-rc.1", ""] {
            assert!(numbers(wrong).is_err(), "{wrong}");
        }
    }
}
