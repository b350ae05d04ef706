//! Text out: data on stdout, everything else on stderr. A reader that goes away early is no error.

use std::io::{self, IsTerminal, Write};

/// Writes a line of data.
pub fn data(line: &str) {
    // A closed pipe (`| head`) means that nobody wants the rest.
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Writes a line for the person at the terminal.
pub fn note(line: &str) {
    // As above: there is nobody left to tell.
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

/// The program as it was called, so that a printed command works where a person pastes it.
#[must_use]
pub fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "rehearsal".to_owned())
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
