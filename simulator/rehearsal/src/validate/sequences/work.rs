//! Jobs in a sequence: with several workers, with steps while they wait, killed at a named point.

use std::cell::{Cell, RefCell};

use actors::provider::api::Outcome;
use platform_core::subscription::jobs::{self, Call, Point, Seam, Stopped};
use platform_core::subscription::rows::Notice;
use platform_server::billing::ports::{NoAnswer, Outside, ServerPorts};
use platform_server::billing::provider::{ApiRequest, ApiResponse};
use units::Timestamp;

use super::format::{CrashAt, During, JobName, Phase};
use super::stage::{Stage, handle};
use super::turns::Task;

/// What may happen to a job on its way.
pub(super) struct Way<'s, 'a> {
    stage: &'s Stage<'a>,
    crash: Option<CrashAt>,
    during: RefCell<Option<&'s [During]>>,
    began: Timestamp,
    killed: Cell<bool>,
}

impl<'s, 'a> Way<'s, 'a> {
    pub(super) fn new(stage: &'s Stage<'a>, crash: Option<CrashAt>, during: &'s [During]) -> Self {
        let during = RefCell::new((!during.is_empty()).then_some(during));
        Self { stage, crash, during, began: stage.now(), killed: Cell::new(false) }
    }

    fn kill_if(&self, here: bool) -> Result<(), Stopped> {
        if here || self.killed.get() {
            self.killed.set(true);
            return Err(Stopped);
        }
        Ok(())
    }

    /// Takes the steps that are set for the time while the first answer is awaited.
    fn meanwhile(&self) {
        let Some(steps) = self.during.borrow_mut().take() else { return };
        for During { after, step } in steps {
            self.stage.set_clock(self.began.saturating_add(after.0));
            if let Err(wrong) = self.stage.take(step) {
                self.stage.seen.borrow_mut().offences.push(wrong);
            }
        }
    }
}

impl Outside for Way<'_, '_> {
    fn now(&self) -> Timestamp {
        self.stage.now()
    }

    async fn send(&self, request: ApiRequest) -> Result<ApiResponse, NoAnswer> {
        let sent_at = self.stage.now();
        let is_charge = request.method == "POST" && request.path.ends_with("payment_intents");
        let outcome = handle(&self.stage.provider, &request, sent_at);
        if is_charge && self.kill_if(self.crash == Some(CrashAt::AfterSend)).is_err() {
            return Err(NoAnswer::Stopped);
        }
        self.meanwhile();
        self.stage.turns.pass().await;
        match outcome {
            Outcome::TimedOut => Err(NoAnswer::TimedOut),
            Outcome::Answered { response, delay } => {
                // A worker that waited longer has moved the clock already.
                self.stage.set_clock(self.stage.now().max(sent_at.saturating_add(delay)));
                Ok(ApiResponse { status: response.status, body: response.body })
            }
        }
    }

    async fn post(&self, notice: &Notice) -> Result<bool, Stopped> {
        self.stage.seen.borrow_mut().posted.push((notice.id.to_string(), notice.kind.to_string()));
        Ok(true)
    }

    async fn seam(&self, seam: Seam) -> Result<(), Stopped> {
        let here = match self.crash {
            Some(CrashAt::BeforeIntent) => seam == Seam::BeforeCommit(Point::Intent),
            Some(CrashAt::AfterIntent) => seam == Seam::BeforeCall(Call::Charge),
            Some(CrashAt::BeforeResult) => seam == Seam::BeforeCommit(Point::Result),
            Some(CrashAt::AfterResult) => seam == Seam::AfterCommit(Point::Result),
            Some(CrashAt::AfterPublish) => seam == Seam::AfterCall(Call::Post),
            Some(CrashAt::AfterSend) | None => false,
        };
        self.kill_if(here)?;
        self.stage.turns.pass().await;
        Ok(())
    }
}

impl Stage<'_> {
    /// Runs one job once, by as many workers as are given.
    pub(super) fn tick(&self, job: JobName, phase: Option<Phase>, during: &[During]) {
        if phase == Some(Phase::Plan) {
            // Nothing is queued here: what is due is found by its time.
            return;
        }
        let parts: &[JobName] = match job {
            JobName::All => &[JobName::Inbox, JobName::Attempts, JobName::Renewals, JobName::Outbox],
            JobName::Renewals => &[JobName::Renewals],
            JobName::Attempts => &[JobName::Attempts],
            JobName::Inbox => &[JobName::Inbox],
            JobName::Outbox => &[JobName::Outbox],
        };
        for part in parts {
            let way = Way::new(self, None, during);
            let Some(store) = self.store() else { return };
            let ports = ServerPorts { store: &store, outside: &way };
            if self.given.workers <= 1 {
                self.turns.alone(run(&ports, *part, 0));
                continue;
            }
            let ports = &ports;
            let tasks: Vec<Task<'_>> = (0..self.given.workers)
                .map(|worker| -> Task<'_> { Box::pin(run(ports, *part, worker)) })
                .collect();
            self.turns.together(tasks);
        }
    }

    /// A job as one task among others.
    pub(super) async fn tick_among_others(&self, job: JobName) {
        let way = Way::new(self, None, &[]);
        let Some(store) = self.store() else { return };
        let ports = ServerPorts { store: &store, outside: &way };
        let parts = match job {
            JobName::All => vec![JobName::Inbox, JobName::Attempts, JobName::Renewals, JobName::Outbox],
            one => vec![one],
        };
        for part in parts {
            run(&ports, part, 0).await;
        }
    }

    /// Runs a job and kills the process at a named point; it stays down.
    pub(super) fn crash(&self, job: JobName, at: CrashAt) {
        if let Some(store) = self.store() {
            let way = Way::new(self, Some(at), &[]);
            let ports = ServerPorts { store: &store, outside: &way };
            self.turns.alone(run(&ports, job, 0));
        }
        self.stop();
    }
}

/// Runs one job to its end, or to where it is killed.
async fn run<O: Outside>(ports: &ServerPorts<'_, O>, job: JobName, worker: u32) {
    let _ended: Result<(), Stopped> = match job {
        JobName::Renewals => jobs::renewals(ports).await,
        JobName::Attempts => jobs::attempts(ports).await,
        JobName::Inbox => jobs::inbox(ports, worker).await,
        JobName::Outbox => jobs::outbox(ports).await,
        JobName::All => Ok(()),
    };
}
