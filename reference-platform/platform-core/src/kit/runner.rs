//! Runs a history against a system and judges after every step; runs many, and shrinks the first that fails.

use std::fmt;

use units::{Currency, Micros, Money, Timestamp};

use super::generate;
use super::history::{History, Reply, Step};
use super::invariants::{Invariant, Model, Scene, Violation};
use super::shrink;
use super::sometimes::{Happening, Sometimes};
use super::system::{Billing, Job, NewSubscription, Request, Start, Status};
use super::world::World;
use crate::subscription::calendar::{Calendar, Interval, Zone};
use crate::subscription::dunning::DUNNING_WINDOW;

/// Secret of the webhook endpoint in every history.
const SECRET: &str = "whsec_kit";

/// All jobs in the order in which a platform runs them.
const ALL_JOBS: [Job; 4] = [Job::Inbox, Job::Attempts, Job::Renewals, Job::Outbox];

/// A history that broke an invariant, as small as it could be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The history, shrunk.
    pub history: History,
    /// How many steps it had before.
    pub steps_before: usize,
    /// After which step, from 1; one more than there are steps when the faults had ended.
    pub after_step: usize,
    /// What broke.
    pub violation: Violation,
    /// The command that repeats it; `{seed}` in what the caller gave stands for the seed.
    pub repeat: String,
}

/// What a run of one history found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What broke first, and after which step from 1.
    pub broken: Option<(usize, Violation)>,
    /// What happened.
    pub sometimes: Sometimes,
}

/// Runs the histories of `seeds` and returns what happened in them.
///
/// `repeat` is the command that repeats one seed, with `{seed}` for it.
///
/// # Errors
/// The first [`Failure`], shrunk.
pub fn run_seeds(
    system: &dyn Billing,
    seeds: impl IntoIterator<Item = u64>,
    repeat: &str,
) -> Result<Sometimes, Box<Failure>> {
    let mut sometimes = Sometimes::default();
    for seed in seeds {
        let finding = run_kept(system, &generate::history(seed), repeat)?;
        sometimes.add(&finding.sometimes);
    }
    Ok(sometimes)
}

/// Runs one history, such as one that was kept because it failed once.
///
/// # Errors
/// The [`Failure`], shrunk.
pub fn run_kept(system: &dyn Billing, history: &History, repeat: &str) -> Result<Finding, Box<Failure>> {
    let finding = run(system, history);
    let Some((_, violation)) = &finding.broken else { return Ok(finding) };
    let invariant = violation.invariant;
    let breaks =
        |tried: &History| run(system, tried).broken.is_some_and(|(_, found)| found.invariant == invariant);
    let shrunk = shrink::shrink(history, breaks);
    let broken = run(system, &shrunk).broken.or_else(|| finding.broken.clone());
    let (after_step, violation) = broken.unwrap_or_else(|| (0, violation.clone()));
    Err(Box::new(Failure {
        steps_before: history.steps.len(),
        repeat: repeat.replace("{seed}", &history.seed.to_string()),
        history: shrunk,
        after_step,
        violation,
    }))
}

/// Runs one history.
#[must_use]
pub fn run(system: &dyn Billing, history: &History) -> Finding {
    let model = match model(history) {
        Ok(model) => model,
        Err(what) => {
            let violation = Violation { invariant: Invariant::Conduct, what };
            return Finding { broken: Some((0, violation)), sometimes: Sometimes::default() };
        }
    };
    system.reset(&model.start);
    system.set_clock(model.start.now);
    let names: Vec<String> = model.calendars.keys().cloned().collect();
    for new in subscriptions(history) {
        system.create(&new);
    }
    let world = World::new(system, SECRET, model.start.now, names);
    let mut run = Run { model, world, latest: Timestamp::default() };
    let broken = run.steps(history);
    run.note_outcome();
    Finding { broken, sometimes: run.world.sometimes.take() }
}

fn model(history: &History) -> Result<Model, String> {
    let given = &history.given;
    let zone = Zone::named(&given.zone).map_err(|error| error.to_string())?;
    let currency = Currency::from_code(&given.currency).map_err(|error| error.to_string())?;
    let now_s = given.anchors_s.iter().max().copied().unwrap_or_default() + 3_600;
    let start = Start {
        now: Timestamp(now_s * 1_000_000),
        price: Money::new(given.price, currency),
        interval: Interval::Months(given.months),
        zone: zone.clone(),
        secret: SECRET.to_owned(),
        grace: DUNNING_WINDOW,
    };
    let calendar = |new: NewSubscription| {
        let calendar =
            Calendar::new(new.anchor, start.interval, zone.clone()).map_err(|error| error.to_string())?;
        Ok((new.subscription, calendar))
    };
    let calendars = subscriptions(history).map(calendar).collect::<Result<_, String>>()?;
    Ok(Model { start, calendars })
}

fn subscriptions(history: &History) -> impl Iterator<Item = NewSubscription> + '_ {
    (1..).zip(&history.given.anchors_s).map(|(ordinal, anchor_s): (u32, _)| NewSubscription {
        subscription: format!("sub_{ordinal}"),
        customer: format!("c_{ordinal}"),
        card: format!("card_{}", if history.given.shared_card { 1 } else { ordinal }),
        anchor: Timestamp(anchor_s * 1_000_000),
    })
}

struct Run<'a> {
    model: Model,
    world: World<'a>,
    latest: Timestamp,
}

