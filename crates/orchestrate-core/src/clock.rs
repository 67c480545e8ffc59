//! Time as a boundary, so that core reads none and tests own it.

/// Tells the time since an origin of its own; never goes back.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Microseconds since the origin.
    fn now_us(&self) -> u64;
}
