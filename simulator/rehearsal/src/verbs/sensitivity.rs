//! The sensitivity table: one assumption at a time at both ends, one seed, a smaller audience with everything that serves
//! it scaled.
//!
//! Its first jobs are the scenario as it stands. They are a fraction of a run of full size, so they are run before all
//! else and give a first answer within a minute on a slow machine, too; the table takes them over.

use std::sync::atomic::AtomicBool;

use reports::Num;
use reports::measure::Split;
use reports::report::{Sensitivity, SensitivityPoint, SensitivityRow};
use scenarios::assumptions::{ASSUMPTIONS, Case, End, cases};
use scenarios::document::Document;
use scenarios::loader::Recorded;
use scenarios::{Resolved, ResolvedArm};
use sim_engine::reads_the_same;

use crate::assemble::{self, Parts, sides};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::simulate::{Job, Ran, Runner};
use crate::terminal;

/// What is watched.
const METRIC: &str = "playback.rebuffering_ratio";

/// The jobs of the table: pairs of arms, the unchanged scenario first.
pub struct Table {
    seed: units::Seed,
    viewers: u32,
    /// Viewers of the scenario itself.
    peak: u32,
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
        if viewers < peak {
            scaled.scale_audience_to(viewers, unscaled_peak(document, &loader, peak)?)?;
        }
        let cells = resolved.arms.iter().map(|arm| arm.world.clock.cells).max().unwrap_or(1);
        scaled.set("run.cells", &cells_for(cells, viewers, peak).to_string())?;
        let base = scaled.resolve(&loader)?;
        // An end that makes an impossible scenario has no row; the test of the list holds that none of ours does.
        let cases = cases(&scaled).into_iter().map(|case| {
            let resolved = case.document.resolve(&loader).ok()?;
            Some((case, resolved))
        });
        Ok(Some(Self { seed: resolved.seeds.first, viewers, peak, cases: cases.collect(), base }))
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

    /// How many of the jobs, from the first, are those of the scenario as it stands: one where its sides are equal.
    fn jobs_of_base(&self) -> usize {
        self.places().into_iter().take(2).max().map_or(0, |last| last + 1)
    }

    /// Whether its runs are smaller than those of the scenario itself.
    #[must_use]
    pub const fn is_smaller(&self) -> bool {
        self.viewers < self.peak
    }

    /// What the runs of the scenario as it stands say; `None` if some are missing.
    ///
    /// # Errors
    /// See [`assemble::report`].
    fn provisional(&self, ran: &[Option<Ran>]) -> Result<Option<String>, Failure> {
        let Some(ran) = ran.iter().cloned().collect::<Option<Vec<Ran>>>() else { return Ok(None) };
        let parts = Parts {
            resolved: &self.base,
            ran,
            sensitivity: None,
            baseline: None,
            complete: true,
            repeat: String::new(),
        };
        let report = assemble::report(parts)?;
        let ratios = report.runs.iter().filter_map(|run| {
            let ratio = run.get(METRIC, &Split::All)?.total.value()?;
            Some(format!("{} {:.2} %", run.arm, ratio * 100.0))
        });
        let ratios = ratios.collect::<Vec<_>>().join(", ");
        let failed = report.gates.iter().filter(|gate| gate.blocks());
        let failed: Vec<&str> = failed.map(|gate| gate.id.as_str()).collect();
        let failed = if failed.is_empty() { String::new() } else { format!(" ({})", failed.join(", ")) };
        let (viewers, seed, verdict) = (self.viewers, self.seed.0, report.verdict.headline());
        Ok(Some(format!(
            "provisional, {viewers} viewers, seed {seed}: rebuffering {ratios}; {verdict}{failed}"
        )))
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
                "one seed, {viewers} viewers at the peak with titles, caches, capacities and cells scaled"
            ),
            base,
            rows: rows.collect(),
        })
    }
}

/// The peak of a scenario without its own `scale.audience`, which is what a new one counts from.
fn unscaled_peak(document: &Document, loader: &Recorded<'_>, peak: u32) -> Result<u32, Failure> {
    let key = "scale.audience";
    if !document.has(key) {
        return Ok(peak);
    }
    let mut unscaled = document.clone();
    unscaled.set(key, "1.0")?;
    let arms = unscaled.resolve(loader)?.arms;
    let peak = arms.iter().map(|arm| arm.world.peak_viewers()).max().unwrap_or(0);
    Ok(u32::try_from(peak).unwrap_or(u32::MAX))
}

/// Cells for `viewers` where `peak` have `cells`: as many viewers to a cell. An epoch costs each cell the same, however few are in
/// it, so that a tenth of the audience in all 64 would spend a fifth of its time on that.
fn cells_for(cells: u16, viewers: u32, peak: u32) -> u16 {
    let scaled = (u64::from(cells) * u64::from(viewers)).div_ceil(u64::from(peak.max(1)));
    u16::try_from(scaled).map_or(cells, |scaled| scaled.clamp(1, cells.max(1)))
}

fn ratio(ran: &Ran) -> Option<f64> {
    ran.run.get(METRIC, &Split::All)?.total.value()
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

/// Who runs a table, and for which scenario.
#[derive(Clone, Copy)]
pub struct Crew<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// Threads in all.
    pub threads: usize,
    /// Set to stop everything.
    pub stop: &'a AtomicBool,
}

