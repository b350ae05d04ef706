//! Who goes next: runs futures in one thread, in a chosen interleaving.
//!
//! Waiting for the database is no turn: whoever waits for it keeps the turn until it has answered. A turn ends at a seam, where a
//! future yields by [`Turns::pass`]. In a serial order of steps a step keeps its turn to its end; workers inside a step take turns
//! all the same, because they run at once whatever the steps do.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use units::draws::mix;

/// A future of one step.
pub(super) type Task<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn waker() -> Waker {
    Waker::from(Arc::new(Unpark(std::thread::current())))
}

/// Which of all interleavings a run takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// By number: the serial orders of what runs together come first, the others are drawn.
    Drawn(u32),
    /// By its first choices; the first that there is at each choice after them.
    Listed(Vec<usize>),
}

/// The order of turns in one run of a sequence.
#[derive(Debug)]
pub(super) struct Turns {
    order: Order,
    /// Choices so far: which was taken, among how many.
    choices: RefCell<Vec<(usize, usize)>>,
    passed: Cell<bool>,
    together: Cell<bool>,
}

impl Turns {
    /// Turns in an order.
    pub(super) fn new(order: Order) -> Self {
        Self { order, choices: RefCell::default(), passed: Cell::new(false), together: Cell::new(false) }
    }

    /// First choices of the interleaving after this run's in the order of all: the last choice that can be another becomes the next.
    pub(super) fn next_listed(&self) -> Option<Vec<usize>> {
        let choices = self.choices.borrow();
        let last = choices.iter().rposition(|(taken, among)| taken + 1 < *among)?;
        let kept = choices[..last].iter().map(|(taken, _)| *taken);
        Some(kept.chain([choices[last].0 + 1]).collect())
    }

    /// Waits until it is this future's turn again; at once where nobody else runs.
    pub(super) async fn pass(&self) {
        if !self.together.get() {
            return;
        }
        let mut passed = false;
        std::future::poll_fn(|_| {
            if passed {
                return Poll::Ready(());
            }
            passed = true;
            self.passed.set(true);
            Poll::Pending
        })
        .await;
    }

    /// Runs one future to its end.
    pub(super) fn alone<T>(&self, future: impl Future<Output = T>) -> T {
        let together = self.together.replace(false);
        let mut future = pin!(future);
        let waker = waker();
        let value = loop {
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(value) => break value,
                Poll::Pending => std::thread::park(),
            }
        };
        self.together.set(together);
        value
    }

    /// Whether the future that was polled last has ended its turn.
    pub(super) fn has_passed(&self) -> bool {
        self.passed.get()
    }

    /// Runs several to their ends, in the order of this schedule.
    pub(super) fn together(&self, mut tasks: Vec<Task<'_>>) {
        let serial = serial_order(&self.order, tasks.len());
        let keeps_its_turn = serial.is_some();
        let before = self.together.replace(true);
        let mut order = serial.unwrap_or_default().into_iter();
        let waker = waker();
        let mut ids: Vec<usize> = (0..tasks.len()).collect();
        while !tasks.is_empty() {
            let next = order.next().and_then(|id| ids.iter().position(|known| *known == id));
            let at = next.unwrap_or_else(|| self.draw(tasks.len()));
            loop {
                self.passed.set(false);
                match tasks[at].as_mut().poll(&mut Context::from_waker(&waker)) {
                    Poll::Ready(()) => {
                        drop(tasks.remove(at));
                        ids.remove(at);
                        break;
                    }
                    Poll::Pending if self.passed.get() && keeps_its_turn => {}
                    Poll::Pending if self.passed.get() => break,
                    Poll::Pending => std::thread::park(),
                }
            }
        }
        self.together.set(before);
        // Whoever ran these inside a turn of its own has not ended that turn.
        self.passed.set(false);
    }

    /// Runs several inside one future: each turn of it is a turn of one of them, drawn among those that are left.
    pub(super) async fn among(&self, mut tasks: Vec<Task<'_>>) {
        let mut current: Option<usize> = None;
        std::future::poll_fn(move |context| {
            while !tasks.is_empty() {
                let at = current.unwrap_or_else(|| self.draw(tasks.len()));
                self.passed.set(false);
                if tasks[at].as_mut().poll(context).is_pending() {
                    current = (!self.passed.get()).then_some(at);
                    return Poll::Pending;
                }
                drop(tasks.remove(at));
                current = None;
                if self.together.get() && !tasks.is_empty() {
                    self.passed.set(true);
                    return Poll::Pending;
                }
            }
            Poll::Ready(())
        })
        .await;
    }

    fn draw(&self, among: usize) -> usize {
        if among <= 1 {
            return 0;
        }
        let mut choices = self.choices.borrow_mut();
        let n = choices.len();
        let taken = match &self.order {
            Order::Drawn(schedule) => {
                let bits = mix((u64::from(*schedule) << 32) | n as u64);
                usize::try_from(bits % among as u64).unwrap_or(0)
            }
            Order::Listed(first) => first.get(n).map_or(0, |taken| (*taken).min(among - 1)),
        };
        choices.push((taken, among));
        taken
    }
}

