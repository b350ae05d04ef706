//! A scenario that has been read but not yet resolved: the merged tree, its texts, and overlays applied so far.

use crate::error::{Problem, ScenarioError};
use crate::library;
use crate::loader::{Loader, Recorded};
use crate::resolved::{Input, Resolved, SetText};
use crate::source::{Place, Sources};
use crate::tree::overlay::{Set, exists, set};
use crate::tree::{Node, Value, merge};

/// The largest file, checked before it is parsed.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// The most files that one scenario may be made of.
const FILES_MAX: usize = 32;
/// The longest chain of `extends`.
const DEPTH_MAX: usize = 8;

/// A scenario as read: inheritance done, arms and types not yet.
#[derive(Debug, Clone)]
pub struct Document {
    pub(crate) root: Node,
    /// As read, before anything was set: to tell whose fault an error is.
    bare: Node,
    pub(crate) files: Files,
    sets: Vec<SetText>,
}

/// The texts of a scenario.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    pub(crate) sources: Sources,
    pub(crate) inputs: Vec<Input>,
    /// Folder of the scenario with its slash, or nothing: what loader and errors see before the name of each input.
    folder: String,
    /// Where the scenario itself stands, for whole-file problems.
    pub(crate) root_at: Place,
}

impl Document {
    /// Reads a shipped scenario by name, or a file by path, with everything that it extends.
    ///
    /// # Errors
    /// The first thing wrong with any of the files.
    pub fn open(name_or_path: &str, loader: &dyn Loader) -> Result<Self, ScenarioError> {
        if library::is_shipped_name(name_or_path) {
            return Self::start(name_or_path, None, loader);
        }
        let bytes = loader.load(name_or_path).map_err(|reason| unreadable(name_or_path, &reason))?;
        Self::start(name_or_path, Some(&bytes), loader)
    }

    /// Reads a scenario from bytes; `file` is what errors call it, and what `extends` is relative to.
    ///
    /// # Errors
    /// The first thing wrong with it, or with a file that it extends.
    pub fn from_bytes(file: &str, bytes: &[u8], loader: &dyn Loader) -> Result<Self, ScenarioError> {
        Self::start(file, Some(bytes), loader)
    }

    /// Reads the scenario of a report again, from nothing but what the report recorded.
    ///
    /// # Errors
    /// When the record was changed by hand, or is from a version that read other files.
    pub fn from_record(resolved: &Resolved) -> Result<Self, ScenarioError> {
        let root = resolved.inputs.first().ok_or_else(|| unreadable("report", "no inputs are recorded"))?;
        let mut document = Self::open(&root.name, &Recorded(&resolved.inputs))?;
        for change in &resolved.sets {
            document.set(&change.key, &change.value)?;
        }
        Ok(document)
    }

    fn start(file: &str, bytes: Option<&[u8]>, loader: &dyn Loader) -> Result<Self, ScenarioError> {
        let split = file.rfind('/').map_or(0, |slash| slash + 1);
        let mut files = Files { folder: file[..split].to_owned(), ..Files::default() };
        let mut reader = Reader { files: &mut files, loader, chain: Vec::new() };
        match reader.read(&file[split..], bytes, None) {
            Ok(root) => Ok(Self { bare: root.clone(), root, files, sets: Vec::new() }),
            Err(problem) => Err(problem.locate(&files.sources)),
        }
    }

    /// Sets one value by its dotted key, as `--set KEY=VALUE` does: `cdn.cdn-a.pops.fra.capacity`, `fault.*.for`.
    ///
    /// The value is TOML; what is not is taken as a string, so that `--set encoding.segment=6s` needs no quotes.
    ///
    /// # Errors
    /// When the key leads nowhere. Whether the value fits is for [`Document::resolve`] to say.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), ScenarioError> {
        let at = self.files.sources.add(&format!("--set {key}"), value);
        if key.split('.').next() == Some("extends") {
            let problem = Problem::new(at, "`extends` is read before anything is set")
                .hint("write a file of your own with `extends`, and run that");
            return Err(problem.locate(&self.files.sources));
        }
        let node = value_node(value, at);
        let change = Set { key, key_at: at, node: &node };
        set(&mut self.root, &change).map_err(|problem| problem.locate(&self.files.sources))?;
        self.sets.push(SetText { key: key.to_owned(), value: value.to_owned() });
        Ok(())
    }

    /// Whether anything stands at a dotted key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        exists(&self.root, &key.split('.').collect::<Vec<_>>())
    }

    /// Scales a scenario whose peak is `from` viewers to one of `to`, with everything that serves them: the sensitivity
    /// table's runs, and the steps of a capacity search. A `[scale] audience` that is set already is replaced, so `from` is
    /// the peak without it.
    ///
    /// # Errors
    /// As [`Document::set`].
    pub fn scale_audience_to(&mut self, to: u32, from: u32) -> Result<(), ScenarioError> {
        let parts = u64::from(to) * 1_000_000 / u64::from(from.max(1));
        self.set("scale.audience", &format!("{}.{:06}", parts / 1_000_000, parts % 1_000_000))
    }

    /// Applies arms, types, defaults and factors, and checks every reference. The loader gives trace files.
    ///
    /// # Errors
    /// The first thing wrong with the scenario.
    pub fn resolve(&self, loader: &dyn Loader) -> Result<Resolved, ScenarioError> {
        let mut files = self.files.clone();
        let outcome = crate::resolve::resolve(&self.root, &mut files, loader);
        let resolved =
            outcome.map_err(|problem| self.name_changes(problem.locate(&files.sources), loader))?;
        Ok(Resolved { inputs: files.inputs, sets: self.sets.clone(), ..resolved })
    }
}

