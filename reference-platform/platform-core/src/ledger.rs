//! Double-entry book-keeping: where money is, and why.
//!
//! Every movement is a transaction of at least two entries that sum to zero in each currency. A transaction is never
//! changed or taken back: what turns out otherwise is a new transaction with a cause of its own. There is at most one for a
//! cause, so that a repeated answer, webhook or look-up books nothing twice; the same cause with other entries is a
//! contradiction that a person has to see.
//!
//! Debits are positive: what we have (cash) or are owed (receivable) grows by them; what we owe customers and what we have
//! earned grows by credits, so those balances are negative.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use units::Timestamp;
use units::money::{Currency, Money, MoneyError};

/// Where money stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// Held for us by the provider.
    Cash,
    /// Owed to us on issued invoices.
    Receivable,
    /// Earned.
    Revenue,
    /// Owed by us to customers: credit from downgrades and from captures that nothing was due for.
    CustomerCredit,
    /// Taken back by a bank until a dispute is decided.
    Disputed,
}

/// Why money moved. The text names the object at the provider or the invoice of ours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "of")]
pub enum Cause {
    /// An invoice was issued.
    Invoice(SmolStr),
    /// An invoice was voided, or given up as uncollectible.
    WriteOff(SmolStr),
    /// A payment for an invoice was captured.
    Payment(SmolStr),
    /// A payment was captured for which nothing is due any more.
    UnexpectedPayment(SmolStr),
    /// What was earned is given up, because it is to be refunded.
    CreditNote(SmolStr),
    /// A refund was done.
    Refund(SmolStr),
    /// A bank took a disputed payment back.
    DisputeWithdrawn(SmolStr),
    /// A won dispute returned it.
    DisputeReinstated(SmolStr),
    /// A dispute was lost for good.
    DisputeLost(SmolStr),
    /// Credit was used to pay an invoice.
    CreditUsed(SmolStr),
}

/// One side of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// Where.
    pub account: Account,
    /// Debit if positive, credit if negative.
    pub amount: Money,
}

/// A movement of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// Why; unique in a ledger.
    pub cause: Cause,
    /// When it was booked.
    pub at: Timestamp,
    /// What it moves; sums to zero in every currency.
    pub entries: Vec<Entry>,
}

/// Why a transaction cannot be booked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Debits and credits differ.
    #[error("transaction for {cause:?} is off by `{off}` minor units of {currency:?}")]
    Unbalanced {
        /// Of which transaction.
        cause: Cause,
        /// In which currency.
        currency: Currency,
        /// Sum of its entries.
        off: i128,
    },
    /// Fewer than two entries, or an entry of nothing.
    #[error("transaction for {0:?} moves nothing")]
    Empty(Cause),
    /// The cause is booked already, with other entries.
    #[error("{0:?} is booked with other entries")]
    Contradiction(Cause),
    /// A balance would leave the range of amounts.
    #[error("the balance of {account:?} cannot hold the amount")]
    Overflow {
        /// Which balance.
        account: Account,
        /// What did not fit.
        #[source]
        source: MoneyError,
    },
}

impl Transaction {
    /// A movement of `amount` from one account to another.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`] for an amount whose negative does not exist.
    pub fn moving(
        (cause, at): (Cause, Timestamp),
        amount: Money,
        from: Account,
        to: Account,
    ) -> Result<Self, LedgerError> {
        let credit =
            amount.checked_neg().map_err(|source| LedgerError::Overflow { account: from, source })?;
        let entries = vec![Entry { account: to, amount }, Entry { account: from, amount: credit }];
        Ok(Self { cause, at, entries })
    }

    /// The movement that a cause always makes: its accounts follow from what it is.
    ///
    /// # Errors
    /// As [`Transaction::moving`].
    pub fn of(cause: Cause, at: Timestamp, amount: Money) -> Result<Self, LedgerError> {
        let (from, to) = match cause {
            Cause::Invoice(_) => (Account::Revenue, Account::Receivable),
            Cause::WriteOff(_) => (Account::Receivable, Account::Revenue),
            Cause::Payment(_) => (Account::Receivable, Account::Cash),
            Cause::UnexpectedPayment(_) => (Account::CustomerCredit, Account::Cash),
            Cause::CreditNote(_) => (Account::CustomerCredit, Account::Revenue),
            Cause::Refund(_) => (Account::Cash, Account::CustomerCredit),
            Cause::DisputeWithdrawn(_) => (Account::Cash, Account::Disputed),
            Cause::DisputeReinstated(_) => (Account::Disputed, Account::Cash),
            Cause::DisputeLost(_) => (Account::Disputed, Account::Revenue),
            Cause::CreditUsed(_) => (Account::Receivable, Account::CustomerCredit),
        };
        Self::moving((cause, at), amount, from, to)
    }

    fn check(&self) -> Result<(), LedgerError> {
        if self.entries.len() < 2 || self.entries.iter().any(|entry| entry.amount.is_zero()) {
            return Err(LedgerError::Empty(self.cause.clone()));
        }
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        for entry in &self.entries {
            *sums.entry(entry.amount.currency).or_default() += i128::from(entry.amount.minor_units);
        }
        match sums.into_iter().find(|(_, off)| *off != 0) {
            Some((currency, off)) => {
                Err(LedgerError::Unbalanced { cause: self.cause.clone(), currency, off })
            }
            None => Ok(()),
        }
    }
}

/// What booking a transaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booked {
    /// It is new.
    Now,
    /// It was there already, the same; nothing changed.
    Before,
}

/// All transactions, and the balances that follow from them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    transactions: BTreeMap<Cause, Transaction>,
    balances: BTreeMap<(Account, Currency), Money>,
}

impl Ledger {
    /// Books a transaction, or finds that it is booked. On an error nothing has changed.
    ///
    /// # Errors
    /// [`LedgerError`]; a contradiction is for a person, the others are bugs of the caller.
    pub fn book(&mut self, transaction: Transaction) -> Result<Booked, LedgerError> {
        transaction.check()?;
        if let Some(known) = self.transactions.get(&transaction.cause) {
            return if known.entries == transaction.entries {
                Ok(Booked::Before)
            } else {
                Err(LedgerError::Contradiction(transaction.cause))
            };
        }
        // All new balances are known to fit before the first is kept.
        let mut moved: BTreeMap<(Account, Currency), Money> = BTreeMap::new();
        for Entry { account, amount } in &transaction.entries {
            let at = (*account, amount.currency);
            let before = moved.get(&at).copied().unwrap_or_else(|| self.balance(*account, amount.currency));
            let after = before
                .checked_add(*amount)
                .map_err(|source| LedgerError::Overflow { account: *account, source })?;
            moved.insert(at, after);
        }
        self.balances.extend(moved);
        self.transactions.insert(transaction.cause.clone(), transaction);
        Ok(Booked::Now)
    }

    /// What stands on an account.
    #[must_use]
    pub fn balance(&self, account: Account, currency: Currency) -> Money {
        self.balances.get(&(account, currency)).copied().unwrap_or_else(|| Money::zero(currency))
    }

    /// The transaction of a cause.
    #[must_use]
    pub fn of(&self, cause: &Cause) -> Option<&Transaction> {
        self.transactions.get(cause)
    }

    /// All transactions, by cause.
    pub fn transactions(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions.values()
    }
}

#[cfg(test)]
mod tests;
