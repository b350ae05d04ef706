//! From a merged tree to a [`Resolved`] scenario: arms, types, defaults, factors, and every check.
//!
//! Each arm is the whole scenario with its overlay, read and checked for itself, so that an overlay may touch any key of
//! the world and is refused for the same reasons as the key itself.
//!
//! Reading order: this file (header and arms), then [`world`], [`audience`], [`delivery`], [`faults`], [`scale`], [`seats`],
//! [`gates`];
//! [`check`] holds what they share.

mod audience;
pub(crate) mod check;
mod delivery;
mod faults;
mod gates;
mod scale;
mod seats;
mod world;

use units::{Ppm, Seed};

use crate::de::{At, read};
use crate::document::Files;
use crate::error::{Outcome, Problem};
use crate::loader::Loader;
use crate::resolved::{Resolved, ResolvedArm, Seeds, Sensitivity, Statistics};
use crate::schema::{self, ScenarioFile};
use crate::source::Place;
use crate::tree::overlay::{Set, set};
use crate::tree::{Entry, Node, Table};
use crate::world::World;

/// Sections that an arm may overlay: the world, but nothing that all arms must share.
const OVERLAID: [&str; 14] = [
    "audience",
    "catalogue",
    "cdn",
    "delivery",
    "encoding",
    "fault",
    "origin",
    "platform",
    "player",
    "run",
    "scale",
    "session_store",
    "shield",
    "tokens",
];

/// What building a world needs beside the typed file.
pub(crate) struct Context<'a> {
    pub(crate) files: &'a mut Files,
    pub(crate) loader: &'a dyn Loader,
}

/// Resolves a merged tree. Inputs and command-line overlays are filled in by the caller.
pub(crate) fn resolve(root: &Node, files: &mut Files, loader: &dyn Loader) -> Outcome<Resolved> {
    let mut context = Context { files, loader };
    let file: ScenarioFile = read_file(root, &context)?;
    check::identifier(&file.name, "name")?;
    let arms = arms(root, &file, &mut context)?;
    let gates = gates::gates(&file, &arms, &context)?;
    Ok(Resolved {
        schema: file.schema.value,
        seeds: seeds(&file)?,
        statistics: statistics(file.statistics.as_ref())?,
        sensitivity: sensitivity(file.sensitivity.as_ref())?,
        name: file.name.value,
        title: file.title,
        description: file.description.unwrap_or_default(),
        owner: file.owner.unwrap_or_default(),
        tags: file.tags.unwrap_or_default(),
        arms,
        gates,
        inputs: Vec::new(),
        sets: Vec::new(),
    })
}

/// Reads the tree as types, and the version first: another version has other keys.
fn read_file(root: &Node, context: &Context<'_>) -> Outcome<ScenarioFile> {
    let whole_file = |problem: Problem| problem.or_at(context.files.root_at);
    let Some(entry) = root.as_table().and_then(|table| table.get("schema")) else {
        return Err(Problem::new(context.files.root_at, "missing key `schema`")
            .hint("begin the file with `schema = 1`, the version of the format"));
    };
    let unquoted = |problem: Problem| match entry.node.as_str() {
        Some(text) => problem.hint(format!("write schema = {text}, without quotes")),
        None => problem,
    };
    let version: At<u32> = read(&entry.node).map_err(unquoted).map_err(whole_file)?;
    if version.value != schema::VERSION {
        return Err(Problem::new(version.at, format!("schema `{}` is not known", version.value))
            .hint(format!("this build reads schema = {}", schema::VERSION)));
    }
    read(root).map_err(whole_file)
}

fn arms(root: &Node, file: &ScenarioFile, context: &mut Context<'_>) -> Outcome<Vec<ResolvedArm>> {
    let table = root.as_table().and_then(|table| table.get("arm")).and_then(|entry| entry.node.as_table());
    let entries: &[Entry] = table.map_or(&[], |table| &table.entries);
    if entries.is_empty() {
        return Err(Problem::new(context.files.root_at, "no arm to run")
            .hint("add `[arm.after]` with `levers = { ... }`; `rehearsal list levers` shows them"));
    }
    if entries.len() > 16 {
        return Err(Problem::new(entries[16].key_at, "more than 16 arms in one scenario"));
    }
    let mut arms: Vec<ResolvedArm> = Vec::new();
    for entry in entries {
        check::identifier(&At { at: entry.key_at, value: entry.key.clone() }, "arm")?;
        let arm = resolve_arm(root, entry, context)?;
        if let Some(first) = arms.first() {
            same_clock(first, &arm, entry.key_at)?;
        }
        arms.push(arm);
    }
    debug_assert_eq!(arms.len(), file.arm.len(), "the tree and the typed file hold the same arms");
    Ok(arms)
}

