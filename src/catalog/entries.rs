//! The projects or the organisations of a catalog while others are put on top of them. Pure.
//!
//! Who is called what is kept in order, so that a name is looked up and not searched for: a catalog costs what it holds itself, and not that
//! many times what lies below it.

use std::collections::{BTreeMap, BTreeSet};

use super::fold::{fold, squash, without_spaces};
use super::{Matching, Organization, Project, Shared, Surface};

/// What projects and organisations have in common.
pub(super) trait Entry: Clone + Default {
    /// A new one of that name, without spellings.
    fn called(name: &str) -> Self;
    /// The name; none for an entry that was taken away.
    fn name(&self) -> &str;
    /// All spellings.
    fn surfaces(&self) -> &[Surface];
    /// All spellings, to be changed.
    fn surfaces_mut(&mut self) -> &mut Vec<Surface>;
}

/// Implements [`Entry`] for one of the two, which keep what it asks for under the same names.
macro_rules! entry {
    ($kind:ty) => {
        impl Entry for $kind {
            fn called(name: &str) -> Self {
                Self { name: name.to_owned(), ..Self::default() }
            }

            fn name(&self) -> &str {
                &self.name
            }

            fn surfaces(&self) -> &[Surface] {
                &self.surfaces
            }

            fn surfaces_mut(&mut self) -> &mut Vec<Surface> {
                &mut self.surfaces
            }
        }
    };
}

entry!(Project);
entry!(Organization);

/// Entries of one kind. A spelling that an entry loses leaves an empty one behind, so that the others keep their places, until
/// [`Entries::finish`].
pub(super) struct Entries<E> {
    list: Vec<Shared<E>>,
    /// Indexes of entries by their names, squashed; those that were taken away are not there.
    called: BTreeMap<String, Vec<usize>>,
    /// Who has which spelling.
    spellings: BTreeSet<Spelling>,
    /// Entries that lost spellings.
    thinned: BTreeSet<usize>,
}

/// That an entry has a spelling. In order, those with the same spelling stand together, and among them those of each entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Spelling {
    /// The spelling, squashed.
    key: String,
    /// Index of the entry.
    entry: usize,
    /// The spelling, folded: those that differ by a hyphen or a space are two.
    folded: String,
    /// Its place among the spellings of the entry.
    place: usize,
}

impl Spelling {
    fn new(text: &str, entry: usize, place: usize) -> Self {
        let folded = fold(text);
        Self { key: without_spaces(&folded), entry, folded, place }
    }

    /// What stands before all spellings of an entry with this key.
    fn before(key: &str, entry: usize) -> Self {
        Self { key: key.to_owned(), entry, ..Self::default() }
    }
}

impl<E: Entry> Entries<E> {
    /// Those of the catalog below.
    pub(super) fn new(list: Vec<Shared<E>>) -> Self {
        let mut called: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut spellings = BTreeSet::new();
        for (index, entry) in list.iter().enumerate() {
            if !entry.name().is_empty() {
                called.entry(squash(entry.name())).or_default().push(index);
            }
            let own = entry.surfaces().iter().enumerate();
            spellings.extend(own.map(|(place, surface)| Spelling::new(&surface.text, index, place)));
        }
        Self { list, called, spellings, thinned: BTreeSet::new() }
    }