impl Document {
    /// Adds to an error in a file that others change who they are: the value that is wrong may have been right before.
    fn name_changes(&self, error: ScenarioError, loader: &dyn Loader) -> ScenarioError {
        let of_input =
            |index: usize| {
                let name = &self.files.inputs.get(index)?.name;
                Some(library::find(name).map_or_else(
                    || format!("{}{name}", self.files.folder),
                    |shipped| shipped.file.to_owned(),
                ))
            };
        let in_file = (0..self.files.inputs.len()).any(|index| of_input(index).as_ref() == Some(&error.file));
        let Some(root) = of_input(0).filter(|_| in_file) else { return error };
        let above = (root != error.file).then(|| format!("`{root}`, which extends it"));
        let alone = || crate::resolve::resolve(&self.bare, &mut self.files.clone(), loader);
        let was_wrong = || alone().is_err_and(|problem| problem.message == error.message);
        let blamed = !self.sets.is_empty() && !was_wrong();
        let sets = self.sets.iter().filter(|_| blamed).map(|set| format!("`--set {}`", set.key));
        let all: Vec<String> = above.into_iter().chain(sets).collect();
        if all.is_empty() {
            return error;
        }
        let named = format!("it may not fit what is changed by {}", all.join(", "));
        let hint = error.hint.map_or_else(|| named.clone(), |hint| format!("{hint}; {named}"));
        ScenarioError { hint: Some(hint), ..error }
    }
}

/// A value from the command line.
fn value_node(text: &str, at: Place) -> Node {
    let as_toml = Node::parse(&format!("value = {text}"), Place::default()).ok().and_then(|node| match node
        .value
    {
        Value::Table(mut table) if table.entries.len() == 1 => table.entries.pop().map(|entry| entry.node),
        _ => None,
    });
    let mut node = as_toml.unwrap_or_else(|| Node { at, value: Value::String(text.to_owned()) });
    node.put_all_at(at);
    node
}

fn unreadable(file: &str, reason: &str) -> ScenarioError {
    let message = format!("cannot be read: {reason}");
    ScenarioError { file: file.to_owned(), line: 1, column: 1, message, hint: None }
}

impl Files {
    /// Reads one file of this scenario; `name` is relative to its folder.
    pub(crate) fn fetch(&mut self, name: &str, at: Place, loader: &dyn Loader) -> Result<Place, Problem> {
        let path = format!("{}{name}", self.folder);
        let bytes = loader
            .load(&path)
            .map_err(|reason| Problem::new(at, format!("cannot read `{path}`: {reason}")))?;
        self.add(name, &path, &bytes)
    }

    /// Name relative to the scenario's folder, and line, of a place.
    pub(crate) fn relative(&self, at: Place) -> (String, u32) {
        let (display, line, _) = self.sources.locate(at);
        let name = display.strip_prefix(self.folder.as_str()).unwrap_or(&display);
        (name.to_owned(), line)
    }

