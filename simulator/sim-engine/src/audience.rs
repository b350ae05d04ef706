//! From a world's audience to the plan of sessions that all arms with that audience share.

use std::sync::Arc;

use actors::audience::{
    AudienceError, AudienceSpec, Catalogue, CohortSpec, Curve, Patience, PlanWarning, Session, SessionSpec,
    StreamContent, StreamSpec, plan,
};
use scenarios::world::{CurvePoint, SessionLength, World};
use units::Seed;

/// The sessions of a seed, and where they cannot follow the curves.
///
/// # Errors
/// What is wrong with the audience; a scenario that was checked has nothing wrong.
pub fn sessions(world: &World, seed: Seed) -> Result<(Arc<[Session]>, Vec<PlanWarning>), AudienceError> {
    let plan = plan(&spec(world), seed)?;
    Ok((plan.sessions.into(), plan.warnings))
}

fn spec(world: &World) -> AudienceSpec {
    let audience = &world.audience;
    let segment = world.encoding.segment;
    let vod = audience.vod.as_ref().map(|vod| StreamSpec {
        content: StreamContent::Vod(Catalogue {
            titles: world.catalogue.titles,
            zipf: world.catalogue.zipf_exponent.as_f64(),
            segments: u32::try_from((world.catalogue.title_duration.0 / segment.0).max(1))
                .unwrap_or(u32::MAX),
            segment,
            from_start: Catalogue::FROM_START,
        }),
        curve: curve(&vod.curve),
        session: length(vod.session_length),
    });
    let live = audience.live.as_ref().map(|live| StreamSpec {
        content: StreamContent::Live,
        curve: curve(&live.curve),
        session: length(live.session_length),
    });
    let cohorts = (0u8..).zip(&audience.cohorts).map(|(ordinal, cohort)| CohortSpec {
        share: cohort.share,
        regions: cohort.regions.iter().map(|share| (share.region, share.share)).collect(),
        device: cohort.device as u8,
        access: ordinal,
    });
    AudienceSpec {
        duration: world.clock.duration,
        streams: vod.into_iter().chain(live).collect(),
        cohorts: cohorts.collect(),
        startup_patience: audience
            .patience
            .map(|given| Patience { grace: given.grace, per_second: given.per_second }),
    }
}

fn curve(points: &[CurvePoint]) -> Curve {
    Curve(points.iter().map(|point| (point.at, f64::from(point.viewers))).collect())
}

fn length(length: SessionLength) -> SessionSpec {
    SessionSpec { median: length.median, p90: length.p90, p99: None, longest: SessionSpec::LONGEST }
}
