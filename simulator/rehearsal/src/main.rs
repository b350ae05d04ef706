//! The binary `rehearsal`.

use std::process::ExitCode;

fn main() -> ExitCode {
    rehearsal::verbs::main()
}
