//! Encryption for all clients of this process.

use std::sync::Once;

/// Chooses who encrypts, once. Without it the first client would panic.
pub(crate) fn ensure() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Somebody else may have chosen before, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
