//! `[[cdn]]`, `[delivery]`, `[shield]`, `[origin]`, `[session_store]`, `tokens`.

use units::{Bytes, Micros, PathwayId, Ppm};

use super::audience::region_id;
use super::check;
use crate::de::At;
use crate::error::{Outcome, Problem};
use crate::quantity::Size;
use crate::schema;
use crate::world::{Cdn, EvictionPolicy, Origin, Pop, Serve, Service, SessionStore, Shield, TokenSharing};

const QUEUE_LIMIT: u32 = 10_000;
/// Players remember failures and loaded playlists for so many pathways apart (`actors`, `PATHWAYS`).
const CDNS_MAX: usize = 4;
/// A round trip beyond this is a mistake, not a network.
const RTT_MAX: Micros = Micros::from_secs(5);

/// All CDNs and, in one list, all their POPs.
pub(super) fn cdns(given: &At<Vec<At<schema::Cdn>>>, regions: &[String]) -> Outcome<(Vec<Cdn>, Vec<Pop>)> {
    check::length(given, "cdn", CDNS_MAX)?;
    check::unique(given.value.iter().map(|cdn| &cdn.value.id), "cdn")?;
    let (mut cdns, mut pops) = (Vec::new(), Vec::new());
    for (index, cdn) in (0_u8..).zip(&given.value) {
        let cdn = &cdn.value;
        pops.append(&mut self::pops(cdn, PathwayId(index), regions)?);
        cdns.push(Cdn {
            id: cdn.id.value.clone(),
            weight: check::whole(&cdn.weight, "weight", 0..=1_000_000)?,
            eviction: cdn.edge_cache.as_ref().map_or(EvictionPolicy::Lru, |cache| cache.policy),
        });
    }
    if cdns.iter().all(|cdn| cdn.weight == 0) {
        return Err(
            Problem::new(given.at, "all CDNs have weight 0").hint("give at least one a weight above 0")
        );
    }
    if pops.len() > 255 {
        return Err(
            Problem::new(given.at, format!("{} POPs are too many", pops.len())).hint("valid: 1 to 255")
        );
    }
    Ok((cdns, pops))
}

fn pops(cdn: &schema::Cdn, id: PathwayId, regions: &[String]) -> Outcome<Vec<Pop>> {
    check::length(&cdn.pops, "pop", 255)?;
    check::unique(cdn.pops.value.iter().map(|pop| &pop.value.id), "pop")?;
    let pops =
        cdn.pops.value.iter().map(|pop| self::pop(&pop.value, id, regions)).collect::<Outcome<Vec<Pop>>>()?;
    let served = |region: &str| cdn.pops.value.iter().any(|pop| pop.value.serves.value.contains_key(region));
    if let Some(region) = regions.iter().find(|region| !served(region)) {
        return Err(Problem::new(
            cdn.pops.at,
            format!("no POP of `{}` serves region `{region}`", cdn.id.value),
        )
        .hint(unserved(region, cdn)));
    }
    Ok(pops)
}

/// A region that no POP serves is more often a slip in a cohort's `region` than a forgotten POP.
fn unserved(region: &str, cdn: &schema::Cdn) -> String {
    let served = cdn.pops.value.iter().flat_map(|pop| pop.value.serves.value.keys()).map(String::as_str);
    let add = format!("add `{region} = \"30ms\"` to the `serves` of one of its POPs");
    match reports::suggest::nearest(region, served) {
        Some(near) => format!("did you mean `{near}` in the `region` of a cohort? else {add}"),
        None => add,
    }
}

