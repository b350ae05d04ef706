use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;
use units::draws::mix;
use units::sample::Zipf;

use super::*;

/// The same rules over plain queues, oldest first, searched from end to end.
struct Naive {
    eviction: Eviction,
    capacity: Capacity,
    main: VecDeque<Entry>,
    small: VecDeque<Entry>,
    ghost: VecDeque<Entry>,
    /// SIEVE: the key that the next search starts at.
    hand: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    key: u64,
    size: u32,
    uses: u8,
}

impl Naive {
    fn new(eviction: Eviction, capacity: Capacity) -> Self {
        let queue = VecDeque::new;
        Self { eviction, capacity, main: queue(), small: queue(), ghost: queue(), hand: None }
    }

    fn weight(&self, queue: &VecDeque<Entry>) -> u64 {
        queue.iter().map(|entry| self.capacity.weight(entry.size)).sum()
    }

    fn access(&mut self, key: u64, size: u32) -> Access {
        let uses_max = if self.eviction == Eviction::S3Fifo { 3 } else { 1 };
        for queue in [&mut self.main, &mut self.small] {
            if let Some(at) = queue.iter().position(|entry| entry.key == key) {
                if self.eviction == Eviction::Lru {
                    let entry = queue.remove(at).expect("it is there");
                    queue.push_back(entry);
                } else {
                    queue[at].uses = (queue[at].uses + 1).min(uses_max);
                }
                return Access::Hit;
            }
        }
        let remembered = self.ghost.iter().position(|entry| entry.key == key).map(|at| self.ghost.remove(at));
        let (weight, limit) = (self.capacity.weight(size), self.capacity.limit());
        if weight <= limit {
            while self.weight(&self.main) + self.weight(&self.small) + weight > limit {
                self.evict();
            }
            let small = self.eviction == Eviction::S3Fifo && remembered.is_none();
            let queue = if small { &mut self.small } else { &mut self.main };
            queue.push_back(Entry { key, size, uses: 0 });
        }
        Access::Miss
    }

    fn evict(&mut self) {
        match self.eviction {
            Eviction::Lru | Eviction::Fifo => drop(self.main.pop_front()),
            Eviction::Clock => self.evict_reinserting(),
            Eviction::Sieve => self.evict_sieve(),
            Eviction::S3Fifo => {
                let limit = self.capacity.limit();
                if self.weight(&self.main) > limit - limit / 10 || self.small.is_empty() {
                    return self.evict_reinserting();
                }
                while let Some(entry) = self.small.pop_front() {
                    if entry.uses >= 2 {
                        self.main.push_back(Entry { uses: 0, ..entry });
                        continue;
                    }
                    if self.capacity.weight(entry.size) <= limit * 9 / 10 {
                        self.ghost.push_back(entry);
                    }
                    while self.weight(&self.ghost) > limit * 9 / 10 {
                        self.ghost.pop_front();
                    }
                    break;
                }
            }
        }
    }

    fn evict_reinserting(&mut self) {
        while let Some(entry) = self.main.pop_front() {
            if entry.uses == 0 {
                break;
            }
            self.main.push_back(Entry { uses: entry.uses - 1, ..entry });
        }
    }

    fn evict_sieve(&mut self) {
        let mut at =
            self.hand.and_then(|key| self.main.iter().position(|entry| entry.key == key)).unwrap_or(0);
        while self.main[at].uses > 0 {
            self.main[at].uses = 0;
            at = (at + 1) % self.main.len();
        }
        self.hand = self.main.get(at + 1).map(|entry| entry.key);
        self.main.remove(at);
    }
}

fn eviction() -> impl Strategy<Value = Eviction> {
    prop::sample::select(Eviction::ALL.to_vec())
}

fn capacity() -> impl Strategy<Value = Capacity> {
    prop_oneof![
        (1_u64..40).prop_map(Capacity::Objects),
        (1_u64..400).prop_map(|bytes| Capacity::Bytes(Bytes(bytes))),
    ]
}

/// A request: low keys are popular, and a key's size is fixed by the key (a segment never changes).
fn requests() -> impl Strategy<Value = Vec<(u64, u32)>> {
    let key = (0_u64..60, 0_u64..60).prop_map(|(a, b)| a.min(b));
    prop::collection::vec(key.prop_map(|key| (key, 1 + (mix(key) % 30) as u32)), 1..400)
}

#[derive(Debug, Clone, Copy)]
enum Op {
    Get(u64),
    Insert(u64, u32),
    Remove(u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        4 => (0_u64..50).prop_map(Op::Get),
        4 => (0_u64..50, 0_u32..60).prop_map(|(key, size)| Op::Insert(key, size)),
        1 => (0_u64..50).prop_map(Op::Remove),
    ];
    prop::collection::vec(op, 1..300)
}

