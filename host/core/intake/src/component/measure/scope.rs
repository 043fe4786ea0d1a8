//! What a component has named so far, each with its weight.

use std::collections::BTreeMap;
use std::rc::Rc;

use wasmparser::ComponentExternalKind;

/// What comes to life when a module or component is instantiated. Sums stop at the largest number.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    pub(super) modules: u64,
    pub(super) components: u64,
    pub(super) memories: u64,
    pub(super) memory_pages: u64,
    pub(super) tables: u64,
    pub(super) table_entries: u64,
}

impl Load {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            modules: self.modules.saturating_add(other.modules),
            components: self.components.saturating_add(other.components),
            memories: self.memories.saturating_add(other.memories),
            memory_pages: self.memory_pages.saturating_add(other.memory_pages),
            tables: self.tables.saturating_add(other.tables),
            table_entries: self.table_entries.saturating_add(other.table_entries),
        }
    }
}

/// Something in an index space. Clones share their exports.
#[derive(Clone)]
pub(super) struct Entity<'a> {
    /// Its type's parts, as if nothing were shared.
    pub(super) size: u64,
    /// Its type's levels. No entity is made above the limit, which bounds how deep `exports` can be.
    pub(super) depth: u64,
    exports: Option<Rc<BTreeMap<&'a str, Entity<'a>>>>,
    /// Of modules and components that are in the file.
    pub(super) load: Option<Load>,
}

impl<'a> Entity<'a> {
    /// A type without parts. Also what stands for something that does not exist: the validator ends there.
    pub(super) const LEAF: Self = Entity { size: 1, depth: 1, exports: None, load: None };

    pub(super) fn module(surface: u64, load: Load) -> Self {
        Self { size: surface.saturating_add(1), load: Some(load), ..Self::LEAF }
    }

    /// A type with `parts` leaves of its own.
    pub(super) fn with_parts(parts: u64) -> Self {
        Self { size: parts.saturating_add(1), depth: if parts == 0 { 1 } else { 2 }, ..Self::LEAF }
    }

    /// Takes another in, as a record does its fields.
    pub(super) fn combine(&mut self, part: &Entity<'a>) {
        self.size = self.size.saturating_add(part.size);
        self.depth = self.depth.max(part.depth.saturating_add(1));
    }

    pub(super) fn export(&self, name: &str) -> Option<Entity<'a>> {
        self.exports.as_ref().and_then(|exports| exports.get(name)).cloned()
    }

    pub(super) fn with_load(self, load: Option<Load>) -> Self {
        Self { load, ..self }
    }

    /// An instance that is a bundle of these.
    pub(super) fn bundle(parts: impl IntoIterator<Item = (&'a str, Entity<'a>)>) -> Self {
        let exports: BTreeMap<_, _> = parts.into_iter().collect();
        let mut bundle = Self::LEAF;
        exports.values().for_each(|part| bundle.combine(part));
        Self { exports: Some(Rc::new(exports)), ..bundle }
    }
}

/// A component, or the type of a component or instance, that is being read: its index spaces and its surface.
pub(super) struct Scope<'a> {
    pub(super) core_types: Vec<Entity<'a>>,
    pub(super) modules: Vec<Entity<'a>>,
    pub(super) types: Vec<Entity<'a>>,
    pub(super) functions: Vec<Entity<'a>>,
    pub(super) instances: Vec<Entity<'a>>,
    pub(super) components: Vec<Entity<'a>>,
    surface: Entity<'a>,
    exports: BTreeMap<&'a str, Entity<'a>>,
    pub(super) load: Load,
}

impl Default for Scope<'_> {
    fn default() -> Self {
        Self {
            core_types: Vec::new(),
            modules: Vec::new(),
            types: Vec::new(),
            functions: Vec::new(),
            instances: Vec::new(),
            components: Vec::new(),
            surface: Entity::LEAF,
            exports: BTreeMap::new(),
            load: Load::default(),
        }
    }
}

impl<'a> Scope<'a> {
    /// The index space of a kind; values, which strategies may not use, have none.
    pub(super) fn space(&mut self, kind: ComponentExternalKind) -> Option<&mut Vec<Entity<'a>>> {
        match kind {
            ComponentExternalKind::Module => Some(&mut self.modules),
            ComponentExternalKind::Func => Some(&mut self.functions),
            ComponentExternalKind::Value => None,
            ComponentExternalKind::Type => Some(&mut self.types),
            ComponentExternalKind::Instance => Some(&mut self.instances),
            ComponentExternalKind::Component => Some(&mut self.components),
        }
    }

    pub(super) fn get(&mut self, kind: ComponentExternalKind, index: u32) -> Entity<'a> {
        self.space(kind).map_or(Entity::LEAF, |space| at(space, index))
    }

    pub(super) fn import(&mut self, entity: &Entity<'a>) {
        self.surface.combine(entity);
    }

    pub(super) fn export(&mut self, name: &'a str, entity: Entity<'a>) {
        self.surface.combine(&entity);
        self.exports.insert(name, entity);
    }

    /// What an outer scope sees of a component.
    pub(super) fn finish(self) -> Entity<'a> {
        let load = self.load;
        self.finish_type().with_load(Some(load))
    }

    /// What an outer scope sees of a type.
    pub(super) fn finish_type(self) -> Entity<'a> {
        Entity { exports: Some(Rc::new(self.exports)), ..self.surface }
    }

    /// How heavy the surface is so far.
    pub(super) fn surface(&self) -> &Entity<'a> {
        &self.surface
    }
}

pub(super) fn at<'a>(space: &[Entity<'a>], index: u32) -> Entity<'a> {
    space.get(index as usize).cloned().unwrap_or(Entity::LEAF)
}
