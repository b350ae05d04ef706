//! Sabre's flags as data, and what can be wrong with them.

use thiserror::Error;
use units::Micros;

/// Which rule chooses the next variant (`-a`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// BOLA: Lyapunov optimisation over the buffer level.
    Bola(BolaWindow),
    /// BOLA-E: BOLA with a placeholder buffer, so that it starts and recovers at the measured throughput.
    BolaE,
    /// The highest variant that 90 % of the throughput estimate carries.
    Throughput,
    /// THROUGHPUT while the buffer is low, BOLA above 10 s; both are asked for every segment.
    Dynamic(BolaWindow),
    /// THROUGHPUT and BOLA-E with hysteresis at 5 s and 10 s; only the active one is asked.
    DynamicDash,
}

/// Which buffer BOLA plans for (`-ab`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BolaWindow {
    /// The whole buffer, always; never abandons (`-ab`).
    Basic,
    /// Half of what has been loaded or is left, whichever is less, at least three segments and at most the buffer.
    Tracking,
}

/// What BOLA does when the buffer asks for more than the network carries (`-ao`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oscillation {
    /// Stays at what the network carries, and waits instead (`-ao`; BOLA-O).
    Avoid,
    /// Goes one variant above what the network carries (BOLA-U).
    Allow,
}

/// Whether a variant must fit into what the buffer leaves time for (`-noibr`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsufficientBuffer {
    /// The rule applies.
    Apply,
    /// The rule is off (`-noibr`); BOLA-E then plans like BOLA.
    Ignore,
}

/// How throughput and latency are estimated (`-ma`, `-hl`, `-ws`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Average {
    /// Two exponential averages, the more careful one counts; a single one is two that are equal.
    Ewma {
        /// Half-lives in download time (Sabre: 3 s and 8 s).
        half_lives: [Micros; 2],
    },
    /// Means over the last downloads, the most careful one counts.
    Sliding {
        /// Window lengths in downloads, 1 to 20 each (Sabre: one window of 3).
        windows: Vec<u8>,
    },
}

/// The rule and its parameters, shared by all players of a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct SabreConfig {
    /// `-a`, `-ab`.
    pub rule: Rule,
    /// `-ao`.
    pub oscillation: Oscillation,
    /// `-noibr`.
    pub insufficient_buffer: InsufficientBuffer,
    /// `-gp`: the product γp of the BOLA papers, how many segments' worth of utility one segment of stall costs.
    pub gamma_p: f64,
    /// `-b`: the buffer is never filled beyond this; more than one segment.
    pub buffer_max: Micros,
    /// `-ma`, `-hl`, `-ws`.
    pub average: Average,
}

impl SabreConfig {
    /// A rule with Sabre's defaults: oscillation allowed, insufficient-buffer rule on, γp = 5, EWMA of 3 s and 8 s.
    #[must_use]
    pub fn new(rule: Rule, buffer_max: Micros) -> Self {
        Self {
            rule,
            oscillation: Oscillation::Allow,
            insufficient_buffer: InsufficientBuffer::Apply,
            gamma_p: 5.0,
            buffer_max,
            average: Average::Ewma { half_lives: [Micros::from_secs(3), Micros::from_secs(8)] },
        }
    }

    /// `-a dynamic -ao`: DYNAMIC that avoids oscillation.
    #[must_use]
    pub fn dynamic_o(buffer_max: Micros) -> Self {
        Self::new(Rule::Dynamic(BolaWindow::Tracking), buffer_max).avoiding_oscillation()
    }

    /// The same with `-ao`.
    #[must_use]
    pub fn avoiding_oscillation(self) -> Self {
        Self { oscillation: Oscillation::Avoid, ..self }
    }
}

/// Why a configuration, manifest or trace cannot be replayed.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SabreError {
    /// The ladder has no variant or too many.
    #[error("`{found}` variants in the ladder, allowed are 1 to {limit}")]
    LadderLength {
        /// Variants found.
        found: usize,
        /// Most that the tables hold.
        limit: usize,
    },
    /// Bitrates must be positive and rise.
    #[error("bitrate of variant `{variant}` is not above the one before it")]
    LadderOrder {
        /// Index of the offender.
        variant: usize,
    },
    /// The segment duration is zero.
    #[error("segment duration is `0`, it must be positive")]
    SegmentDuration,
    /// The buffer does not hold more than a segment.
    #[error("buffer of `{buffer_ms}` ms, it must be longer than one segment of {segment_ms} ms")]
    Buffer {
        /// Configured buffer.
        buffer_ms: f64,
        /// Segment duration.
        segment_ms: f64,
    },
    /// γp is not positive.
    #[error("gamma_p is `{0}`, it must be positive and finite")]
    GammaP(f64),
    /// A half-life is zero or absurdly long.
    #[error("half-life of `{half_life_ms}` ms, it must be positive and at most {limit_ms} ms")]
    HalfLife {
        /// Configured half-life.
        half_life_ms: f64,
        /// Longest allowed.
        limit_ms: f64,
    },
    /// A sliding window is empty or longer than what is kept.
    #[error("sliding window of `{found}` downloads, allowed are 1 to {limit}")]
    Window {
        /// Configured window, 0 if there is none.
        found: u8,
        /// Longest allowed.
        limit: u8,
    },
    /// The state's estimator is not the configured one.
    #[error("the configured average is not the one that this state keeps")]
    WrongAverage,
    /// A manifest without segments, or with a segment of the wrong shape.
    #[error("segment `{segment}` of the manifest: {problem}")]
    Manifest {
        /// Which segment.
        segment: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A trace that cannot be walked.
    #[error("period `{period}` of the trace: {problem}")]
    Trace {
        /// Which period.
        period: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A seek beyond the last segment.
    #[error("seek to segment `{segment}`, the last one is {last}")]
    Seek {
        /// Target.
        segment: usize,
        /// Last segment.
        last: usize,
    },
}
