//! The traffic of a run with its models and tools, written down and played back exactly.

mod play;
mod record;
mod recording;

pub use play::Playback;
pub use record::Recorder;
pub use recording::{RECORDING_FORMAT, RecordedCall, Recording};
