//! Jobs in a sequence: with several workers, with steps while they wait, killed at a named point.

use std::cell::Cell;

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
    during: Cell<Option<&'s [During]>>,
    began: Timestamp,
    /// Processes that had been killed when the job began, and those that had ended.
    killed: u32,
    ended: u32,
}

impl<'s, 'a> Way<'s, 'a> {
    pub(super) fn new(stage: &'s Stage<'a>, crash: Option<CrashAt>, during: &'s [During]) -> Self {
        let during = Cell::new((!during.is_empty()).then_some(during));
        Self {
            stage,
            crash,
            during,
            began: stage.now(),
            killed: stage.killed.get(),
            ended: stage.ended.get(),
        }
    }

    /// Kills the process at a named point; whatever runs in a killed process goes no further.
    fn kill_if(&self, here: bool) -> Result<(), Stopped> {
        self.lives()?;
        if here {
            self.stage.kill();
        }
        self.lives()
    }

    /// Whether the process takes up new work: not once it was told to stop, in good order or not.
    fn goes_on(&self) -> bool {
        self.stage.ended.get() == self.ended
    }

    fn lives(&self) -> Result<(), Stopped> {
        if self.stage.killed.get() == self.killed { Ok(()) } else { Err(Stopped) }
    }

    /// Takes the steps that are set for the time while the first answer is awaited.
    fn meanwhile(&self) {
        for During { after, step } in self.during.take().unwrap_or_default() {
            // Another worker may have waited longer already; `after` never turns the clock back.
            self.stage.set_clock(self.stage.now().max(self.began.saturating_add(after.0)));
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
        let stopped = |_: Stopped| NoAnswer::Stopped;
        self.lives().map_err(stopped)?;
        let sent_at = self.stage.now();
        let is_charge = request.method == "POST" && request.path.ends_with("payment_intents");
        let outcome = handle(&self.stage.provider, &request, sent_at);
        self.kill_if(is_charge && self.crash == Some(CrashAt::AfterSend)).map_err(stopped)?;
        self.meanwhile();
        self.stage.turns.pass().await;
        self.lives().map_err(stopped)?;
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
        if begins_work(seam) && !self.goes_on() {
            return Err(Stopped);
        }
        self.lives()
    }
}

/// Whether a seam stands before work that has not begun: a drain lets nobody past it, as in a server.
const fn begins_work(seam: Seam) -> bool {
    matches!(seam, Seam::BeforeCommit(Point::Intent | Point::PickUp | Point::Claim | Point::Posting))
}

impl Stage<'_> {
    /// Runs one job once; `during` counts for the whole of it, whatever its parts are.
    pub(super) async fn tick(
        &self,
        job: JobName,
        phase: Option<Phase>,
        during: &[During],
    ) -> Result<(), String> {
        match phase {
            Some(_) if job != JobName::Renewals => return Err("only `renewals` has phases".to_owned()),
            // Nothing is queued here: what is due is found by its time.
            Some(Phase::Plan) => return Ok(()),
            Some(Phase::Charge) | None => {}
        }
        let Some(store) = self.store() else { return Ok(()) };
        let way = Way::new(self, None, during);
        let ports = ServerPorts { store: &store, outside: &way };
        let parts: &[JobName] = match job {
            JobName::All => &[JobName::Inbox, JobName::Attempts, JobName::Renewals, JobName::Outbox],
            JobName::Renewals => &[JobName::Renewals],
            JobName::Attempts => &[JobName::Attempts],
            JobName::Inbox => &[JobName::Inbox],
            JobName::Outbox => &[JobName::Outbox],
        };
        for part in parts {
            // A process that was ended meanwhile begins nothing new.
            if !way.goes_on() {
                break;
            }
            self.by_all_workers(&ports, *part).await;
        }
        Ok(())
    }

    /// Runs a job by as many workers as are given, at the same time on the same store.
    async fn by_all_workers(&self, ports: &ServerPorts<'_, Way<'_, '_>>, job: JobName) {
        let tasks: Vec<Task<'_>> = (0..self.given.workers.max(1))
            .map(|worker| -> Task<'_> { Box::pin(run(ports, job, worker)) })
            .collect();
        self.turns.among(tasks).await;
    }

    /// Runs a job and kills the process at a named point, the first time that a worker reaches it; it stays down.
    pub(super) fn crash(&self, job: JobName, at: CrashAt) -> Result<(), String> {
        let posts = at == CrashAt::AfterPublish;
        if !matches!((job, posts), (JobName::Outbox, true) | (JobName::Renewals, false)) {
            return Err(format!("{job:?} has no point {at:?}"));
        }
        if let Some(store) = self.store() {
            let way = Way::new(self, Some(at), &[]);
            let ports = ServerPorts { store: &store, outside: &way };
            let task: Task<'_> = Box::pin(self.by_all_workers(&ports, job));
            self.turns.together(vec![task]);
        }
        self.kill();
        Ok(())
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
