//! Sessions and notes: the laws of memories on every backend, and many who write to one session.

use std::collections::BTreeSet;
use std::sync::Arc;

use orchestrate_core::memory::{Folded, Memory, ProcessMemory};
use orchestrate_core::testing::memory::{check_memory, said};
use orchestrate_store::{Store, StoredMemory};

use crate::backends::Backend;
use crate::processes::{address_of_this_process, run_together, runtime};

/// Turns that each of those adds who write at the same time.
const TURNS: usize = 25;
/// Who write at the same time in one process.
const WRITERS: usize = 8;

fn memory_at(address: &str) -> StoredMemory {
    let store = Store::open(address).unwrap();
    store.with_clock(Arc::new(|| 1_700_000_000_123)).memory()
}

/// Everything that holds on a backend, each on a memory that nobody has used.
pub(crate) async fn laws(backend: &Backend<'_>) {
    check_memory(|| {
        let address = backend.address();
        async move { memory_at(&address) }
    })
    .await;
    let memory: Arc<dyn Memory> = Arc::new(memory_at(&backend.address()));
    who_write_at_the_same_time_lose_nothing(memory).await;
    what_was_written_has_its_time(&memory_at(&backend.address())).await;
}

#[tokio::test]
async fn a_memory_of_the_process_loses_nothing_either() {
    who_write_at_the_same_time_lose_nothing(Arc::new(ProcessMemory::default())).await;
}

/// Adds turns of one writer, and sums the session up now and then. Gives the turns that gave way to a summary.
async fn write(memory: &dyn Memory, writer: &str) -> Vec<String> {
    let mut summed_up = Vec::new();
    for k in 0..TURNS {
        let heard = memory.recall("shared", "agent").await.unwrap();
        let keys: Vec<String> = heard.iter().map(|it| it.key.clone()).collect();
        let folded = (k % 5 == 4).then(|| Folded {
            keys: keys.clone(),
            summary: keys.join(" "),
        });
        let turn = said(&format!("{writer}:{k}"));
        if memory
            .remember("shared", "agent", turn, folded)
            .await
            .unwrap()
        {
            summed_up.extend(keys);
        }
    }
    summed_up
}

/// Each turn is either kept or was summed up, and none twice.
async fn check_nothing_lost(memory: &dyn Memory, summed_up: &[String], writers: usize) {
    let kept = memory.recall("shared", "agent").await.unwrap();
    let kept = kept.into_iter().map(|it| it.key);
    let all: Vec<String> = kept
        .chain(summed_up.iter().cloned())
        .filter(|key| key.contains(':'))
        .collect();
    let different: BTreeSet<&String> = all.iter().collect();
    assert_eq!((all.len(), different.len()), (writers * TURNS, all.len()));
}

async fn who_write_at_the_same_time_lose_nothing(memory: Arc<dyn Memory>) {
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let memory = memory.clone();
            tokio::spawn(async move { write(&*memory, &format!("w{writer}")).await })
        })
        .collect();
    let mut summed_up = Vec::new();
    for writer in writers {
        summed_up.extend(writer.await.unwrap());
    }
    assert!(!summed_up.is_empty());
    check_nothing_lost(&*memory, &summed_up, WRITERS).await;
}

async fn what_was_written_has_its_time(memory: &StoredMemory) {
    memory.remember("s", "a", said("r:1"), None).await.unwrap();
    memory.put_note("build", "cargo test").await.unwrap();
    let sessions = memory.sessions().await.unwrap();
    let notes = memory.notes().await.unwrap();
    let times = (sessions[0].updated_ms, notes[0].updated_ms);
    assert_eq!(times, (Some(1_700_000_000_123), Some(1_700_000_000_123)));
    assert_eq!(
        (notes[0].key.as_str(), notes[0].text.as_str()),
        ("build", "cargo test")
    );
}

/// Four processes add to one session, and each forgets another that is its own.
pub(crate) fn four_processes_lose_no_turn(backend: &Backend<'_>) {
    let address = backend.address();
    run_together(&address, "memory::a_process_that_speaks");
    runtime().block_on(async {
        let memory = memory_at(&address);
        let kept = memory.recall("shared", "agent").await.unwrap();
        let keys: BTreeSet<&String> = kept.iter().map(|it| &it.key).collect();
        assert_eq!((kept.len(), keys.len()), (4 * TURNS, 4 * TURNS));
        // Each process has forgotten the session that was its own.
        let sessions = memory.sessions().await.unwrap();
        let names: Vec<&str> = sessions.iter().map(|it| it.session.as_str()).collect();
        assert_eq!(names, ["shared"]);
    });
}

#[test]
#[ignore = "one of the processes that `four_processes_lose_no_turn` starts"]
fn a_process_that_speaks() {
    let address = address_of_this_process();
    let me = format!("p{}", std::process::id());
    runtime().block_on(async {
        let memory = memory_at(&address);
        for k in 0..TURNS {
            let turn = said(&format!("{me}:{k}"));
            memory
                .remember("shared", "agent", turn.clone(), None)
                .await
                .unwrap();
            memory.remember(&me, "agent", turn, None).await.unwrap();
        }
        assert_eq!(memory.forget(&me).await.unwrap(), ["agent"]);
    });
}
