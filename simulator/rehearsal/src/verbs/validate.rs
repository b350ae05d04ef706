//! `rehearsal validate`: prints what the outside evidence says.

use serde_json::json;

use crate::cli::{ValidateArgs, ValidateKind};
use crate::failure::{Outcome, exit};
use crate::terminal;
use crate::validate::{KindCount, Validation, cache, calendar, sabre, webhooks};

pub(super) fn validate(args: &ValidateArgs) -> Outcome {
    match &args.kind {
        ValidateKind::Sabre { data, golden, json } => Ok(say(&sabre::run(data, golden)?, *json)),
        ValidateKind::Webhooks { data, json } => Ok(say(&webhooks::run(data)?, *json)),
        ValidateKind::Calendar { data, json } => Ok(say(&calendar::run(data)?, *json)),
        ValidateKind::Cache { data, json } => {
            let found = cache::run(data)?;
            if !json {
                for (policy, rows) in cache::skipped(data)? {
                    terminal::data(&format!("{policy}: {rows} rows skipped, not built here"));
                }
            }
            Ok(say(&found, *json))
        }
    }
}

/// Prints a validation; its last line on stdout is the count.
fn say(found: &Validation, as_json: bool) -> u8 {
    let code = if found.agrees { exit::OK } else { exit::FAILED };
    if as_json {
        terminal::data(&json!(found).to_string());
    } else {
        for failure in &found.first_failures {
            terminal::data(&format!("differs: {failure}"));
        }
        if let Some(worst) = &found.worst {
            terminal::data(&format!("largest difference {:e} at {}", worst.difference, worst.at));
        }
        for kind in &found.kinds {
            terminal::data(&count_line(kind));
        }
        terminal::data(&format!("{:.0} {}", found.throughput, found.throughput_unit));
        let skipped = if found.skipped > 0 { format!(", {} skipped", found.skipped) } else { String::new() };
        terminal::data(&format!("{} passed, {} failed{skipped}", found.passed, found.failed));
    }
    if code != exit::OK {
        terminal::note(&format!("repeat: {}", terminal::command(&std::env::args().collect::<Vec<_>>())));
    }
    code
}

fn count_line(count: &KindCount) -> String {
    let KindCount { kind, passed, failed, skipped } = count;
    if passed + failed == 0 {
        return format!("{kind}: {skipped} skipped, not built here");
    }
    format!("{kind}: {passed} passed, {failed} failed")
}
