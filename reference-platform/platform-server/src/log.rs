//! The log of a server: warnings and errors of this platform, a line each, for whoever watches the process.
//!
//! A subscriber of our own and not a library's: a level, a text and its fields are all that there is to say. What libraries log stays
//! out, because nobody has looked whether it holds personal data.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Where our own events come from: the names of the crates begin so.
const OURS: &str = "platform_";

/// Hands each warning and error to `write` as a line from now on; whether it does, which only the first log of a process may.
pub fn to(write: fn(&str)) -> bool {
    tracing::subscriber::set_global_default(Lines { write }).is_ok()
}

/// Makes lines of events.
struct Lines {
    write: fn(&str),
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= Level::WARN && metadata.target().starts_with(OURS)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        // No span is enabled, so nobody asks which is which.
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let level = if *event.metadata().level() == Level::ERROR { "error" } else { "warning" };
        let mut said = Said::default();
        event.record(&mut said);
        let fields = said.fields.concat();
        // One event is one line, whatever a field brings along.
        let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
        let line: String = format!("{level}: {}{fields}", said.message).chars().map(plain).collect();
        (self.write)(&line);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What an event says.
#[derive(Default)]
struct Said {
    message: String,
    fields: Vec<String>,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.fields.push(format!(" {}={value:?}", field.name()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;

    static WRITTEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

    fn write(line: &str) {
        WRITTEN.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
    }

    fn said() {
        tracing::error!(subscription = %"sub_1", status = 401, "refused");
        tracing::warn!(word = "two\nlines", "odd");
    }

    fn unsaid() {
        tracing::info!("nothing to do about it");
        tracing::error!(target: "somebody", "not ours");
    }

    #[test]
    fn warnings_and_errors_of_ours_are_a_line_each() {
        tracing::subscriber::with_default(Lines { write }, said);
        tracing::subscriber::with_default(Lines { write }, unsaid);
        let written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(
            *written,
            ["error: refused subscription=sub_1 status=401", r#"warning: odd word="two\nlines""#]
        );
    }
}
