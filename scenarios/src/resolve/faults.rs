//! `[[fault]]`: from names to ordinals, and the blast radius held against its promise.

use fault_plan::{Action, BlastLimit, Failure, Fault, Scope, Target};
use units::{Micros, PathwayId, PopId, Ppm, RegionId, Timestamp};

use super::check;
use crate::de::At;
use crate::error::{Outcome, Problem};
use crate::estimate::blast_radius;
use crate::quantity;
use crate::schema::{self, OneOrMany};
use crate::world::World;

/// All faults of a world that is otherwise complete.
pub(super) fn faults(given: &[At<schema::Fault>], world: &World) -> Outcome<Vec<Fault>> {
    if let Some(excess) = given.get(64) {
        return Err(Problem::new(excess.at, "more than 64 faults in one scenario"));
    }
    check::unique(given.iter().map(|fault| &fault.value.id), "fault")?;
    given.iter().map(|fault| self::fault(&fault.value, world)).collect()
}

fn fault(given: &schema::Fault, world: &World) -> Outcome<Fault> {
    let id = &given.id.value;
    let (at, duration) = (Timestamp(given.at.value.0.0), given.lasts.value.0);
    let ramp = given.ramp.as_ref().map_or(Micros::ZERO, |ramp| ramp.value.0);
    if duration == Micros::ZERO {
        return Err(
            Problem::new(given.lasts.at, format!("fault `{id}` lasts no time")).hint("write for = \"9m\"")
        );
    }
    if at.saturating_add(duration) > world.end() {
        return Err(Problem::new(given.lasts.at, format!("fault `{id}` ends after the run"))
            .hint(format!("the run lasts {}", check::in_words(world.clock.duration))));
    }
    if let Some(given) = given.ramp.as_ref().filter(|_| ramp > duration) {
        return Err(Problem::new(given.at, format!("the ramp of fault `{id}` is longer than the fault"))
            .hint(format!("it lasts {}", check::in_words(duration))));
    }
    whole_pops(given)?;
    let fault = Fault {
        id: id.clone(),
        at,
        duration,
        ramp,
        action: action(&given.action.value),
        target: target(&given.on, world)?,
        blast: given.blast.as_ref().map(|blast| limit(&blast.viewers)).transpose()?,
    };
    if let (Some(blast), Some(limit)) = (&given.blast, fault.blast) {
        let hit = blast_radius(world, &fault);
        if hit > limit.viewers_max {
            let hit = check::percent(i64::from(hit.0));
            let max = check::percent(i64::from(limit.viewers_max.0));
            let message = format!("fault `{id}` hits {hit} of the viewers, more than its limit of {max}");
            return Err(Problem::new(blast.viewers.at, message).hint("narrow `on`, or raise `blast`"));
        }
    }
    Ok(fault)
}

/// A link is slow for everyone on it: part of a POP's requests, or one region's, cannot have its capacity taken.
fn whole_pops(given: &schema::Fault) -> Outcome<()> {
    let schema::Action::SlowLink { capacity_factor, share, .. } = &given.action.value else { return Ok(()) };
    if capacity_factor.0 >= Ppm::ONE {
        return Ok(());
    }
    let id = &given.id.value;
    let refuse = |at, what: &str, hint: &str| {
        Err(Problem::new(at, format!("fault `{id}` takes capacity from POPs, and cannot do so for {what}"))
            .hint(hint))
    };
    if let Some(share) = share.as_ref().filter(|share| share.value.0 != Ppm::ONE) {
        return refuse(
            share.at,
            "a share of their requests",
            "leave `share` out, or write capacity_factor = \"100%\" to add latency alone",
        );
    }
    if let Some(region) = given.on.region.as_ref().and_then(|OneOrMany(names)| names.first()) {
        return refuse(
            region.at,
            "one region of viewers",
            "name its POPs with `pop` instead, or write capacity_factor = \"100%\" to add latency alone",
        );
    }
    Ok(())
}

fn action(given: &schema::Action) -> Action {
    match given {
        schema::Action::Outage { failure, share } => Action::Outage {
            failure: match failure {
                schema::Failure::Hang => Failure::Hang,
                schema::Failure::Unavailable => Failure::Status(503),
                schema::Failure::NotFound => Failure::Status(404),
                schema::Failure::Reset => Failure::Reset,
            },
            share: share.map_or(Ppm::ONE, |share| share.0),
        },
        schema::Action::SlowLink { capacity_factor, added_latency, share } => Action::SlowLink {
            capacity_factor: capacity_factor.0,
            added_latency: added_latency.map_or(Micros::ZERO, |latency| latency.0),
            share: share.as_ref().map_or(Ppm::ONE, |share| share.value.0),
        },
    }
}

fn target(given: &schema::Target, world: &World) -> Outcome<Target> {
    let names: Vec<&str> = world.cdns.iter().map(|cdn| cdn.id.as_str()).collect();
    let index = check::reference(&given.cdn, &names, "cdn")?;
    let cdn = PathwayId(u8::try_from(index).unwrap_or(u8::MAX));
    let own: Vec<(PopId, &str)> = world.pops_of(cdn).map(|(id, pop)| (id, pop.id.as_str())).collect();
    let pop_names: Vec<&str> = own.iter().map(|(_, name)| *name).collect();
    let regions: Vec<&str> = world.regions.iter().map(String::as_str).collect();
    let what = format!("pop of `{}`", given.cdn.value);
    Ok(Target {
        cdn,
        pops: scope(given.pop.as_ref(), &pop_names, &what, |index| own[index].0)?,
        regions: scope(given.region.as_ref(), &regions, "region", |index| {
            RegionId(u8::try_from(index).unwrap_or(u8::MAX))
        })?,
    })
}

fn scope<T: Ord>(
    given: Option<&OneOrMany>,
    known: &[&str],
    what: &str,
    id: impl Fn(usize) -> T,
) -> Outcome<Scope<T>> {
    let Some(OneOrMany(names)) = given else { return Ok(Scope::All) };
    let indices = names.iter().map(|name| check::reference(name, known, what).map(&id));
    Ok(Scope::only(indices.collect::<Outcome<Vec<T>>>()?))
}

/// Reads `"<= 35%"`.
fn limit(given: &At<String>) -> Outcome<BlastLimit> {
    let wrong = || {
        Problem::new(given.at, format!("`{}` is not a limit on viewers", given.value))
            .hint("write \"<= 35%\"")
    };
    let text = given.value.trim().strip_prefix("<=").ok_or_else(wrong)?;
    quantity::share(text.trim()).map(|viewers_max| BlastLimit { viewers_max }).map_err(|_| wrong())
}
