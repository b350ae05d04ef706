//! Who goes next: runs futures in one thread, in a chosen interleaving.
//!
//! Waiting for the database is no turn: whoever waits for it keeps the turn until it has answered. A turn ends at a seam, where a
//! future yields by [`Turns::pass`].

use std::cell::Cell;
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

/// The order of turns in one run of a sequence.
#[derive(Debug)]
pub(super) struct Turns {
    schedule: u32,
    drawn: Cell<u64>,
    passed: Cell<bool>,
    together: Cell<bool>,
}

impl Turns {
    /// The interleaving with an ordinal: the first ones are the serial orders.
    pub(super) fn new(schedule: u32) -> Self {
        Self { schedule, drawn: Cell::new(0), passed: Cell::new(false), together: Cell::new(false) }
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

    /// Runs several to their ends, in the order of this schedule.
    pub(super) fn together(&self, mut tasks: Vec<Task<'_>>) {
        let serial = serial_order(self.schedule, tasks.len());
        let before = self.together.replace(serial.is_none());
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
                    Poll::Pending if self.passed.get() => break,
                    Poll::Pending => std::thread::park(),
                }
            }
        }
        self.together.set(before);
    }

    fn draw(&self, among: usize) -> usize {
        let drawn = self.drawn.get();
        self.drawn.set(drawn + 1);
        let bits = mix(u64::from(self.schedule) << 32 | drawn);
        usize::try_from(bits % among.max(1) as u64).unwrap_or(0)
    }
}

/// The permutation with an ordinal, where there is one: with n tasks the first n! schedules are the serial orders.
fn serial_order(schedule: u32, tasks: usize) -> Option<Vec<usize>> {
    let mut left: Vec<usize> = (0..tasks).collect();
    let mut rest = usize::try_from(schedule).ok()?;
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
    use std::cell::RefCell;

    fn run(schedule: u32) -> Vec<(u32, u32)> {
        let turns = Turns::new(schedule);
        let log = RefCell::new(Vec::new());
        let task = |who: u32| -> Task<'_> {
            let (turns, log) = (&turns, &log);
            Box::pin(async move {
                for step in 0..3 {
                    log.borrow_mut().push((who, step));
                    turns.pass().await;
                }
            })
        };
        turns.together(vec![task(0), task(1), task(2)]);
        log.into_inner()
    }

    #[test]
    fn the_first_schedules_are_all_serial_orders_and_the_others_are_not() {
        let serial =
            |log: &[(u32, u32)]| log.chunks(3).all(|chunk| chunk.iter().all(|row| row.0 == chunk[0].0));
        let first: Vec<_> = (0..6).map(run).collect();
        assert!(first.iter().all(|log| serial(log)));
        assert_eq!(first.iter().collect::<std::collections::BTreeSet<_>>().len(), 6);
        assert!((6..30).map(run).filter(|log| !serial(log)).count() > 15);
        assert_eq!(run(17), run(17));
    }
}
