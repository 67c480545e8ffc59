//! Time as a boundary, so that core reads none and tests own it.

/// Tells the time since an origin of its own; never goes back.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Microseconds since the origin.
    fn now_us(&self) -> u64;

    /// Milliseconds since 1970, as the clock on the wall has it; it can be set, and so go back.
    fn wall_ms(&self) -> u64;
}
