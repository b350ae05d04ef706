//! Sabre's printed results and decision logs, replayed.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use rehearsal::validate::{Validation, sabre};

use crate::support::reference_data;

/// One golden row in this many is replayed here; `rehearsal validate sabre` replays all.
const SAMPLE: usize = 40;

fn sampled(golden: &Path, folder: &Path) -> PathBuf {
    let mut text = String::new();
    GzDecoder::new(fs::File::open(golden).expect("golden table opens"))
        .read_to_string(&mut text)
        .expect("golden table unpacks");
    let mut lines = text.lines();
    let header = lines.next().expect("a header");
    let sample = folder.join(golden.with_extension("").file_name().expect("a file name"));
    let mut file = fs::File::create(&sample).expect("a temporary file");
    writeln!(file, "{header}").expect("room for a sample");
    for line in lines.step_by(SAMPLE) {
        writeln!(file, "{line}").expect("room for a sample");
    }
    sample
}

fn run(golden: &[PathBuf]) -> Option<anyhow::Result<Validation>> {
    Some(sabre::run(&reference_data("abr/sabre")?, golden))
}

#[test]
fn a_sample_of_golden_rows_agrees_to_the_last_digit() {
    let Some(golden) = reference_data("abr/sabre-golden") else { return };
    let folder = tempfile::tempdir().unwrap();
    let files =
        ["golden-3g4g.csv.gz", "golden-fcc.csv.gz"].map(|name| sampled(&golden.join(name), folder.path()));
    let Some(found) = run(&files) else { return };
    let found = found.unwrap();
    assert_eq!(found.failed, 0, "{:#?}", found.first_failures);
    assert!(found.agrees && found.passed > 100, "{found:#?}");
}

#[test]
fn every_decision_of_the_logs_is_the_same() {
    let Some(golden) = reference_data("abr/sabre-golden/decisions") else { return };
    let mut logs: Vec<PathBuf> = fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path()).collect();
    logs.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    logs.sort();
    assert_eq!(logs.len(), 12);
    let Some(found) = run(&logs) else { return };
    let found = found.unwrap();
    assert_eq!((found.passed, found.failed), (12, 0), "{:#?}", found.first_failures);
    assert!(found.agrees);
}

#[test]
fn a_row_that_sabre_did_not_print_is_found() {
    let Some(golden) = reference_data("abr/sabre-golden") else { return };
    let folder = tempfile::tempdir().unwrap();
    let sample = sampled(&golden.join("golden-fcc.csv.gz"), folder.path());
    let text = fs::read_to_string(&sample).unwrap();
    let (header, rest) = text.split_once('\n').unwrap();
    let (row, rest) = rest.split_once('\n').unwrap();
    let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
    cells[3] = (cells[3].parse::<f64>().unwrap() + 1e-5).to_string();
    fs::write(&sample, format!("{header}\n{}\n{rest}", cells.join(","))).unwrap();
    let Some(found) = run(&[sample]) else { return };
    let found = found.unwrap();
    assert_eq!(found.failed, 1, "{:#?}", found.first_failures);
    assert!(!found.agrees, "one row of a small sample is more than 0.1 %");
    assert!(found.first_failures[0].contains("total rebuffer expected"), "{:?}", found.first_failures);
}

#[test]
fn a_log_with_one_other_decision_is_found() {
    let Some(golden) = reference_data("abr/sabre-golden/decisions") else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::copy(golden.join("const8000.json"), folder.path().join("const8000.json")).unwrap();
    let text = fs::read_to_string(golden.join("const8000-bolae-o.log")).unwrap();
    assert!(text.contains(" 7: q=9"));
    let log = folder.path().join("const8000-bolae-o.log");
    fs::write(&log, text.replacen(" 7: q=9", " 7: q=8", 1)).unwrap();
    let Some(found) = run(&[log]) else { return };
    let found = found.unwrap();
    assert_eq!((found.passed, found.failed, found.agrees), (0, 1, false), "{found:#?}");
}

#[test]
fn input_that_cannot_be_judged_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let empty = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let header =
        "set,alg,trace,total_rebuffer,total_rebuffer_events,time_average_score,time_average_played_bitrate";
    let cases = [
        (vec![], "no golden file"),
        (vec![folder.path().join("none.csv")], "none.csv"),
        (vec![empty("notes.txt", "")], "neither a table"),
        (vec![empty("empty.csv", "")], "expected a header"),
        (vec![empty("other.csv", "a,b,c\n1,2,3\n")], "expected `set,alg,trace`"),
        (vec![empty("short.csv", "set,alg,trace,total_rebuffer\n")], "lacks column"),
        (vec![empty("bare.csv", &format!("{header}\n"))], "no row"),
        (vec![empty("set.csv", &format!("{header}\n5G,bola-o,x,0,0,0,0\n"))], "unknown set `5G`"),
        (vec![empty("alg.csv", &format!("{header}\nFCC-SD,mpc,x,0,0,0,0\n"))], "unknown algorithm `mpc`"),
        (vec![empty("cell.csv", &format!("{header}\nFCC-SD,bola-o,x,0,0,?,0\n"))], "line 2"),
        (vec![empty("cells.csv", &format!("{header}\nFCC-SD,bola-o,x,0,0\n"))], "expected 7"),
        (vec![empty("data.csv", &format!("{header}\nFCC-SD,bola-o,x,0,0,0,0\n"))], "manifest-bbb.json"),
        (vec![empty("packed.csv.gz", "not packed")], "packed.csv.gz"),
        (vec![empty("run.log", "")], "name of a log"),
        (vec![empty("run-bola-o.log", "")], "no decisions"),
    ];
    for (golden, expected) in cases {
        let error = format!("{:#}", sabre::run(folder.path(), &golden).unwrap_err());
        assert!(error.contains(expected), "{golden:?}: {error}");
    }
    let missing = folder.path().join("nowhere");
    let error = format!("{:#}", sabre::run(&missing, &[missing.join("a.csv")]).unwrap_err());
    assert!(error.contains("is not a folder"), "{error}");
}
