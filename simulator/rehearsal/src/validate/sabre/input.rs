//! Reads manifests and traces, each file once.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use actors::player::{Ladder, Variant};
use actors::sabre::replay::{Manifest, Period, Trace};
use anyhow::{Context, bail};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use units::{Bits, Kbps, Micros};

/// Most that is read of a file, in bytes; the largest of the reference data has 1.4 MB.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// Files read so far.
pub(super) struct Library {
    folder: PathBuf,
    manifests: BTreeMap<&'static str, Manifest>,
    traces: BTreeMap<&'static str, BTreeMap<String, Trace>>,
}

/// Sabre's format of a manifest.
#[derive(Deserialize)]
struct ManifestFile {
    segment_duration_ms: u64,
    bitrates_kbps: Vec<u64>,
    segment_sizes_bits: Vec<Vec<u64>>,
}

/// Sabre's format of a trace.
#[derive(Deserialize)]
struct PeriodFile {
    duration_ms: f64,
    bandwidth_kbps: f64,
    latency_ms: f64,
}

impl Library {
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        if !folder.is_dir() {
            bail!(
                "`{}` is not a folder: --data takes the folder with manifest-*.json and traces-*.json",
                folder.display()
            );
        }
        Ok(Self { folder: folder.to_owned(), manifests: BTreeMap::new(), traces: BTreeMap::new() })
    }

    /// Reads a manifest, unless it has been read.
    pub(super) fn load_manifest(&mut self, name: &'static str) -> anyhow::Result<()> {
        if !self.manifests.contains_key(name) {
            let path = self.folder.join(name);
            let manifest = read_manifest(&path)
                .with_context(|| format!("while reading manifest `{}`", path.display()))?;
            self.manifests.insert(name, manifest);
        }
        Ok(())
    }

    /// Reads a file of traces, unless it has been read.
    pub(super) fn load_traces(&mut self, name: &'static str) -> anyhow::Result<()> {
        if !self.traces.contains_key(name) {
            let path = self.folder.join(name);
            let traces =
                read_traces(&path).with_context(|| format!("while reading traces `{}`", path.display()))?;
            self.traces.insert(name, traces);
        }
        Ok(())
    }

    /// A manifest that has been read.
    pub(super) fn manifest(&self, name: &str) -> &Manifest {
        &self.manifests[name]
    }

    /// A trace of a file that has been read, if the file has it.
    pub(super) fn trace(&self, file: &str, name: &str) -> Option<&Trace> {
        self.traces[file].get(name)
    }
}

fn read_manifest(path: &Path) -> anyhow::Result<Manifest> {
    let file: ManifestFile = serde_json::from_str(&read_text(path)?)
        .context("expected Sabre's `{segment_duration_ms, bitrates_kbps, segment_sizes_bits}`")?;
    let variants =
        file.bitrates_kbps.into_iter().map(|rate| Variant { average: Kbps(rate), peak: Kbps(rate) });
    let segment = Micros(file.segment_duration_ms.checked_mul(1_000).context("segment duration overflows")?);
    let ladder = Ladder { variants: variants.collect(), segment };
    let sizes = file.segment_sizes_bits.into_iter().map(|row| row.into_iter().map(Bits).collect()).collect();
    Ok(Manifest::new(ladder, sizes)?)
}

fn read_traces(path: &Path) -> anyhow::Result<BTreeMap<String, Trace>> {
    let file: BTreeMap<String, Vec<[f64; 3]>> = serde_json::from_str(&read_text(path)?)
        .context("expected `{name: [[duration_ms, bandwidth_kbps, latency_ms], ...]}`")?;
    file.into_iter()
        .map(|(name, periods)| {
            let periods = periods.into_iter().map(|[duration_ms, bandwidth_kbps, latency_ms]| Period {
                duration_ms,
                bandwidth_kbps,
                latency_ms,
            });
            let trace = Trace::new(periods.collect()).with_context(|| format!("trace `{name}`"))?;
            Ok((name, trace))
        })
        .collect()
}

/// A trace in Sabre's own format.
pub(super) fn read_trace(path: &Path) -> anyhow::Result<Trace> {
    let read = || -> anyhow::Result<Trace> {
        let periods: Vec<PeriodFile> = serde_json::from_str(&read_text(path)?)
            .context("expected Sabre's `[{duration_ms, bandwidth_kbps, latency_ms}, ...]`")?;
        let periods = periods.into_iter().map(|PeriodFile { duration_ms, bandwidth_kbps, latency_ms }| {
            Period { duration_ms, bandwidth_kbps, latency_ms }
        });
        Ok(Trace::new(periods.collect())?)
    };
    read().with_context(|| format!("while reading trace `{}`", path.display()))
}

/// A text file, unpacked if its name ends in `.gz`.
pub(super) fn read_text(path: &Path) -> anyhow::Result<String> {
    let file = fs::File::open(path)?;
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        MultiGzDecoder::new(file).take(FILE_BYTES_MAX).read_to_string(&mut text)?;
    } else {
        file.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
    }
    Ok(text)
}
