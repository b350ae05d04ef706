//! The timing wheel of one cell: buckets of one epoch, sorted when their epoch comes.
//!
//! An event is one `u64`, so that ordering, ties included, is a comparison of integers: time, then kind, then player.
//! Vector buckets beat a heap of structs by an order of magnitude at these sizes (measured in `benches`).

use units::{Micros, Timestamp};

/// What an event is. The order decides between events of the same microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum EventKind {
    /// A session was granted by the session store.
    Begin = 0,
    /// The body of a response is complete.
    Finish = 1,
    /// A response without a modelled body arrives: a playlist, an error, a reset.
    Answer = 2,
    /// A limit of the request in flight passed.
    Timeout = 3,
    /// The player looks at its running download.
    Progress = 4,
    /// A timer of the player.
    Wake = 5,
    /// The viewer's patience with startup ends.
    Patience = 6,
    /// The viewer leaves as planned.
    Leave = 7,
}

impl EventKind {
    const ALL: [Self; 8] = [
        Self::Begin,
        Self::Finish,
        Self::Answer,
        Self::Timeout,
        Self::Progress,
        Self::Wake,
        Self::Patience,
        Self::Leave,
    ];
}

/// One event: 40 bits of microseconds (12 days), 4 bits of kind, 20 bits of player slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Event(u64);

/// Most player slots that one cell can hold.
pub(crate) const SLOTS_MAX: usize = 1 << 20;

impl Event {
    /// No event can lie at or after this; no run is as long.
    pub(crate) const END: Timestamp = Timestamp(1 << 40);

    pub(crate) fn new(at: Timestamp, kind: EventKind, slot: u32) -> Self {
        debug_assert!(at < Self::END && (slot as usize) < SLOTS_MAX);
        Self(at.0 << 24 | (kind as u64) << 20 | u64::from(slot))
    }

    pub(crate) fn at(self) -> Timestamp {
        Timestamp(self.0 >> 24)
    }

    pub(crate) fn kind(self) -> EventKind {
        EventKind::ALL[(self.0 >> 20) as usize & 0x7]
    }

    pub(crate) fn slot(self) -> u32 {
        (self.0 & 0xF_FFFF) as u32
    }

    /// The event as a word, for trace hashes.
    pub(crate) fn word(self) -> u64 {
        self.0
    }
}

/// Events of one cell, by epoch.
#[derive(Debug, Clone)]
pub(crate) struct Wheel {
    /// 2^64 / epoch, rounded up: dividing by the epoch is a multiplication.
    per_epoch: u64,
    /// Ordinal of the epoch whose events are in `current`.
    now: u64,
    /// End of that epoch.
    ends: u64,
    epoch: Micros,
    /// Events of the present epoch, latest first once they are sorted, so that `pop` takes the earliest.
    current: Vec<Event>,
    /// Events that were added to the present epoch after `current` was sorted, latest first: few, so that keeping them in
    /// order is cheap.
    late: Vec<Event>,
    sorted: bool,
    buckets: Vec<Vec<Event>>,
    /// Events for later epochs that are not in their buckets yet.
    unfiled: Vec<Event>,
    /// Events beyond the last bucket; moved in as the wheel turns.
    far: Vec<Event>,
}

impl Wheel {
    /// 256 epochs of 250 ms reach 64 s ahead, beyond every timer of a player but the two-minute load limit.
    const BUCKETS: u64 = 256;

    /// Epochs are shorter than 16 s, which keeps [`Wheel::ordinal`] exact.
    const EPOCH_MAX: u64 = 1 << 24;

    pub(crate) fn new(epoch: Micros) -> Self {
        assert!(
            (2..Self::EPOCH_MAX).contains(&epoch.0),
            "an epoch of `{}` µs is not between 2 and 2^24",
            epoch.0
        );
        Self {
            per_epoch: u64::MAX / epoch.0 + 1,
            now: 0,
            ends: epoch.0,
            epoch,
            current: Vec::new(),
            late: Vec::new(),
            sorted: false,
            buckets: (0..Self::BUCKETS).map(|_| Vec::new()).collect(),
            unfiled: Vec::new(),
            far: Vec::new(),
        }
    }

    /// Which epoch an event belongs to. Exact, because times are below 2^40 and `time × epoch` is below 2^64.
    fn ordinal(&self, event: Event) -> u64 {
        ((u128::from(event.at().0) * u128::from(self.per_epoch)) >> 64) as u64
    }

    /// Moves to the epoch with this ordinal, which must be the next one (or the first).
    pub(crate) fn turn_to(&mut self, ordinal: u64) {
        debug_assert!(
            self.current.is_empty() && self.late.is_empty(),
            "an epoch is left only when its events are done"
        );
        self.file();
        self.now = ordinal;
        self.ends = (ordinal + 1) * self.epoch.0;
        self.sorted = false;
        if ordinal.is_multiple_of(Self::BUCKETS / 2) {
            self.bring_near();
        }
        let bucket = &mut self.buckets[(ordinal % Self::BUCKETS) as usize];
        std::mem::swap(&mut self.current, bucket);
    }