fn pop(given: &schema::Pop, cdn: PathwayId, regions: &[String]) -> Outcome<Pop> {
    let mut serves: Vec<Serve> = Vec::new();
    for (name, rtt) in &given.serves.value {
        let Some(region) = region_id(regions, name) else {
            let known = regions.iter().map(String::as_str);
            return Err(
                Problem::new(rtt.at, format!("no cohort lives in region `{name}`")).suggest(name, known)
            );
        };
        serves.push(Serve { region, rtt: check::span(rtt, "round trip", Micros(1)..=RTT_MAX)? });
    }
    Ok(Pop {
        id: given.id.value.clone(),
        cdn,
        capacity: check::rate(&given.capacity, "capacity")?,
        cache: cache(&given.cache)?,
        serves,
        rtt_to_shield: given.to_shield.map_or(Micros::from_millis(20), |rtt| rtt.0),
        rtt_to_origin: given.to_origin.map_or(Micros::from_millis(60), |rtt| rtt.0),
    })
}

fn cache(given: &At<Size>) -> Outcome<Bytes> {
    if given.value.0 < Bytes(1_000_000) {
        return Err(Problem::new(given.at, "a cache that holds no segment").hint("valid: 1MB and more"));
    }
    Ok(given.value.0)
}

pub(super) fn dns_move(section: Option<&schema::Delivery>) -> Outcome<Micros> {
    let given = section.and_then(|section| section.dns_move.as_ref());
    check::span_or(given, Micros::from_secs(60), "dns_move", Micros::ZERO..=Micros::from_mins(60))
}

pub(super) fn shield(given: &schema::Shield) -> Outcome<Shield> {
    Ok(Shield {
        location: given.location.clone(),
        cache: cache(&given.cache)?,
        capacity: check::rate(&given.capacity, "capacity")?,
        rtt_to_origin: given.to_origin.map_or(Micros::from_millis(40), |rtt| rtt.0),
    })
}

pub(super) fn origin(given: &schema::Origin) -> Outcome<Origin> {
    Ok(Origin {
        capacity: check::rate(&given.capacity, "capacity")?,
        servers: check::whole(&given.servers, "servers", 1..=1_000_000)?,
        service: service(&given.service)?,
        queue_limit: given.queue_limit.unwrap_or(QUEUE_LIMIT),
    })
}

pub(super) fn session_store(given: &schema::SessionStore) -> Outcome<SessionStore> {
    Ok(SessionStore {
        servers: check::whole(&given.servers, "servers", 1..=1_000_000)?,
        service: service(&given.service)?,
        queue_limit: given.queue_limit.unwrap_or(QUEUE_LIMIT),
    })
}

fn service(given: &At<schema::Service>) -> Outcome<Service> {
    let service = match given.value {
        schema::Service::Lognormal { median, p99 } => Service::Lognormal { median: median.0, p99: p99.0 },
        schema::Service::Exponential { mean } => Service::Exponential { mean: mean.0 },
        schema::Service::Constant { value } => Service::Constant { value: value.0 },
    };
    let minute = Micros::from_mins(1);
    let fine = match service {
        Service::Lognormal { median, p99 } => Micros::ZERO < median && median <= p99 && p99 <= minute,
        Service::Exponential { mean: value } | Service::Constant { value } => value <= minute,
    };
    if fine {
        return Ok(service);
    }
    Err(Problem::new(given.at, "service times are out of range")
        .hint("valid: 0 < median <= p99 <= 1m; others up to 1m"))
}

pub(super) fn tokens(given: Option<&At<schema::Tokens>>) -> Outcome<TokenSharing> {
    let Some(given) = given else { return Ok(TokenSharing::PerSession) };
    match given.value {
        schema::Tokens::PerSession => Ok(TokenSharing::PerSession),
        schema::Tokens::Window(window) => {
            let window = At { at: given.at, value: window };
            let range = Micros::from_secs(1)..=Micros::from_mins(24 * 60);
            check::span(&window, "token window", range).map(TokenSharing::Window)
        }
    }
}

/// `size × factor`, rounded down, without overflow.
pub(super) fn scaled(size: u64, factor: Ppm) -> u64 {
    let product = u128::from(size) * u128::from(factor.0) / 1_000_000;
    u64::try_from(product).unwrap_or(u64::MAX)
}
