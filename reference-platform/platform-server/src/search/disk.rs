//! The index on disk: a folder per generation, sealed with a manifest.
//!
//! The manifest says which catalogue the index is of, up to where its feed is in it, by which versions of the normaliser and of the fields it was
//! made, and holds the length and the BLAKE3 hash of every file. It is written behind each commit and carries a hash of its own,
//! so whatever was cut, changed, exchanged or left half-written is noticed before the index is opened. Such an index is never
//! mended: the next generation is built beside it from the catalogue, and takes its place when it is whole.
//!
//! One process at a time has the folder: two would take each other's generations away. A lock of the operating system on a
//! file beside the folder says so, and goes with the process, however that ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use platform_core::catalog::normalise;
use platform_core::catalog::record::TitleRecord;
use serde::{Deserialize, Serialize};
use tantivy::Index;
use tantivy::directory::MmapDirectory;

use super::index::{SearchError, SearchIndex};
use super::schema;

/// The file that seals a generation.
const MANIFEST: &str = "manifest.json";
/// What the index library writes last at a commit.
const META: &str = "meta.json";
/// How folders of generations are named.
const PREFIX: &str = "generation-";

/// What an index must have been made from to be of use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Name of the catalogue.
    pub catalogue: String,
    /// Version of the normaliser.
    pub normaliser: u32,
    /// Version of the fields.
    pub schema: u32,
}

impl Identity {
    /// What this program makes of a catalogue.
    #[must_use]
    pub const fn of(catalogue: String) -> Self {
        Self { catalogue, normaliser: normalise::VERSION, schema: schema::VERSION }
    }
}

/// Why an index cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// There is none yet, or it was taken away.
    #[error("there is no index")]
    Missing,
    /// The manifest is not one, or was changed.
    #[error("the index's manifest is damaged")]
    Manifest,
    /// Of another catalogue.
    #[error("the index is of another catalogue")]
    Foreign,
    /// Made by another normaliser.
    #[error("the index was made by normaliser {found}, this program has {known}")]
    Normaliser {
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// Made with other fields.
    #[error("the index has fields of version {found}, this program has {known}")]
    Schema {
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// A file is not there.
    #[error("a file of the index is missing")]
    Lost,
    /// A file is shorter or longer than it was.
    #[error("a file of the index has {found} bytes instead of {sealed}")]
    Length {
        /// Bytes now.
        found: u64,
        /// Bytes when it was sealed.
        sealed: u64,
    },
    /// A file has another content.
    #[error("a file of the index was changed")]
    Changed,
    /// The catalogue is an earlier one, for example from a backup.
    #[error("the index is ahead of the catalogue")]
    Ahead,
    /// Its files are as they were, and the index library or the catalogue says otherwise.
    #[error("the index does not fit the catalogue")]
    Unfit,
}

/// A file as it was when the index was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sealed {
    bytes: u64,
    blake3: String,
}

/// What is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    of: Identity,
    /// Place in the catalogue's feed.
    position: u64,
    files: BTreeMap<String, Sealed>,
}

/// The manifest as it is written: with a hash over all of it.
#[derive(Serialize, Deserialize)]
struct Signed {
    manifest: Manifest,
    blake3: String,
}

impl Manifest {
    fn hash(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        blake3::hash(text.as_bytes()).to_string()
    }

    fn read(folder: &Path) -> Option<Self> {
        let signed: Signed = serde_json::from_slice(&fs::read(folder.join(MANIFEST)).ok()?).ok()?;
        (signed.manifest.hash() == signed.blake3).then_some(signed.manifest)
    }

    /// Written beside, flushed, then given its name: there is a whole manifest or the one before.
    fn write(self, folder: &Path) -> io::Result<()> {
        let signed = Signed { blake3: self.hash(), manifest: self };
        let beside = folder.join(".manifest.part");
        let mut file = File::create(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(&signed)?)?;
        file.sync_all()?;
        fs::rename(&beside, folder.join(MANIFEST))?;
        File::open(folder)?.sync_all()
    }
}

fn sealed(path: &Path) -> io::Result<Sealed> {
    let mut hasher = blake3::Hasher::new();
    let bytes = hasher.update_reader(File::open(path)?).map(|hasher| hasher.count())?;
    Ok(Sealed { bytes, blake3: hasher.finalize().to_string() })
}

/// Seals one generation after each of its commits.
#[derive(Debug)]
pub(super) struct Seal {
    folder: PathBuf,
    of: Identity,
    /// Files that are written once: their hashes are taken once.
    known: BTreeMap<String, Sealed>,
}

impl Seal {
    pub(super) fn write(&mut self, index: &Index, position: u64) -> Result<(), SearchError> {
        let mut files = BTreeMap::new();
        let named: BTreeSet<PathBuf> = index.load_metas()?.list_segment_files().into_iter().collect();
        for path in named {
            let (name, path) = (path.to_string_lossy().into_owned(), self.folder.join(&path));
            let seal = match self.known.remove(&name) {
                Some(seal) => seal,
                // The library also names files that a segment may have and this one has not.
                None if !path.exists() => continue,
                None => sealed(&path)?,
            };
            files.insert(name, seal);
        }
        self.known.clone_from(&files);
        files.insert(META.to_owned(), sealed(&self.folder.join(META))?);
        Ok(Manifest { of: self.of.clone(), position, files }.write(&self.folder)?)
    }
}

/// A generation whose files are as they were sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// Counts up.
    pub generation: u64,
    /// Place in the catalogue's feed that it stands for.
    pub position: u64,
}

