//! A list of postings while it is read, window by window, each part at most once.

use std::ops::Range;

use tantivy::postings::BlockSegmentPostings;

/// Where a list is read.
pub(super) struct Cursor {
    blocks: BlockSegmentPostings,
    /// Where in the block.
    at: usize,
    /// The document there, the first that was not passed yet.
    next: u32,
}

impl Cursor {
    pub(super) fn new(blocks: BlockSegmentPostings) -> Self {
        let next = blocks.docs().first().copied().unwrap_or(u32::MAX);
        Self { blocks, at: 0, next }
    }

    /// No document that was not passed yet lies before this one.
    pub(super) const fn next(&self) -> u32 {
        self.next
    }

    /// Gives the documents of a window, block by block.
    pub(super) fn read(&mut self, window: &Range<u32>, mut take: impl FnMut(&[u32])) {
        self.pass_to(window.start);
        while self.next < window.end {
            let here = &self.blocks.docs()[self.at..];
            let inside = match here.last() {
                Some(last) if *last < window.end => here.len(),
                _ => here.partition_point(|document| *document < window.end),
            };
            take(&here[..inside]);
            if inside == here.len() {
                self.blocks.advance();
                self.at = 0;
            } else {
                self.at += inside;
            }
            self.next = self.blocks.docs().get(self.at).copied().unwrap_or(u32::MAX);
        }
    }

    /// Whether a document is in the list; asked in rising order.
    pub(super) fn has(&mut self, document: u32) -> bool {
        self.pass_to(document);
        self.next == document
    }

    fn pass_to(&mut self, document: u32) {
        if self.next < document {
            self.at = self.blocks.seek(document);
            self.next = self.blocks.docs().get(self.at).copied().unwrap_or(u32::MAX);
        }
    }
}
