//! From the states of all gates to one outcome and exit code.

use serde::{Deserialize, Serialize};

use crate::gate::{GateResult, GateState, Severity};

/// What an inconclusive blocking gate does once no more seeds are to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnInconclusive {
    /// Exit code 98.
    #[default]
    Fail,
    /// Counted and printed as a warning.
    Warn,
    /// Taken as it is.
    Pass,
}

/// How strictly states become an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// What inconclusive gates do.
    pub inconclusive: OnInconclusive,
    /// A warning of a blocking gate fails the run.
    pub warn_is_failure: bool,
}

/// The outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every blocking gate holds.
    Pass,
    /// A blocking gate failed.
    Fail,
    /// No blocking gate failed, one needs more seeds.
    Inconclusive,
    /// A blocking gate had nothing to judge.
    CouldNotJudge,
}

/// The outcome and the numbers behind its sentence. Counts are over all gates, advising ones included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The outcome.
    pub outcome: Outcome,
    /// 0, 99, 98 or 97.
    pub exit_code: u8,
    /// All gates.
    pub gates: u32,
    /// Gates that passed.
    pub passed: u32,
    /// Gates that only warn.
    pub warned: u32,
    /// Blocking gates that failed.
    pub failed: u32,
    /// Advising gates that missed their limit.
    pub missed: u32,
    /// Inconclusive gates.
    pub inconclusive: u32,
    /// Gates that were not judged.
    pub not_judged: u32,
}

impl Verdict {
    /// The verdict over all gates of a run.
    #[must_use]
    pub fn of(results: &[GateResult], rules: Rules) -> Self {
        let count = |wanted: &dyn Fn(&GateResult) -> bool| {
            u32::try_from(results.iter().filter(|result| wanted(result)).count()).unwrap_or(u32::MAX)
        };
        let state = |wanted: GateState| count(&|result| result.state == wanted);
        let blocks = |result: &GateResult| result.severity == Severity::Block;
        let strict_warn = |r: &GateResult| rules.warn_is_failure && blocks(r) && r.state == GateState::Warn;
        let outcome = if results.iter().any(|result| result.blocks() || strict_warn(result)) {
            Outcome::Fail
        } else if results.iter().any(|result| result.unjudgeable) {
            Outcome::CouldNotJudge
        } else if rules.inconclusive == OnInconclusive::Fail
            && results.iter().any(|result| blocks(result) && result.state == GateState::Inconclusive)
        {
            Outcome::Inconclusive
        } else {
            Outcome::Pass
        };
        Self {
            outcome,
            exit_code: outcome.exit_code(),
            gates: count(&|_| true),
            passed: state(GateState::Pass),
            warned: state(GateState::Warn),
            failed: count(&|result| result.blocks() || strict_warn(result)),
            missed: count(&|result| !blocks(result) && result.failed()),
            inconclusive: state(GateState::Inconclusive),
            not_judged: state(GateState::NotJudged),
        }
    }

    /// The verdict in words: `FAIL: 2 of 12 gates failed, 1 with a warning`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut text = self.headline();
        for remark in self.remarks() {
            text.push_str(", ");
            text.push_str(&remark);
        }
        text
    }

    /// The part that decides: `FAIL: 2 of 12 gates failed`.
    #[must_use]
    pub fn headline(&self) -> String {
        let gates = |n: u32| if n == 1 { "1 gate".to_owned() } else { format!("{n} gates") };
        match self.outcome {
            Outcome::Fail => format!("FAIL: {} of {} failed", self.failed, gates(self.gates)),
            Outcome::CouldNotJudge => "COULD NOT JUDGE: a gate that decides had nothing to judge".to_owned(),
            Outcome::Inconclusive => {
                format!("INCONCLUSIVE: {} of {} need more seeds", self.inconclusive, gates(self.gates))
            }
            Outcome::Pass if self.gates == 0 => "PASS: there are no gates".to_owned(),
            Outcome::Pass => format!("PASS: {} of {} hold", self.passed, gates(self.gates)),
        }
    }

    /// What else is worth saying: `1 with a warning`, `2 not judged`.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let open = if self.outcome == Outcome::Inconclusive { 0 } else { self.inconclusive };
        let all = [
            (self.warned, "with a warning"),
            (self.missed, "missed without blocking"),
            (open, "inconclusive"),
            (self.not_judged, "not judged"),
        ];
        all.into_iter().filter(|&(n, _)| n > 0).map(|(n, what)| format!("{n} {what}")).collect()
    }
}

impl Outcome {
    /// The exit code of `rehearsal run`.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 99,
            Self::Inconclusive => 98,
            Self::CouldNotJudge => 97,
        }
    }

    /// One word for a heading.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::CouldNotJudge => "COULD NOT JUDGE",
        }
    }
}

/// The exit code of several scenarios together: 101 before 2 before 130 before 99 before 97 before 98 before 0.
///
/// A code that is none of these counts as our bug and comes first.
#[must_use]
pub fn joint_exit_code(codes: impl IntoIterator<Item = u8>) -> u8 {
    const ORDER: [u8; 7] = [101, 2, 130, 99, 97, 98, 0];
    let rank = |code: &u8| ORDER.iter().position(|known| known == code).map_or(0, |at| at + 1);
    codes.into_iter().min_by_key(rank).unwrap_or(0)
}

#[cfg(test)]
mod tests;
