//! Money as a whole number of minor units and an ISO 4217 currency.
//!
//! Minor units because a sum of cents is exact and a sum of floats is not; how many decimals a currency has comes from ISO 4217
//! (yen none, dollar two, dinar three), never from an assumed two. Amounts of different currencies never meet: [`Money::checked_add`] refuses.
//! Codes without minor units (gold, special drawing rights) are no money that a subscriber can be charged, so [`Currency`] refuses them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A currency that can be charged: its ISO 4217 code and its number of decimals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

/// An amount in minor units of a currency; negative amounts are debts or corrections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The amount in minor units (cents, yen, fils).
    pub minor_units: i64,
    /// The currency that the minor units belong to.
    pub currency: Currency,
}

/// Why an amount could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// The code is not in ISO 4217, or names something without minor units.
    #[error("unknown currency `{0}`")]
    UnknownCurrency(String),
    /// Two amounts of different currencies met.
    #[error("`{left}` and `{right}` cannot be added")]
    CurrencyMismatch {
        /// Currency of the first amount.
        left: Currency,
        /// Currency of the second amount.
        right: Currency,
    },
    /// The result does not fit 64 bits.
    #[error("amount does not fit 64 bits")]
    Overflow,
    /// The text is not a plain decimal number.
    #[error("`{0}` is no decimal amount")]
    NotDecimal(String),
    /// The text has more decimals than the currency.
    #[error("`{text}` has more decimals than `{currency}`, which has {exponent}")]
    TooPrecise {
        /// The amount as written.
        text: String,
        /// The currency it was meant in.
        currency: Currency,
        /// Decimals that the currency has.
        exponent: u8,
    },
}

impl Currency {
    /// The currency with an ISO 4217 code in upper case.
    ///
    /// # Errors
    /// [`MoneyError::UnknownCurrency`] for codes that are not in ISO 4217, not in upper case, or without minor units.
    pub fn from_code(code: &str) -> Result<Self, MoneyError> {
        let unknown = || MoneyError::UnknownCurrency(code.to_owned());
        let listed = iso_currency::Currency::from_code(code).ok_or_else(unknown)?;
        let exponent =
            listed.exponent().and_then(|exponent| u8::try_from(exponent).ok()).ok_or_else(unknown)?;
        let code = <[u8; 3]>::try_from(code.as_bytes()).map_err(|_| unknown())?;
        Ok(Self { code, exponent })
    }

    /// The ISO 4217 code, three upper-case letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or_default()
    }

    /// How many decimals a major unit has: 10^exponent minor units make one.
    #[must_use]
    pub const fn exponent(self) -> u8 {
        self.exponent
    }

    /// Minor units in one major unit.
    #[must_use]
    pub const fn minor_per_major(self) -> i64 {
        10_i64.pow(self.exponent as u32)
    }
}

impl Money {
    /// An amount of minor units.
    #[must_use]
    pub const fn new(minor_units: i64, currency: Currency) -> Self {
        Self { minor_units, currency }
    }

    /// Nothing, in a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor_units: 0, currency }
    }

    /// Whether nothing is owed.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor_units == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] for two currencies, [`MoneyError::Overflow`] where the sum does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    /// The difference.
    ///
    /// # Errors
    /// As [`Money::checked_add`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    /// The amount with the other sign.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] for the one amount without a counterpart.
    pub fn checked_neg(self) -> Result<Self, MoneyError> {
        Ok(Self { minor_units: self.minor_units.checked_neg().ok_or(MoneyError::Overflow)?, ..self })
    }

    /// The amount times a whole number.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] where the product does not fit.
    pub fn checked_mul(self, factor: i64) -> Result<Self, MoneyError> {
        Ok(Self { minor_units: self.minor_units.checked_mul(factor).ok_or(MoneyError::Overflow)?, ..self })
    }

    /// The amount times `part / whole`, halves rounded away from zero.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] where the result does not fit or `whole` is zero.
    pub fn checked_share(self, part: u64, whole: u64) -> Result<Self, MoneyError> {
        let minor_units = share_half_up(self.minor_units, part, whole).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor_units, ..self })
    }

    /// Reads a decimal amount in major units (`9.99`) with the decimals of the currency.
    ///
    /// # Errors
    /// [`MoneyError::NotDecimal`] for anything but an optional `-`, digits and at most one point between digits;
    /// [`MoneyError::TooPrecise`] for more decimals than the currency has; [`MoneyError::Overflow`].
    pub fn from_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let not_decimal = || MoneyError::NotDecimal(text.to_owned());
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(not_decimal()),
            Some((whole, fraction)) => (whole, fraction),
            None => (digits, ""),
        };
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(fraction) {
            return Err(not_decimal());
        }
        let exponent = currency.exponent();
        let missing = usize::from(exponent).checked_sub(fraction.len());
        let Some(missing) = missing else {
            return Err(MoneyError::TooPrecise { text: text.to_owned(), currency, exponent });
        };
        let sign = if negative { "-" } else { "" };
        let minor = format!("{sign}{whole}{fraction}{}", "0".repeat(missing));
        Ok(Self::new(minor.parse().map_err(|_| MoneyError::Overflow)?, currency))
    }

    fn combine(self, other: Self, with: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency });
        }
        let minor_units = with(self.minor_units, other.minor_units).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor_units, ..self })
    }
}

/// `amount × part / whole`, halves rounded away from zero; `None` where it does not fit or `whole` is zero.
#[must_use]
pub fn share_half_up(amount: i64, part: u64, whole: u64) -> Option<i64> {
    let product = i128::from(amount).checked_mul(i128::from(part))?;
    let doubled = product.unsigned_abs().checked_mul(2)?.checked_add(u128::from(whole))?;
    let rounded = i128::try_from(doubled.checked_div(u128::from(whole).checked_mul(2)?)?).ok()?;
    i64::try_from(if product < 0 { -rounded } else { rounded }).ok()
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(code: &str) -> Result<Self, MoneyError> {
        Self::from_code(code)
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;
    fn try_from(code: String) -> Result<Self, MoneyError> {
        Self::from_code(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor_units < 0 { "-" } else { "" };
        let per_major = self.currency.minor_per_major().unsigned_abs();
        let (major, minor) =
            (self.minor_units.unsigned_abs() / per_major, self.minor_units.unsigned_abs() % per_major);
        let decimals = usize::from(self.currency.exponent());
        match decimals {
            0 => write!(f, "{sign}{major} {}", self.currency),
            _ => write!(f, "{sign}{major}.{minor:0decimals$} {}", self.currency),
        }
    }
}

#[cfg(test)]
mod tests;
