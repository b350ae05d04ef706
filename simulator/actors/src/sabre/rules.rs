//! The rules as a player calls them: which variant next, what came of it, whether to go on with a running download.

use units::Micros;

use super::bola::Bola;
use super::bola_e::BolaE;
use super::calls::{Choice, Download, Progress, Situation};
use super::config::{BolaWindow, InsufficientBuffer, Rule, SabreConfig, SabreError};
use super::curve::{Curve, VARIANTS_MAX};
use super::estimator::{Estimator, Ewma};
use super::rate::{ABANDON_GRACE_MS, Conditions, Rates};
use crate::player::Ladder;

/// DYNAMIC trusts BOLA above this buffer level and THROUGHPUT below it.
const DYNAMIC_BUFFER_MS: f64 = 10_000.0;

/// DYNAMICDASH goes back to THROUGHPUT below the first level and to BOLA-E above the second.
const DYNAMIC_DASH_BUFFER_MS: (f64, f64) = (5_000.0, 10_000.0);

/// Everything that is constant for a player profile: the rule, its parameters, and tables over the ladder.
#[derive(Debug, Clone)]
pub struct SabreRules<E: Estimator = Ewma> {
    rule: Rule,
    insufficient_buffer: InsufficientBuffer,
    rates: Rates,
    averages: E::Tables,
    bola: Bola,
    bola_e: BolaE,
}

/// What one player's rules remember. Made by [`SabreRules::start`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SabreState<E = Ewma> {
    estimator: E,
    /// BOLA-E's placeholder in milliseconds; `V_p` of BOLA's last decision for BOLA, which abandons by it.
    pub(super) carried_over: f64,
    samples: u16,
    /// BOLA: its last choice. BOLA-E: the variant last downloaded.
    pub(super) last_variant: u8,
    active: Active,
    pub(super) phase: Phase,
    /// Uses of the insufficient-buffer rule so far, saturating: by THROUGHPUT, by BOLA-E.
    pub(super) buffer_safety_calls: [u8; 2],
}

/// Which rule of a pair decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Active {
    Throughput,
    Bola,
}

/// Whether BOLA-E has set its placeholder yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Startup,
    Steady,
}

impl SabreRules {
    /// Tables for players that estimate with [`Ewma`].
    ///
    /// # Errors
    /// What is wrong with the configuration or the ladder; [`SabreError::WrongAverage`] if it asks for sliding windows.
    pub fn new(config: &SabreConfig, ladder: &Ladder) -> Result<Self, SabreError> {
        Self::with_estimator(config, ladder)
    }
}

impl<E: Estimator> SabreRules<E> {
    /// Tables for players that estimate with `E`.
    ///
    /// # Errors
    /// What is wrong with the configuration or the ladder; [`SabreError::WrongAverage`] if `E` is not the configured one.
    pub fn with_estimator(config: &SabreConfig, ladder: &Ladder) -> Result<Self, SabreError> {
        let bitrates_kbps = checked_bitrates(ladder)?;
        let segment_ms = ladder.segment.as_millis_f64();
        let buffer_max_ms = config.buffer_max.as_millis_f64();
        if segment_ms <= 0.0 {
            return Err(SabreError::SegmentDuration);
        }
        if buffer_max_ms <= segment_ms {
            return Err(SabreError::Buffer { buffer_ms: buffer_max_ms, segment_ms });
        }
        if !(config.gamma_p > 0.0 && config.gamma_p.is_finite()) {
            return Err(SabreError::GammaP(config.gamma_p));
        }
        let bola = Bola {
            curve: Curve::new(&bitrates_kbps, 0.0, |_| config.gamma_p),
            buffer_max_ms,
            oscillation: config.oscillation,
        };
        Ok(Self {
            rule: config.rule,
            insufficient_buffer: config.insufficient_buffer,
            rates: Rates::new(&bitrates_kbps, segment_ms),
            averages: E::tables(&config.average, ladder.segment)?,
            bola,
            bola_e: BolaE::new(config, &bitrates_kbps, segment_ms),
        })
    }

