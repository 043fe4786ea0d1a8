//! Core modules: their sections, and their functions' bodies.

use std::ops::Range;

use wasmparser::{
    BinaryReader, CompositeInnerType, ElementItems, FunctionBody, Import, Imports, MemoryType, Operator,
    OperatorsReader, OperatorsReaderAllocations, Payload, RecGroup, TypeRef, WasmFeatures,
};

use super::scope::{Entity, Load};
use super::{Meter, Quantity, Result, section};

const PAGE: u128 = 1 << 16;

/// A core module that is being read.
#[derive(Default)]
pub(super) struct ModuleScope {
    /// Parameters and results of each type; zero for what is no function.
    types: Vec<u64>,
    imported_functions: u64,
    bodies: u64,
    /// Imports and exports: the size of the module's type.
    surface: u64,
    load: Load,
    allocations: OperatorsReaderAllocations,
}

impl ModuleScope {
    pub(super) fn finish(self) -> Entity<'static> {
        Entity::module(self.surface, Load { modules: 1, ..self.load })
    }

    pub(super) fn section(
        &mut self,
        meter: &mut Meter<'_>,
        bytes: &[u8],
        features: WasmFeatures,
        payload: Payload<'_>,
    ) -> Result<()> {
        match payload {
            Payload::TypeSection(types) => {
                let mut reader = section(bytes, types.range(), features);
                let count = reader.read_var_u32()?;
                meter.add(Quantity::CoreTypes, count.into(), reader.original_position())?;
                for _ in 0..count {
                    self.types.extend(rec_group(meter, &mut reader)?);
                }
                Ok(())
            }
            Payload::ImportSection(imports) => {
                meter.add(Quantity::Imports, imports.count().into(), imports.range().start)?;
                for group in imports.into_iter_with_offsets() {
                    let (offset, group) = group?;
                    self.imports(meter, group, offset)?;
                }
                Ok(())
            }
            Payload::FunctionSection(functions) => {
                let offset = functions.range().start;
                meter.add(Quantity::Functions, functions.count().into(), offset)?;
                for index in functions {
                    self.function(meter, index?, offset)?;
                }
                Ok(())
            }
            Payload::ExportSection(exports) => {
                meter.add(Quantity::Exports, exports.count().into(), exports.range().start)?;
                self.surface = self.surface.saturating_add(exports.count().into());
                for export in exports.into_iter_with_offsets() {
                    let (offset, export) = export?;
                    meter.name(export.name, offset)?;
                }
                Ok(())
            }
            Payload::CodeSectionEntry(body) => {
                meter.place.push(("function", (self.imported_functions + self.bodies) as usize));
                self.bodies += 1;
                self.body(meter, &body)?;
                meter.place.pop();
                Ok(())
            }
            payload => self.storage(meter, payload),
        }
    }

    /// Tables, memories, globals and what they start with.
    fn storage(&mut self, meter: &mut Meter<'_>, payload: Payload<'_>) -> Result<()> {
        match payload {
            Payload::TableSection(tables) => {
                let Range { start, .. } = tables.range();
                meter.add(Quantity::Tables, tables.count().into(), start)?;
                for table in tables {
                    let entries = table?.ty.initial;
                    meter.add(Quantity::TableEntries, entries, start)?;
                    self.load = self.load.plus(Load { tables: 1, table_entries: entries, ..Load::default() });
                }
            }
            Payload::MemorySection(memories) => {
                let Range { start, .. } = memories.range();
                meter.add(Quantity::Memories, memories.count().into(), start)?;
                for memory in memories {
                    let pages = pages(memory?);
                    meter.add(Quantity::MemoryPages, pages, start)?;
                    self.load = self.load.plus(Load { memories: 1, memory_pages: pages, ..Load::default() });
                }
            }
            Payload::GlobalSection(globals) => {
                meter.add(Quantity::Globals, globals.count().into(), globals.range().start)?;
            }
            Payload::ElementSection(segments) => {
                meter.add(Quantity::ElementSegments, segments.count().into(), segments.range().start)?;
                for segment in segments {
                    let segment = segment?;
                    let entries = match segment.items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    };
                    meter.add(Quantity::Elements, entries.into(), segment.range.start)?;
                }
            }
            Payload::DataSection(segments) => {
                meter.add(Quantity::DataSegments, segments.count().into(), segments.range().start)?;
                for segment in segments {
                    let segment = segment?;
                    meter.add(Quantity::DataBytes, segment.data.len() as u64, segment.range.start)?;
                }
            }
            // What is left is a single number, or nothing that a strategy may have: the validator says so.
            _ => {}
        }
        Ok(())
    }

    fn imports(&mut self, meter: &mut Meter<'_>, group: Imports<'_>, offset: usize) -> Result<()> {
        let is_single = matches!(group, Imports::Single(..));
        for import in group {
            let (offset_of_item, import) = import?;
            if !is_single {
                meter.add(Quantity::Imports, 1, offset)?;
            }
            self.import(meter, &import, offset_of_item)?;
        }
        Ok(())
    }

    fn import(&mut self, meter: &mut Meter<'_>, import: &Import<'_>, offset: usize) -> Result<()> {
        meter.name(import.module, offset)?;
        meter.name(import.name, offset)?;
        self.surface = self.surface.saturating_add(1);
        if let TypeRef::Func(index) | TypeRef::FuncExact(index) = import.ty {
            self.imported_functions += 1;
            self.function(meter, index, offset)?;
        }
        Ok(())
    }

    fn function(&mut self, meter: &mut Meter<'_>, index: u32, offset: usize) -> Result<()> {
        let values = self.types.get(index as usize).copied().unwrap_or(0);
        Ok(meter.add(Quantity::Signatures, values, offset)?)
    }

    fn body(&mut self, meter: &mut Meter<'_>, body: &FunctionBody<'_>) -> Result<()> {
        let Range { start, end } = body.range();
        meter.most(Quantity::FunctionBytes, (end - start) as u64, start)?;
        let mut locals = body.get_locals_reader()?;
        let mut declared = 0_u64;
        for _ in 0..locals.get_count() {
            declared += u64::from(locals.read()?.0);
            meter.most(Quantity::Locals, declared, locals.original_position())?;
        }
        meter.add(Quantity::TotalLocals, declared, start)?;
        let allocations = std::mem::take(&mut self.allocations);
        let mut operators = OperatorsReader::new_with_allocs(locals.get_binary_reader(), allocations);
        let mut depth = 0_u64;
        while !operators.eof() {
            let offset = operators.original_position();
            match operators.read()? {
                Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::Try { .. }
                | Operator::TryTable { .. } => {
                    depth += 1;
                    meter.most(Quantity::ControlDepth, depth, offset)?;
                }
                Operator::End | Operator::Delegate { .. } => depth = depth.saturating_sub(1),
                Operator::BrTable { targets } => {
                    meter.most(Quantity::JumpTargets, targets.len().into(), offset)?;
                }
                _ => {}
            }
        }
        self.allocations = operators.into_allocations();
        Ok(())
    }
}

