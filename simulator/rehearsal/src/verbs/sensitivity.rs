//! The sensitivity table: one assumption at a time at both ends, one seed, a smaller audience with everything that serves
//! it scaled.

use reports::Num;
use reports::report::{Sensitivity, SensitivityPoint, SensitivityRow};
use scenarios::assumptions::{ASSUMPTIONS, Case, End, cases};
use scenarios::document::Document;
use scenarios::loader::Recorded;
use scenarios::{Resolved, ResolvedArm};
use sim_engine::reads_the_same;

use crate::assemble::sides;
use crate::failure::Failure;
use crate::simulate::{Job, Ran, Runner};

/// What is watched.
const METRIC: &str = "playback.rebuffering_ratio";

/// The jobs of the table: pairs of arms, the unchanged scenario first.
pub struct Table {
    seed: units::Seed,
    viewers: u32,
    cases: Vec<Option<(Case, Resolved)>>,
    base: Resolved,
}

impl Table {
    /// The table of a scenario; `None` if it asks for none or compares nothing.
    ///
    /// # Errors
    /// When the scaled scenario is not valid.
    pub fn of(document: &Document, resolved: &Resolved) -> Result<Option<Self>, Failure> {
        let Some(size) = resolved.sensitivity.filter(|_| resolved.arms.len() >= 2) else { return Ok(None) };
        let loader = Recorded(&resolved.inputs);
        let peak = resolved.arms.iter().map(|arm| arm.world.peak_viewers()).max().unwrap_or(0);
        let mut scaled = document.clone();
        let peak = u32::try_from(peak).unwrap_or(u32::MAX);
        let viewers = size.viewers.min(peak);
        scaled.scale_audience_to(viewers, peak)?;
        let base = scaled.resolve(&loader)?;
        // An end that makes an impossible scenario has no row; the test of the list holds that none of ours does.
        let cases = cases(&scaled).into_iter().map(|case| {
            let resolved = case.document.resolve(&loader).ok()?;
            Some((case, resolved))
        });
        Ok(Some(Self { seed: resolved.seeds.first, viewers, cases: cases.collect(), base }))
    }

    /// The two sides of each scenario of the table, the unchanged one first.
    fn arms(&self) -> Vec<&ResolvedArm> {
        let all =
            std::iter::once(&self.base).chain(self.cases.iter().flatten().map(|(_, resolved)| resolved));
        all.filter_map(sides).flat_map(|(before, after)| [before, after]).collect()
    }

    /// For each of [`Table::arms`] the place of its job: cases that an arm cannot tell apart share one.
    fn places(&self) -> Vec<usize> {
        let mut distinct: Vec<&ResolvedArm> = Vec::new();
        let mut places = Vec::new();
        for arm in self.arms() {
            let same = |known: &&ResolvedArm| {
                known.levers == arm.levers && reads_the_same(arm.levers, &known.world, &arm.world)
            };
            places.push(distinct.iter().position(same).unwrap_or_else(|| {
                distinct.push(arm);
                distinct.len() - 1
            }));
        }
        places
    }

    /// The jobs, in the order in which [`Table::rows`] wants their results.
    #[must_use]
    pub fn jobs(&self) -> Vec<Job<'_>> {
        let mut jobs: Vec<Job<'_>> = Vec::new();
        for (arm, place) in self.arms().into_iter().zip(self.places()) {
            if place == jobs.len() {
                jobs.push(Job { arm, seed: self.seed });
            }
        }
        jobs
    }

    /// The table, from the results of [`Table::jobs`]; `None` if some are missing.
    #[must_use]
    pub fn rows(&self, ran: &[Option<Ran>]) -> Option<Sensitivity> {
        let places = self.places();
        let result = |place: Option<&usize>| ratio(ran.get(*place?)?.as_ref()?);
        let mut pairs = places.chunks(2).map(|pair| Some((result(pair.first())?, result(pair.get(1))?)));
        let base = point("as assumed", pairs.next()??);
        let mut points = Vec::new();
        for (case, _) in self.cases.iter().flatten() {
            points.push((
                case.assumption.name,
                case.end,
                point(case.assumption.at(case.end), pairs.next()??),
            ));
        }
        let of = |name: &str, end: End| {
            points.iter().find(|(n, e, _)| *n == name && *e == end).map(|(_, _, p)| p.clone())
        };
        let rows = ASSUMPTIONS.iter().filter_map(|assumption| {
            let (low, high) = (of(assumption.name, End::Low)?, of(assumption.name, End::High)?);
            Some(SensitivityRow { assumption: assumption.name.to_owned(), low, high })
        });
        let viewers = self.viewers;
        Some(Sensitivity {
            metric: METRIC.to_owned(),
            note: format!(
                "one seed, {viewers} viewers at the peak with titles, caches and capacities scaled"
            ),
            base,
            rows: rows.collect(),
        })
    }
}

fn ratio(ran: &Ran) -> Option<f64> {
    ran.run.get(METRIC, &reports::Split::All)?.total.value()
}

fn point(value: &str, (before, after): (f64, f64)) -> SensitivityPoint {
    let change = if before > 0.0 { after / before - 1.0 } else { 0.0 };
    SensitivityPoint {
        value: value.to_owned(),
        before: Num::new(before),
        after: Num::new(after),
        change: Num::new(change),
    }
}

/// Runs the whole table.
///
/// # Errors
/// See [`Table::of`] and [`Runner::run`].
pub fn table(
    document: &Document,
    resolved: &Resolved,
    runner: &Runner<'_>,
) -> Result<Option<Sensitivity>, Failure> {
    let Some(table) = Table::of(document, resolved)? else { return Ok(None) };
    let ran = runner.run(&table.jobs())?;
    Ok(table.rows(&ran))
}

#[cfg(test)]
mod tests {
    use scenarios::NoFiles;

    use super::*;

    #[test]
    fn every_end_of_every_assumption_makes_a_valid_scenario() {
        let document = Document::open(scenarios::library::DEFAULT, &NoFiles).expect("a shipped scenario");
        let resolved = document.resolve(&NoFiles).expect("a shipped scenario");
        let table = Table::of(&document, &resolved).expect("a valid table").expect("the default has a table");
        assert!(table.cases.iter().all(Option::is_some));
        assert_eq!(table.cases.len(), ASSUMPTIONS.len() * 2);
        assert!(ASSUMPTIONS.len() >= 12);
    }

    #[test]
    fn what_an_arm_does_not_use_is_not_run_again_for_it() {
        let document = Document::open(scenarios::library::DEFAULT, &NoFiles).expect("a shipped scenario");
        let resolved = document.resolve(&NoFiles).expect("a shipped scenario");
        let table = Table::of(&document, &resolved).expect("a valid table").expect("the default has a table");
        let (jobs, places) = (table.jobs(), table.places());
        assert_eq!(places.len(), 2 + 2 * 2 * ASSUMPTIONS.len());
        // Both ends of five settings of policies that `before` has not got, and of the token window for `after`.
        assert_eq!(jobs.len(), places.len() - 12);
        for (arm, place) in table.arms().into_iter().zip(places) {
            assert_eq!((&jobs[place].arm.id, jobs[place].arm.levers), (&arm.id, arm.levers));
        }
    }
}
