//! What jobs work with, and where they can be counted, stopped and let others in.

use std::future::Future;

use smol_str::SmolStr;
use units::Timestamp;

use super::super::command::{
    Answer, ChargeRequest, DisputeSeen, MirrorSeen, PaymentSeen, RefundAnswer, RefundRequest,
};
use super::super::rows::Notice;
use super::super::store::{Store, StoreError};
use crate::webhook::event::Handling;

/// A place between two steps of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seam {
    /// Before a transaction.
    BeforeCommit(Point),
    /// After it.
    AfterCommit(Point),
    /// Before a call.
    BeforeCall(Call),
    /// After its answer has been read.
    AfterCall(Call),
}

/// A transaction of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// What is due: invoice, attempt and request.
    Intent,
    /// A stored request is withdrawn before it was sent.
    NotSent,
    /// What the provider answered.
    Result,
    /// A lease on a charge or refund.
    PickUp,
    /// What a look-up found.
    LookUp,
    /// What the provider answered to a refund.
    RefundResult,
    /// A lease on a webhook.
    Claim,
    /// What a webhook led to.
    Settle,
    /// Notices are claimed.
    Posting,
    /// Notices are marked as posted.
    Posted,
    /// Notices whose receiver failed are put off.
    PutOff,
}

/// A call of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// Charge a card.
    Charge,
    /// Look a charge up.
    LookUp,
    /// Give money back.
    Refund,
    /// Look a refund up.
    LookUpRefund,
    /// Fetch what an event is about.
    Fetch,
    /// Post a notice.
    Post,
}

/// The process is to stop here; whoever sees this passes it up and does nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// What a look-up found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookUp {
    /// The payment of this key.
    Found(PaymentSeen),
    /// None.
    Nothing,
    /// The provider did not answer.
    Unavailable,
}

/// What an event made us fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// A payment of ours, by its metadata.
    Payment {
        /// Of which subscription.
        subscription: SmolStr,
        /// Under which key.
        attempt: SmolStr,
        /// As it stands.
        payment: PaymentSeen,
    },
    /// A dispute.
    Dispute(DisputeSeen),
    /// A subscription that the provider owns.
    Mirror(MirrorSeen),
    /// Something that has nothing to do with us.
    Foreign,
    /// Nothing of that id.
    Missing,
    /// The provider did not answer.
    Unavailable,
}

/// What jobs work with: a store, a clock, a provider, and the seams.
pub trait Ports {
    /// The store.
    type Store: Store;

    /// The store.
    fn store(&self) -> &Self::Store;
    /// The clock.
    fn now(&self) -> Timestamp;
    /// Charges a card under the request's key.
    fn charge(&self, request: &ChargeRequest) -> impl Future<Output = Result<Answer, Stopped>>;
    /// Looks for the payment of a key among the customer's.
    fn look_up(&self, request: &ChargeRequest) -> impl Future<Output = Result<LookUp, Stopped>>;
    /// Gives money back under the request's key.
    fn refund(&self, request: &RefundRequest) -> impl Future<Output = Result<RefundAnswer, Stopped>>;
    /// Looks for the refund of a key.
    fn look_up_refund(&self, request: &RefundRequest) -> impl Future<Output = Result<RefundAnswer, Stopped>>;
    /// Fetches what an event is about.
    fn fetch(&self, what: Handling, object: &str) -> impl Future<Output = Result<Fetched, Stopped>>;
    /// Posts a notice; whether it was taken.
    fn post(&self, notice: &Notice) -> impl Future<Output = Result<bool, Stopped>>;
    /// Passed before and after each transaction and call.
    fn seam(&self, seam: Seam) -> impl Future<Output = Result<(), Stopped>>;
    /// A transaction failed although nothing was to be refused: for the log.
    fn failed(&self, subject: &str, error: &StoreError);
}
