//! Who works through which cells, and into what they count meanwhile.
//!
//! A group of consecutive cells shares one [`Ledger`], lent to each cell for its epoch. Nearly every event counts into
//! it: a cell's own would be in none of the processor's caches by the time of the cell's next epoch. Sums of integers
//! commute, and what is listed is put in order, so neither the groups nor the threads change a byte.

use rayon::prelude::*;
use units::{CohortId, Micros, RegionId};

use crate::board::Board;
use crate::cell::Cell;
use crate::ledger::{Ledger, Shape, Sums};
use crate::stage::Stage;

/// Groups of cells per thread: a thread that is done early takes over a group of one that is not.
const GROUPS_PER_THREAD: usize = 8;

/// The groups of cells of a run.
#[derive(Debug)]
pub(crate) struct Crew {
    /// By group; at least one.
    ledgers: Vec<Ledger>,
    /// How many cells are in a group.
    cells_each: usize,
}

impl Crew {
    /// One group of the cells (at least one) for the caller's own thread, or several for so many threads.
    pub(crate) fn new(shape: Shape, cells: usize, threads: usize) -> Self {
        let groups = if threads > 1 { threads * GROUPS_PER_THREAD } else { 1 };
        let cells_each = cells.div_ceil(groups);
        Self { ledgers: vec![Ledger::new(shape); cells.div_ceil(cells_each)], cells_each }
    }

    /// Works through one epoch of all cells.
    pub(crate) fn run_epoch(&mut self, cells: &mut [Cell], stage: &Stage, board: &Board) {
        let run = |(cells, ledger): (&mut [Cell], &mut Ledger)| {
            for cell in cells {
                cell.with_ledger(ledger, |cell| cell.run_epoch(stage, board));
            }
        };
        if let [ledger] = &mut self.ledgers[..] {
            run((cells, ledger));
        } else {
            cells.par_chunks_mut(self.cells_each).zip(&mut self.ledgers).for_each(run);
        }
    }

    /// The ledger of what is counted at a barrier.
    pub(crate) fn ledger(&mut self) -> &mut Ledger {
        &mut self.ledgers[0]
    }

    /// Adds the present bucket of all groups to `into` and starts the next. Startups are put in order, since how they came
    /// depends on the groups.
    pub(crate) fn flush(&mut self, into: &mut [Sums], startups: &mut Vec<(CohortId, RegionId, Micros)>) {
        for ledger in &mut self.ledgers {
            ledger.flush(into, startups);
        }
        startups.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_a_ledger_whatever_the_numbers_of_cells_and_threads() {
        let shape = Shape { cohorts: 1, regions: 1, pathways: 1 };
        for threads in 0..20 {
            for cells in 1..100 {
                let crew = Crew::new(shape, cells, threads);
                assert_eq!(crew.ledgers.len(), cells.div_ceil(crew.cells_each), "{cells} cells");
                assert!(threads > 1 || crew.ledgers.len() == 1);
                assert!(crew.ledgers.len() <= (threads * GROUPS_PER_THREAD).max(1));
            }
        }
    }
}
