//! Tells the format of a report by its content, because names such as `coverage.xml` are used for several.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::{ReadError, excerpt};
use super::{cobertura, coverage_py, go_profile, istanbul, lcov, llvm_cov};
use crate::coverage::model::{Format, RawReport};

/// Reads a report of any known format.
///
/// # Errors
/// When the format is none of those known, or when the report is malformed, cut off, or holds an impossible number.
pub fn read(text: &str) -> Result<RawReport, ReadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match detect(text)? {
        Format::Lcov => lcov::read(text),
        Format::LlvmCovJson => llvm_cov::read(text),
        Format::CoveragePyJson => coverage_py::read(text),
        Format::IstanbulJson => istanbul::read(text),
        Format::Cobertura => cobertura::read(text),
        Format::GoProfile => go_profile::read(text),
    }
}

/// The format of a report by its content.
///
/// # Errors
/// When it is none of those known; a JSON text that is cut off gives the place where it ends.
pub fn detect(text: &str) -> Result<Format, ReadError> {
    const KNOWN: &str = "known are lcov, llvm-cov JSON, coverage.py JSON, istanbul JSON, Cobertura XML and Go cover profiles";
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with('{') {
        return json(start)?
            .ok_or_else(|| ReadError::unknown(format!("JSON of an unknown shape ({KNOWN})")));
    }
    if start.starts_with('<') {
        return match root_element(start) {
            Some("coverage") if !start.contains("<project") => Ok(Format::Cobertura),
            Some("report") => Err(ReadError::unknown(format!(
                "JaCoCo XML is not read ({KNOWN})"
            ))),
            Some("coverage") => Err(ReadError::unknown(format!(
                "Clover XML is not read ({KNOWN})"
            ))),
            _ => Err(ReadError::unknown(format!(
                "XML without `<coverage>` ({KNOWN})"
            ))),
        };
    }
    if start.starts_with("mode:") {
        return Ok(Format::GoProfile);
    }
    let first = start.lines().next().unwrap_or_default();
    if ["TN:", "SF:", "KF:", "VER:"]
        .iter()
        .any(|tag| first.starts_with(tag))
    {
        return Ok(Format::Lcov);
    }
    // lcov allows comments; the first line that is none decides.
    if first.starts_with('#') {
        let mut lines = start.lines().skip_while(|line| line.starts_with('#'));
        if lines
            .next()
            .is_some_and(|line| line.starts_with("TN:") || line.starts_with("SF:"))
        {
            return Ok(Format::Lcov);
        }
    }
    Err(ReadError::unknown(format!(
        "`{}` starts no coverage report ({KNOWN})",
        excerpt(first)
    )))
}

/// The name of the outermost XML element, past declarations and comments.
fn root_element(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start().strip_prefix('<')?;
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
        } else if rest.starts_with('!')
            && rest
                .split('>')
                .next()
                .is_some_and(|start| start.contains('['))
        {
            // A document type with declarations of its own; they are stepped over, never used.
            rest = rest.split_once("]>")?.1;
        } else if rest.starts_with(['?', '!']) {
            rest = rest.split_once('>')?.1;
        } else {
            return rest
                .split(|c: char| c.is_whitespace() || c == '>' || c == '/')
                .next();
        }
    }
}

/// The top of any JSON report; everything below is skipped over.
#[derive(Deserialize)]
struct Top {
    meta: Option<IgnoredAny>,
    files: Option<IgnoredAny>,
    data: Option<IgnoredAny>,
    #[serde(rename = "type")]
    kind: Option<serde_json::Value>,
}

fn json(text: &str) -> Result<Option<Format>, ReadError> {
    let top: Top = serde_json::from_str(text)?;
    let is_llvm =
        top.kind.as_ref().and_then(serde_json::Value::as_str) == Some("llvm.coverage.json.export");
    if is_llvm && top.data.is_some() {
        return Ok(Some(Format::LlvmCovJson));
    }
    if top.meta.is_some() && top.files.is_some() {
        return Ok(Some(Format::CoveragePyJson));
    }
    Ok(text
        .contains("\"statementMap\"")
        .then_some(Format::IstanbulJson))
}
