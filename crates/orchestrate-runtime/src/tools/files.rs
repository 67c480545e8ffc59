//! Files of the allowed area: read, list, write.

use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};

use async_trait::async_trait;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use serde_json::{Value, json};

use super::{Area, failed, needed, spec, text};

/// Bytes of one file that are given at once.
const READ: u64 = 64 * 1024;
/// Entries of a directory that are given.
const ENTRIES: usize = 500;

/// Works on the disk, away from the threads that wait for others.
async fn blocking(
    area: &Area,
    work: impl FnOnce(Area) -> Result<String, ToolFailure> + Send + 'static,
) -> Result<ToolOutput, ToolFailure> {
    let area = area.clone();
    let ended = tokio::task::spawn_blocking(move || work(area)).await;
    let ended = ended.unwrap_or_else(|_| Err(failed(FailureClass::Internal, "the work was lost")));
    Ok(ToolOutput::json(json!(ended?)))
}

/// What the system says of a path.
fn told(path: &str) -> impl Fn(io::Error) -> ToolFailure + Copy {
    move |error| failed(FailureClass::Input, format!("`{path}`: {error}"))
}

/// `fs.read`: the text of a file.
#[derive(Debug)]
pub struct FileRead {
    area: Area,
    spec: ToolSpec,
}

impl FileRead {
    /// Reads files of an area.
    #[must_use]
    pub fn new(area: Area) -> Self {
        let parameters = json!({
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "relative to the root of the project"},
                "from": {"type": "integer", "description": "the first byte; 0 without it"}
            },
            "required": ["path"], "additionalProperties": false
        });
        let what = "Reads a text file of the project, up to 64 KiB at once.";
        Self {
            area,
            spec: spec("fs.read", what, Effect::Read, parameters),
        }
    }
}

#[async_trait]
impl Tool for FileRead {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let path = needed(&call, "path")?.to_owned();
        let from = call
            .arguments
            .get("from")
            .and_then(Value::as_u64)
            .unwrap_or(0);
        blocking(&self.area, move |area| {
            let mut file = fs::File::open(area.existing(&path)?).map_err(told(&path))?;
            let size = file.metadata().map_err(told(&path))?.len();
            file.seek(SeekFrom::Start(from)).map_err(told(&path))?;
            let mut bytes = Vec::new();
            let read = file.take(READ).read_to_end(&mut bytes);
            let to = from + read.map_err(told(&path))? as u64;
            let mut text = String::from_utf8_lossy(&bytes).into_owned();
            if to < size {
                text.push_str(&format!(
                    "\n(bytes {from} to {to} of {size}; go on with `from`)"
                ));
            }
            Ok(text)
        })
        .await
    }
}

/// `fs.list`: the entries of a directory.
#[derive(Debug)]
pub struct FileList {
    area: Area,
    spec: ToolSpec,
}

impl FileList {
    /// Lists directories of an area.
    #[must_use]
    pub fn new(area: Area) -> Self {
        let parameters = json!({
            "type": "object",
            "properties": {"path": {"type": "string", "description": "relative to the root of the project; the root without it"}},
            "additionalProperties": false
        });
        let what = "Lists a directory of the project; names of directories end with a slash.";
        Self {
            area,
            spec: spec("fs.list", what, Effect::Read, parameters),
        }
    }
}

#[async_trait]
impl Tool for FileList {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let path = text(&call, "path").unwrap_or(".").to_owned();
        blocking(&self.area, move |area| {
            let entries = fs::read_dir(area.existing(&path)?).map_err(told(&path))?;
            let mut names = Vec::new();
            for entry in entries {
                let entry = entry.map_err(told(&path))?;
                let is_directory = entry.file_type().is_ok_and(|it| it.is_dir());
                let slash = if is_directory { "/" } else { "" };
                names.push(format!("{}{slash}", entry.file_name().to_string_lossy()));
            }
            names.sort();
            let all = names.len();
            names.truncate(ENTRIES);
            if all > ENTRIES {
                names.push(format!("({} more)", all - ENTRIES));
            }
            Ok(names.join("\n"))
        })
        .await
    }
}

/// `fs.write`: a file written whole.
#[derive(Debug)]
pub struct FileWrite {
    area: Area,
    spec: ToolSpec,
}

impl FileWrite {
    /// Writes files of an area.
    #[must_use]
    pub fn new(area: Area) -> Self {
        let parameters = json!({
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "relative to the root of the project"},
                "content": {"type": "string", "description": "the whole new content"}
            },
            "required": ["path", "content"], "additionalProperties": false
        });
        let what = "Writes a file of the project, whole; directories are made as needed.";
        Self {
            area,
            spec: spec("fs.write", what, Effect::Write, parameters),
        }
    }
}

#[async_trait]
impl Tool for FileWrite {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    async fn call(&self, call: ToolCall) -> Result<ToolOutput, ToolFailure> {
        let path = needed(&call, "path")?.to_owned();
        let content = needed(&call, "content")?.to_owned();
        blocking(&self.area, move |area| {
            let real = area.writable(&path)?;
            if let Some(directory) = real.parent() {
                fs::create_dir_all(directory).map_err(told(&path))?;
            }
            fs::write(&real, &content).map_err(told(&path))?;
            Ok(format!("{} bytes written to {path}", content.len()))
        })
        .await
    }
}