fn pages(memory: MemoryType) -> u64 {
    let page_size = 1_u128.checked_shl(memory.page_size_log2.unwrap_or(16)).unwrap_or(u128::MAX);
    let bytes = u128::from(memory.initial).saturating_mul(page_size);
    u64::try_from(bytes.div_ceil(PAGE)).unwrap_or(u64::MAX)
}

/// Reads one type, or one group of types that name one another, and answers with how many values each function takes and
/// gives. The group is counted by its caller as one.
pub(super) fn rec_group(meter: &mut Meter<'_>, reader: &mut BinaryReader<'_>) -> Result<Vec<u64>> {
    const GROUP: u8 = 0x4e;
    let offset = reader.original_position();
    let mut ahead = reader.clone();
    if ahead.read_u8()? == GROUP {
        meter.add(Quantity::CoreTypes, ahead.read_var_u32()?.into(), offset)?;
    }
    let mut values = Vec::new();
    for ty in reader.read::<RecGroup>()?.types() {
        values.push(match &ty.composite_type.inner {
            CompositeInnerType::Func(function) => {
                let (parameters, results) = (function.params().len() as u64, function.results().len() as u64);
                meter.most(Quantity::Parameters, parameters, offset)?;
                meter.most(Quantity::Results, results, offset)?;
                parameters + results
            }
            _ => 0,
        });
    }
    Ok(values)
}
