//! The time of the whole program, from its start to its end, for commands that do next to nothing.
//!
//! It runs in an empty directory, which is also its home, so that it finds no settings. The target stands in
//! the name of the group and includes what the system takes to start a process.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot start the program has nothing to report"
)]

use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};

fn startup(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("whole process, at most 10 ms");
    for arguments in [["--version"].as_slice(), &["agents", "list"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orchestrate"));
        command
            .args(arguments)
            .current_dir(directory.path())
            .env("HOME", directory.path())
            .env("XDG_CONFIG_HOME", directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        group.bench_function(arguments.join(" "), |b| {
            b.iter(|| assert!(command.status().unwrap().success()));
        });
    }
    group.finish();
}

criterion_group!(benches, startup);
criterion_main!(benches);