/// Why a folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another process, or another part of this one, has it.
    #[error("the index `{}` is in use by another process", root.display())]
    InUse {
        /// The folder.
        root: PathBuf,
    },
    /// The file beside the folder cannot be made or locked.
    #[error("the index `{}` cannot be locked", root.display())]
    Lock {
        /// The folder.
        root: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Where the generations of an index are. Whoever has one, or a clone of it, has the folder to themselves.
#[derive(Debug, Clone)]
pub struct IndexFolder {
    root: PathBuf,
    identity: Identity,
    /// Open as long as the folder is claimed.
    _lock: Arc<File>,
}

impl IndexFolder {
    /// Claims the generations below `root`, which are to be of this identity, until the last clone is gone.
    ///
    /// The lock is on `ROOT.lock` beside the folder, so that it outlives a folder that is taken away. The file stays: what counts is
    /// the lock on it.
    ///
    /// # Errors
    /// [`ClaimError`].
    pub fn claim(root: PathBuf, identity: Identity) -> Result<Self, ClaimError> {
        let mut path = root.as_os_str().to_owned();
        path.push(".lock");
        let locked = File::options().create(true).truncate(false).write(true).open(path).and_then(|file| {
            match file.try_lock() {
                Ok(()) => Ok(Some(file)),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(error)) => Err(error),
            }
        });
        match locked {
            Ok(Some(lock)) => Ok(Self { root, identity, _lock: Arc::new(lock) }),
            Ok(None) => Err(ClaimError::InUse { root }),
            Err(source) => Err(ClaimError::Lock { root, source }),
        }
    }

    fn path(&self, generation: u64) -> PathBuf {
        self.root.join(format!("{PREFIX}{generation}"))
    }

    /// All that there are, complete or not.
    fn generations(&self) -> BTreeSet<u64> {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.strip_prefix(PREFIX)?.parse().ok()).collect()
    }

    /// Looks at every byte of the latest generation that was sealed.
    ///
    /// # Errors
    /// [`Flaw`]: the first that is found.
    pub fn inspect(&self) -> Result<Sound, Flaw> {
        let is_sealed = |generation: &u64| self.path(*generation).join(MANIFEST).exists();
        let generation = self.generations().into_iter().rfind(is_sealed).ok_or(Flaw::Missing)?;
        let folder = self.path(generation);
        let manifest = Manifest::read(&folder).ok_or(Flaw::Manifest)?;
        let (found, known) = (&manifest.of, &self.identity);
        if found.catalogue != known.catalogue {
            return Err(Flaw::Foreign);
        }
        if found.normaliser != known.normaliser {
            return Err(Flaw::Normaliser { found: found.normaliser, known: known.normaliser });
        }
        if found.schema != known.schema {
            return Err(Flaw::Schema { found: found.schema, known: known.schema });
        }
        for (name, seal) in &manifest.files {
            let path = folder.join(name);
            let length = fs::metadata(&path).map_err(|_| Flaw::Lost)?.len();
            if length != seal.bytes {
                return Err(Flaw::Length { found: length, sealed: seal.bytes });
            }
            if sealed(&path).map_err(|_| Flaw::Lost)? != *seal {
                return Err(Flaw::Changed);
            }
        }
        Ok(Sound { generation, position: manifest.position })
    }

    /// Opens a generation that was found sound, for these titles; `stale` are those that changed after its position. It stands
    /// for `position` then.
    ///
    /// # Errors
    /// [`SearchError`], when it does not fit the titles after all.
    pub fn open<'a>(
        &self,
        sound: &Sound,
        titles: impl Iterator<Item = (u64, &'a TitleRecord)>,
        (stale, position): (&BTreeSet<u64>, u64),
    ) -> Result<SearchIndex, SearchError> {
        let folder = self.path(sound.generation);
        let index = Index::open(MmapDirectory::open(&folder).map_err(tantivy::TantivyError::from)?)?;
        let opened = SearchIndex::open_in(index, titles, stale)?;
        self.seal(&opened, folder, position)?;
        self.keep_only(sound.generation);
        Ok(opened)
    }

    /// Builds the next generation beside the present one, from titles as they are at a place in the feed; says which it is,
    /// `at_least` this. Earlier ones are taken away when it is whole.
    ///
    /// # Errors
    /// [`SearchError`]; earlier generations stay.
    pub fn build<'a>(
        &self,
        titles: impl Iterator<Item = (u64, &'a TitleRecord)>,
        (position, at_least): (u64, u64),
    ) -> Result<(SearchIndex, u64), SearchError> {
        let generation = self.generations().last().map_or(1, |last| last + 1).max(at_least);
        let folder = self.path(generation);
        fs::create_dir_all(&folder)?;
        let built = SearchIndex::build_in(Index::create_in_dir(&folder, schema::schema().0)?, titles)?;
        self.seal(&built, folder, position)?;
        self.keep_only(generation);
        Ok((built, generation))
    }

    fn seal(&self, index: &SearchIndex, folder: PathBuf, position: u64) -> Result<(), SearchError> {
        index.seal_with(Seal { folder, of: self.identity.clone(), known: BTreeMap::new() }, position)
    }

    /// Takes other generations away. One that cannot be taken away costs room and nothing else.
    fn keep_only(&self, generation: u64) {
        for other in self.generations().into_iter().filter(|other| *other != generation) {
            if let Err(error) = fs::remove_dir_all(self.path(other)) {
                tracing::warn!(%error, generation = other, "an old index could not be removed");
            }
        }
    }
}
