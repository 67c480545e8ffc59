//! Where a release readiness report goes: stdout, a file, the host that runs the program.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use orchestrate_workflows::formats::{github, github_summary, html, junit, markdown, sarif};
use orchestrate_workflows::report::ReleaseReadinessReport;

use super::files;
use crate::app::Call;
use crate::args::{Format, ReleasePrepArgs};
use crate::error::{CliError, Failure};
use crate::render::{self, Printer, safe};
use crate::settings::names;

/// Where `--ci` writes SARIF unless it is told otherwise.
const SARIF_FILE: &str = "orchestrate.sarif";

/// Checks that the files can be written, before any work is done for them.
///
/// # Errors
/// When one cannot.
pub(super) fn check(args: &ReleasePrepArgs) -> Result<(), Failure> {
    if let Some(out) = &args.out {
        files::writable(out)?;
    }
    if args.ci.is_some() {
        files::writable(&sarif_file(args))?;
    }
    Ok(())
}

/// Shows and writes the report in every form that was asked for.
///
/// # Errors
/// When a file or stdout cannot be written.
pub(super) fn present(
    report: &ReleaseReadinessReport,
    args: &ReleasePrepArgs,
    call: &Call,
) -> Result<(), Failure> {
    let printer = &call.printer;
    let set = || call.settings.word(names::FORMAT);
    let shown = match &args.out {
        None => {
            let format = args.format.or_else(set).unwrap_or(Format::Text);
            let format = if printer.json { Format::Json } else { format };
            printer.result(&text(report, format, args, printer)?)?;
            format
        }
        Some(out) => {
            let format = args.format.or_else(|| by_ending(out)).or_else(set);
            let text = text(report, format.unwrap_or(Format::Text), args, printer)?;
            files::write(out, &anstream::adapter::strip_str(&text).to_string())?;
            printer.note(&safe(&format!("report written to {}", out.display())));
            printer.answer(|| render::release(report, printer.width()), report)?;
            if printer.json {
                Format::Json
            } else {
                Format::Text
            }
        }
    };
    match args.ci {
        Some(_) => to_github(report, args, printer, shown),
        None => Ok(()),
    }
}

fn text(
    report: &ReleaseReadinessReport,
    format: Format,
    args: &ReleasePrepArgs,
    printer: &Printer,
) -> Result<String, Failure> {
    match format {
        Format::Text => Ok(render::release(report, printer.width())),
        Format::Json => render::json(report),
        Format::Markdown => Ok(markdown(report)),
        Format::Sarif => render::json(&sarif(report)),
        Format::Junit => Ok(junit(report)),
        Format::Github => Ok(github(report, &prefix(&args.path))),
        Format::Html => Ok(html(report, &name(&args.path))),
    }
}

/// What people call the repository: the name of its directory.
fn name(path: &Path) -> String {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = real.file_name().unwrap_or(real.as_os_str());
    name.to_string_lossy().into_owned()
}

/// Annotations, the summary of the job, SARIF, and where that is as an output of the step.
fn to_github(
    report: &ReleaseReadinessReport,
    args: &ReleasePrepArgs,
    printer: &Printer,
    shown: Format,
) -> Result<(), Failure> {
    let annotations = github(report, &prefix(&args.path));
    match shown {
        // The service reads both streams; a document on stdout must stay alone.
        Format::Text => printer.result(&annotations)?,
        Format::Github => {}
        _ => printer.stderr(&annotations),
    }
    let file = sarif_file(args);
    files::write(&file, &format!("{}\n", render::json(&sarif(report))?))?;
    printer.note(&safe(&format!("SARIF written to {}", file.display())));
    match env::var_os("GITHUB_STEP_SUMMARY") {
        Some(path) => append(Path::new(&path), &github_summary(report))?,
        None => printer.note("no summary was written: GITHUB_STEP_SUMMARY is not set"),
    }
    if let Some(path) = env::var_os("GITHUB_OUTPUT") {
        let verdict = report.verdict.as_str();
        let outputs = format!("verdict={verdict}\nsarif={}\n", file.display());
        append(Path::new(&path), &outputs)?;
    }
    Ok(())
}

/// Other commands of the same step write to these files too.
fn append(path: &Path, text: &str) -> Result<(), CliError> {
    let opened = fs::OpenOptions::new().append(true).create(true).open(path);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| CliError::Append {
        path: path.to_owned(),
        source,
    })
}

fn sarif_file(args: &ReleasePrepArgs) -> PathBuf {
    let is_sarif = |out: &&PathBuf| args.format.or_else(|| by_ending(out)) == Some(Format::Sarif);
    let out = args.out.as_ref().filter(is_sarif);
    out.cloned().unwrap_or_else(|| PathBuf::from(SARIF_FILE))
}

/// The analysed directory inside the checkout, with forward slashes; empty for its root, and for a
/// directory that lies elsewhere.
fn prefix(path: &Path) -> String {
    let start = env::var_os("GITHUB_WORKSPACE").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let real = |path: &Path| path.canonicalize().ok();
    let (Some(start), Some(path)) = (real(&start), real(path)) else {
        return String::new();
    };
    let inside = path.strip_prefix(&start).unwrap_or(Path::new(""));
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// The format that the ending of a file name stands for.
fn by_ending(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()? {
        "json" => Some(Format::Json),
        "md" => Some(Format::Markdown),
        "sarif" => Some(Format::Sarif),
        "xml" => Some(Format::Junit),
        "html" => Some(Format::Html),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_says_its_format() {
        let format = |name: &str| by_ending(Path::new(name));
        assert_eq!(format("a/report.json"), Some(Format::Json));
        assert_eq!(format("x.sarif"), Some(Format::Sarif));
        assert_eq!(format("README.md"), Some(Format::Markdown));
        assert_eq!(format("junit.xml"), Some(Format::Junit));
        assert_eq!(format("index.html"), Some(Format::Html));
        assert_eq!(format("report.txt"), None);
        assert_eq!(format("json"), None);
    }
}
