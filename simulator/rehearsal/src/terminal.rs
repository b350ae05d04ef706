//! Text out: data on stdout, everything else on stderr. A reader that goes away early is no error; a disk that is full is.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;

use crate::failure::Failure;

/// Why data could not be written, once that has happened. Kept here so that verbs need not ask after every line.
static LOST: OnceLock<String> = OnceLock::new();

/// Writes a line of data. After a line that could not be written nothing more is: no file with holes.
pub fn data(line: &str) {
    if LOST.get().is_none() {
        keep(writeln!(io::stdout().lock(), "{line}"));
    }
}

/// Whether all data has arrived, asked once at the end.
///
/// # Errors
/// Exit code 97, when some could not be written.
pub fn delivered() -> Result<(), Failure> {
    keep(io::stdout().lock().flush());
    LOST.get().map_or(Ok(()), |why| {
        Err(Failure::cannot_judge(format!("the output cannot be written: {why}"))
            .hint("free some space, or send the output elsewhere"))
    })
}

/// Remembers the first failure. A closed pipe (`| head`) means that nobody wants the rest, and is none.
pub(crate) fn keep(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        LOST.get_or_init(|| error.to_string().to_lowercase());
    }
}

/// Writes a line for the person at the terminal.
pub fn note(line: &str) {
    // There is nobody left to tell.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Whether a person watches stderr: a terminal, and no pipeline (`CI`) around us.
#[must_use]
pub fn is_watched() -> bool {
    io::stderr().is_terminal() && std::env::var_os("CI").is_none()
}

/// Whether stdout may be coloured (<https://no-color.org>).
#[must_use]
pub fn may_colour() -> bool {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !no_colour
}

/// A command line that can be pasted: words quoted where a shell needs it.
#[must_use]
pub fn command(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The words of the command line. Where one is not UTF-8, it is shown as near as can be.
#[must_use]
pub fn words() -> Vec<String> {
    std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// The program as it was called, so that a printed command works where a person pastes it.
#[must_use]
pub fn program() -> String {
    words().into_iter().next().unwrap_or_else(|| "rehearsal".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_quoted_where_a_shell_needs_it() {
        let words = ["rehearsal", "run", "my file.toml", "--set", "a='b'"].map(str::to_owned);
        assert_eq!(command(&words), r"rehearsal run 'my file.toml' --set 'a='\''b'\'''");
    }
}
