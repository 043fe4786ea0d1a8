//! Types at the component level.
//!
//! They can be written inside of one another. The parser calls itself for each level, so they are walked here first, with
//! those that are open on the stack of scopes.

use wasmparser::{
    BinaryReader, ComponentDefinedType, ComponentExternalKind as Kind, ComponentType,
    ComponentTypeDeclaration, ComponentTypeRef, ComponentValType, InstanceTypeDeclaration,
    ModuleTypeDeclaration, TypeBounds,
};

use super::core::rec_group;
use super::scope::{Entity, Scope, at};
use super::{Quantity, Refusal, Result, Walk};

/// Leading bytes of the types and declarations that can hold others.
const MODULE_TYPE: u8 = 0x50;
const COMPONENT_TYPE: u8 = 0x41;
const INSTANCE_TYPE: u8 = 0x42;
const CORE_TYPE_DECLARATION: u8 = 0x00;
const TYPE_DECLARATION: u8 = 0x01;

/// The type of a component or instance whose declarations are being read into the innermost scope.
struct Open {
    is_component: bool,
    left: u32,
}

impl<'a> Walk<'a, '_> {
    pub(super) fn core_type(&mut self, reader: &mut BinaryReader<'a>) -> Result<()> {
        let offset = reader.original_position();
        match peek(reader)? {
            MODULE_TYPE => {
                reader.read_u8()?;
                let count = reader.read_var_u32()?;
                self.meter.add(Quantity::CoreTypes, count.into(), offset)?;
                for _ in 0..count {
                    self.module_declaration(reader)?;
                }
                let entity = Entity::with_parts(count.into());
                self.visit(&entity, offset)?;
                self.scope().core_types.push(entity);
            }
            first => {
                // Marks that what follows is no module type, which starts with the same byte.
                if first == 0 {
                    reader.read_u8()?;
                }
                let types = rec_group(&mut self.meter, reader)?;
                self.scope().core_types.extend(types.iter().map(|_| Entity::LEAF));
            }
        }
        Ok(())
    }

    fn module_declaration(&mut self, reader: &mut BinaryReader<'a>) -> Result<()> {
        let offset = reader.original_position();
        if peek(reader)? == TYPE_DECLARATION {
            reader.read_u8()?;
            rec_group(&mut self.meter, reader)?;
            return Ok(());
        }
        match reader.read::<ModuleTypeDeclaration<'_>>()? {
            ModuleTypeDeclaration::Import(import) => {
                self.meter.name(import.module, offset)?;
                self.meter.name(import.name, offset)?;
            }
            ModuleTypeDeclaration::Export { name, .. } => self.meter.name(name, offset)?,
            ModuleTypeDeclaration::Type(_) | ModuleTypeDeclaration::OuterAlias { .. } => {}
        }
        Ok(())
    }

    /// Reads one type, with everything that is written inside of it.
    pub(super) fn component_type(&mut self, reader: &mut BinaryReader<'a>) -> Result<()> {
        let mut open: Vec<Open> = Vec::new();
        self.begin_type(reader, &mut open)?;
        while let Some(innermost) = open.last_mut() {
            if innermost.left == 0 {
                open.pop();
                let offset = reader.original_position();
                if let Some(scope) = self.scopes.pop() {
                    self.define(Kind::Type, scope.finish_type(), offset)?;
                }
                continue;
            }
            innermost.left -= 1;
            let is_component = innermost.is_component;
            match peek(reader)? {
                CORE_TYPE_DECLARATION => {
                    reader.read_u8()?;
                    self.meter.add(Quantity::CoreTypes, 1, reader.original_position())?;
                    self.core_type(reader)?;
                }
                TYPE_DECLARATION => {
                    reader.read_u8()?;
                    self.begin_type(reader, &mut open)?;
                }
                _ => self.declaration(reader, is_component)?,
            }
        }
        Ok(())
    }

    /// Reads a type, or only the beginning of one that can hold others.
    fn begin_type(&mut self, reader: &mut BinaryReader<'a>, open: &mut Vec<Open>) -> Result<()> {
        let offset = reader.original_position();
        let kind = peek(reader)?;
        if kind != COMPONENT_TYPE && kind != INSTANCE_TYPE {
            let entity = match reader.read::<ComponentType<'_>>()? {
                ComponentType::Defined(ty) => self.defined(&ty, offset)?,
                ComponentType::Func(function) => {
                    self.meter.most(Quantity::Parameters, function.params.len() as u64, offset)?;
                    let parameters = function.params.iter().map(|(name, ty)| (Some(*name), Some(*ty)));
                    self.composite(parameters.chain([(None, function.result)]), offset)?
                }
                // The others have been sorted out.
                _ => Entity::LEAF,
            };
            return Ok(self.define(Kind::Type, entity, offset)?);
        }
        reader.read_u8()?;
        let left = reader.read_var_u32()?;
        self.meter.add(Quantity::ComponentTypes, left.into(), offset)?;
        open.push(Open { is_component: kind == COMPONENT_TYPE, left });
        self.meter.most(Quantity::TypeNesting, open.len() as u64, offset)?;
        self.scopes.push(Scope::default());
        Ok(())
    }

    /// A declaration that holds no other.
    fn declaration(&mut self, reader: &mut BinaryReader<'a>, is_component: bool) -> Result<()> {
        let offset = reader.original_position();
        let declaration = if is_component {
            reader.read::<ComponentTypeDeclaration<'a>>()?
        } else {
            match reader.read::<InstanceTypeDeclaration<'a>>()? {
                InstanceTypeDeclaration::CoreType(ty) => ComponentTypeDeclaration::CoreType(ty),
                InstanceTypeDeclaration::Type(ty) => ComponentTypeDeclaration::Type(ty),
                InstanceTypeDeclaration::Alias(alias) => ComponentTypeDeclaration::Alias(alias),
                InstanceTypeDeclaration::Export { name, ty } => ComponentTypeDeclaration::Export { name, ty },
            }
        };
        match declaration {
            // Both have been sorted out by their first byte.
            ComponentTypeDeclaration::CoreType(_) | ComponentTypeDeclaration::Type(_) => Ok(()),
            ComponentTypeDeclaration::Alias(alias) => self.alias(&alias, offset),
            ComponentTypeDeclaration::Import(import) => self.import(&import, offset),
            ComponentTypeDeclaration::Export { name, ty } => {
                let entity = self.resolve(ty);
                self.surface_export(name.name, ty.kind(), entity, offset)
            }
        }
    }

    fn defined(&mut self, ty: &ComponentDefinedType<'a>, offset: usize) -> Result<Entity<'a>, Refusal> {
        use ComponentDefinedType as Type;
        match ty {
            Type::Primitive(_) | Type::Own(_) | Type::Borrow(_) => Ok(Entity::LEAF),
            Type::Record(fields) => {
                self.composite(fields.iter().map(|(name, ty)| (Some(*name), Some(*ty))), offset)
            }
            Type::Variant(cases) => {
                self.composite(cases.iter().map(|case| (Some(case.name), case.ty)), offset)
            }
            Type::Flags(names) | Type::Enum(names) => {
                names.iter().try_for_each(|name| self.meter.name(name, offset))?;
                Ok(Entity::with_parts(names.len() as u64))
            }
            Type::Tuple(types) => self.composite(types.iter().map(|ty| (None, Some(*ty))), offset),
            Type::List(ty) | Type::FixedLengthList(ty, _) | Type::Option(ty) => {
                self.composite([(None, Some(*ty))], offset)
            }
            Type::Map(key, value) => self.composite([(None, Some(*key)), (None, Some(*value))], offset),
            Type::Result { ok, err } => self.composite([(None, *ok), (None, *err)], offset),
            Type::Future(ty) | Type::Stream(ty) => self.composite([(None, *ty)], offset),
        }
    }

    /// The weight of a type that is made of others; a part without a type of its own still is one.
    fn composite(
        &mut self,
        parts: impl IntoIterator<Item = (Option<&'a str>, Option<ComponentValType>)>,
        offset: usize,
    ) -> Result<Entity<'a>, Refusal> {
        let mut whole = Entity::LEAF;
        for (name, ty) in parts {
            self.meter.name(name.unwrap_or_default(), offset)?;
            whole.combine(&ty.map_or(Entity::LEAF, |ty| self.value(ty)));
        }
        Ok(whole)
    }

    fn value(&mut self, ty: ComponentValType) -> Entity<'a> {
        match ty {
            ComponentValType::Primitive(_) => Entity::LEAF,
            ComponentValType::Type(index) => at(&self.scope().types, index),
        }
    }

    /// What an import or an ascribed export is.
    pub(super) fn resolve(&mut self, ty: ComponentTypeRef) -> Entity<'a> {
        match ty {
            ComponentTypeRef::Module(index) => at(&self.scope().core_types, index),
            ComponentTypeRef::Func(index)
            | ComponentTypeRef::Instance(index)
            | ComponentTypeRef::Component(index)
            | ComponentTypeRef::Type(TypeBounds::Eq(index)) => at(&self.scope().types, index),
            ComponentTypeRef::Type(TypeBounds::SubResource) => Entity::LEAF,
            ComponentTypeRef::Value(ty) => self.value(ty),
        }
    }
}

fn peek(reader: &BinaryReader<'_>) -> wasmparser::Result<u8> {
    reader.clone().read_u8()
}