/// The permutation with a number, where there is one: with n tasks the first n! numbers are the serial orders.
fn serial_order(order: &Order, tasks: usize) -> Option<Vec<usize>> {
    let Order::Drawn(schedule) = order else { return None };
    let mut left: Vec<usize> = (0..tasks).collect();
    let mut rest = usize::try_from(*schedule).ok()?;
    let mut order = Vec::with_capacity(tasks);
    for size in (1..=tasks).rev() {
        let permutations: usize = (1..size).try_fold(1_usize, |product, n| product.checked_mul(n))?;
        let at = rest / permutations;
        if at >= left.len() {
            return None;
        }
        rest %= permutations;
        order.push(left.remove(at));
    }
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    type Log = Vec<(u32, u32)>;

    /// Somebody who takes so many turns.
    fn steps<'t>(turns: &'t Turns, log: &'t RefCell<Log>, (who, count): (u32, u32)) -> Task<'t> {
        Box::pin(async move {
            for step in 0..count {
                log.borrow_mut().push((who, step));
                turns.pass().await;
            }
        })
    }

    fn run(order: Order) -> (Log, Option<Vec<usize>>) {
        let turns = Turns::new(order);
        let log = RefCell::new(Vec::new());
        let task = |who| steps(&turns, &log, (who, 3));
        turns.together(vec![task(0), task(1), task(2)]);
        (log.take(), turns.next_listed())
    }

    fn drawn(schedule: u32) -> Log {
        run(Order::Drawn(schedule)).0
    }

    #[test]
    fn the_first_schedules_are_all_serial_orders_and_the_others_are_not() {
        let serial =
            |log: &[(u32, u32)]| log.chunks(3).all(|chunk| chunk.iter().all(|row| row.0 == chunk[0].0));
        let first: Vec<_> = (0..6).map(drawn).collect();
        assert!(first.iter().all(|log| serial(log)));
        assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 6);
        assert!((6..30).map(drawn).filter(|log| !serial(log)).count() > 15);
        assert_eq!(drawn(17), drawn(17));
    }

    #[test]
    fn listed_orders_are_all_there_are_and_no_two_are_the_same() {
        let mut seen = BTreeSet::new();
        let mut choices = Some(Vec::new());
        let mut runs = 0;
        while let Some(first) = choices {
            let (log, next) = run(Order::Listed(first));
            seen.insert(log);
            runs += 1;
            choices = next;
        }
        // Each task has four turns, of which the last does nothing that the log shows: 9! / (3!)^3 orders of what it shows.
        assert_eq!(seen.len(), 1_680);
        assert_eq!(runs, 34_650);
    }

    #[test]
    fn workers_take_turns_even_where_the_steps_do_not() {
        let turns = Turns::new(Order::Drawn(0));
        let log = RefCell::new(Vec::new());
        let worker = |who| steps(&turns, &log, (who, 8));
        let step: Task<'_> = Box::pin(turns.among(vec![worker(0), worker(1)]));
        turns.together(vec![step, worker(2)]);
        let log = log.take();
        let of = |who: u32| log.iter().position(|row| row.0 == who);
        assert!(log[..16].iter().all(|row| row.0 < 2), "the first step comes first: {log:?}");
        assert!(log[..8].iter().any(|row| row.0 == 0) && log[..8].iter().any(|row| row.0 == 1), "{log:?}");
        assert!(of(2) == Some(16));
    }
}
