//! Reads the grammar of gates from left to right, keeping where each piece stands.

use units::Micros;

use super::super::expr::{Aggregation, Decimal, Op, Sign, Suffix};
use super::{ExprError, Problem, is_id};
use crate::metric::Unit;
use crate::suggest;

/// More conditions than anyone reads.
const CONDITIONS_MAX: usize = 8;

/// A piece of the text and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Spanned<T> {
    pub(super) value: T,
    pub(super) at: usize,
    pub(super) len: usize,
}

pub(super) struct RawCondition {
    pub(super) at: usize,
    pub(super) aggregation: Option<Spanned<Aggregation>>,
    pub(super) op: Op,
    pub(super) sign: Option<Spanned<Sign>>,
    pub(super) number: Spanned<Decimal>,
    pub(super) suffix: Spanned<Suffix>,
    pub(super) or: Option<RawOr>,
}

pub(super) struct RawOr {
    pub(super) sign: Option<Spanned<Sign>>,
    pub(super) number: Spanned<Decimal>,
    pub(super) suffix: Spanned<Suffix>,
}

pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// All conditions up to the end of the text.
    pub(super) fn expression(mut self) -> Result<Vec<RawCondition>, ExprError> {
        if self.text.trim().is_empty() {
            let error = ExprError { at: 0, len: self.text.len(), problem: Problem::Empty, hint: None };
            return Err(error.hint("write a limit such as `<= 0.60%`"));
        }
        let mut conditions = vec![self.condition()?];
        while self.keyword("and") {
            if conditions.len() == CONDITIONS_MAX {
                return Err(ExprError::at(&self.here(0), Problem::TooManyConditions(CONDITIONS_MAX)));
            }
            conditions.push(self.condition()?);
        }
        self.end()?;
        Ok(conditions)
    }

    /// Nothing but white space is left.
    pub(super) fn end(&mut self) -> Result<(), ExprError> {
        self.skip_space();
        if self.rest().is_empty() { Ok(()) } else { Err(self.expected("the end, `and` or `or`")) }
    }

    /// A number with a suffix of time.
    pub(super) fn span(&mut self) -> Result<Micros, ExprError> {
        let number = self.number()?;
        let suffix = self.suffix()?;
        if suffix.value.unit() != Unit::Time {
            let span = Spanned { value: (), at: number.at, len: suffix.at + suffix.len - number.at };
            let found = self.text[span.at..span.at + span.len].to_owned();
            return Err(ExprError::at(&span, Problem::Expected { expected: "a time such as `2m`", found })
                .hint(format!("write one of: {}", Unit::Time.written())));
        }
        let quantity = super::Quantity { number: number.value, suffix: suffix.value };
        Ok(Micros::from_secs_f64(quantity.value() / 1e6))
    }

    /// `fault:<id>`
    pub(super) fn fault(&mut self) -> Result<String, ExprError> {
        self.skip_space();
        let word = self.take(|c| !c.is_whitespace() && c != '+');
        match word.value.strip_prefix("fault:") {
            Some(id) if is_id(id) => Ok(id.to_owned()),
            _ => {
                let found = word.value.to_owned();
                Err(ExprError::at(&word, Problem::Expected { expected: "`fault:<id>`", found }))
            }
        }
    }

    /// Takes one character if it comes next.
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn condition(&mut self) -> Result<RawCondition, ExprError> {
        self.skip_space();
        let at = self.at;
        let aggregation = self.aggregation()?;
        let op = self.op()?;
        let sign = self.sign();
        let (number, suffix) = (self.number()?, self.suffix()?);
        let or = if self.keyword("or") {
            Some(RawOr { sign: self.sign(), number: self.number()?, suffix: self.suffix()? })
        } else {
            None
        };
        Ok(RawCondition { at, aggregation, op, sign, number, suffix, or })
    }

    fn aggregation(&mut self) -> Result<Option<Spanned<Aggregation>>, ExprError> {
        let word = self.take(|c| c.is_alphanumeric() || c == '.' || c == '_');
        let named = |value| Ok(Some(Spanned { value, at: word.at, len: word.len }));
        match word.value {
            "" => Ok(None),
            "mean" => named(Aggregation::Mean),
            "min" => named(Aggregation::Min),
            "max" => named(Aggregation::Max),
            "sum" => named(Aggregation::Sum),
            "rate" => named(Aggregation::Rate),
            "count" => named(Aggregation::Count),
            "last" => named(Aggregation::Last),
            other => {
                match other.strip_prefix('p').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
                    Some(rest) => match quantile(rest) {
                        Some(ppm) => named(Aggregation::Quantile(ppm)),
                        None => Err(ExprError::at(&word, Problem::BadQuantile(other.to_owned()))),
                    },
                    None => Err(unknown_aggregation(&word)),
                }
            }
        }
    }

    fn op(&mut self) -> Result<Op, ExprError> {
        self.skip_space();
        for op in [Op::AtMost, Op::AtLeast, Op::Equal, Op::Below, Op::Above] {
            if self.rest().starts_with(op.text()) {
                self.at += op.text().len();
                return Ok(op);
            }
        }
        Err(self.expected("`<=`, `<`, `>=`, `>` or `==`"))
    }

    fn sign(&mut self) -> Option<Spanned<Sign>> {
        self.skip_space();
        let value = match self.rest().bytes().next() {
            Some(b'+') => Sign::Plus,
            Some(b'-') => Sign::Minus,
            _ => return None,
        };
        let span = self.here(1);
        self.at += 1;
        Some(Spanned { value, at: span.at, len: 1 })
    }

    fn number(&mut self) -> Result<Spanned<Decimal>, ExprError> {
        self.skip_space();
        let word = self.take(|c| c.is_ascii_digit() || c == '.' || c == '_');
        let (whole, fraction) = word.value.split_once('.').unwrap_or((word.value, ""));
        let well_formed = whole.starts_with(|c: char| c.is_ascii_digit())
            && !word.value.ends_with(['.', '_'])
            && !fraction.contains(['.', '_']);
        if !well_formed {
            self.at = word.at;
            return Err(self.expected("a number"));
        }
        let digits: String = word.value.chars().filter(char::is_ascii_digit).collect();
        let significant = digits.trim_start_matches('0');
        if significant.len() > 15 || fraction.len() > 15 {
            return Err(ExprError::at(&word, Problem::NumberTooLong(word.value.to_owned())));
        }
        let value = Decimal {
            digits: significant.bytes().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')),
            scale: u8::try_from(fraction.len()).expect("at most 15"),
        };
        Ok(Spanned { value, at: word.at, len: word.len })
    }

    /// The unit after a number; `and` and `or` are no units.
    fn suffix(&mut self) -> Result<Spanned<Suffix>, ExprError> {
        let before = self.at;
        self.skip_space();
        let word = self.take(|c| c.is_alphabetic() || c == '%' || c == '/');
        if matches!(word.value, "" | "and" | "or") {
            self.at = before;
            return Ok(Spanned { value: Suffix::None, at: before, len: 0 });
        }
        match Suffix::ALL.iter().find(|suffix| suffix.text() == word.value) {
            Some(&value) => Ok(Spanned { value, at: word.at, len: word.len }),
            None => Err(unknown_unit(&word)),
        }
    }

    /// Takes a word if it comes next and ends there.
    fn keyword(&mut self, wanted: &str) -> bool {
        self.skip_space();
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let found = self.rest().strip_prefix(wanted).is_some_and(ends);
        if found {
            self.at += wanted.len();
        }
        found
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> Spanned<&'a str> {
        let rest = self.rest();
        let len = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let word = Spanned { value: &rest[..len], at: self.at, len };
        self.at += len;
        word
    }

    fn expected(&self, expected: &'static str) -> ExprError {
        let word = self.rest().split_whitespace().next().unwrap_or("");
        let len = word.len();
        let found = if word.is_empty() { "end" } else { word }.to_owned();
        ExprError::at(&self.here(len), Problem::Expected { expected, found })
    }

    const fn here(&self, len: usize) -> Spanned<()> {
        Spanned { value: (), at: self.at, len }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }
}

