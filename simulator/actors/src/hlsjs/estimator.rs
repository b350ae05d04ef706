//! Bandwidth and first-byte estimates: exponentially weighted means with zero-bias correction.
//!
//! hls.js keeps the sum of weights W and divides by `1 - 0.5^(W/h)`. Here that power itself is kept and multiplied
//! on, and the fast mean's factor is the cube of the slow one's (half-lives 3 s and 9 s), so that a sample costs
//! one `exp2`.

/// Half-life of the slow mean in seconds of download time (`abrEwmaSlowVoD`, `abrEwmaSlowLive`); the fast one is a
/// third.
const SLOW_HALF_LIFE_S: f64 = 9.0;
/// Half-life of the mean first-byte time in units of its weight.
const FIRST_BYTE_HALF_LIFE: f64 = 9.0;
/// First-byte time before any sample, in ms (`defaultTTFB`).
const FIRST_BYTE_DEFAULT_MS: f64 = 100.0;
/// Least first-byte sample in ms.
const FIRST_BYTE_MIN_MS: f64 = 5.0;
/// What is left of the start value after the least total weight (0.001) that counts as an estimate.
const TRUSTED_BELOW: f64 = 0.999_922_985_0;

/// What hls.js knows about a viewer's network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimator {
    /// Fast mean in bit/s, biased to zero; before the first sample the default estimate.
    fast: f64,
    /// Slow mean in bit/s, biased to zero.
    slow: f64,
    /// 0.5^(W/9) of the download seconds W so far: 1 before the first sample.
    slow_left: f64,
    /// Mean first-byte time in ms, biased to zero.
    first_byte: f64,
    /// 0.5^(W/9) of the first-byte weights so far.
    first_byte_left: f64,
}

impl Estimator {
    /// An estimator that says `default_estimate` (bit/s) until its first sample.
    #[must_use]
    pub fn new(default_estimate: f64) -> Self {
        Self { fast: default_estimate, slow: 0.0, slow_left: 1.0, first_byte: 0.0, first_byte_left: 1.0 }
    }

    /// The estimator of a session that has long run at `bandwidth` (bit/s) with this first-byte time.
    #[must_use]
    pub fn settled(bandwidth: f64, first_byte_ms: f64) -> Self {
        let first_byte = first_byte_ms.max(FIRST_BYTE_MIN_MS);
        Self { fast: bandwidth, slow: bandwidth, slow_left: 0.0, first_byte, first_byte_left: 0.0 }
    }

    /// Whether a download was sampled since the last reset.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.slow_left < TRUSTED_BELOW
    }

    /// The bandwidth estimate in bit/s: the lower of the two means.
    #[must_use]
    pub fn bandwidth(&self) -> f64 {
        if !self.is_trusted() {
            return self.fast;
        }
        let fast_left = self.slow_left * self.slow_left * self.slow_left;
        (self.fast / (1.0 - fast_left)).min(self.slow / (1.0 - self.slow_left))
    }

    /// The first-byte estimate in ms.
    #[must_use]
    pub fn first_byte_ms(&self) -> f64 {
        if self.first_byte_left < TRUSTED_BELOW {
            self.first_byte / (1.0 - self.first_byte_left)
        } else {
            FIRST_BYTE_DEFAULT_MS
        }
    }

    /// Adds a download of `bits` in `duration_ms`, first-byte time already taken off.
    pub fn sample(&mut self, duration_ms: f64, bits: f64) {
        // The least duration, min(50 ms, bytes / 100,000), keeps a cached answer from looking infinitely fast.
        let seconds = duration_ms.max((bits / 800_000.0).min(50.0)) / 1e3;
        let rate = bits / seconds;
        let slow_decay = libm::exp2(-seconds / SLOW_HALF_LIFE_S);
        let fast_decay = slow_decay * slow_decay * slow_decay;
        // The field holds the default until the first sample; the mean itself starts at zero.
        let fast = if self.slow_left == 1.0 { 0.0 } else { self.fast };
        self.fast = rate * (1.0 - fast_decay) + fast_decay * fast;
        self.slow = rate * (1.0 - slow_decay) + slow_decay * self.slow;
        self.slow_left *= slow_decay;
    }

    /// Adds a first-byte time; the longer it is, the less it weighs: √2 × e^(-s²/2) with s in seconds.
    pub fn sample_first_byte(&mut self, ms: f64) {
        let seconds = ms / 1e3;
        let weight = core::f64::consts::SQRT_2 * libm::exp(-seconds * seconds / 2.0);
        let decay = libm::exp2(-weight / FIRST_BYTE_HALF_LIFE);
        self.first_byte = ms.max(FIRST_BYTE_MIN_MS) * (1.0 - decay) + decay * self.first_byte;
        self.first_byte_left *= decay;
    }

    /// Adds a whole segment: its time to the first byte, its time in all (both ms) and its size in bits.
    pub fn sample_segment(&mut self, first_byte_ms: f64, total_ms: f64, bits: f64) {
        self.sample_first_byte(first_byte_ms);
        self.sample(total_ms - first_byte_ms.min(self.first_byte_ms()), bits);
    }
}