    /// The state of a player that has downloaded nothing.
    #[must_use]
    pub fn start(&self) -> SabreState<E> {
        SabreState {
            estimator: E::default(),
            carried_over: match self.rule {
                Rule::Bola(_) => self.bola.vp_whole(&self.rates),
                _ => 0.0,
            },
            samples: 0,
            last_variant: 0,
            active: Active::Throughput,
            phase: Phase::Startup,
            buffer_safety_calls: [0; 2],
        }
    }

    /// The variant of the first segment, for which nothing is known: the lowest.
    #[must_use]
    pub fn first_variant(&self) -> u8 {
        0
    }

    /// The variant of the next segment, and how long to wait before asking for it.
    pub fn next_variant(&self, state: &mut SabreState<E>, situation: &Situation) -> Choice {
        if state.samples == 0 {
            return Choice::now(state.last_variant);
        }
        let conditions = Conditions {
            buffer_ms: situation.buffer_ms,
            throughput_kbps: state.estimator.throughput_kbps(),
            latency_ms: self.latency_ms(state),
        };
        match self.rule {
            Rule::Bola(window) => {
                let vp = self.bola.vp_now(&self.rates, window, situation);
                state.carried_over = vp;
                self.choose_bola(state, vp, conditions)
            }
            Rule::BolaE => self.bola_e.choose(&self.rates, state, conditions),
            Rule::Throughput => self.choose_throughput(state, conditions),
            Rule::Dynamic(window) => self.choose_dynamic(state, window, situation, conditions),
            Rule::DynamicDash => {
                let (low_ms, high_ms) = DYNAMIC_DASH_BUFFER_MS;
                match state.active {
                    Active::Bola if conditions.buffer_ms < low_ms => state.active = Active::Throughput,
                    Active::Throughput if conditions.buffer_ms > high_ms => state.active = Active::Bola,
                    _ => {}
                }
                match state.active {
                    Active::Bola => self.bola_e.choose(&self.rates, state, conditions),
                    Active::Throughput => self.choose_throughput(state, conditions),
                }
            }
        }
    }

    fn choose_bola(&self, state: &mut SabreState<E>, vp: f64, conditions: Conditions) -> Choice {
        let choice = self.bola.choose(&self.rates, vp, state.last_variant, conditions);
        state.last_variant = choice.variant;
        choice
    }

    fn choose_throughput(&self, state: &mut SabreState<E>, conditions: Conditions) -> Choice {
        let variant = self.rates.careful(conditions);
        Choice::now(match self.insufficient_buffer {
            InsufficientBuffer::Ignore => variant,
            InsufficientBuffer::Apply => {
                self.rates.within_buffer(variant, conditions, &mut state.buffer_safety_calls[0])
            }
        })
    }

    fn choose_dynamic(
        &self,
        state: &mut SabreState<E>,
        window: BolaWindow,
        situation: &Situation,
        conditions: Conditions,
    ) -> Choice {
        let vp = self.bola.vp_now(&self.rates, window, situation);
        let bola = self.choose_bola(state, vp, conditions);
        let throughput = self.choose_throughput(state, conditions);
        let buffer_ms = conditions.buffer_ms;
        match state.active {
            Active::Bola if buffer_ms < DYNAMIC_BUFFER_MS && bola.variant < throughput.variant => {
                state.active = Active::Throughput;
            }
            Active::Throughput if buffer_ms > DYNAMIC_BUFFER_MS && bola.variant >= throughput.variant => {
                state.active = Active::Bola;
            }
            _ => {}
        }
        match state.active {
            Active::Bola => bola,
            Active::Throughput => throughput,
        }
    }

    /// The player waited because its buffer was full, before it asked for the next variant.
    pub fn waited_on_full_buffer(&self, state: &mut SabreState<E>, waited_ms: f64) {
        if matches!(self.rule, Rule::BolaE | Rule::DynamicDash) {
            state.carried_over += waited_ms;
        }
    }

    /// The player jumped elsewhere. DYNAMIC and DYNAMICDASH take no notice, as in Sabre.
    pub fn seeked(&self, state: &mut SabreState<E>) {
        if self.rule == Rule::BolaE {
            state.phase = Phase::Startup;
        }
    }

