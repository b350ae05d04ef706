//! Notices on their way: who may post one, and when one that was not taken is posted again.

use units::{Micros, Timestamp};

use super::rows::Notice;

/// How long a worker may take over the notices that it has claimed: as long as a batch of receivers that all keep it waiting.
pub const POST_LEASE: Micros = Micros::from_mins(15);

/// Waits after the first, second, … failure; the last repeats. The schedule of Standard Webhooks ("Deliverability and reliability").
pub const POST_AGAIN_AFTER: [Micros; 9] = [
    Micros::from_secs(5),
    Micros::from_mins(5),
    Micros::from_mins(30),
    Micros::from_mins(2 * 60),
    Micros::from_mins(5 * 60),
    Micros::from_mins(10 * 60),
    Micros::from_mins(14 * 60),
    Micros::from_mins(20 * 60),
    Micros::from_mins(24 * 60),
];

impl Notice {
    /// Whether somebody may post it now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.posted_at.is_none() && self.post_at <= now
    }

    /// It as the worker who posts it leaves it for others.
    #[must_use]
    pub fn claimed(self, now: Timestamp) -> Self {
        Self { post_at: now.saturating_add(POST_LEASE), ..self }
    }

    /// It after its receiver failed: later, and the others meanwhile.
    #[must_use]
    pub fn put_off(self, now: Timestamp) -> Self {
        let step = usize::try_from(self.failures).unwrap_or(usize::MAX).min(POST_AGAIN_AFTER.len() - 1);
        let post_at = now.saturating_add(POST_AGAIN_AFTER[step]);
        Self { failures: self.failures.saturating_add(1), post_at, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice() -> Notice {
        Notice {
            id: "receipt:sub_1:pi_1".into(),
            kind: "receipt".into(),
            subscription: "sub_1".into(),
            about: "pi_1".into(),
            created_at: Timestamp::ZERO,
            posted_at: None,
            post_at: Timestamp::ZERO,
            failures: 0,
        }
    }

    #[test]
    fn a_claim_keeps_others_off_until_its_lease_is_over() {
        let now = Timestamp(1_000_000);
        let claimed = notice().claimed(now);
        assert!(notice().is_due(now) && !claimed.is_due(now));
        assert!(claimed.is_due(now.saturating_add(POST_LEASE)));
    }

    #[test]
    fn each_failure_waits_longer_up_to_a_day() {
        let mut waiting = notice();
        let mut waits = Vec::new();
        for _ in 0..12 {
            let now = waiting.post_at;
            waiting = waiting.put_off(now);
            waits.push(waiting.post_at.since(now));
        }
        assert_eq!(waits[0], Micros::from_secs(5));
        assert!(waits.is_sorted());
        assert_eq!(waits[8..], [Micros::from_mins(24 * 60); 4]);
    }
}