/// `99.9` as 999,000 parts per million.
fn quantile(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.len() > 3 || fraction.len() > 4 {
        return None;
    }
    let whole: u32 = whole.parse().ok()?;
    let fraction: u32 = format!("{fraction:0<4}").parse().ok()?;
    let ppm = whole * 10_000 + fraction;
    (ppm > 0 && ppm <= 1_000_000).then_some(ppm)
}

fn unknown_aggregation(word: &Spanned<&str>) -> ExprError {
    const KNOWN: [&str; 7] = ["mean", "min", "max", "sum", "rate", "count", "last"];
    let hint = match suggest::nearest(word.value, KNOWN) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "write a percentile such as `p95`, or mean, min, max, sum, rate, count or last".to_owned(),
    };
    ExprError::at(word, Problem::UnknownAggregation(word.value.to_owned())).hint(hint)
}

fn unknown_unit(word: &Spanned<&str>) -> ExprError {
    let lower = word.value.to_lowercase();
    let known = Suffix::ALL.iter().map(|suffix| suffix.text());
    let other_case = known.clone().find(|text| text.to_lowercase() == lower);
    let longer =
        known.clone().filter(|text| !text.is_empty()).find(|text| lower.starts_with(&text.to_lowercase()));
    let hint = match other_case.or(longer) {
        Some(text) => format!("did you mean `{text}`?"),
        None => {
            format!("units are: {}", known.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", "))
        }
    };
    ExprError::at(word, Problem::UnknownUnit(word.value.to_owned())).hint(hint)
}