/// The whole scenario with one arm's overlay.
fn resolve_arm(root: &Node, entry: &Entry, context: &mut Context<'_>) -> Outcome<ResolvedArm> {
    let mut tree = root.clone();
    if let Some(changes) = entry.node.as_table().and_then(|arm| arm.get("set")) {
        let changes = changes.node.as_table().ok_or_else(|| {
            Problem::new(changes.node.at, format!("expected a table, found {}", changes.node.kind()))
                .hint("write set.'encoding.segment' = \"6s\"")
        })?;
        apply(&mut tree, changes)?;
    }
    let file = read_file(&tree, context)?;
    let levers = file.arm.get(&entry.key).map(|arm| arm.value.levers);
    let levers = levers.ok_or_else(|| Problem::new(entry.key_at, "the arm is gone after its own overlay"))?;
    let world = world::world(&file, context)?;
    if levers.shield.is_on() && world.shield.is_none() {
        return Err(Problem::new(
            entry.key_at,
            format!("arm `{}` turns the shield on, and there is none", entry.key),
        )
        .hint("add `[shield]`, or set `shield = \"off\"`"));
    }
    Ok(ResolvedArm { id: entry.key.clone(), levers, world })
}

fn apply(tree: &mut Node, changes: &Table) -> Outcome<()> {
    for entry in &changes.entries {
        let section = entry.key.split('.').next().unwrap_or_default();
        if !OVERLAID.contains(&section) {
            return Err(Problem::new(entry.key_at, format!("an arm cannot overlay `{section}`"))
                .suggest(section, OVERLAID));
        }
        if !entry.key.contains('.') && entry.node.as_table().is_some() {
            return Err(Problem::new(
                entry.key_at,
                format!("an overlay of `{section}` would replace all of it"),
            )
            .hint(format!("put the whole dotted key in quotes: set.'{section}.<key>' = ...")));
        }
        set(tree, &Set { key: &entry.key, key_at: entry.key_at, node: &entry.node })?;
    }
    Ok(())
}

/// Arms are compared minute by minute, so only cells and epoch may differ.
fn same_clock(first: &ResolvedArm, arm: &ResolvedArm, at: Place) -> Outcome<()> {
    let of = |world: &World| (world.clock.duration, world.clock.warmup, world.clock.bucket);
    if of(&first.world) == of(&arm.world) {
        return Ok(());
    }
    let message = format!("arms `{}` and `{}` differ in duration, warm-up or bucket", first.id, arm.id);
    Err(Problem::new(at, message).hint("of `run`, an arm may overlay `run.cells` and `run.epoch`"))
}

fn seeds(file: &ScenarioFile) -> Outcome<Seeds> {
    let run = &file.run.value;
    let (min, max) = run.seeds.as_ref().map_or((5, 5), |range| (range.value.min, range.value.max));
    if let Some(range) = &run.seeds
        && !(1 <= min && min <= max && max <= 1_000)
    {
        return Err(Problem::new(range.at, format!("seeds from `{min}` to `{max}` are no range"))
            .hint("valid: 1 <= min <= max <= 1000"));
    }
    Ok(Seeds { first: Seed(run.seed), min, max })
}

fn statistics(section: Option<&schema::Statistics>) -> Outcome<Statistics> {
    let confidence = match section.and_then(|section| section.confidence.as_ref()) {
        Some(level) if (500_000..=999_999).contains(&level.value.0.0) => level.value.0,
        Some(level) => {
            return Err(Problem::new(level.at, "confidence is out of range").hint("valid: 0.5 to 0.999999"));
        }
        None => Ppm(950_000),
    };
    let inconclusive = section.and_then(|section| section.inconclusive).unwrap_or_default();
    Ok(Statistics { confidence, inconclusive })
}

fn sensitivity(section: Option<&schema::Sensitivity>) -> Outcome<Option<Sensitivity>> {
    section
        .map(|section| {
            let viewers = check::whole(&section.viewers, "viewers", 100..=10_000_000)?;
            Ok(Sensitivity { viewers })
        })
        .transpose()
}

#[cfg(test)]
mod tests;
