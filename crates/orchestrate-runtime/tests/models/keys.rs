//! No key is written anywhere: not in an event, a report, an error or a debug form.

use std::sync::Arc;

use orchestrate_runtime::LocalExecutor;
use orchestrate_runtime::agent::ModelBackend;
use orchestrate_runtime::model::ProviderKind;

use crate::agents::{book, plan};
use crate::double::{Double, Reply};
use crate::families::KEY;

#[tokio::test]
async fn no_key_is_in_any_event_report_or_error() {
    let echo = format!(r#"{{"error":{{"message":"bad {KEY} in request","type":"x"}}}}"#);
    for status in [400, 401, 404] {
        let double = Double::in_order(vec![Reply::status(status, &echo)]).await;
        let book = book(ProviderKind::OpenAi, &[&double]);
        let shown = format!("{book:?}");
        let executor = LocalExecutor::builder()
            .backend(ModelBackend::new(Arc::new(book)))
            .build()
            .unwrap();
        let mut handle = executor.start(&plan(None)).unwrap();
        let mut events = handle.events();
        let mut written = shown;
        while let Some(event) = events.next().await {
            written.push_str(&serde_json::to_string(&event).unwrap());
        }
        let report = handle.report().await.unwrap();
        written.push_str(&format!("{report:?}"));
        assert!(
            written.contains("p0/m") && !written.contains(KEY),
            "{status}: {written}"
        );
        // The key was used, so its absence says something.
        assert!(double.asked()[0].head.contains(KEY));
    }
}
