//! Traces of a run for whoever collects them: off unless the settings name a collector, and in builds with
//! the feature `otel` alone. Failing to send them fails no run.

use orchestrate_core::event::Event;

use crate::render::Printer;
use crate::settings::Settings;

/// What a run is traced with, if it is.
#[derive(Debug, Default)]
pub(crate) struct Tracing(Option<Collector>);

#[derive(Debug)]
struct Collector {
    endpoint: String,
    #[cfg(feature = "otel")]
    traces: orchestrate_runtime::traces::Traces,
    #[cfg(feature = "otel")]
    begun: bool,
}

impl Tracing {
    /// The tracing that the settings ask for.
    pub(crate) fn of(settings: &Settings) -> Self {
        let endpoint = settings.services.telemetry.otlp_endpoint.clone();
        Self(endpoint.map(|endpoint| Collector {
            endpoint,
            #[cfg(feature = "otel")]
            traces: orchestrate_runtime::traces::Traces::new(now_us()),
            #[cfg(feature = "otel")]
            begun: false,
        }))
    }

    /// Takes in one event of a run that is called so.
    #[cfg(feature = "otel")]
    pub(crate) fn apply(&mut self, run: Option<&str>, event: &Event) {
        let Some(collector) = &mut self.0 else {
            return;
        };
        if !std::mem::replace(&mut collector.begun, true) {
            let named = match &event.kind {
                orchestrate_core::event::EventKind::RunStarted { run_id, .. } => run_id.to_string(),
                _ => run.unwrap_or_default().to_owned(),
            };
            collector.traces.begin(&named, event);
        }
        collector.traces.apply(event);
    }

    /// In this build there is nothing to trace with.
    #[cfg(not(feature = "otel"))]
    #[expect(clippy::unused_self, reason = "the same call in every build")]
    pub(crate) fn apply(&mut self, _: Option<&str>, _: &Event) {}

    /// Sends what was traced, once the run is over here.
    #[cfg(feature = "otel")]
    pub(crate) fn send(self, printer: &Printer) {
        let Some(collector) = self.0 else {
            return;
        };
        let Collector {
            endpoint, traces, ..
        } = collector;
        let sent = super::watch::wait_for(async {
            Ok::<_, crate::error::CliError>(traces.send(&endpoint).await)
        });
        let sent = sent.unwrap_or_else(|failure| Err(failure.message));
        let endpoint = crate::render::safe(&endpoint);
        match sent {
            Ok(()) if printer.verbose(1) => {
                printer.note(&format!("{} spans were sent to `{endpoint}`", traces.len()));
            }
            Ok(()) => {}
            Err(why) => printer.note(&format!("no trace was taken by `{endpoint}`: {why}")),
        }
    }

    /// Says that this build sends nothing, if something was asked for.
    #[cfg(not(feature = "otel"))]
    pub(crate) fn send(self, printer: &Printer) {
        if let Some(collector) = self.0 {
            let endpoint = crate::render::safe(&collector.endpoint);
            printer.note(&format!(
                "no trace is sent to `{endpoint}`: this program was built without the feature `otel`"
            ));
        }
    }
}

#[cfg(feature = "otel")]
fn now_us() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |it| u64::try_from(it.as_micros()).unwrap_or(u64::MAX))
}
