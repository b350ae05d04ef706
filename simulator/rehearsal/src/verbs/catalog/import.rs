//! `rehearsal catalog import` and `rehearsal catalog quarantine`.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use platform_server::catalog::import::{self, Changed, ImportError, Progress, Request, Summary};
use platform_server::catalog::store::CatalogStore;
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome, exit};
use crate::files::reason;
use crate::stored_catalog::{import_failure, open_existing, runtime, store_failure};
use crate::terminal;

/// Where nobody watches, a line is written after so many records.
const LINE_RECORDS: u64 = 100_000;

/// What a person or a log sees meanwhile.
struct Watcher {
    bar: Option<ProgressBar>,
    said: u64,
    /// Records that were read so far, in this import or before it.
    records: u64,
}

impl Watcher {
    fn new() -> Self {
        let bar = terminal::is_watched().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
            let style = ProgressStyle::with_template("import [{bar:30}] {percent:>3} %  {eta} left  {msg}");
            // The template is a constant: if it were wrong, the plain bar would do.
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
            bar
        });
        Self { bar, said: 0, records: 0 }
    }

    fn see(&mut self, progress: &Progress) {
        let position = &progress.position;
        self.records = position.records;
        let text = format!("{} records, {} set aside", position.records, position.quarantined);
        match &self.bar {
            Some(bar) => {
                bar.set_length(progress.bytes_all);
                bar.set_position(progress.bytes);
                bar.set_message(text);
            }
            None if position.records / LINE_RECORDS > self.said => {
                self.said = position.records / LINE_RECORDS;
                let percent = progress.bytes * 100 / progress.bytes_all.max(1);
                terminal::note(&format!("{percent} % read: {text}"));
            }
            None => {}
        }
    }
}

/// A name that is wrong must not leave an empty catalogue behind, so the file is opened before the database is.
fn readable(path: &Path) -> Result<(), Failure> {
    let opened = File::open(path).and_then(|file| file.metadata());
    let refuse = |why: &str| {
        Failure::usage(format!("`{}` cannot be read: {why}", path.display()))
            .hint("name a file of titles: JSON Lines or CSV, plain or as .gz")
    };
    match opened {
        Ok(about) if about.is_dir() => Err(refuse("it is a folder")),
        Ok(_) => Ok(()),
        Err(error) => Err(refuse(&reason(&error))),
    }
}

pub(super) fn import(store: &Path, request: &Request, json: bool) -> Outcome {
    readable(&request.path)?;
    runtime()?.block_on(async {
        let store = CatalogStore::open(store).await.map_err(|error| store_failure(&error))?;
        let mut watcher = Watcher::new();
        let imported = import::import(&store, request, |progress| {
            watcher.see(progress);
            ControlFlow::Continue(())
        });
        let imported = imported.await;
        if let Some(bar) = &watcher.bar {
            bar.finish_and_clear();
        }
        let summary = imported.map_err(|error| {
            let failure = import_failure(&error);
            let nothing_read = watcher.records == 0 && matches!(error, ImportError::Read { .. });
            if nothing_read {
                failure.hint("name a file that can be read; nothing was imported")
            } else {
                failure
            }
        })?;
        let (titles, unseen) = (store.titles().await, store.titles_without_windows().await);
        let titles = titles.map_err(|error| store_failure(&error))?;
        let unseen = unseen.map_err(|error| store_failure(&error))?;
        store.close().await;
        print(&summary, (titles, unseen), json);
        Ok(exit::OK)
    })
}

fn print(summary: &Summary, (titles, unseen): (u64, u64), json: bool) {
    let (position, written) = (&summary.position, summary.written());
    if json {
        let said = json!({
            "records": position.records, "added": written.added, "changed": written.changed,
            "unchanged": written.unchanged, "quarantined": position.quarantined,
            "resumed_at": summary.resumed_at, "titles": titles, "titles_without_windows": unseen,
            "changes": changes(summary),
        });
        terminal::data(&said.to_string());
        return;
    }
    if summary.changed_since {
        terminal::note("the file is not the one that was begun; it was read from its start");
    } else if summary.resumed_at > 0 {
        terminal::note(&format!("went on after {} records that were in already", summary.resumed_at));
    }
    terminal::data(&format!(
        "{} records: {} added, {} changed, {} unchanged, {} set aside; the catalogue has {titles} titles",
        position.records, written.added, written.changed, written.unchanged, position.quarantined
    ));
    for (field, step, changed) in summary.said.iter() {
        let Changed { values, first } = changed;
        let after =
            if first.after.is_empty() { "was taken out" } else { &format!("became `{}`", first.after) };
        terminal::note(&format!(
            "{field}: {step}: {values}; line {}: `{}` {after}",
            first.line, first.before
        ));
        if let Some(why) = &first.why {
            terminal::note(&format!("hint: {why}"));
        }
    }
    if position.quarantined > 0 {
        terminal::note(
            "hint: `rehearsal catalog quarantine --store DB.sqlite` says why records were set aside",
        );
    }
    if unseen > 0 {
        terminal::note(&format!(
            "{unseen} titles may be watched nowhere; --available-in DE,FR opens records that do not say where"
        ));
    }
}

/// What cleaning changed, by field and step.
fn changes(summary: &Summary) -> Vec<Value> {
    let said = |(field, step, Changed { values, first }): (_, _, &Changed)| {
        json!({
            "field": field, "step": step, "values": values, "line": first.line,
            "before": first.before, "after": first.after, "why": first.why,
        })
    };
    summary.said.iter().map(said).collect()
}

pub(super) fn quarantine(store: &Path, limit: u32, json: bool) -> Outcome {
    runtime()?.block_on(async {
        let store = open_existing(store).await?;
        let list = store.quarantine(limit).await.map_err(|error| store_failure(&error))?;
        let all = store.quarantined().await.map_err(|error| store_failure(&error))?;
        store.close().await;
        for one in &list {
            if json {
                let line = json!({
                    "source": one.source, "line": one.line, "reason": one.reason,
                    "suggestion": one.suggestion, "raw": one.raw,
                });
                terminal::data(
                    &serde_json::to_string(&line).map_err(|error| Failure::bug(error.to_string()))?,
                );
            } else {
                terminal::data(&format!("{}:{}: {}", one.source, one.line, one.reason));
                terminal::data(&format!("  hint: {}", one.suggestion));
            }
        }
        if !json && all > list.len() as u64 {
            terminal::note(&format!("{all} records are set aside; --limit N shows more than {}", list.len()));
        }
        if !json && all == 0 {
            terminal::note("no record is set aside");
        }
        Ok(exit::OK)
    })
}
