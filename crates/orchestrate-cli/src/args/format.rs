//! `fmt`.

use std::path::PathBuf;

use clap::Args;

use super::guide::footer;

/// Write workflow and agent files in the one layout, comments kept
#[derive(Debug, Args)]
pub(crate) struct FmtArgs {
    /// The files; `-` reads the input and writes the output
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write nothing, and answer no when a file would change
    #[arg(long)]
    pub(crate) check: bool,
}

pub(super) fn guide() -> String {
    footer([
        "orchestrate fmt release.yaml",
        "orchestrate fmt --check .orchestrate/workflows/*.yaml",
    ])
}