proptest! {
    #[test]
    fn every_request_ends_as_in_the_naive_model(
        eviction in eviction(), capacity in capacity(), requests in requests(),
    ) {
        let mut naive = Naive::new(eviction, capacity);
        let mut cache = Cache::new(eviction, capacity, 0);
        for (at, (key, size)) in requests.into_iter().enumerate() {
            let got = cache.access(CacheKey(key), Bytes(u64::from(size)));
            prop_assert_eq!(got, naive.access(key, size), "request {} of key {}", at, key);
        }
    }

    #[test]
    fn residents_are_what_was_admitted_and_neither_evicted_nor_removed(
        eviction in eviction(), capacity in capacity(), ops in ops(),
    ) {
        let mut cache = Cache::new(eviction, capacity, 8);
        let mut resident: BTreeMap<u64, u64> = BTreeMap::new();
        for op in ops {
            match op {
                Op::Get(key) => prop_assert_eq!(cache.get(CacheKey(key)), resident.contains_key(&key)),
                Op::Remove(key) => {
                    prop_assert_eq!(cache.remove(CacheKey(key)), resident.remove(&key).is_some());
                }
                Op::Insert(key, size) => {
                    let size = u64::from(size);
                    if resident.get(&key).is_some_and(|&old| old != size) {
                        resident.remove(&key);
                    }
                    let mut wrong = Vec::new();
                    let admitted = cache.insert(CacheKey(key), Bytes(size), |gone, bytes| {
                        if resident.remove(&gone.0) != Some(bytes.0) {
                            wrong.push(gone);
                        }
                    });
                    prop_assert!(wrong.is_empty(), "evicted what was not there: {:?}", wrong);
                    if admitted {
                        resident.insert(key, size);
                    }
                }
            }
            prop_assert_eq!(cache.len(), resident.len());
            prop_assert_eq!(cache.bytes().0, resident.values().sum::<u64>());
            let used = match capacity {
                Capacity::Bytes(_) => cache.bytes().0,
                Capacity::Objects(_) => cache.len() as u64,
            };
            prop_assert!(used <= capacity.limit());
            for key in 0..50 {
                prop_assert_eq!(cache.contains(CacheKey(key)), resident.contains_key(&key), "key {}", key);
            }
        }
    }

    #[test]
    fn keys_that_differ_in_few_bits_are_told_apart(shift in 0_u32..50, odd in any::<u64>()) {
        let key = |n: u64| CacheKey((n << shift) ^ odd);
        let mut cache = Cache::new(Eviction::Fifo, Capacity::Objects(1_000), 0);
        for n in 0..3_000 {
            cache.insert(key(n), Bytes(1), |_, _| {});
        }
        for n in 0..3_000 {
            prop_assert_eq!(cache.contains(key(n)), n >= 2_000);
        }
    }
}

#[test]
fn an_object_larger_than_the_cache_is_not_admitted_and_evicts_nothing() {
    for eviction in Eviction::ALL {
        let mut cache = Cache::new(eviction, Capacity::Bytes(Bytes(100)), 4);
        assert!(cache.insert(CacheKey(1), Bytes(90), |_, _| {}));
        for size in [101, u64::from(u32::MAX) + 1] {
            assert!(!cache.insert(CacheKey(2), Bytes(size), |_, _| panic!("{} evicted", eviction.name())));
        }
        assert!(cache.contains(CacheKey(1)) && !cache.contains(CacheKey(2)));
    }
}

#[test]
fn a_cleared_cache_behaves_like_a_new_one() {
    for eviction in Eviction::ALL {
        let run = |cache: &mut Cache| -> Vec<Access> {
            (0..2_000).map(|n| cache.access(CacheKey(mix(n) % 97), Bytes(1))).collect()
        };
        let mut cache = Cache::new(eviction, Capacity::Objects(20), 20);
        let first = run(&mut cache);
        cache.clear();
        assert!(cache.is_empty());
        assert_eq!(run(&mut cache), first, "{}", eviction.name());
    }
}

#[test]
fn memory_stays_at_most_40_bytes_per_tracked_object_and_does_not_grow_after_warm_up() {
    for eviction in Eviction::ALL {
        let objects = 10_000;
        let mut cache = Cache::new(eviction, Capacity::Objects(objects), 10_000);
        let set_aside = cache.memory_bytes();
        for n in 0..200_000 {
            cache.access(CacheKey(mix(n) % 40_000), Bytes(1_000));
        }
        let tracked = if eviction == Eviction::S3Fifo { objects + objects * 9 / 10 } else { objects };
        assert_eq!(cache.memory_bytes(), set_aside, "{}", eviction.name());
        assert!(set_aside as u64 <= 40 * tracked, "{}: {set_aside} bytes", eviction.name());
    }
}

/// Hit ratio of LRU under independent requests by popularity, after Che, Tung, Wang, "Hierarchical web caching systems"
/// (2002): an object is resident if it was asked for within the characteristic time.
fn che_hit_ratio(popularity: &[f64], objects: f64) -> f64 {
    let resident = |time: f64| popularity.iter().map(|p| 1.0 - libm::exp(-p * time)).sum::<f64>();
    let (mut low, mut high) = (0.0, 1e9);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if resident(middle) < objects { low = middle } else { high = middle }
    }
    popularity.iter().map(|p| p * (1.0 - libm::exp(-p * low))).sum()
}

#[test]
fn lru_agrees_with_che_within_one_percent() {
    for (exponent, objects) in [(0.6, 500), (0.8, 1_000), (1.0, 200), (1.2, 2_000)] {
        let zipf = Zipf::new(10_000, exponent);
        let popularity: Vec<f64> = (0..10_000).map(|rank| zipf.share(rank)).collect();
        let mut cache = Cache::new(Eviction::Lru, Capacity::Objects(objects), 2_000);
        let mut hits = 0_u32;
        for n in 0..400_000_u64 {
            let hit = cache.access(CacheKey(u64::from(zipf.sample(mix(n)))), Bytes(1)) == Access::Hit;
            hits += u32::from(hit && n >= 100_000);
        }
        let measured = f64::from(hits) / 300_000.0;
        let expected = che_hit_ratio(&popularity, objects as f64);
        assert!(
            (measured - expected).abs() < 0.01,
            "s {exponent}: measured {measured:.4}, Che {expected:.4}"
        );
    }
}
