//! Student's t: distribution and quantile for any real number of degrees of freedom.

/// P(T <= t) for `df` > 0 degrees of freedom.
///
/// Through the regularised incomplete beta function I_x(df/2, 1/2) at x = df / (df + t²).
#[must_use]
pub fn t_cdf(t: f64, df: f64) -> f64 {
    let tail = 0.5 * incomplete_beta(df / (df + t * t), df / 2.0, 0.5);
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// The t with P(T <= t) = p, for p in (0, 1) and `df` > 0; infinite where `df` is not positive.
///
/// Bisection on the tail, so that digits near p = 1 are not lost: about 1e-12 relative.
#[must_use]
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if df <= 0.0 || df.is_nan() {
        return f64::INFINITY;
    }
    if p < 0.5 {
        return -t_quantile(1.0 - p, df);
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let tail = |t: f64| 0.5 * incomplete_beta(df / (df + t * t), df / 2.0, 0.5);
    let wanted = 1.0 - p;
    let mut high = 1.0;
    while tail(high) > wanted && high < 1e12 {
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if tail(middle) > wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// The regularised incomplete beta function I_x(a, b).
///
/// Continued fraction 8.17.22 of the NIST Digital Library of Mathematical Functions, evaluated from the front
/// (modified Lentz); the symmetry I_x(a, b) = 1 - I_{1-x}(b, a) keeps it where it converges fast.
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let log_front =
        libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x);
    libm::exp(log_front) / (a * beta_fraction(x, a, b))
}

/// The denominator 1 + d1/(1 + d2/(1 + ...)).
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let (mut value, mut up, mut down) = (1.0, 1.0, 0.0);
    for step in 1..500_u32 {
        let m = f64::from(step / 2);
        let d = if step.is_multiple_of(2) {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        down = 1.0 / nonzero(1.0 + d * down, TINY);
        up = nonzero(1.0 + d / up, TINY);
        let factor = up * down;
        value *= factor;
        if (factor - 1.0_f64).abs() < 1e-15 {
            break;
        }
    }
    value
}

fn nonzero(value: f64, tiny: f64) -> f64 {
    if value.abs() < tiny { tiny } else { value }
}
