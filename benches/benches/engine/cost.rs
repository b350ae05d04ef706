//! CPU, instructions and memory per completed segment, by arm, set-up apart.

use actors::player::Player;
use benches::child::{self, Figures};
use benches::say::{Table, bound, least, say, whole};

use super::Plan;
use super::worker::{Orders, scenario};

/// Most CPU time per completed segment.
const NS_PER_SEGMENT_MAX: f64 = 300.0;

/// Most hot state of a player.
const PLAYER_BYTES_MAX: f64 = 128.0;

/// What one arm took, summed over seeds.
#[derive(Debug, Clone, Default)]
struct Cost {
    segments: f64,
    events: f64,
    seats: f64,
    set_up_s: f64,
    epochs_s: f64,
    measure_s: f64,
    /// Of the process up to its first epoch, and in all.
    instructions: Option<(f64, f64)>,
    /// Peak memory over what the process held before the first job, and viewers at the peak: the largest seed's.
    memory: Option<f64>,
    viewers: f64,
}

pub(super) fn report(plan: &Plan) {
    let resolved = scenario(plan.viewers, false);
    let arms: Vec<String> = resolved.arms.iter().map(|arm| arm.id.clone()).collect();
    let seeds: Vec<u64> = (0..u64::from(plan.seeds)).map(|n| resolved.seeds.first.0 + n).collect();
    let mut costs = vec![Cost::default(); arms.len()];
    for &seed in &seeds {
        // A round takes every arm in turn, so that a noisy minute falls on all of them.
        let mut rounds: Vec<Vec<(Figures, Figures)>> = vec![Vec::new(); arms.len()];
        for _ in 0..plan.rounds {
            for (arm, rounds) in arms.iter().zip(&mut rounds) {
                let whole = Orders::one(arm, seed, plan.viewers);
                let set_up = Orders { set_up_only: true, ..whole.clone() };
                rounds.push((child::run(&set_up.args()), child::run(&whole.args())));
            }
        }
        for (cost, rounds) in costs.iter_mut().zip(&rounds) {
            cost.add(rounds);
        }
    }
    print(plan, &arms, &costs);
}

impl Cost {
    /// Adds a seed: counts of any round, as they are equal, and the least of each time.
    fn add(&mut self, rounds: &[(Figures, Figures)]) {
        let (set_up, whole) = &rounds[0];
        self.segments += whole.get("segments");
        self.events += whole.get("events");
        self.seats += whole.get("seats");
        let best =
            |of: &dyn Fn(&(Figures, Figures)) -> f64| least(&rounds.iter().map(of).collect::<Vec<_>>());
        let prepare_s = best(&|(_, whole)| phase(whole, "plan") + phase(whole, "stage"));
        let first_epoch_s = best(&|(set_up, _)| phase(set_up, "run"));
        let run_s = best(&|(_, whole)| phase(whole, "run"));
        self.set_up_s += prepare_s + first_epoch_s;
        self.epochs_s += run_s - first_epoch_s;
        self.measure_s += best(&|(_, whole)| phase(whole, "measure"));
        self.instructions = set_up.instructions.zip(whole.instructions).map(|(set_up, whole)| {
            let (known_set_up, known_whole) = self.instructions.unwrap_or_default();
            (known_set_up + set_up, known_whole + whole)
        });
        let memory =
            whole.find("memory_peak").zip(whole.find("memory_start")).map(|(peak, start)| peak - start);
        if memory > self.memory {
            self.memory = memory;
            self.viewers = whole.get("viewers_peak");
        }
    }

    fn in_all_s(&self) -> f64 {
        self.set_up_s + self.epochs_s + self.measure_s
    }
}

/// CPU seconds of a phase; not a number where the system does not tell, which then shows.
fn phase(figures: &Figures, name: &str) -> f64 {
    figures.find(&format!("{name}_cpu_s")).unwrap_or(f64::NAN)
}

fn print(plan: &Plan, arms: &[String], costs: &[Cost]) {
    let total = sum(costs);
    let columns: Vec<&Cost> = costs.iter().chain([&total]).collect();
    let head: Vec<&str> =
        [""].into_iter().chain(arms.iter().map(String::as_str)).chain(["all arms"]).collect();
    let mut table = Table::new(&head);
    let mut row =
        |label: &str, of: &dyn Fn(&Cost) -> String| table.row(label, columns.iter().map(|cost| of(cost)));
    let per_segment = |seconds: f64, cost: &Cost| format!("{:.1}", seconds * 1e9 / cost.segments);
    row("segments completed", &|cost| whole(cost.segments));
    row("events per segment", &|cost| format!("{:.2}", cost.events / cost.segments));
    row("CPU ns per segment: set-up", &|cost| per_segment(cost.set_up_s, cost));
    row("CPU ns per segment: epochs", &|cost| per_segment(cost.epochs_s, cost));
    row("CPU ns per segment: measurements", &|cost| per_segment(cost.measure_s, cost));
    row("CPU ns per segment: in all", &|cost| per_segment(cost.in_all_s(), cost));
    row("CPU seconds in all", &|cost| format!("{:.2}", cost.in_all_s()));
    if total.instructions.is_some() {
        let counted = |cost: &Cost| cost.instructions.unwrap_or_default();
        let per_segment = |count: f64, cost: &Cost| whole(count / cost.segments);
        row("instructions per segment: set-up", &|cost| per_segment(counted(cost).0, cost));
        row("instructions per segment: epochs, measurements", &|cost| {
            per_segment(counted(cost).1 - counted(cost).0, cost)
        });
    }
    row("seats allocated", &|cost| whole(cost.seats));
    if total.memory.is_some() {
        let bytes = |cost: &Cost| cost.memory.unwrap_or_default();
        row("memory of one job at its peak, MB", &|cost| whole(bytes(cost) / 1e6));
        row("memory of one job per viewer at the peak, bytes", &|cost| {
            whole(bytes(cost) / cost.viewers.max(1.0))
        });
    }
    say(&format!(
        "\ncost of a completed segment (warm-up included), each job alone on one thread\n{}",
        table.text()
    ));
    say(
        "  set-up: plan of sessions, tables, warm caches, first epoch; instructions: start of the process and scenario too",
    );
    say("  left out: reading the scenario, judging gates, rendering (see `small` and the default run below)");
    let ns = total.in_all_s() * 1e9 / total.segments;
    say(&format!("  CPU ns per completed segment: {ns:.1} ({})", plan.judge(ns, NS_PER_SEGMENT_MAX)));
    let bytes = u32::try_from(size_of::<Player>()).map_or(f64::INFINITY, f64::from);
    say(&format!("  hot state of a player, bytes: {bytes} ({})", bound(bytes, PLAYER_BYTES_MAX)));
}

/// All arms together; memory is the largest's.
fn sum(costs: &[Cost]) -> Cost {
    costs.iter().fold(Cost::default(), |sum, cost| {
        let larger = if cost.memory > sum.memory { cost } else { &sum };
        Cost {
            memory: larger.memory,
            viewers: larger.viewers,
            segments: sum.segments + cost.segments,
            events: sum.events + cost.events,
            seats: sum.seats + cost.seats,
            set_up_s: sum.set_up_s + cost.set_up_s,
            epochs_s: sum.epochs_s + cost.epochs_s,
            measure_s: sum.measure_s + cost.measure_s,
            instructions: cost.instructions.map(|(set_up, whole)| {
                let (known_set_up, known_whole) = sum.instructions.unwrap_or_default();
                (known_set_up + set_up, known_whole + whole)
            }),
        }
    })
}
