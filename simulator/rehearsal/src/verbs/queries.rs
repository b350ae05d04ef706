//! `rehearsal queries`: rows to measure any search by, one JSON object a line.

use actors::queries::{self, Order, Split};
use units::Seed;

use crate::cli::{QueriesArgs, SplitName};
use crate::failure::{Failure, Outcome, exit};
use crate::{terminal, title_facts};

pub(super) fn queries(args: &QueriesArgs) -> Outcome {
    let facts = title_facts::read(&args.catalog)?;
    let split = match args.split {
        SplitName::Tuning => Split::Tuning,
        SplitName::Judging => Split::Judging,
    };
    let order = Order { seed: Seed(args.seed), split, per_kind: args.per_kind as usize };
    let rows = queries::generate(&facts, &order);
    if rows.is_empty() {
        return Err(Failure::cannot_judge(format!(
            "`{}` has no title to make a query from",
            args.catalog.display()
        ))
        .hint("the other half may have one: --split judging or --split tuning"));
    }
    for row in &rows {
        let line = serde_json::to_string(row).map_err(|error| Failure::bug(error.to_string()))?;
        terminal::data(&line);
    }
    Ok(exit::OK)
}
