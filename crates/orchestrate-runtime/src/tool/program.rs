//! One program in a process group of its own: started, read, and ended with all its children.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

/// What is kept of each stream, in bytes; the rest is read and thrown away.
pub(super) const KEPT: usize = 1024 * 1024;

/// How a program ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) stdout: Stream,
    pub(super) stderr: Stream,
}

/// What a program wrote.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) bytes: Vec<u8>,
    /// How many bytes were thrown away.
    pub(super) lost: usize,
}

/// Ends the whole group when it is dropped before it has ended: on cancellation and timeout.
#[derive(Debug)]
struct Group {
    child: Box<dyn ChildWrapper>,
}

impl Drop for Group {
    fn drop(&mut self) {
        // A group in which nobody is left cannot be told to end, which is fine.
        let _ = self.child.start_kill();
    }
}

/// Runs a program to its end. Dropping the future ends it, and every process that it has started.
///
/// What the program leaves running in its group when it ends is ended too.
pub(super) async fn run(argv: &[String], cwd: &Path, stdin: Option<&str>) -> io::Result<Ended> {
    let (program, arguments) = argv
        .split_first()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "there is no program"))?;
    let input = if stdin.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    };
    let mut command = CommandWrap::with_new(program, |command| {
        command
            .args(arguments)
            .current_dir(cwd)
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    });
    command.wrap(KillOnDrop);
    #[cfg(unix)]
    command.wrap(ProcessGroup::leader());
    let mut group = Group {
        child: command.spawn()?,
    };
    let (input, stdout, stderr) = (
        group.child.stdin().take(),
        group.child.stdout().take(),
        group.child.stderr().take(),
    );
    let feed = async {
        if let (Some(mut pipe), Some(text)) = (input, stdin) {
            // A program that does not read its input is free not to.
            let _ = pipe.write_all(text.as_bytes()).await;
        }
    };
    let end = async {
        let status = group.child.wait().await;
        // Whatever it left behind would hold the streams open.
        let _ = group.child.start_kill();
        status
    };
    let (status, stdout, stderr, ()) = tokio::join!(end, read(stdout), read(stderr), feed);
    Ok(Ended {
        status: status?,
        stdout: stdout?,
        stderr: stderr?,
    })
}

async fn read(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Stream> {
    let mut stream = Stream::default();
    let Some(mut pipe) = pipe else {
        return Ok(stream);
    };
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let count = pipe.read(&mut buffer).await?;
        if count == 0 {
            return Ok(stream);
        }
        let kept = count.min(KEPT - stream.bytes.len());
        stream.bytes.extend(buffer.iter().take(kept));
        stream.lost += count - kept;
    }
}
