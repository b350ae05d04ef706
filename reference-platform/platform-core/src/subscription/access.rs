//! Who has access, when, and why not.
//!
//! Access is a function of grants and time: it ends to the second, without a job. A paid period brings the window of the next charge
//! with it as grace, unless the customer has asked for an end or a pause.

use serde::Serialize;
use units::Timestamp;

use super::draft::Draft;
use super::dunning::window_end;
use super::names::numbered;
use super::rows::{Grant, GrantKind, Status};
use super::view::View;

/// Whether a customer has access, and what decides it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Whether there is access now.
    pub access: bool,
    /// The status of the subscription.
    pub status: Status,
    /// The grant that decides: the one in force, else the last that was.
    pub grant: Option<Grant>,
    /// In words.
    pub because: String,
}

/// Whether the subscription gives access at `now`.
#[must_use]
pub fn has_access(rows: &impl View, now: Timestamp) -> bool {
    in_force(rows, now).is_some()
}

/// The grant that gives access at `now`. What has ended stays ended, even if the clock steps back to before the end.
fn in_force(rows: &impl View, now: Timestamp) -> Option<&Grant> {
    let status = rows.subscription().status;
    let ended = status.is_final() || status == Status::Paused;
    rows.grants().rfind(|grant| {
        grant.from <= now && now < grant.grace_until && (grant.kind == GrantKind::Override || !ended)
    })
}

/// Spans of access, joined where they meet: `[from, until)`.
#[must_use]
pub fn intervals(rows: &impl View) -> Vec<(Timestamp, Timestamp)> {
    let mut spans: Vec<(Timestamp, Timestamp)> = rows
        .grants()
        .filter(|grant| grant.from < grant.grace_until)
        .map(|grant| (grant.from, grant.grace_until))
        .collect();
    spans.sort_unstable();
    let mut joined: Vec<(Timestamp, Timestamp)> = Vec::with_capacity(spans.len());
    for (from, until) in spans {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => joined.push((from, until)),
        }
    }
    joined
}

/// Why there is access at `now`, or none.
#[must_use]
pub fn explain(rows: &impl View, now: Timestamp) -> Explanation {
    let status = rows.subscription().status;
    if let Some(grant) = in_force(rows, now) {
        let because = match grant.kind {
            GrantKind::Override => "support granted it".to_owned(),
            GrantKind::Trial if now < grant.until => "the trial runs".to_owned(),
            GrantKind::Mirror => "the provider says so".to_owned(),
            _ if now < grant.until => "the period is paid".to_owned(),
            _ => "a charge has the rest of its window to succeed".to_owned(),
        };
        return Explanation { access: true, status, grant: Some(grant.clone()), because };
    }
    let last = rows.grants().filter(|grant| grant.from <= now).max_by_key(|grant| grant.grace_until);
    let because = match (status, last) {
        (Status::Incomplete | Status::IncompleteExpired, _) => "the first invoice was never paid".to_owned(),
        (Status::Paused, _) => "the subscription is paused".to_owned(),
        (Status::Canceled, Some(grant)) if grant.grace_until > grant.until => {
            "the window of a failed renewal is over".to_owned()
        }
        (Status::Canceled, _) => "the subscription was canceled".to_owned(),
        (_, Some(_)) => "what was paid and its grace are over".to_owned(),
        (_, None) => "nothing was ever paid or granted".to_owned(),
    };
    Explanation { access: false, status, grant: last.cloned(), because }
}

/// Whether a status usually comes with access.
pub(super) const fn of_status(status: Status) -> bool {
    matches!(status, Status::Trialing | Status::Active | Status::PastDue)
}

impl Draft<'_> {
    /// Access for the current period, from its start, or from now on where there was none.
    pub(super) fn grant_period(&mut self) {
        let start = self.subscription().period.start;
        let on = has_access(self, self.now()) || self.now() <= start;
        self.grant_period_from(if on { start } else { self.now() });
    }

    /// Access for the current period, from an instant in it.
    pub(super) fn grant_period_from(&mut self, from: Timestamp) {
        let row = self.subscription();
        // A period that is paid after its end brings the grace of the next all the same.
        let grace_until = if self.renews() { window_end(row.period.end) } else { row.period.end };
        let grant = Grant {
            id: numbered([&row.id, ":period:"], row.period.start.0),
            subscription: row.id.clone(),
            kind: GrantKind::Period,
            from: from.min(grace_until),
            until: row.period.end,
            grace_until,
        };
        self.put_grant(grant);
    }

    /// Whether the customer wants another period after this one.
    fn renews(&self) -> bool {
        let row = self.subscription();
        !row.cancel_at_period_end && !row.pause_at_period_end && !row.status.is_final()
    }

    /// Grace of whatever runs: there while the subscription will renew, gone while it will not.
    pub(super) fn refresh_grace(&mut self) {
        let row = self.subscription();
        let renews = self.renews();
        let has_card = self.customer().card.is_some();
        let end = row.trial_end.unwrap_or(row.period.end);
        let now = self.now();
        let running: Vec<Grant> = self
            .grants()
            .filter(|grant| matches!(grant.kind, GrantKind::Period | GrantKind::Trial) && grant.until == end)
            .filter(|grant| grant.until > now)
            .cloned()
            .collect();
        for grant in running {
            let graced = renews && (grant.kind == GrantKind::Period || has_card);
            let grace_until = if graced { window_end(grant.until) } else { grant.until };
            self.put_grant(Grant { grace_until, ..grant });
        }
    }

    /// Ends all access but what support granted.
    pub(super) fn cut_access(&mut self) {
        let now = self.now();
        let running: Vec<Grant> = self
            .grants()
            .filter(|grant| grant.kind != GrantKind::Override && grant.grace_until > now)
            .cloned()
            .collect();
        for grant in running {
            // A grant that has not begun ends where it would have begun.
            let end = now.max(grant.from);
            self.put_grant(Grant { until: grant.until.min(end), grace_until: end, ..grant });
        }
    }
}
