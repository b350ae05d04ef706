//! A file as records with their lines, plain or gzip; hashed as they are read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::fields::{Fields, Refusal};
use super::{Format, ImportError, Request, table};

/// How a gzip file starts (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1F, 0x8B];
/// Longest record that is read: a description of a thousand pages. What is longer is set aside.
const RECORD_BYTES_MAX: usize = 1 << 20;
/// What is read from the disk at once.
const BUFFER_BYTES: usize = 256 << 10;

/// A record as it stands in the file.
pub(super) struct Entry {
    /// Where it begins, from 1.
    pub(super) line: u64,
    text: Text,
}

/// What it is made of.
enum Text {
    /// A line, without its end.
    Line(Vec<u8>),
    /// A line that is too long, its beginning.
    TooLong(Vec<u8>),
    /// A row of a table with its header.
    Row { header: Arc<csv::StringRecord>, row: csv::ByteRecord },
}

impl Entry {
    /// The record in its fields.
    pub(super) fn fields(&self, format: Format) -> Result<Fields, Refusal> {
        match &self.text {
            Text::Line(line) => Fields::of_json(line, format),
            Text::TooLong(_) => Err(Refusal::new(
                format!("the line is longer than {RECORD_BYTES_MAX} bytes"),
                "see whether ends of lines are missing",
            )),
            Text::Row { header, row } => table::fields(header, row),
        }
    }

    /// The record for a person to look at.
    pub(super) fn shown(&self) -> String {
        match &self.text {
            Text::Line(line) | Text::TooLong(line) => String::from_utf8_lossy(line).into_owned(),
            Text::Row { row, .. } => {
                let cells: Vec<_> = row.iter().map(String::from_utf8_lossy).collect();
                cells.join(",")
            }
        }
    }
}

/// Counts what is read from the disk.
struct Counted {
    file: File,
    bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

enum Reader {
    Lines { input: Box<dyn BufRead + Send>, line: u64 },
    Table { input: csv::Reader<Box<dyn BufRead + Send>>, header: Arc<csv::StringRecord> },
}

/// The records of a file, one after the other.
pub(super) struct Records<'a> {
    request: &'a Request,
    reader: Reader,
    hasher: blake3::Hasher,
    read: u64,
    bytes: Arc<AtomicU64>,
}

impl<'a> Records<'a> {
    pub(super) fn open(request: &'a Request) -> Result<Self, ImportError> {
        let failed = |source| ImportError::Read { path: request.path.clone(), source };
        let bytes = Arc::new(AtomicU64::new(0));
        let file = File::open(&request.path).map_err(failed)?;
        let mut file = BufReader::with_capacity(BUFFER_BYTES, Counted { file, bytes: Arc::clone(&bytes) });
        let packed = file.fill_buf().map_err(failed)?.starts_with(&GZIP);
        let input: Box<dyn BufRead + Send> = if packed {
            Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(file)))
        } else {
            Box::new(file)
        };
        let reader = if request.format == Format::Csv {
            let mut input = csv::ReaderBuilder::new().flexible(true).from_reader(input);
            let header = input.headers().map_err(|error| failed(error.into()))?.clone();
            let header = Arc::new(table::header(&header, &request.path)?);
            Reader::Table { input, header }
        } else {
            Reader::Lines { input, line: 0 }
        };
        Ok(Self { request, reader, hasher: blake3::Hasher::new(), read: 0, bytes })
    }

    /// Records read so far.
    pub(super) const fn read(&self) -> u64 {
        self.read
    }

    /// Bytes of the file read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Hash of the records read so far.
    pub(super) fn digest(&self) -> [u8; 32] {
        *self.hasher.finalize().as_bytes()
    }

    /// Reads so many records and leaves them; whether there were as many.
    pub(super) fn skip(&mut self, records: u64) -> Result<bool, ImportError> {
        for _ in 0..records {
            if self.next()?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The next record; lines with nothing in them are none.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, ImportError> {
        let entry = match &mut self.reader {
            Reader::Lines { input, line } => next_line(input, line),
            Reader::Table { input, header } => next_row(input, header),
        };
        let entry = entry.map_err(|source| ImportError::Read { path: self.request.path.clone(), source })?;
        if let Some(entry) = &entry {
            self.read += 1;
            match &entry.text {
                Text::Line(line) | Text::TooLong(line) => {
                    self.hasher.update(line);
                }
                Text::Row { row, .. } => {
                    row.iter().for_each(|cell| {
                        self.hasher.update(cell).update(b"\x1f");
                    });
                }
            }
            self.hasher.update(b"\n");
        }
        Ok(entry)
    }
}

fn next_line(input: &mut Box<dyn BufRead + Send>, number: &mut u64) -> io::Result<Option<Entry>> {
    loop {
        let mut line = Vec::new();
        *number += 1;
        // One byte more than a record may have, so that a record of just that length is whole.
        let read = input.by_ref().take(RECORD_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if read > RECORD_BYTES_MAX {
            skip_line(input)?;
            return Ok(Some(Entry { line: *number, text: Text::TooLong(line) }));
        }
        if !line.trim_ascii().is_empty() {
            return Ok(Some(Entry { line: *number, text: Text::Line(line) }));
        }
    }
}

/// Reads to the end of the line without keeping it.
fn skip_line(input: &mut Box<dyn BufRead + Send>) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        let done = end.is_some() || buffer.is_empty();
        input.consume(used);
        if done {
            return Ok(());
        }
    }
}

fn next_row(
    input: &mut csv::Reader<Box<dyn BufRead + Send>>,
    header: &Arc<csv::StringRecord>,
) -> io::Result<Option<Entry>> {
    let mut row = csv::ByteRecord::new();
    if !input.read_byte_record(&mut row)? {
        return Ok(None);
    }
    let line = row.position().map_or(0, csv::Position::line);
    Ok(Some(Entry { line, text: Text::Row { header: Arc::clone(header), row } }))
}
