//! When and after how long a failed attempt is made again: a pure function of class and attempt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::outcome::FailureClass;

/// A bounded policy of retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// Attempts at most, the first included; at least 1.
    pub max_attempts: u32,
    /// Wait before the second attempt, in milliseconds; doubled for each further one.
    pub delay_ms: u64,
    /// Longest wait, in milliseconds.
    pub max_delay_ms: u64,
    /// Whether an attempt that ran into its timeout is made again.
    pub retry_timeouts: bool,
    /// Whether a call that says it did not succeed is made again, for example a program that ended with another
    /// code. It counts only for tools that change nothing, and not for agents.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub retry_failures: bool,
}

impl Default for RetryPolicy {
    /// Three attempts for passing faults, half a second apart; timeouts are not tried again.
    fn default() -> Self {
        Self {
            max_attempts: 3,
            delay_ms: 500,
            max_delay_ms: 30_000,
            retry_timeouts: false,
            retry_failures: false,
        }
    }
}

impl RetryPolicy {
    /// Never again.
    pub const NEVER: Self = Self {
        max_attempts: 1,
        delay_ms: 0,
        max_delay_ms: 0,
        retry_timeouts: false,
        retry_failures: false,
    };

    /// Whether it says nothing that is not said without it; saved plans leave it out then.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The wait before the next attempt in milliseconds, or `None` when there is none.
    ///
    /// `attempt` counts from 1 and is the one that failed. What the other side asked for
    /// (`retry_after_ms`) is honoured even beyond the longest wait.
    #[must_use]
    pub fn next_delay(
        &self,
        class: FailureClass,
        attempt: u32,
        retry_after_ms: Option<u64>,
    ) -> Option<u64> {
        let again = match class {
            FailureClass::Transient => true,
            FailureClass::Timeout => self.retry_timeouts,
            FailureClass::Reported => self.retry_failures,
            _ => false,
        };
        if !again || attempt >= self.max_attempts {
            return None;
        }
        let factor = 1u64
            .checked_shl(attempt.saturating_sub(1))
            .unwrap_or(u64::MAX);
        let own = self.delay_ms.saturating_mul(factor).min(self.max_delay_ms);
        Some(own.max(retry_after_ms.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_passing_faults_are_tried_again_and_only_so_often() {
        let policy = RetryPolicy {
            max_attempts: 4,
            delay_ms: 100,
            max_delay_ms: 250,
            retry_timeouts: false,
            retry_failures: false,
        };
        let delays: Vec<_> = (1..=4)
            .map(|n| policy.next_delay(FailureClass::Transient, n, None))
            .collect();
        assert_eq!(delays, [Some(100), Some(200), Some(250), None]);
        assert_eq!(
            policy.next_delay(FailureClass::Transient, 1, Some(9000)),
            Some(9000)
        );
        for class in [
            FailureClass::Reported,
            FailureClass::Timeout,
            FailureClass::Denied,
            FailureClass::Internal,
        ] {
            assert_eq!(policy.next_delay(class, 1, None), None, "{class:?}");
        }
        let patient = RetryPolicy {
            retry_timeouts: true,
            ..policy
        };
        assert_eq!(
            patient.next_delay(FailureClass::Timeout, 1, None),
            Some(100)
        );
        let stubborn = RetryPolicy {
            retry_failures: true,
            ..policy
        };
        assert_eq!(
            stubborn.next_delay(FailureClass::Reported, 1, None),
            Some(100)
        );
        assert_eq!(
            RetryPolicy::NEVER.next_delay(FailureClass::Transient, 1, None),
            None
        );
    }
}
