//! Flags of the verbs around search.

use std::path::PathBuf;

use actors::catalogue::TITLES_DEFAULT;
use clap::{Args, Subcommand, ValueEnum};

/// Arguments of `queries`.
#[derive(Debug, Args)]
pub struct QueriesArgs {
    /// The catalogue: JSON Lines, plain or gzip.
    #[arg(long, value_name = "FILE")]
    pub catalog: PathBuf,
    /// Which half of the franchises the targets come from; the two halves never share one. Example: --split judging
    #[arg(long, value_name = "HALF", default_value = "tuning")]
    pub split: SplitName,
    /// Rows of each of the 24 kinds; fewer where the catalogue has too few titles that fit. Example: --per-kind 200
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub per_kind: u32,
    /// Seed: the same one gives the same rows. Example: --seed 7
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// Arguments of `catalog`.
#[derive(Debug, Args)]
pub struct CatalogArgs {
    /// What to do.
    #[command(subcommand)]
    pub kind: CatalogKind,
}

/// What to do with a catalogue.
#[derive(Debug, Subcommand)]
pub enum CatalogKind {
    /// Make a synthetic catalogue, as untidy as suppliers' files, as JSON Lines.
    Generate {
        /// How many records. Example: --titles 1000000
        #[arg(long, value_name = "N", default_value_t = TITLES_DEFAULT)]
        titles: u64,
        /// Seed: the same one gives the same records. Example: --seed 7
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// Leave out everything that suppliers get wrong.
        #[arg(long)]
        clean: bool,
    },
}

/// A half of the franchises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SplitName {
    /// For choosing weights and thresholds.
    Tuning,
    /// For saying how good the result is.
    Judging,
}
