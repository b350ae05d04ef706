//! What the jobs work with in a server: the store, the provider's API, a place to post notices, and the seams.

use std::future::Future;

use platform_core::subscription::command::{Answer, ChargeRequest, RefundAnswer, RefundRequest};
use platform_core::subscription::jobs::{Fetched, LookUp, Point, Ports, Seam, Stopped};
use platform_core::subscription::rows::Notice;
use platform_core::subscription::store::StoreError;
use platform_core::webhook::event::Handling;
use units::Timestamp;

use super::provider::{self, ApiRequest, ApiResponse};
use super::runner::Drain;
use super::store::SqliteStore;

/// Why a request to the provider has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// It may or may not have been acted on.
    TimedOut,
    /// The process is to stop.
    Stopped,
}

/// The world outside the process, and the seams to it.
pub trait Outside {
    /// The clock.
    fn now(&self) -> Timestamp;
    /// Sends a request to the provider.
    fn send(&self, request: ApiRequest) -> impl Future<Output = Result<ApiResponse, NoAnswer>>;
    /// Posts a notice; whether it was taken.
    fn post(&self, notice: &Notice) -> impl Future<Output = Result<bool, Stopped>>;
    /// Passed before and after each transaction and call of a job.
    fn seam(&self, seam: Seam) -> impl Future<Output = Result<(), Stopped>>;
}

/// The outside until a drain begins: then no seam before new work is passed any more. What is under way passes all of its own.
#[derive(Debug)]
pub struct UntilDrained<'a, O> {
    /// The outside.
    pub outside: &'a O,
    /// The drain.
    pub drain: &'a Drain,
}

impl<O: Outside> Outside for UntilDrained<'_, O> {
    fn now(&self) -> Timestamp {
        self.outside.now()
    }

    async fn send(&self, request: ApiRequest) -> Result<ApiResponse, NoAnswer> {
        self.outside.send(request).await
    }

    async fn post(&self, notice: &Notice) -> Result<bool, Stopped> {
        self.outside.post(notice).await
    }

    async fn seam(&self, seam: Seam) -> Result<(), Stopped> {
        if begins_work(seam) && self.drain.has_begun() {
            return Err(Stopped);
        }
        self.outside.seam(seam).await
    }
}

/// Whether a seam stands before work that has not begun: a charge that is due, or a lease on a charge, a webhook or notices.
const fn begins_work(seam: Seam) -> bool {
    matches!(seam, Seam::BeforeCommit(Point::Intent | Point::PickUp | Point::Claim | Point::Posting))
}

/// Store and outside as the jobs see them.
#[derive(Debug)]
pub struct ServerPorts<'a, O> {
    /// The store.
    pub store: &'a SqliteStore,
    /// The rest.
    pub outside: &'a O,
}

impl<O: Outside> ServerPorts<'_, O> {
    /// The answer, nothing where there is none.
    async fn ask(&self, request: ApiRequest) -> Result<Option<ApiResponse>, Stopped> {
        let (method, path, key) = (request.method, request.path.clone(), request.idempotency_key.clone());
        match self.outside.send(request).await {
            Ok(response) => {
                if provider::is_our_fault(method, &response) {
                    let (status, code) = (response.status, provider::error_code(&response));
                    tracing::error!(
                        method,
                        path,
                        key,
                        status,
                        code,
                        "the provider does not take our requests"
                    );
                }
                Ok(Some(response))
            }
            Err(NoAnswer::TimedOut) => Ok(None),
            Err(NoAnswer::Stopped) => Err(Stopped),
        }
    }
}

impl<O: Outside> Ports for ServerPorts<'_, O> {
    type Store = SqliteStore;

    fn store(&self) -> &SqliteStore {
        self.store
    }

    fn now(&self) -> Timestamp {
        self.outside.now()
    }

    async fn charge(&self, request: &ChargeRequest) -> Result<Answer, Stopped> {
        let response = self.ask(provider::charge(request)).await?;
        Ok(response.map_or(Answer::TimedOut, |response| provider::charge_answer(&response)))
    }

    async fn look_up(&self, request: &ChargeRequest) -> Result<LookUp, Stopped> {
        let response = self.ask(provider::list(&request.customer)).await?;
        Ok(response.map_or(LookUp::Unavailable, |response| provider::find(&response, &request.key)))
    }

    async fn refund(&self, request: &RefundRequest) -> Result<RefundAnswer, Stopped> {
        let response = self.ask(provider::refund(request)).await?;
        Ok(response.map_or(RefundAnswer::Unclear, |response| provider::refund_answer(&response)))
    }

    async fn look_up_refund(&self, request: &RefundRequest) -> Result<RefundAnswer, Stopped> {
        let response = self.ask(provider::list_refunds(&request.payment)).await?;
        Ok(response.map_or(RefundAnswer::Unclear, |response| provider::find_refund(&response, &request.key)))
    }

    async fn fetch(&self, what: Handling, object: &str) -> Result<Fetched, Stopped> {
        let response = self.ask(provider::fetch(what, object)).await?;
        Ok(response.map_or(Fetched::Unavailable, |response| provider::fetched(what, &response)))
    }

    async fn post(&self, notice: &Notice) -> Result<bool, Stopped> {
        self.outside.post(notice).await
    }

    async fn seam(&self, seam: Seam) -> Result<(), Stopped> {
        self.outside.seam(seam).await
    }

    fn failed(&self, subject: &str, error: &StoreError) {
        match error {
            // A race that somebody else has won.
            StoreError::Refused(_) => tracing::debug!(subject, %error, "refused"),
            _ => tracing::error!(subject, %error, "a transaction failed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use platform_core::subscription::jobs::Call;

    use super::*;

    /// An outside that lets everybody pass.
    struct Open;

    impl Outside for Open {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }

        async fn send(&self, _: ApiRequest) -> Result<ApiResponse, NoAnswer> {
            Err(NoAnswer::TimedOut)
        }

        async fn post(&self, _: &Notice) -> Result<bool, Stopped> {
            Ok(true)
        }

        async fn seam(&self, _: Seam) -> Result<(), Stopped> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_drain_lets_nothing_begin_and_everything_end() {
        let drain = Drain::default();
        let draining = UntilDrained { outside: &Open, drain: &drain };
        let new = [Point::Intent, Point::PickUp, Point::Claim, Point::Posting];
        let under_way = [
            Point::NotSent,
            Point::Result,
            Point::LookUp,
            Point::RefundResult,
            Point::Settle,
            Point::Posted,
            Point::PutOff,
        ];
        for point in new {
            assert_eq!(draining.seam(Seam::BeforeCommit(point)).await, Ok(()), "{point:?}");
        }
        drain.begin();
        for point in new {
            assert_eq!(draining.seam(Seam::BeforeCommit(point)).await, Err(Stopped), "{point:?}");
            assert_eq!(draining.seam(Seam::AfterCommit(point)).await, Ok(()), "{point:?}");
        }
        for point in under_way {
            assert_eq!(draining.seam(Seam::BeforeCommit(point)).await, Ok(()), "{point:?}");
        }
        for call in [Call::Charge, Call::LookUp, Call::Refund, Call::LookUpRefund, Call::Fetch, Call::Post] {
            assert_eq!(draining.seam(Seam::BeforeCall(call)).await, Ok(()), "{call:?}");
        }
    }
}