    /// Whether [`Situation::segments_since_seek`] restarts at a seek (Sabre: BOLA alone).
    pub(super) fn counts_from_seek(&self) -> bool {
        matches!(self.rule, Rule::Bola(_))
    }

    /// A download has ended; a complete one also feeds the estimates.
    pub fn downloaded(&self, state: &mut SabreState<E>, download: &Download) {
        match self.rule {
            Rule::BolaE | Rule::DynamicDash => self.bola_e.downloaded(&self.rates, state, download),
            Rule::Dynamic(_) if download.outcome.is_replacement() => state.active = Active::Throughput,
            Rule::Bola(_) | Rule::Throughput | Rule::Dynamic(_) => {}
        }
        if download.outcome.is_complete() {
            state.samples = state.samples.saturating_add(1);
            state.estimator.push(&self.averages, state.samples, download.sample());
        }
    }

    /// Whether to drop a running download, and which variant to take instead.
    ///
    /// An answer of `None` changes nothing. After `Some`, report the download as [`Outcome::Abandoned`](super::Outcome::Abandoned).
    pub fn check_abandon(&self, state: &mut SabreState<E>, progress: &Progress) -> Option<u8> {
        match self.rule {
            Rule::Bola(BolaWindow::Basic) => None,
            Rule::Bola(BolaWindow::Tracking) => {
                let to = self.bola.restart(state.carried_over, progress)?;
                state.last_variant = to;
                Some(to)
            }
            Rule::BolaE => self.bola_e.restart(state, progress),
            Rule::DynamicDash if state.active == Active::Bola => self.bola_e.restart(state, progress),
            Rule::Throughput | Rule::Dynamic(_) | Rule::DynamicDash => {
                self.rates.restart(progress, self.latency_ms(state))
            }
        }
    }

    /// How old a download must be before [`SabreRules::check_abandon`] can answer `Some`; `None` if it never does.
    #[must_use]
    pub fn abandons_after(&self) -> Option<Micros> {
        match self.rule {
            Rule::Bola(BolaWindow::Basic) => None,
            Rule::Bola(BolaWindow::Tracking) | Rule::BolaE | Rule::DynamicDash => Some(Micros::ZERO),
            Rule::Throughput | Rule::Dynamic(_) => Some(Micros::from_secs_f64(ABANDON_GRACE_MS / 1e3)),
        }
    }

    /// Estimated throughput in kbit/s, zero before the first complete download.
    #[must_use]
    pub fn throughput_kbps(&self, state: &SabreState<E>) -> f64 {
        state.estimator.throughput_kbps()
    }

    /// Estimated latency in milliseconds, zero before the first complete download.
    #[must_use]
    pub fn latency_ms(&self, state: &SabreState<E>) -> f64 {
        state.estimator.latency_ms(&self.averages, state.samples)
    }

    /// Per variant, the level at which BOLA had rather wait, and the one at which it takes over from the one below.
    pub(super) fn levels_ms(&self) -> Vec<(f64, Option<f64>)> {
        let (curve, vp) = match self.rule {
            Rule::Throughput => return Vec::new(),
            Rule::Bola(_) | Rule::Dynamic(_) => (&self.bola.curve, self.bola.vp_whole(&self.rates)),
            Rule::BolaE | Rule::DynamicDash => self.bola_e.curve(),
        };
        (0..=self.rates.top())
            .map(|q| (curve.level_max_ms(vp, q), q.checked_sub(1).map(|lower| curve.takeover_ms(vp, lower))))
            .collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a bitrate is far smaller than 2^53 kbit/s")]
fn checked_bitrates(ladder: &Ladder) -> Result<Vec<f64>, SabreError> {
    let found = ladder.variants.len();
    if found == 0 || found > VARIANTS_MAX {
        return Err(SabreError::LadderLength { found, limit: VARIANTS_MAX });
    }
    let mut below = 0;
    for (index, variant) in ladder.variants.iter().enumerate() {
        if variant.average.0 <= below {
            return Err(SabreError::LadderOrder { variant: index });
        }
        below = variant.average.0;
    }
    Ok(ladder.variants.iter().map(|variant| variant.average.0 as f64).collect())
}
