//! A first-come first-served queue with `k` servers and a bounded wait.
//!
//! The origin and the session store are this queue; with exponential service it is M/M/k, which the tests hold against
//! Erlang's formula.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use units::{Micros, Timestamp};

/// A queue in front of equal servers.
#[derive(Debug, Clone)]
pub struct Queue {
    /// When each server is free again.
    free_at: BinaryHeap<Reverse<Timestamp>>,
    /// When those that wait will start, in order.
    waiting: VecDeque<Timestamp>,
    waiting_max: usize,
}

/// What became of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// Served: waited this long, and done at this time.
    Done {
        /// From arrival to the start of service.
        wait: Micros,
        /// End of service.
        at: Timestamp,
    },
    /// Turned away, because the wait would have been longer than the queue's bound.
    Rejected,
}

impl Queue {
    /// A queue with `servers` (at least 1) that turns an arrival away when `waiting_max` others wait already.
    #[must_use]
    pub fn new(servers: u32, waiting_max: u32) -> Self {
        let free_at = (0..servers.max(1)).map(|_| Reverse(Timestamp::ZERO)).collect();
        Self { free_at, waiting: VecDeque::new(), waiting_max: waiting_max as usize }
    }

    /// Serves an arrival; arrivals must come in order of time.
    ///
    /// # Panics
    /// Never: there is always at least one server.
    pub fn serve(&mut self, arrival: Timestamp, service: Micros) -> Served {
        while self.waiting.front().is_some_and(|&start| start <= arrival) {
            self.waiting.pop_front();
        }
        let mut first_free = self.free_at.peek_mut().expect("there is at least one server");
        let start = first_free.0.max(arrival);
        let wait = start.since(arrival);
        if wait > Micros::ZERO {
            if self.waiting.len() >= self.waiting_max {
                return Served::Rejected;
            }
            self.waiting.push_back(start);
        }
        let at = start + service;
        *first_free = Reverse(at);
        Served::Done { wait, at }
    }
}

#[cfg(test)]
mod tests {
    use units::draws::{Draws, Purpose, Seed};
    use units::sample::exponential;

    use super::*;

    /// Mean wait of M/M/k in units of the mean service time (Erlang C).
    fn erlang_c_wait(servers: u32, load: f64) -> f64 {
        let offered = load * f64::from(servers);
        let mut term = 1.0;
        let mut sum = 1.0;
        for n in 1..servers {
            term *= offered / f64::from(n);
            sum += term;
        }
        let last = term * offered / f64::from(servers) / (1.0 - load);
        last / (sum + last) / (f64::from(servers) * (1.0 - load))
    }

    fn check(servers: u32, load: f64) {
        let draws = Draws::new(Seed(9), Purpose::Test);
        let service_mean = 100_000.0;
        let mut queue = Queue::new(servers, u32::MAX);
        let (mut at, mut waited) = (0.0, 0.0);
        let arrivals = 4_000_000;
        for n in 0..arrivals {
            at += exponential(draws.bits(1, n)) * service_mean / (load * f64::from(servers));
            let service = Micros((exponential(draws.bits(2, n)) * service_mean) as u64);
            match queue.serve(Timestamp(at as u64), service) {
                Served::Done { wait, .. } => waited += wait.0 as f64,
                Served::Rejected => unreachable!("the wait is not bounded here"),
            }
        }
        let ours = waited / arrivals as f64 / service_mean;
        let theory = erlang_c_wait(servers, load);
        assert!((ours / theory - 1.0).abs() < 0.04, "k={servers} load={load}: {ours} against {theory}");
    }

    #[test]
    fn one_server_waits_as_m_m_1_says() {
        check(1, 0.5);
        check(1, 0.8);
    }

    #[test]
    fn many_servers_wait_as_erlang_c_says() {
        check(4, 0.7);
        check(32, 0.9);
    }

    #[test]
    fn an_arrival_that_finds_the_queue_full_is_turned_away_and_takes_no_server() {
        let mut queue = Queue::new(1, 1);
        let second = Micros::from_secs(1);
        assert_eq!(
            queue.serve(Timestamp(0), second * 3),
            Served::Done { wait: Micros::ZERO, at: Timestamp(3_000_000) }
        );
        assert_eq!(
            queue.serve(Timestamp(1_000_000), second),
            Served::Done { wait: second * 2, at: Timestamp(4_000_000) }
        );
        assert_eq!(queue.serve(Timestamp(2_000_000), second), Served::Rejected);
        assert_eq!(
            queue.serve(Timestamp(3_500_000), second),
            Served::Done { wait: second / 2, at: Timestamp(5_000_000) }
        );
    }
}