impl Crew<'_> {
    fn run(&self, title: &str, jobs: &[Job<'_>]) -> Result<Vec<Option<Ran>>, Failure> {
        let seconds = jobs.first().map_or(0, |job| job.arm.world.clock.duration.0 / 1_000_000);
        let progress = Progress::quiet(&format!("{} {title}", self.scenario), jobs.len(), seconds);
        let runner = Runner { threads: self.threads, stop: self.stop, watcher: &progress, plant: None };
        let ran = runner.run(jobs);
        progress.finish();
        ran
    }

    /// Runs the scenario as it stands, and says what comes of it.
    ///
    /// # Errors
    /// See [`Runner::run`].
    pub fn first_look(&self, table: &Table) -> Result<Vec<Option<Ran>>, Failure> {
        let ran = self.run("first look", &table.jobs()[..table.jobs_of_base()])?;
        if let Some(line) = table.provisional(&ran)? {
            terminal::note(&line);
        }
        Ok(ran)
    }

    /// Runs what is left of a table after so many of its jobs.
    ///
    /// # Errors
    /// See [`Runner::run`].
    pub fn finish(&self, table: &Table, mut ran: Vec<Option<Ran>>) -> Result<Option<Sensitivity>, Failure> {
        ran.extend(self.run("sensitivity", &table.jobs()[ran.len()..])?);
        Ok(table.rows(&ran))
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
    fn the_table_has_the_viewers_that_it_names_whatever_the_scenarios_own_scale() {
        for (scale, viewers) in [("0.02", 1_000), ("0.5", 5_000), ("1", 5_000), ("2", 5_000)] {
            let mut document =
                Document::open(scenarios::library::DEFAULT, &NoFiles).expect("a shipped scenario");
            document.set("scale.audience", scale).expect("a factor");
            let resolved = document.resolve(&NoFiles).expect("a scaled scenario");
            let table =
                Table::of(&document, &resolved).expect("a valid table").expect("the default has a table");
            assert_eq!(table.viewers, viewers, "{scale}");
            for arm in table.arms() {
                assert!(
                    arm.world.peak_viewers().abs_diff(u64::from(viewers)) <= 5,
                    "{scale}: {}",
                    arm.world.peak_viewers()
                );
            }
        }
    }

    #[test]
    fn a_cell_of_the_table_has_as_many_viewers_as_one_of_the_scenario() {
        let document = Document::open(scenarios::library::DEFAULT, &NoFiles).expect("a shipped scenario");
        let resolved = document.resolve(&NoFiles).expect("a shipped scenario");
        let table = Table::of(&document, &resolved).expect("a valid table").expect("the default has a table");
        let per_cell = |arm: &ResolvedArm| arm.world.peak_viewers() / u64::from(arm.world.clock.cells);
        for arm in table.arms() {
            assert_eq!(arm.world.clock.cells, 7);
        }
        // Six and a fraction are seven.
        assert!((per_cell(&table.base.arms[0]) * 100 / per_cell(&resolved.arms[0])) > 90);
        assert_eq!((cells_for(64, 1, 50_000), cells_for(64, 50_000, 50_000), cells_for(1, 5, 0)), (1, 64, 1));
    }

    #[test]
    fn the_first_jobs_give_a_verdict_and_stand_in_the_table() {
        let mut document = Document::open(scenarios::library::DEFAULT, &NoFiles).expect("a shipped scenario");
        document.set("sensitivity.viewers", "100").expect("a number of viewers");
        let resolved = document.resolve(&NoFiles).expect("a shipped scenario");
        let table = Table::of(&document, &resolved).expect("a valid table").expect("the default has a table");
        assert!(table.is_smaller());
        let crew = Crew { scenario: "before-after", threads: 2, stop: &AtomicBool::new(false) };
        let ran = crew.first_look(&table).expect("a valid scenario");
        assert_eq!(ran.len(), 2);
        let line = table.provisional(&ran).expect("a valid scenario").expect("both have run");
        assert!(line.starts_with("provisional, 100 viewers, seed 20261120: rebuffering before "), "{line}");
        assert!(line.contains(" %, after ") && line.contains("gates"), "{line}");
        assert_eq!(table.provisional(&[ran[0].clone(), None]).expect("nothing to judge"), None);
        // The scenario as it stands is all that the table's first two places name.
        assert_eq!(&table.places()[..2], [0, 1]);
    }

    #[test]
    fn what_an_arm_does_not_use_is_not_run_again_for_it() {
        let document = Document::open(scenarios::library::DEFAULT, &NoFiles).expect("a shipped scenario");
        let resolved = document.resolve(&NoFiles).expect("a shipped scenario");
        let table = Table::of(&document, &resolved).expect("a valid table").expect("the default has a table");
        let (jobs, places) = (table.jobs(), table.places());
        assert_eq!(places.len(), 2 + 2 * 2 * ASSUMPTIONS.len());
        // Both ends of six settings of policies that `before` has not got, and of the token window for `after`.
        assert_eq!(jobs.len(), places.len() - 14);
        for (arm, place) in table.arms().into_iter().zip(places) {
            assert_eq!((&jobs[place].arm.id, jobs[place].arm.levers), (&arm.id, arm.levers));
        }
    }
}
