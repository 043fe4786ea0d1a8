//! The component level: instances, aliases, imports and exports, each with what it adds to its scope.

use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExport, ComponentExternalKind as Kind, ComponentImport,
    ComponentInstance, ComponentOuterAliasKind as OuterKind, Instance, Payload, SectionLimited,
};

use super::scope::{Entity, Load, at};
use super::{Quantity, Refusal, Result, Walk};

impl<'a> Walk<'a, '_> {
    pub(super) fn component_section(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::CoreTypeSection(types) => {
                let mut reader = self.reader(types.range());
                let count = reader.read_var_u32()?;
                self.meter.add(Quantity::CoreTypes, count.into(), reader.original_position())?;
                (0..count).try_for_each(|_| self.core_type(&mut reader))
            }
            Payload::ComponentTypeSection(types) => {
                let mut reader = self.reader(types.range());
                let count = reader.read_var_u32()?;
                self.meter.add(Quantity::ComponentTypes, count.into(), reader.original_position())?;
                (0..count).try_for_each(|_| self.component_type(&mut reader))
            }
            Payload::InstanceSection(items) => self.each(items, Quantity::Instances, Self::core_instance),
            Payload::ComponentInstanceSection(items) => self.each(items, Quantity::Instances, Self::instance),
            Payload::ComponentAliasSection(items) => {
                self.each(items, Quantity::Aliases, |walk, alias, offset| walk.alias(&alias, offset))
            }
            Payload::ComponentCanonicalSection(items) => {
                self.each(items, Quantity::CanonicalFunctions, |walk, function, offset| {
                    walk.canonical(&function, offset)
                })
            }
            Payload::ComponentImportSection(items) => {
                self.each(items, Quantity::Imports, |walk, import, offset| walk.import(&import, offset))
            }
            Payload::ComponentExportSection(items) => {
                self.each(items, Quantity::Exports, |walk, export, offset| walk.export(&export, offset))
            }
            // What is left is nothing that a strategy may have: the validator says so.
            _ => Ok(()),
        }
    }

    /// Counts a section's items, then reads them.
    fn each<T: wasmparser::FromReader<'a>>(
        &mut self,
        items: SectionLimited<'a, T>,
        quantity: Quantity,
        mut read: impl FnMut(&mut Self, T, usize) -> Result<()>,
    ) -> Result<()> {
        self.meter.add(quantity, items.count().into(), items.range().start)?;
        for item in items.into_iter_with_offsets() {
            let (offset, item) = item?;
            read(self, item, offset)?;
        }
        Ok(())
    }

    /// Notes that a type is looked at, as large as it is.
    pub(super) fn visit(&mut self, entity: &Entity<'a>, offset: usize) -> Result<(), Refusal> {
        self.meter.most(Quantity::TypeDepth, entity.depth, offset)?;
        self.meter.most(Quantity::TypeSize, entity.size, offset)?;
        self.meter.add(Quantity::TypeWork, entity.size, offset)
    }

    /// Gives something the next index of its kind.
    pub(super) fn define(&mut self, kind: Kind, entity: Entity<'a>, offset: usize) -> Result<(), Refusal> {
        self.visit(&entity, offset)?;
        if let Some(space) = self.scope().space(kind) {
            space.push(entity);
        }
        Ok(())
    }

    pub(super) fn import(&mut self, import: &ComponentImport<'a>, offset: usize) -> Result<()> {
        let name = import.name.name;
        self.meter.name(name, offset)?;
        if self.is_outermost() {
            self.imports.push(name);
        }
        let entity = self.resolve(import.ty);
        self.scope().import(&entity);
        self.visit_surface(offset)?;
        Ok(self.define(import.ty.kind(), entity, offset)?)
    }

    fn export(&mut self, export: &ComponentExport<'a>, offset: usize) -> Result<()> {
        let name = export.name.name;
        if self.is_outermost() {
            self.exports.push(name);
            self.meter.most(Quantity::SurfaceExports, self.exports.len() as u64, offset)?;
        }
        let actual = self.scope().get(export.kind, export.index);
        let entity = match export.ty {
            // Its own code, under a type that may say less.
            Some(ty) => self.resolve(ty).with_load(actual.load),
            None => actual,
        };
        self.surface_export(name, export.kind, entity, offset)
    }

    pub(super) fn surface_export(
        &mut self,
        name: &'a str,
        kind: Kind,
        entity: Entity<'a>,
        offset: usize,
    ) -> Result<()> {
        self.meter.name(name, offset)?;
        self.scope().export(name, entity.clone());
        self.visit_surface(offset)?;
        Ok(self.define(kind, entity, offset)?)
    }

    /// A surface is a type too: it must not get too deep or too large by what is added to it.
    fn visit_surface(&mut self, offset: usize) -> Result<()> {
        let (size, depth) = (self.scope().surface().size, self.scope().surface().depth);
        self.meter.most(Quantity::TypeDepth, depth, offset)?;
        Ok(self.meter.most(Quantity::TypeSize, size, offset)?)
    }

    fn is_outermost(&self) -> bool {
        self.scopes.len() == 2
    }

    pub(super) fn alias(&mut self, alias: &ComponentAlias<'a>, offset: usize) -> Result<()> {
        match *alias {
            ComponentAlias::InstanceExport { kind, instance_index, name } => {
                self.meter.name(name, offset)?;
                let entity = at(&self.scope().instances, instance_index).export(name);
                Ok(self.define(kind, entity.unwrap_or(Entity::LEAF), offset)?)
            }
            ComponentAlias::CoreInstanceExport { name, .. } => Ok(self.meter.name(name, offset)?),
            ComponentAlias::Outer { kind, count, index } => {
                let outer = self.scopes.iter().rev().nth(count as usize);
                let entity = outer.map_or(Entity::LEAF, |scope| match kind {
                    OuterKind::CoreModule => at(&scope.modules, index),
                    OuterKind::CoreType => at(&scope.core_types, index),
                    OuterKind::Type => at(&scope.types, index),
                    OuterKind::Component => at(&scope.components, index),
                });
                let kind = match kind {
                    OuterKind::CoreModule => Kind::Module,
                    OuterKind::Type => Kind::Type,
                    OuterKind::Component => Kind::Component,
                    OuterKind::CoreType => {
                        self.scope().core_types.push(entity);
                        return Ok(());
                    }
                };
                Ok(self.define(kind, entity, offset)?)
            }
        }
    }

    fn canonical(&mut self, function: &CanonicalFunction, offset: usize) -> Result<()> {
        match *function {
            CanonicalFunction::Lift { type_index, .. } => {
                let ty = at(&self.scope().types, type_index);
                Ok(self.define(Kind::Func, ty, offset)?)
            }
            CanonicalFunction::Lower { func_index, .. } => {
                let function = at(&self.scope().functions, func_index);
                Ok(self.visit(&function, offset)?)
            }
            _ => Ok(()),
        }
    }

    fn core_instance(&mut self, instance: Instance<'a>, offset: usize) -> Result<()> {
        match instance {
            Instance::Instantiate { module_index, args } => {
                for argument in &args {
                    self.meter.name(argument.name, offset)?;
                }
                let module = at(&self.scope().modules, module_index);
                self.visit(&module, offset)?;
                let exists = (module_index as usize) < self.scope().modules.len();
                self.bring_to_life(module.load, exists, "core module", offset)
            }
            Instance::FromExports(exports) => {
                self.meter.add(Quantity::Exports, exports.len() as u64, offset)?;
                Ok(exports.iter().try_for_each(|export| self.meter.name(export.name, offset))?)
            }
        }
    }

    fn instance(&mut self, instance: ComponentInstance<'a>, offset: usize) -> Result<()> {
        let instance = match instance {
            ComponentInstance::Instantiate { component_index, args } => {
                for argument in &args {
                    self.meter.name(argument.name, offset)?;
                    let given = self.scope().get(argument.kind, argument.index);
                    self.visit(&given, offset)?;
                }
                let component = at(&self.scope().components, component_index);
                let exists = (component_index as usize) < self.scope().components.len();
                let load = component.load.map(|load| load.plus(Load { components: 1, ..Load::default() }));
                self.bring_to_life(load, exists, "component", offset)?;
                component.with_load(None)
            }
            ComponentInstance::FromExports(exports) => {
                self.meter.add(Quantity::Exports, exports.len() as u64, offset)?;
                let mut parts = Vec::new();
                for export in &exports {
                    self.meter.name(export.name.name, offset)?;
                    parts.push((export.name.name, self.scope().get(export.kind, export.index)));
                }
                Entity::bundle(parts)
            }
        };
        Ok(self.define(Kind::Instance, instance, offset)?)
    }

    /// Adds what an instance consists of to the scope that makes it.
    fn bring_to_life(&mut self, load: Option<Load>, exists: bool, what: &str, offset: usize) -> Result<()> {
        let Some(load) = load else {
            // The validator says what is wrong with an index.
            return if exists { Err(unknown_code(what, offset).into()) } else { Ok(()) };
        };
        let scope = self.scope();
        scope.load = scope.load.plus(load);
        let load = scope.load;
        Ok(self.meter.load(load, offset)?)
    }
}

/// Nobody can say how much an instance needs when what it is made of comes from outside.
fn unknown_code(what: &str, offset: usize) -> Refusal {
    Refusal::new(
        "unknown_code",
        format!("it makes an instance of a {what} that is not in the file (at offset {offset:#x})"),
        "put everything that it runs into one component",
    )
}
