//! What happens, step by step.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use actors::provider::books::Dispute;
use actors::provider::webhooks::{Event, Fate, Shares};
use units::{Micros, Timestamp};

use super::format::{CallName, DisputeName, JobName, RawEvents, Step};
use super::names::STATUSES;
use super::observe::{RowKey, Rows};
use super::stage::{FOREIGN_PAYMENT, FOREIGN_SECRET, SECRET, Stage};
use super::turns::Task;
use super::{expectations, script};

impl Stage<'_> {
    /// Takes a step, and lets the provider send what it has to send.
    pub(super) fn take(&self, step: &Step) -> Result<(), String> {
        self.act(step)?;
        self.send_own_events()
    }

    fn act(&self, step: &Step) -> Result<(), String> {
        match step {
            Step::At { time } => self.move_to(time.0),
            Step::Advance { by, every, tick } => self.advance(by.0, every.map(|every| every.0), tick),
            Step::Tick { .. } | Step::Deliver(_) | Step::Customer(_) | Step::Support(_) => {
                self.parallel(std::slice::from_ref(step))
            }
            Step::Crash { job, at } => self.crash(*job, *at),
            Step::Stop {} => {
                self.stop();
                Ok(())
            }
            Step::Restart { .. } => self.start(),
            Step::Provider { call, replies, cycle, events } => match (replies, events) {
                (Some(replies), None) => {
                    let script = script::of(replies, *cycle)?;
                    match call {
                        CallName::Charge => self.provider().charges = script,
                        CallName::Refund => self.provider().refunds = script,
                    }
                    Ok(())
                }
                (None, Some(events)) => {
                    self.sends_events(events);
                    Ok(())
                }
                _ => Err("`provider` takes either `replies` or `events`".to_owned()),
            },
            Step::Remote { status, expires, token, linked_token, dispute } => {
                if token.is_some() || linked_token.is_some() {
                    return Err("purchase tokens are Google's, which is not built".to_owned());
                }
                if status.is_some() == dispute.is_some() {
                    return Err("`remote` takes either a `status` or a `dispute`".to_owned());
                }
                if let Some(name) = dispute {
                    self.disputed(*name)?;
                }
                self.mirrored(status.as_ref(), expires.map(|time| time.0))
            }
            Step::Plant { .. } | Step::Reconcile { .. } => Err("the reconciler is not built".to_owned()),
            Step::Parallel { steps, .. } => self.parallel(steps),
            Step::Check { expect } => expectations::check(self, expect),
        }
    }

    fn move_to(&self, now: Timestamp) -> Result<(), String> {
        self.set_to.set(now);
        self.set_clock(now);
        self.send_late_events()
    }

    fn advance(&self, by: Micros, every: Option<Micros>, tick: &[JobName]) -> Result<(), String> {
        if every.is_none() != tick.is_empty() {
            return Err("`every` and `tick` go together".to_owned());
        }
        let end = self.set_to.get().saturating_add(by);
        let every = every.unwrap_or(by);
        if every == Micros::ZERO {
            return self.move_to(end);
        }
        while self.set_to.get() < end {
            self.move_to(self.set_to.get().saturating_add(every).min(end))?;
            for job in tick {
                let job = Step::Tick { job: *job, phase: None, during: Vec::new(), label: None };
                self.take(&job)?;
            }
        }
        Ok(())
    }

    /// Takes steps at the same time, in the order of this run's schedule.
    fn parallel(&self, steps: &[Step]) -> Result<(), String> {
        let wrong = RefCell::new(None);
        let failed = &wrong;
        let is_one_of_many = steps.len() > 1;
        let tasks: Vec<Task<'_>> = steps
            .iter()
            .map(|step| -> Task<'_> {
                Box::pin(async move {
                    let done = match (label(step), is_one_of_many) {
                        (None, _) => self.beside_others(step).await,
                        (Some(label), false) => self.counted_alone(label, step).await,
                        (Some(label), true) => self.counted_by_turns(label, step).await,
                    };
                    if let Err(text) = done {
                        *failed.borrow_mut() = Some(text);
                    }
                })
            })
            .collect();
        self.turns.together(tasks);
        wrong.into_inner().map_or(Ok(()), Err)
    }

    async fn beside_others(&self, step: &Step) -> Result<(), String> {
        match step {
            Step::Tick { job, phase, during, .. } => self.tick(*job, *phase, during).await,
            Step::Deliver(deliver) => self.deliver(deliver).await,
            Step::Customer(customer) => self.customer(customer).await,
            Step::Support(support) => self.support(support).await,
            _ => Err("only tick, deliver, customer and support run in parallel".to_owned()),
        }
    }

    /// Takes a step with nobody beside it, and counts the rows that it changes.
    async fn counted_alone(&self, label: &str, step: &Step) -> Result<(), String> {
        let before = self.rows()?;
        self.beside_others(step).await?;
        let after = self.rows()?;
        self.count(label, before.changed(&after).collect());
        Ok(())
    }

    /// Takes a step among others, and counts the rows that its own turns change: what changes in between is theirs.
    async fn counted_by_turns(&self, label: &str, step: &Step) -> Result<(), String> {
        let mut taken = pin!(self.beside_others(step));
        let mut began: Option<Rows> = None;
        let mut changed: BTreeSet<RowKey> = BTreeSet::new();
        let done = poll_fn(|context| {
            let before = match began.take().map_or_else(|| self.rows(), Ok) {
                Ok(before) => before,
                Err(wrong) => return Poll::Ready(Err(wrong)),
            };
            let polled = taken.as_mut().poll(context);
            if polled.is_pending() && !self.turns.has_passed() {
                // It waits for the database, and keeps its turn.
                began = Some(before);
                return polled;
            }
            match self.rows() {
                Ok(after) => changed.extend(before.changed(&after)),
                Err(wrong) => return Poll::Ready(Err(wrong)),
            }
            polled
        });
        let done = done.await;
        self.count(label, changed);
        done
    }

    fn count(&self, label: &str, changed: BTreeSet<RowKey>) {
        *self.seen.borrow_mut().effects.entry(label.to_owned()).or_default() += changed.len() as u64;
    }

    fn disputed(&self, name: DisputeName) -> Result<(), String> {
        let mut provider = self.provider();
        let books = &mut provider.books;
        let status = match name {
            DisputeName::Opened => "needs_response",
            DisputeName::Won => "won",
            DisputeName::Lost => "lost",
        };
        if name == DisputeName::Opened {
            let payment = books.latest_of("sub_1", true).ok_or("there is no captured payment to dispute")?;
            let dispute = Dispute {
                id: format!("dp_{}", books.disputes.len() + 1),
                payment: payment.id.clone(),
                amount: payment.amount,
                status: status.to_owned(),
            };
            books.disputes.push(dispute);
        } else {
            books.disputes.last_mut().ok_or("there is no dispute")?.status = status.to_owned();
        }
        Ok(())
    }

    fn mirrored(&self, status: Option<&String>, expires: Option<Timestamp>) -> Result<(), String> {
        if status.is_none() && expires.is_none() {
            return Ok(());
        }
        let now = self.now();
        let mut provider = self.provider();
        let mirror = provider.books.mirrors.get_mut("sub_1").ok_or("the provider owns no subscription")?;
        if let Some(status) = status {
            if !STATUSES.contains(&status.as_str()) {
                return Err(format!("the provider has no status `{status}`"));
            }
            mirror.status.clone_from(status);
        }
        if let Some(expires) = expires {
            // A renewal there begins where the last period ended.
            if expires > mirror.period_end {
                mirror.period_start = mirror.period_end.min(now);
            }
            mirror.period_end = expires;
        }
        Ok(())
    }

    fn sends_events(&self, raw: &RawEvents) {
        let shares = Shares {
            lost: raw.lost,
            late: raw.late,
            late_by: raw.late_by.0,
            out_of_order: raw.out_of_order,
            forged: raw.forged,
            duplicate: raw.duplicate,
        };
        let up_to = self.provider().books.payments.len();
        let mut own = self.own_events.borrow_mut();
        own.shares = Some((raw.event_type.clone(), shares));
        own.up_to = up_to;
    }

    fn event(&self, n: u64, payment: &str) -> Option<Event> {
        let event_type = self.own_events.borrow().shares.as_ref()?.0.clone();
        let provider = self.provider();
        let payment = provider.payment(payment)?;
        Some(Event {
            id: format!("evt_own_{n}"),
            event_type,
            created: payment.created,
            livemode: true,
            object: payment.shown(),
        })
    }

    /// One event for each payment captured since, as the net treats it.
    fn send_own_events(&self) -> Result<(), String> {
        let Some((_, shares)) = self.own_events.borrow().shares.clone() else { return Ok(()) };
        let fresh: Vec<String> = {
            let provider = self.provider();
            let mut own = self.own_events.borrow_mut();
            let fresh = provider.books.payments.iter().skip(own.up_to);
            let ours = fresh.filter(|payment| payment.is_captured() && payment.id != FOREIGN_PAYMENT);
            let fresh = ours.map(|payment| payment.id.clone()).collect();
            own.up_to = provider.books.payments.len();
            fresh
        };
        // Each of these follows the next: the last one is sent first.
        let mut held: Vec<Event> = Vec::new();
        for payment in fresh {
            let n = {
                let mut own = self.own_events.borrow_mut();
                own.made += 1;
                own.made - 1
            };
            let Some(event) = self.event(n, &payment) else { continue };
            let fate = shares.fate(n);
            match fate {
                Fate::OutOfOrder => {
                    held.push(event);
                    continue;
                }
                Fate::Lost => {}
                Fate::Late => {
                    let at = self.now().saturating_add(shares.late_by);
                    self.own_events.borrow_mut().late.push((at, n, payment));
                }
                Fate::Forged => {
                    self.provider_sends(&event, SECRET)?;
                    let forged = Event { id: format!("{}_forged", event.id), ..event };
                    self.provider_sends(&forged, FOREIGN_SECRET)?;
                }
                Fate::Duplicate => {
                    self.provider_sends(&event, SECRET)?;
                    self.provider_sends(&event, SECRET)?;
                }
                Fate::Once => self.provider_sends(&event, SECRET)?,
            }
            self.send_held(&mut held)?;
        }
        self.send_held(&mut held)
    }

    fn send_held(&self, held: &mut Vec<Event>) -> Result<(), String> {
        while let Some(event) = held.pop() {
            self.provider_sends(&event, SECRET)?;
        }
        Ok(())
    }

    fn send_late_events(&self) -> Result<(), String> {
        let now = self.now();
        let due: Vec<(Timestamp, u64, String)> = {
            let mut own = self.own_events.borrow_mut();
            let (due, waiting) = std::mem::take(&mut own.late).into_iter().partition(|(at, ..)| *at <= now);
            own.late = waiting;
            due
        };
        for (_, n, payment) in due {
            if let Some(event) = self.event(n, &payment) {
                self.provider_sends(&event, SECRET)?;
            }
        }
        Ok(())
    }

    /// The rows of the platform's that effects are counted in, whether or not it runs.
    fn rows(&self) -> Result<Rows, String> {
        let store = self.to_read()?;
        let books = self.turns.alone(store.books()).map_err(|error| error.to_string())?;
        Ok(Rows::of(&books))
    }
}

/// The label under which an expectation speaks of a step.
pub(super) fn label(step: &Step) -> Option<&str> {
    match step {
        Step::Tick { label, .. } => label.as_deref(),
        Step::Deliver(deliver) => deliver.label.as_deref(),
        Step::Customer(customer) => customer.label.as_deref(),
        Step::Support(support) => support.label.as_deref(),
        Step::Reconcile { label, .. } => label.as_deref(),
        _ => None,
    }
}
