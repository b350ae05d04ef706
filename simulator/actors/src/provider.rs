//! The payment provider: its API in Stripe's shape, its books, its webhooks.
//!
//! In process and scripted. Its books are the truth about money: whatever the platform's rows say, a card was charged twice if it
//! was charged twice here. It reads requests and writes answers by the wire format alone and shares no code with the platform, so
//! that a misreading shows.
//!
//! Reading order:
//! - [`script`]: what it does with each call: answer, refuse, take money and fall silent.
//! - [`books`]: what it has done.
//! - [`api`]: requests in, answers out, idempotency keys.
//! - [`webhooks`]: events, as sent and as signed.

pub mod api;
pub mod books;
pub mod script;
pub mod webhooks;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use units::{Micros, Timestamp};

use self::api::Kept;
use self::books::{Book, Mirror, Payment};
use self::script::Script;

/// How long a key and its answer are kept: 24 hours, the least that Stripe promises.
pub const KEY_LIFE: Micros = Micros::from_mins(24 * 60);

/// A payment provider.
#[derive(Debug, Clone, Default)]
pub struct Provider {
    /// What it has done.
    pub books: Book,
    /// What it does with the next charges.
    pub charges: Script,
    /// What it does with the next refunds.
    pub refunds: Script,
    /// Stands in the ids of its payments and refunds before their number. Nothing for a provider whose books begin with the platform's;
    /// another one whose books begin later needs names of its own, because ids are unique for ever.
    pub names: String,
    kept: BTreeMap<String, Kept>,
}

impl Provider {
    /// A provider with names of its own, as [`Self::names`] says.
    #[must_use]
    pub fn named(names: String) -> Self {
        Self { names, ..Self::default() }
    }

    /// Puts an existing subscription into the books, which the provider owns.
    pub fn own(&mut self, mirror: Mirror) {
        self.books.mirrors.insert(mirror.id.clone(), mirror);
    }

    /// The payment with an id.
    #[must_use]
    pub fn payment(&self, id: &str) -> Option<&Payment> {
        self.books.payments.iter().find(|payment| payment.id == id)
    }

    /// Forgets keys whose life is over.
    fn forget(&mut self, now: Timestamp) {
        self.kept.retain(|_, kept| now.since(kept.at) < KEY_LIFE);
    }
}
