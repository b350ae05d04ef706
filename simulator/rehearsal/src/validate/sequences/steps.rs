//! What happens, step by step.

use actors::provider::books::Dispute;
use actors::provider::webhooks::{Event, Fate, Shares};
use units::{Micros, Timestamp};

use super::format::{CallName, DisputeName, JobName, RawEvents, Step};
use super::observe::Rows;
use super::stage::{FOREIGN_SECRET, SECRET, Stage};
use super::turns::Task;
use super::{expectations, script};

impl Stage<'_> {
    /// Takes a step, and lets the provider send what it has to send.
    pub(super) fn take(&self, step: &Step) -> Result<(), String> {
        let label = label(step);
        let before = label.map(|_| self.rows());
        self.act(step)?;
        if let (Some(label), Some(before)) = (label, before) {
            let changed = before.changed(&self.rows());
            *self.seen.borrow_mut().effects.entry(label.to_owned()).or_default() += changed;
        }
        self.send_own_events()
    }

    fn act(&self, step: &Step) -> Result<(), String> {
        match step {
            Step::At { time } => self.move_to(time.0),
            Step::Advance { by, every, tick } => self.advance(by.0, every.map(|every| every.0), tick),
            Step::Tick { job, phase, during, .. } => {
                self.tick(*job, *phase, during);
                Ok(())
            }
            Step::Crash { job, at } => {
                self.crash(*job, *at);
                Ok(())
            }
            Step::Stop {} => {
                self.stop();
                Ok(())
            }
            Step::Restart { .. } => self.start(),
            Step::Deliver(deliver) => self.deliver(deliver),
            Step::Provider { call, replies, cycle, events } => {
                if let Some(replies) = replies {
                    let script = script::of(replies, *cycle)?;
                    match call {
                        CallName::Charge => self.provider().charges = script,
                        CallName::Refund => self.provider().refunds = script,
                    }
                }
                if let Some(events) = events {
                    self.sends_events(events);
                }
                Ok(())
            }
            Step::Remote { status, expires, token, linked_token, dispute } => {
                if token.is_some() || linked_token.is_some() {
                    return Err("purchase tokens are Google's, which is not built".to_owned());
                }
                if let Some(name) = dispute {
                    self.disputed(*name)?;
                }
                self.mirrored(status.as_ref(), expires.map(|time| time.0))
            }
            Step::Customer(customer) => self.customer(customer),
            Step::Support(support) => self.support(support),
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
        let end = self.set_to.get().saturating_add(by);
        let every = every.unwrap_or(by);
        if every == Micros::ZERO {
            return self.move_to(end);
        }
        while self.set_to.get() < end {
            self.move_to(self.set_to.get().saturating_add(every).min(end))?;
            for job in tick {
                self.tick(*job, None, &[]);
                self.send_own_events()?;
            }
        }
        Ok(())
    }

    /// Takes steps at the same time, in the order of this run's schedule.
    fn parallel(&self, steps: &[Step]) -> Result<(), String> {
        let wrong = std::cell::RefCell::new(None);
        let tasks: Vec<Task<'_>> = steps
            .iter()
            .map(|step| -> Task<'_> {
                Box::pin(async {
                    let done = match step {
                        Step::Tick { job, .. } => {
                            self.tick_among_others(*job).await;
                            Ok(())
                        }
                        Step::Deliver(deliver) => self.deliver_among_others(deliver).await,
                        Step::Customer(customer) => self.customer_among_others(customer).await,
                        Step::Support(support) => self.support_among_others(support).await,
                        _ => Err("only tick, deliver, customer and support run in parallel".to_owned()),
                    };
                    if let Err(text) = done {
                        *wrong.borrow_mut() = Some(text);
                    }
                })
            })
            .collect();
        self.turns.together(tasks);
        wrong.into_inner().map_or(Ok(()), Err)
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
            let fresh =
                provider.books.payments.iter().skip(own.up_to).filter(|payment| payment.is_captured());
            let fresh = fresh.map(|payment| payment.id.clone()).collect();
            own.up_to = provider.books.payments.len();
            fresh
        };
        let mut held: Option<Event> = None;
        for payment in fresh {
            let n = {
                let mut own = self.own_events.borrow_mut();
                own.made += 1;
                own.made - 1
            };
            let Some(event) = self.event(n, &payment) else { continue };
            let fate = shares.fate(n);
            let before = if fate == Fate::OutOfOrder { held.replace(event.clone()) } else { held.take() };
            match fate {
                Fate::Lost | Fate::OutOfOrder => {}
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
            if let Some(before) = before {
                self.provider_sends(&before, SECRET)?;
            }
        }
        held.map_or(Ok(()), |event| self.provider_sends(&event, SECRET))
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

    /// The rows of the platform's that effects are counted in.
    pub(super) fn rows(&self) -> Rows {
        let books = self.store().and_then(|store| self.turns.alone(store.books()).ok());
        books.map(|books| Rows::of(&books)).unwrap_or_default()
    }
}

fn label(step: &Step) -> Option<&str> {
    match step {
        Step::Tick { label, .. } => label.as_deref(),
        Step::Deliver(deliver) => deliver.label.as_deref(),
        Step::Customer(customer) => customer.label.as_deref(),
        Step::Support(support) => support.label.as_deref(),
        _ => None,
    }
}
