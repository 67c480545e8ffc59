//! Files of the allowed area: read, list, write.

use std::fs;
use std::io::Read as _;

use async_trait::async_trait;
use orchestrate_core::outcome::FailureClass;
use orchestrate_core::tool::{Effect, Tool, ToolCall, ToolFailure, ToolOutput, ToolSpec};
use serde_json::{Value, json};

use super::{Area, AreaError, cut, failed, needed, spec, text};

/// Bytes of one file that are given at once.
const READ: u64 = 64 * 1024;
/// Entries of a directory that are given.
const ENTRIES: usize = 500;

/// What leads out of the area is denied; what is not there is told, so that another name can be tried.
fn refused(error: &AreaError) -> ToolFailure {
    match error {
        AreaError::Outside { .. } => failed(FailureClass::Denied, error.to_string()),
        AreaError::Io { .. } => failed(FailureClass::Input, error.to_string()),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ToolFailure> + Send + 'static,
) -> Result<T, ToolFailure> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or_else(|_| Err(failed(FailureClass::Internal, "the work was lost")))
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
        let area = self.area.clone();
        let text = blocking(move || {
            let real = area.existing(&path).map_err(|error| refused(&error))?;
            let io =
                |error: std::io::Error| failed(FailureClass::Input, format!("`{path}`: {error}"));
            let mut file = fs::File::open(&real).map_err(io)?;
            let size = file.metadata().map_err(io)?.len();
            std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(from)).map_err(io)?;
            let mut bytes = Vec::new();
            file.take(READ).read_to_end(&mut bytes).map_err(io)?;
            let read = bytes.len() as u64;
            let mut text = String::from_utf8_lossy(&bytes).into_owned();
            if from + read < size {
                text.push_str(&format!(
                    "\n(bytes {from} to {} of {size}; go on with `from`)",
                    from + read
                ));
            }
            Ok(text)
        })
        .await?;
        Ok(ToolOutput::json(json!(text)))
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
        let area = self.area.clone();
        let listed = blocking(move || {
            let real = area.existing(&path).map_err(|error| refused(&error))?;
            let io =
                |error: std::io::Error| failed(FailureClass::Input, format!("`{path}`: {error}"));
            let mut names = Vec::new();
            for entry in fs::read_dir(&real).map_err(io)? {
                let entry = entry.map_err(io)?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let slash = if entry.file_type().is_ok_and(|it| it.is_dir()) {
                    "/"
                } else {
                    ""
                };
                names.push(format!("{name}{slash}"));
            }
            names.sort();
            let all = names.len();
            names.truncate(ENTRIES);
            if all > ENTRIES {
                names.push(format!("({} more)", all - ENTRIES));
            }
            Ok(names.join("\n"))
        })
        .await?;
        Ok(ToolOutput::json(json!(listed)))
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
        let area = self.area.clone();
        let written = blocking(move || {
            let real = area.writable(&path).map_err(|error| refused(&error))?;
            let io =
                |error: std::io::Error| failed(FailureClass::Input, format!("`{path}`: {error}"));
            if let Some(directory) = real.parent() {
                fs::create_dir_all(directory).map_err(io)?;
            }
            fs::write(&real, &content).map_err(io)?;
            Ok(format!("{} bytes written to {path}", content.len()))
        })
        .await?;
        Ok(ToolOutput::json(json!(cut(written, 400))))
    }
}