    /// Puts the events of the present epoch in order; those added later are merged one by one.
    pub(crate) fn sort(&mut self) {
        self.current.sort_unstable_by(|a, b| b.cmp(a));
        self.sorted = true;
    }

    fn bring_near(&mut self) {
        let mut index = 0;
        while index < self.far.len() {
            let event = self.far[index];
            let ordinal = self.ordinal(event);
            if ordinal < self.now + Self::BUCKETS {
                self.far.swap_remove(index);
                self.buckets[(ordinal % Self::BUCKETS) as usize].push(event);
            } else {
                index += 1;
            }
        }
    }

    /// Adds an event. One that lies before the present epoch is a bug; one in the present epoch is merged in order.
    pub(crate) fn push(&mut self, event: Event) {
        if event.at().0 < self.ends {
            debug_assert!(event.at().0 + self.epoch.0 >= self.ends, "event in the past");
            if self.sorted {
                let place = self.late.partition_point(|&other| other > event);
                self.late.insert(place, event);
            } else {
                self.current.push(event);
            }
            return;
        }
        self.unfiled.push(event);
    }

    /// Puts events for later epochs into their buckets: all of an epoch's at once, because each bucket is another place in
    /// memory, and waits for places that are known beforehand overlap. A cell does it as its epoch ends, while the events
    /// are in a cache; [`Wheel::turn_to`] does it for any that came since.
    pub(crate) fn file(&mut self) {
        let mut unfiled = std::mem::take(&mut self.unfiled);
        for event in unfiled.drain(..) {
            let ordinal = self.ordinal(event);
            if ordinal < self.now + Self::BUCKETS {
                self.buckets[(ordinal % Self::BUCKETS) as usize].push(event);
            } else {
                self.far.push(event);
            }
        }
        self.unfiled = unfiled;
    }

    /// The next few events that were planned for the present epoch, latest first, once they are sorted.
    pub(crate) fn upcoming(&self, most: usize) -> &[Event] {
        &self.current[self.current.len().saturating_sub(most)..]
    }

    /// The earliest event of the present epoch, once they are sorted.
    pub(crate) fn pop(&mut self) -> Option<Event> {
        match (self.current.last(), self.late.last()) {
            (Some(planned), Some(late)) if late < planned => self.late.pop(),
            (None, Some(_)) => self.late.pop(),
            _ => self.current.pop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn events_come_out_in_order_of_time_kind_and_slot(times in prop::collection::vec((0u64..400_000_000, 0u32..5), 1..300)) {
            let epoch = Micros::from_millis(250);
            let mut wheel = Wheel::new(epoch);
            let mut expected: Vec<Event> =
                times.iter().map(|&(at, slot)| Event::new(Timestamp(at), EventKind::Wake, slot)).collect();
            for &event in &expected {
                if event.at().0 < epoch.0 {
                    continue;
                }
                wheel.push(event);
            }
            expected.retain(|event| event.at().0 >= epoch.0);
            expected.sort_unstable();
            let mut popped = Vec::new();
            for ordinal in 1..1_700 {
                wheel.turn_to(ordinal);
                wheel.sort();
                while let Some(event) = wheel.pop() {
                    popped.push(event);
                }
            }
            prop_assert_eq!(popped, expected);
        }
    }

    #[test]
    fn an_event_of_the_present_epoch_is_merged_in_order() {
        let mut wheel = Wheel::new(Micros::from_millis(250));
        wheel.push(Event::new(Timestamp(260_000), EventKind::Wake, 1));
        wheel.turn_to(1);
        wheel.push(Event::new(Timestamp(255_000), EventKind::Finish, 2));
        wheel.sort();
        wheel.push(Event::new(Timestamp(300_000), EventKind::Finish, 3));
        let slots: Vec<u32> = std::iter::from_fn(|| wheel.pop()).map(Event::slot).collect();
        assert_eq!(slots, [2, 1, 3]);
    }

    proptest! {
        #[test]
        fn the_epoch_of_a_time_is_its_quotient(at in 0u64..1 << 40, epoch in 1_000u64..Wheel::EPOCH_MAX) {
            let wheel = Wheel::new(Micros(epoch));
            for at in [at, at / epoch * epoch, (at / epoch * epoch).saturating_sub(1)] {
                prop_assert_eq!(wheel.ordinal(Event::new(Timestamp(at), EventKind::Wake, 0)), at / epoch);
            }
        }
    }

    #[test]
    fn an_event_keeps_its_parts() {
        for kind in EventKind::ALL {
            let event = Event::new(Timestamp(7_200_000_123), kind, 1_048_575);
            assert_eq!((event.at(), event.kind(), event.slot()), (Timestamp(7_200_000_123), kind, 1_048_575));
        }
    }
}
