//! Service times of queues, drawn by counter.

use scenarios::world::Service;
use units::Micros;
use units::sample::{LogNormal, exponential};

/// A distribution of service times, ready to draw from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ServiceTime {
    LogNormal(LogNormal),
    Exponential { mean_secs: f64 },
    Constant(Micros),
}

impl ServiceTime {
    pub(crate) fn new(service: Service) -> Self {
        match service {
            Service::Lognormal { median, p99 } => Self::LogNormal(LogNormal::from_median_and_quantile(
                median.as_secs_f64(),
                0.99,
                p99.as_secs_f64(),
            )),
            Service::Exponential { mean } => Self::Exponential { mean_secs: mean.as_secs_f64() },
            Service::Constant { value } => Self::Constant(value),
        }
    }

    pub(crate) fn sample(&self, bits: u64) -> Micros {
        match self {
            Self::LogNormal(times) => Micros::from_secs_f64(times.sample(bits)),
            Self::Exponential { mean_secs } => Micros::from_secs_f64(mean_secs * exponential(bits)),
            Self::Constant(value) => *value,
        }
    }
}
