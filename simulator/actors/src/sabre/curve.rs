//! BOLA's objective over the ladder, as thresholds on the buffer level.
//!
//! BOLA takes the variant with the highest `(V_p·(u_q + gp) − B) / b_q`. Divided by `V_p`, that depends on `x = B / V_p`
//! alone and is a line in `x` per variant, so the best variant is found by counting the crossings below `x`. As
//! `u_q = ln b_q` is concave, the crossings of neighbours rise and every variant has its place.
//! Close to a crossing, where rounding could decide otherwise than the direct comparison, the direct one is made.

/// Most variants that the tables hold.
pub(super) const VARIANTS_MAX: usize = 16;

/// Entries of a table that are compared at once. Only as many groups as the ladder fills are looked at.
pub(super) const GROUP: usize = 4;

/// Utilities and crossings for one ladder and one `gp`.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    len: usize,
    bitrate_kbps: [f64; VARIANTS_MAX],
    utility: [f64; VARIANTS_MAX],
    gamma_p: f64,
    /// Crossing of variant q and q + 1 at index q; infinite beyond the ladder.
    crossing: [f64; VARIANTS_MAX],
    /// Distance from a crossing within which the direct comparison decides.
    guard: [f64; VARIANTS_MAX],
}

impl Curve {
    /// Tables for rising `bitrates_kbps` (1 to 16 of them), with the lowest utility at `utility_base`.
    pub(super) fn new(bitrates_kbps: &[f64], utility_base: f64, gamma_p: impl Fn(f64) -> f64) -> Self {
        let len = bitrates_kbps.len();
        let mut bitrate_kbps = [f64::INFINITY; VARIANTS_MAX];
        bitrate_kbps[..len].copy_from_slice(bitrates_kbps);
        let offset = utility_base - libm::log(bitrates_kbps[0]);
        let mut utility = [0.0; VARIANTS_MAX];
        for (utility, bitrate_kbps) in utility.iter_mut().zip(bitrates_kbps) {
            *utility = libm::log(*bitrate_kbps) + offset;
        }
        let gamma_p = gamma_p(utility[len - 1]);
        let mut curve = Self {
            len,
            bitrate_kbps,
            utility,
            gamma_p,
            crossing: [f64::INFINITY; VARIANTS_MAX],
            guard: [0.0; VARIANTS_MAX],
        };
        for upper in 1..len {
            let (low, high) = (bitrate_kbps[upper - 1], bitrate_kbps[upper]);
            curve.crossing[upper - 1] = curve.crossing_of(upper - 1, upper);
            // 1e-12 is some thousand roundings of the largest term, however close the two bitrates are.
            curve.guard[upper - 1] = 1e-12 * (utility[len - 1] + gamma_p.abs() + 1.0) / (1.0 - low / high);
        }
        curve
    }

    /// `B / V_p` at which `upper` becomes as good as `lower`.
    fn crossing_of(&self, lower: usize, upper: usize) -> f64 {
        let (low, high) = (self.bitrate_kbps[lower], self.bitrate_kbps[upper]);
        self.gamma_p + (high * self.utility[lower] - low * self.utility[upper]) / (high - low)
    }

    /// `u_q + gp`.
    pub(super) fn reach(&self, variant: u8) -> f64 {
        self.utility[usize::from(variant)] + self.gamma_p
    }

    /// `u_q + gp` of the highest variant.
    pub(super) fn reach_of_top(&self) -> f64 {
        self.utility[self.len - 1] + self.gamma_p
    }

    /// Weight of the γp term.
    pub(super) fn gamma_p(&self) -> f64 {
        self.gamma_p
    }

    /// Buffer level above which `variant` is preferred to all lower ones, zero for the lowest.
    pub(super) fn level_min_ms(&self, vp: f64, variant: u8) -> f64 {
        let upper = usize::from(variant);
        (0..upper).map(|lower| vp * self.crossing_of(lower, upper)).fold(0.0, f64::max)
    }

    /// Buffer level above which the variant over `lower` is as good as `lower`.
    pub(super) fn takeover_ms(&self, vp: f64, lower: u8) -> f64 {
        vp * self.crossing_of(usize::from(lower), usize::from(lower) + 1)
    }

    /// Buffer level at which the objective of `variant` is zero: above it, BOLA had rather wait.
    pub(super) fn level_max_ms(&self, vp: f64, variant: u8) -> f64 {
        vp * self.reach(variant)
    }

    /// The best variant at a buffer level, the lower one in a tie; `vp` is positive.
    #[expect(clippy::cast_possible_truncation, reason = "at most 16 variants")]
    pub(super) fn best(&self, vp: f64, level_ms: f64) -> u8 {
        let x = level_ms / vp;
        let mut below = 0_u64;
        let mut close = 0_u64;
        let groups = self.len.div_ceil(GROUP);
        let crossings = &self.crossing.as_chunks::<GROUP>().0[..groups];
        for (crossings, guards) in crossings.iter().zip(self.guard.as_chunks::<GROUP>().0) {
            for (crossing, guard) in crossings.iter().zip(guards) {
                below += u64::from(*crossing < x);
                close += u64::from((x - crossing).abs() <= *guard);
            }
        }
        if close == 0 { below as u8 } else { self.best_directly(vp, level_ms) }
    }

    /// The best variant by comparing all of them.
    #[expect(clippy::cast_possible_truncation, reason = "at most 16 variants")]
    pub(super) fn best_directly(&self, vp: f64, level_ms: f64) -> u8 {
        let score = |q: usize| (vp * (self.utility[q] + self.gamma_p) - level_ms) / self.bitrate_kbps[q];
        let mut best = 0;
        for q in 1..self.len {
            if score(q) > score(best) {
                best = q;
            }
        }
        best as u8
    }

    /// A lower variant that is worth dropping a download for, if there is one.
    ///
    /// `left_bits` is what the download still costs. A candidate must cost less than that, whole, and score higher
    /// for it.
    #[expect(clippy::cast_possible_truncation, reason = "at most 16 variants")]
    pub(super) fn better_restart(&self, download: &Restart) -> Option<u8> {
        let objective = |q: usize| download.vp * (self.gamma_p + self.utility[q]) - download.level_ms;
        let current = usize::from(download.variant);
        let mut score = objective(current) / download.left_bits;
        if score < download.score_min {
            return None;
        }
        let mut found = None;
        for q in 0..current {
            let size_bits = download.size_bits * self.bitrate_kbps[q] / self.bitrate_kbps[current];
            let candidate = objective(q) / size_bits;
            if size_bits < download.left_bits && candidate > score {
                score = candidate;
                found = Some(q as u8);
            }
        }
        found
    }
}

/// A running download that may be worth restarting lower.
#[derive(Debug, Clone, Copy)]
pub(super) struct Restart {
    /// `V_p` in force.
    pub(super) vp: f64,
    /// Buffer level to judge by.
    pub(super) level_ms: f64,
    /// Variant in flight.
    pub(super) variant: u8,
    /// Whole size of the download.
    pub(super) size_bits: f64,
    /// What is left of it.
    pub(super) left_bits: f64,
    /// A download that scores less than this is left alone.
    pub(super) score_min: f64,
}