    /// The text of a file that was read.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.inputs.iter().find(|input| input.name == name).map_or("", |input| &input.text)
    }

    fn add(&mut self, name: &str, display: &str, bytes: &[u8]) -> Result<Place, Problem> {
        let (text, at) = self.decode(display, bytes)?;
        let blake3 = blake3::hash(bytes).to_hex().to_string();
        if !self.inputs.iter().any(|input| input.name == name) {
            self.inputs.push(Input { name: name.to_owned(), blake3, text });
        }
        Ok(at)
    }

    /// Text of a file, or what is wrong with its bytes.
    fn decode(&mut self, display: &str, bytes: &[u8]) -> Result<(String, Place), Problem> {
        let refuse = |sources: &mut Sources, text: &str, message: String| {
            let at = sources.add(display, text);
            Err(Problem::new(at.plus(text.len()), message))
        };
        if bytes.len() > FILE_BYTES_MAX {
            // Loaders stop reading just beyond the limit, so that the length of what they read says nothing.
            let message = format!("file is larger than the limit of {} MiB", FILE_BYTES_MAX >> 20);
            return refuse(&mut self.sources, "", message).map_err(|problem| {
                problem.hint("a scenario is a page or two of text: is this the right file?")
            });
        }
        if self.inputs.len() >= FILES_MAX {
            return refuse(&mut self.sources, "", format!("more than {FILES_MAX} files in one scenario"));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                let at = self.sources.add(display, text);
                Ok((text.to_owned(), at))
            }
            Err(error) => {
                let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
                refuse(&mut self.sources, &valid, "not a text file: bytes that are not UTF-8".to_owned())
                    .map_err(|problem| {
                        problem.hint("a scenario is a TOML file, as `rehearsal list scenarios` shows")
                    })
            }
        }
    }
}

/// Reads files that extend each other.
struct Reader<'a> {
    files: &'a mut Files,
    loader: &'a dyn Loader,
    /// The files that are being read, outermost first.
    chain: Vec<String>,
}

impl Reader<'_> {
    fn read(&mut self, name: &str, bytes: Option<&[u8]>, from: Option<Place>) -> Result<Node, Problem> {
        let at = self.text(name, bytes, from)?;
        if from.is_none() {
            self.files.root_at = at;
        }
        let text = self.files.inputs.iter().find(|input| input.name == name).map_or("", |input| &input.text);
        if text.trim().is_empty() {
            return Err(Problem::new(at, "file is empty").hint(
                "start from a shipped one: `extends = [\"before-after\"]`, or see `rehearsal list scenarios`",
            ));
        }
        let own = Node::parse(text, at)?;
        self.chain.push(name.to_owned());
        let merged = self.with_bases(name, own)?;
        self.chain.pop();
        Ok(merged)
    }

    /// Registers the text of a file or shipped scenario and gives its place.
    fn text(&mut self, name: &str, bytes: Option<&[u8]>, from: Option<Place>) -> Result<Place, Problem> {
        if let Some(bytes) = bytes {
            let display = format!("{}{name}", self.files.folder);
            return self.files.add(name, &display, bytes);
        }
        if !library::is_shipped_name(name) {
            return self.files.fetch(name, from.unwrap_or_default(), self.loader);
        }
        let Some(text) = self.loader.shipped(name) else {
            let at = from.unwrap_or_else(|| self.files.sources.add(name, ""));
            let names = library::SHIPPED.iter().map(|shipped| shipped.name);
            return Err(
                Problem::new(at, format!("no shipped scenario is called `{name}`")).suggest(name, names)
            );
        };
        let display = library::find(name).map_or(name, |shipped| shipped.file);
        self.files.add(name, display, text.as_bytes())
    }

    /// The file over all that it extends; the first one named lies lowest.
    fn with_bases(&mut self, name: &str, own: Node) -> Result<Node, Problem> {
        let mut merged: Option<Node> = None;
        for (base, at) in extended(&own)? {
            let base = join(name, &base);
            if self.chain.contains(&base) {
                return Err(Problem::new(at, format!("`{base}` extends itself")));
            }
            if self.chain.len() >= DEPTH_MAX {
                return Err(Problem::new(
                    at,
                    format!("more than {DEPTH_MAX} files extend each other in a row"),
                ));
            }
            let node = self.read(&base, None, Some(at))?;
            match &mut merged {
                Some(lower) => merge(lower, node),
                None => merged = Some(node),
            }
        }
        Ok(match merged {
            Some(mut lower) => {
                merge(&mut lower, own);
                lower
            }
            None => own,
        })
    }
}

/// The names in `extends` and their places.
fn extended(node: &Node) -> Result<Vec<(String, Place)>, Problem> {
    let Some(entry) = node.as_table().and_then(|table| table.get("extends")) else { return Ok(Vec::new()) };
    let names =
        |items: &[Node]| items.iter().map(|item| Some((item.as_str()?.to_owned(), item.at))).collect();
    let list: Option<Vec<(String, Place)>> = match &entry.node.value {
        Value::Array(items) => names(items),
        _ => None,
    };
    list.ok_or_else(|| {
        Problem::new(entry.node.at, "`extends` is not a list of names")
            .hint("write extends = [\"before-after\"]")
    })
}

/// `name` as seen from the folder of `from`; shipped names mean the same everywhere.
fn join(from: &str, name: &str) -> String {
    if library::is_shipped_name(name) || name.starts_with('/') {
        return name.to_owned();
    }
    let folder = from.rfind('/').map_or("", |slash| &from[..slash]);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            "." | "" => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests;
