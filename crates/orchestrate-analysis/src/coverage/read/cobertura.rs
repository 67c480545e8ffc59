//! Cobertura XML as coverage.py, istanbul, vitest, gocover-cobertura, tarpaulin and others write it.
//!
//! Nothing outside the document is ever read: a document type is skipped, and an entity that XML does not define
//! itself is an error.

use std::collections::BTreeMap;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::error::{ReadError, excerpt, line_number};
use crate::coverage::model::{Counts, FileBuilder, Format, RawReport, Unit, build_files};

/// Deeper than any real report; bounds what unclosed elements can cost.
const MAX_DEPTH: usize = 64;

/// A method, and first line, last line and most hits of its lines.
struct Method {
    name: String,
    span: Option<(u32, u32, u64)>,
}

#[derive(Default)]
struct State {
    depth: usize,
    seen_root: bool,
    /// Whether the outermost element was closed; without that the report is cut off.
    closed: bool,
    /// The file of the class that is open, with what is known of it.
    file: Option<(String, FileBuilder)>,
    /// The method that is open.
    method: Option<Method>,
    in_source: bool,
    source: String,
    sources: Vec<String>,
    builders: BTreeMap<String, FileBuilder>,
    stated: Option<Counts>,
    has_branches: bool,
}

/// Reads a report. Classes of one file are joined, and a line that stands under its method and under its class counts
/// once.
pub(super) fn read(text: &str) -> Result<RawReport, ReadError> {
    let mut reader = Reader::from_str(text);
    let mut state = State::default();
    loop {
        let event = reader.read_event().map_err(|error| {
            ReadError::byte(reader.error_position(), format!("malformed XML: {error}"))
        })?;
        let done = matches!(event, Event::Eof);
        state
            .take(event)
            .map_err(|what| ReadError::byte(reader.buffer_position(), what))?;
        if done {
            break;
        }
    }
    if !state.closed {
        return Err(ReadError::byte(
            reader.buffer_position(),
            "the report is cut off",
        ));
    }
    if state.has_branches {
        state
            .builders
            .values_mut()
            .for_each(FileBuilder::branches_known);
    }
    Ok(RawReport {
        format: Format::Cobertura,
        unit: Unit::Lines,
        files: build_files(state.builders),
        source_roots: state.sources,
        own_summary: state.stated,
        own_percent: None,
        notes: Vec::new(),
    })
}

impl State {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(element) => {
                if self.closed {
                    return Err("a second outermost element".to_owned());
                }
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(format!("more than {MAX_DEPTH} elements inside each other"));
                }
                self.open(&element)?;
            }
            Event::Empty(element) => {
                let name = element.name();
                self.open(&element)?;
                self.close(name.as_ref());
                self.closed |= self.depth == 0;
            }
            Event::End(element) => {
                self.depth = self.depth.saturating_sub(1);
                self.close(element.name().as_ref());
                self.closed = self.depth == 0;
            }
            Event::Text(text) if self.in_source => self.source.push_str(&text.xml10_content()),
            Event::CData(text) if self.in_source => self.source.push_str(&text.xml10_content()),
            Event::GeneralRef(entity) if self.in_source => {
                let name = entity.xml10_content();
                let known = quick_xml::escape::resolve_predefined_entity(&name);
                self.source
                    .push_str(known.ok_or_else(|| format!("unknown entity `{}`", excerpt(&name)))?);
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        match element.name().as_ref() {
            "coverage" if !self.seen_root => {
                self.seen_root = true;
                let (mut total, mut covered, mut branches) = (None, None, 0);
                attributes(element, |key, value| {
                    match key {
                        "lines-valid" => total = value.parse().ok(),
                        "lines-covered" => covered = value.parse().ok(),
                        "branches-valid" => branches = value.parse().unwrap_or(0_u64),
                        _ => {}
                    }
                    Ok(())
                })?;
                self.stated = total
                    .zip(covered)
                    .map(|(total, covered)| Counts { covered, total });
                self.has_branches = branches > 0;
            }
            "source" => {
                self.in_source = true;
                self.source.clear();
            }
            "class" => {
                let mut file = None;
                attributes(element, |key, value| {
                    if key == "filename" {
                        file = Some(value.to_owned());
                    }
                    Ok(())
                })?;
                let file = file
                    .filter(|file| !file.is_empty())
                    .ok_or("`<class>` without a filename")?;
                self.put_back();
                let known = self.builders.remove(&file).unwrap_or_default();
                self.file = Some((file, known));
            }
            "method" => {
                let mut name = String::new();
                attributes(element, |key, value| {
                    if key == "name" {
                        value.clone_into(&mut name);
                    }
                    Ok(())
                })?;
                self.method = Some(Method { name, span: None });
            }
            "line" => self.line(element)?,
            _ => {}
        }
        Ok(())
    }

    fn line(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        let (mut line, mut hits, mut branches) = (None, None, None);
        attributes(element, |key, value| {
            match key {
                "number" => {
                    let number = value
                        .parse()
                        .map_err(|_| format!("`{}` is no line number", excerpt(value)))?;
                    line = Some(line_number(number)?);
                }
                "hits" => {
                    let parsed = value.parse::<u64>();
                    hits = Some(
                        parsed.map_err(|_| format!("`{}` is no number of hits", excerpt(value)))?,
                    );
                }
                "condition-coverage" => branches = Some(conditions(value)?),
                _ => {}
            }
            Ok(())
        })?;
        let line = line.ok_or("`<line>` without a number")?;
        let hits = hits.ok_or("`<line>` without hits")?;
        let (_, builder) = self.file.as_mut().ok_or("`<line>` outside a class")?;
        builder.max_line(line, hits);
        if let Some((covered, total)) = branches {
            builder.max_branches(line, covered, total);
        }
        if let Some(method) = &mut self.method {
            let (first, last, most) = method.span.unwrap_or((line, line, hits));
            method.span = Some((first.min(line), last.max(line), most.max(hits)));
        }
        Ok(())
    }

    /// Ends the class that is open; another class may go on with its file.
    fn put_back(&mut self) {
        if let Some((file, builder)) = self.file.take() {
            self.builders.insert(file, builder);
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "source" => {
                self.in_source = false;
                let source = self.source.trim().to_owned();
                if !source.is_empty() && !self.sources.contains(&source) {
                    self.sources.push(source);
                }
            }
            "class" => self.put_back(),
            "method" => {
                let method = self.method.take();
                let span = method.and_then(|method| Some((method.name, method.span?)));
                if let (Some((name, (first, last, hits))), Some((_, builder))) =
                    (span, &mut self.file)
                {
                    builder.add_function(name, first, Some(last), hits);
                }
            }
            _ => {}
        }
    }
}

/// Calls `each` with the attributes of an element, entities resolved.
fn attributes(
    element: &BytesStart<'_>,
    mut each: impl FnMut(&str, &str) -> Result<(), String>,
) -> Result<(), String> {
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| format!("malformed attribute: {error}"))?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| format!("malformed attribute: {error}"))?;
        each(attribute.key.as_ref(), &value)?;
    }
    Ok(())
}

/// `50% (1/2)` as (1, 2).
fn conditions(text: &str) -> Result<(u32, u32), String> {
    let counts = || {
        let (_, rest) = text.split_once('(')?;
        let (covered, rest) = rest.split_once('/')?;
        let (total, _) = rest.split_once(')')?;
        Some((covered.trim().parse().ok()?, total.trim().parse().ok()?))
    };
    counts()
        .filter(|(covered, total)| covered <= total)
        .ok_or_else(|| format!("`{}` is no condition coverage", excerpt(text)))
}
