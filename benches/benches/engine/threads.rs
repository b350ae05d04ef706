//! What a second thread gains: wall time of two threads over wall time of one, side by side.

use benches::child::{self, Figures};
use benches::machine::cores;
use benches::say::{Table, least, median, say};

use super::Plan;
use super::worker::{Orders, scenario};

/// Most wall time that two threads may take, as a share of one.
const RATIO_MAX: f64 = 0.6;

/// Most of their time that threads may wait for a core before the ratio says nothing.
const WAITED_MAX: f64 = 0.05;

/// One way to use two threads.
struct Way {
    label: &'static str,
    one: Orders,
    two: Orders,
    runs: Vec<(Figures, Figures)>,
}

pub(super) fn report(plan: &Plan) {
    if cores() < 2 {
        return say("\nleft out: one thread against two (there is one core)");
    }
    let resolved = scenario(plan.viewers, false);
    // The last arm, with two seeds: jobs of equal length, so that the ratio says what threads do to each other and not
    // how arms differ.
    let (arm, seed) = (&resolved.arms.last().expect("the scenario has arms").id, resolved.seeds.first.0);
    let one = Orders::one(arm, seed, plan.viewers);
    let jobs = vec![(arm.clone(), seed), (arm.clone(), seed + 1)];
    let pair = Orders { jobs, workers: 1, threads: 1, viewers: plan.viewers, set_up_only: false };
    let way = |label, one: Orders, two| Way { label, one, two, runs: Vec::new() };
    let mut ways = [
        way("two jobs, one after the other or side by side", pair.clone(), Orders { workers: 2, ..pair }),
        way("one job, its cells on one thread or two", one.clone(), Orders { threads: 2, ..one }),
    ];
    for _ in 0..plan.rounds {
        for way in &mut ways {
            way.runs.push((child::run(&way.one.args()), child::run(&way.two.args())));
        }
    }
    print(plan, arm, &ways);
}

fn print(plan: &Plan, arm: &str, ways: &[Way]) {
    let head = ["", "wall s, 1", "wall s, 2", "ratio", "median", "busiest", "waited, 1", "waited, 2"];
    let mut table = Table::new(&head);
    let mut judged = Vec::new();
    for way in ways {
        let all = |side: fn(&(Figures, Figures)) -> &Figures, name: &str| -> Vec<f64> {
            way.runs.iter().map(|run| side(run).get(name)).collect()
        };
        let (one, two) = (all(|run| &run.0, "wall_s"), all(|run| &run.1, "wall_s"));
        let busiest = least(&all(|run| &run.1, "busiest_s")) / least(&all(|run| &run.0, "busiest_s"));
        let waited = |side: fn(&(Figures, Figures)) -> &Figures| {
            let shares = way.runs.iter().map(side).map(|run| {
                let waited = run.get("waited_s");
                waited / (waited + run.get("used_s"))
            });
            least(&shares.collect::<Vec<_>>())
        };
        let waits = [waited(|run| &run.0), waited(|run| &run.1)];
        let ratio = least(&two) / least(&one);
        let times = [least(&one), least(&two), ratio, median(&two) / median(&one), busiest];
        let percent = waits.iter().map(|share| format!("{:.0} %", share * 100.0));
        table.row(way.label, times.iter().map(|time| format!("{time:.2}")).chain(percent));
        let verdict = if waits.iter().all(|&share| share <= WAITED_MAX) {
            plan.judge(ratio, RATIO_MAX)
        } else {
            format!("at most {RATIO_MAX}: not judged, others had the cores")
        };
        judged.push(format!("  {}: {ratio:.2} ({verdict})", way.label));
    }
    say(&format!("\nwall time of two threads over one, arm `{arm}`, in turn\n{}", table.text()));
    say("  ratio and median: of the least wall times, of the median ones");
    say(
        "  busiest: CPU of the busiest of two threads over that of one; split so, no wall ratio gets below it",
    );
    say("  waited: share of their time that the threads could have run and had no core");
    judged.iter().for_each(|line| say(line));
}