    /// Whether there is an entry of that name.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.called.contains_key(&squash(name))
    }

    /// The index of the entry that is called so, which is added if there is none.
    pub(super) fn place_of(&mut self, name: &str) -> usize {
        let key = squash(name);
        if let Some(first) = self.called.get(&key).and_then(|indexes| indexes.first()) {
            return *first;
        }
        let index = self.list.len();
        self.list.push(E::called(name).into());
        if !name.is_empty() {
            self.called.entry(key).or_default().push(index);
        }
        index
    }

    /// The entry at an index, to be changed in anything but its name and its spellings.
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut E> {
        self.list.get_mut(index).map(Shared::own)
    }

    /// Takes spellings away from all entries but the one at `index`. Each with the name of the entry that had it, in the order of the
    /// entries.
    pub(super) fn take<'n>(&mut self, names: impl Iterator<Item = &'n str>, index: usize) -> Vec<(&'n str, String)> {
        let mut taken: Vec<(Spelling, &str)> = Vec::new();
        for name in names {
            let key = squash(name);
            let others = self
                .spellings
                .range(Spelling::before(&key, 0)..Spelling::before(&key, index))
                .chain(self.spellings.range(Spelling::before(&key, index.saturating_add(1))..))
                .take_while(|spelling| spelling.key == key);
            let others: Vec<Spelling> = others.cloned().collect();
            for spelling in others {
                self.lose(&spelling);
                taken.push((spelling, name));
            }
        }
        taken.sort_by_key(|(spelling, _)| (spelling.entry, spelling.place));
        let owner = |spelling: &Spelling| self.list.get(spelling.entry).map_or("", |entry| entry.name()).to_owned();
        taken.iter().map(|(spelling, name)| (*name, owner(spelling))).collect()
    }

    /// Adds spellings to the entry at `index`, or says anew how careful to be with them. Spellings that differ by a hyphen are two: the
    /// variants of a name have hyphens only between its words.
    pub(super) fn add<'n>(&mut self, index: usize, names: impl Iterator<Item = &'n str>, matching: Option<Matching>) {
        let Some(entry) = self.list.get_mut(index).map(Shared::own) else { return };
        let surfaces = entry.surfaces_mut();
        for name in names.map(str::trim).filter(|name| !name.is_empty()) {
            let new = Spelling::new(name, index, 0);
            let known = self
                .spellings
                .range(&new..)
                .next()
                .filter(|known| (known.entry, &known.key, &known.folded) == (index, &new.key, &new.folded));
            match known.and_then(|known| surfaces.get_mut(known.place)) {
                Some(surface) => surface.matching = matching.unwrap_or(surface.matching),
                None => {
                    self.spellings.insert(Spelling { place: surfaces.len(), ..new });
                    surfaces.push(Surface { text: name.to_owned(), matching: matching.unwrap_or_default() });
                }
            }
        }
    }

    /// Leaves nothing of the entries that are called so but their places, since others are known by theirs, and takes the spelling from
    /// those that have it as an alias; says whether there were any.
    pub(super) fn clear(&mut self, name: &str) -> bool {
        let key = squash(name);
        let called = self.called.remove(&key).unwrap_or_default();
        for index in &called {
            let Some(entry) = self.list.get_mut(*index) else { continue };
            for (place, surface) in entry.surfaces().iter().enumerate() {
                self.spellings.remove(&Spelling::new(&surface.text, *index, place));
            }
            *entry = Shared::default();
        }
        let all = self.spellings.range(Spelling::before(&key, 0)..).take_while(|spelling| spelling.key == key);
        let aliases: Vec<Spelling> = all.cloned().collect();
        aliases.iter().for_each(|spelling| self.lose(spelling));
        !called.is_empty() || !aliases.is_empty()
    }

    fn lose(&mut self, spelling: &Spelling) {
        self.spellings.remove(spelling);
        let entry = self.list.get_mut(spelling.entry).map(Shared::own);
        if let Some(surface) = entry.and_then(|entry| entry.surfaces_mut().get_mut(spelling.place)) {
            surface.text = String::new();
            self.thinned.insert(spelling.entry);
        }
    }

    /// The entries as they are now.
    pub(super) fn finish(mut self) -> Vec<Shared<E>> {
        for index in &self.thinned {
            if let Some(entry) = self.list.get_mut(*index) {
                entry.own().surfaces_mut().retain(|surface| !surface.text.is_empty());
            }
        }
        self.list
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is done to entries.
    #[derive(Clone, Debug)]
    enum Step {
        Add { names: Vec<String>, matching: Option<Matching> },
        Clear(String),
    }

    /// The same by looking at every entry and spelling at each step, as whoever reads the specification would do it.
    fn by_search(list: &mut Vec<Project>, step: &Step) -> Vec<(String, String)> {
        match step {
            Step::Add { names, matching } => {
                let is_called = |known: &Project| !known.name.is_empty() && squash(&known.name) == squash(&names[0]);
                let index = list.iter().position(is_called).unwrap_or_else(|| {
                    list.push(Project::called(&names[0]));
                    list.len() - 1
                });
                let mut taken = Vec::new();
                for (_, entry) in list.iter_mut().enumerate().filter(|(at, _)| *at != index) {
                    entry.surfaces.retain(|surface| {
                        let name = names.iter().find(|name| squash(name) == squash(&surface.text));
                        taken.extend(name.map(|name| (name.clone(), entry.name.clone())));
                        name.is_none()
                    });
                }
                let surfaces = &mut list[index].surfaces;
                for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
                    match surfaces.iter_mut().find(|known| fold(&known.text) == fold(name)) {
                        Some(known) => known.matching = matching.unwrap_or(known.matching),
                        None => surfaces.push(Surface { text: name.into(), matching: matching.unwrap_or_default() }),
                    }
                }
                taken
            }
            Step::Clear(name) => {
                let mut found = false;
                for entry in list {
                    if !entry.name.is_empty() && squash(&entry.name) == squash(name) {
                        *entry = Project::default();
                        found = true;
                    } else {
                        let before = entry.surfaces.len();
                        entry.surfaces.retain(|surface| squash(&surface.text) != squash(name));
                        found |= entry.surfaces.len() < before;
                    }
                }
                Vec::from_iter(found.then(Default::default))
            }
        }
    }

    fn by_look_up(entries: &mut Entries<Project>, step: &Step) -> Vec<(String, String)> {
        match step {
            Step::Add { names, matching } => {
                let index = entries.place_of(&names[0]);
                let taken = entries.take(names.iter().map(String::as_str), index);
                let taken = taken.into_iter().map(|(name, owner)| (name.to_owned(), owner)).collect();
                entries.add(index, names.iter().map(String::as_str), *matching);
                taken
            }
            Step::Clear(name) => Vec::from_iter(entries.clear(name).then(Default::default)),
        }
    }

    /// Few letters, so that names clash, with what does not count in them.
    fn name() -> impl Strategy<Value = String> {
        "[abB -]{0,4}"
    }

    fn step() -> impl Strategy<Value = Step> {
        let matching = prop_oneof![Just(None), Just(Some(Matching::Plain)), Just(Some(Matching::NeedsCue))];
        prop_oneof![
            4 => (proptest::collection::vec(name(), 1..5), matching)
                .prop_map(|(names, matching)| Step::Add { names, matching }),
            1 => name().prop_map(Step::Clear),
        ]
    }

    /// Entries as a catalog below may hold them: two may be called the same, and share spellings.
    fn base() -> impl Strategy<Value = Vec<Project>> {
        let entry = (name(), proptest::collection::vec(name(), 0..4)).prop_map(|(name, spellings)| {
            let mut surfaces: Vec<Surface> = Vec::new();
            for text in spellings.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
                if surfaces.iter().all(|known| fold(&known.text) != fold(text)) {
                    surfaces.push(Surface { text: text.to_owned(), ..Surface::default() });
                }
            }
            Project { name, surfaces, ..Project::default() }
        });
        proptest::collection::vec(entry, 0..6)
    }

    proptest! {
        #[test]
        fn looking_names_up_gives_what_searching_for_them_gives(
            base in base(),
            steps in proptest::collection::vec(step(), 1..12),
        ) {
            let mut entries = Entries::new(base.iter().cloned().map(Shared::from).collect());
            let mut searched = base;
            for step in &steps {
                prop_assert_eq!(by_look_up(&mut entries, step), by_search(&mut searched, step), "{:?}", step);
            }
            let looked_up: Vec<Project> = entries.finish().iter().map(|entry| Project::clone(entry)).collect();
            prop_assert_eq!(looked_up, searched);
        }
    }
}