impl Run<'_> {
    fn steps(&mut self, history: &History) -> Option<(usize, Violation)> {
        self.set_clock(self.model.start.now);
        for (ordinal, step) in (1..).zip(&history.steps) {
            self.step(step);
            if let Some(violation) = self.scene(|scene| scene.check()) {
                return Some((ordinal, violation));
            }
        }
        let end = history.steps.len() + 1;
        self.settle().map(|violation| (end, violation))
    }

    fn step(&mut self, step: &Step) {
        let now = self.world.now.get();
        match step {
            Step::Advance { by_s } => self.set_clock(now.saturating_add(Micros::from_secs(*by_s))),
            Step::AdvanceToDue { past_s } => self.advance_to_due(*past_s),
            Step::ClockBack { by_s } => {
                self.world.note(Happening::ClockBack);
                self.set_clock(Timestamp(now.0.saturating_sub(by_s * 1_000_000)));
            }
            Step::Script(reply) => {
                if matches!(reply, Reply::Decline(_)) {
                    self.world.note(Happening::Declined);
                }
                self.world.provider.borrow_mut().script(reply.clone());
            }
            Step::Tick { job, worker, meanwhile } => self.world.tick(*job, *worker, meanwhile.clone()),
            Step::TickAll => ALL_JOBS.into_iter().for_each(|job| self.world.tick(job, 1, None)),
            Step::Deliver { pick, how } => self.world.deliver(*pick, *how),
            Step::Crash => self.world.system().crash(),
            Step::Request { pick, request } => {
                if matches!(request, Request::SetCard(_)) {
                    self.world.note(Happening::CardReplaced);
                }
                self.world.request(*pick, request);
            }
        }
    }

    fn set_clock(&mut self, now: Timestamp) {
        self.latest = self.latest.max(now);
        self.world.now.set(now);
        self.world.system().set_clock(now);
    }

    /// Moves to just after the next period start of any subscription.
    fn advance_to_due(&mut self, past_s: u64) {
        let now = self.world.now.get();
        let next = |calendar: &Calendar| calendar.start(calendar.ordinal_at(now).ok()? + 1).ok();
        let due = self.model.calendars.values().filter_map(next).min().unwrap_or(now);
        self.set_clock(due.saturating_add(Micros::from_secs(past_s)));
    }

    /// Ends the faults, lets two days pass with the jobs running, and judges what is left.
    fn settle(&mut self) -> Option<Violation> {
        self.world.provider.borrow_mut().recover();
        self.set_clock(self.latest);
        let waits = [Micros::from_mins(10); 3].into_iter().chain([Micros::from_mins(6 * 60); 8]);
        for wait in waits {
            self.set_clock(self.latest.saturating_add(wait));
            self.step(&Step::TickAll);
            if let Some(violation) = self.scene(|scene| scene.check()) {
                return Some(violation);
            }
        }
        if let Some(violation) = self.scene(|scene| scene.check_settled()) {
            return Some(violation);
        }
        let before = self.world.system().query();
        self.step(&Step::TickAll);
        let what = "the jobs ran again at the same moment and changed something".to_owned();
        (self.world.system().query() != before).then_some(Violation { invariant: Invariant::Settled, what })
    }

    fn scene<T>(&self, check: impl Fn(&Scene<'_>) -> T) -> T {
        let snapshot = self.world.system().query();
        check(&Scene { model: &self.model, world: &self.world, snapshot: &snapshot, latest: self.latest })
    }

    fn note_outcome(&self) {
        let snapshot = self.world.system().query();
        let books = self.world.books();
        for payment in books.payments.iter().filter(|payment| payment.captured) {
            self.world.note(Happening::Renewed);
            let declined = |arrival: &&super::provider::Arrival| {
                arrival.declined.is_some()
                    && arrival.call.subscription == payment.call.subscription
                    && arrival.call.period_start == payment.call.period_start
            };
            if books.arrivals.iter().any(|arrival| declined(&arrival)) {
                self.world.note(Happening::Recovered);
            }
            if books.doubles.contains(&payment.id) && books.under_key_of(payment).any(|one| one.refunded > 0)
            {
                self.world.note(Happening::DoubleGivenBack);
            }
        }
        for view in &snapshot.subscriptions {
            let tried = |start| {
                books.arrivals.iter().any(|arrival| {
                    arrival.call.subscription == view.subscription && arrival.call.period_start == start
                })
            };
            if view.period_starts.iter().skip(1).rev().skip(1).any(|start| !tried(*start)) {
                self.world.note(Happening::Missed);
            }
        }
        for view in snapshot.subscriptions.iter().filter(|view| view.status == Status::Canceled) {
            let asked =
                self.world.canceled.borrow().iter().any(|(canceled, _)| *canceled == view.subscription);
            let unpaid = |state| state == super::system::InvoiceState::Uncollectible;
            let given_up = snapshot
                .invoices
                .iter()
                .any(|row| row.subscription == view.subscription && unpaid(row.state));
            if !asked && given_up {
                self.world.note(Happening::GivenUp);
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { history, steps_before, after_step, violation, repeat } = self;
        writeln!(f, "{violation}")?;
        let when = if *after_step > history.steps.len() {
            "when the faults had ended".to_owned()
        } else {
            format!("after step {after_step}")
        };
        writeln!(
            f,
            "{when}; seed {}, {} of {steps_before} steps are left",
            history.seed,
            history.steps.len()
        )?;
        write!(f, "{history}")?;
        // As it is kept in a file, to be run again for ever.
        writeln!(f, "keep: {}", serde_json::to_string(history).map_err(|_| fmt::Error)?)?;
        write!(f, "repeat: {repeat}")
    }
}
