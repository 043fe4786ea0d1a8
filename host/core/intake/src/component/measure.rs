//! One pass over the bytes that counts everything before anything else reads it.
//!
//! The validator and the compiler take their input's counts at its word: both call themselves for types inside of types, and
//! both do once for every use what the file says once. What passes here is small enough for them in every way that can be
//! counted. Nothing here calls itself, and every step consumes bytes or is paid for by a limit.

mod core;
mod definitions;
mod scope;
mod types;

use std::ops::Range;

use wasmparser::{BinaryReader, Encoding, Parser, Payload, WasmFeatures};

use self::core::ModuleScope;
use self::scope::{Load, Scope};
use super::quantity::{ComponentLimits, Quantity, Shape};
use super::refusal::{Refusal, shown};

/// What was measured, and the names at the surface as they are.
pub(super) struct Measured<'a> {
    pub(super) shape: Shape,
    pub(super) imports: Vec<&'a str>,
    pub(super) exports: Vec<&'a str>,
}

/// Why measuring ended early.
pub(super) enum Stop {
    /// There is too much of something.
    Refused(Refusal),
    /// The bytes cannot be read.
    Malformed(wasmparser::Error),
}

impl From<wasmparser::Error> for Stop {
    fn from(error: wasmparser::Error) -> Self {
        Self::Malformed(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

type Result<T, E = Stop> = std::result::Result<T, E>;

/// Checks a file's size, which is worth knowing before anything else.
pub(super) fn size(bytes: &[u8], limits: &ComponentLimits) -> Result<(), Refusal> {
    let mut meter = Meter { limits, shape: Shape::default(), place: Vec::new() };
    meter.most(Quantity::Bytes, bytes.len() as u64, 0)
}

/// Measures a component as a reader with these features understands its bytes.
pub(super) fn measure<'a>(
    bytes: &'a [u8],
    limits: &ComponentLimits,
    features: WasmFeatures,
) -> Result<Measured<'a>> {
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut walk = Walk {
        bytes,
        features,
        meter: Meter { limits, shape: Shape::default(), place: Vec::new() },
        scopes: vec![Scope::default()],
        module: None,
        imports: Vec::new(),
        exports: Vec::new(),
    };
    walk.meter.most(Quantity::Bytes, bytes.len() as u64, 0)?;
    for payload in parser.parse_all(bytes) {
        walk.payload(payload?)?;
    }
    let Walk { meter: Meter { mut shape, .. }, imports, exports, .. } = walk;
    shape.import_names = imports.iter().map(|name| shown(name)).collect();
    shape.export_names = exports.iter().map(|name| shown(name)).collect();
    Ok(Measured { shape, imports, exports })
}

/// Compares what is measured with what is allowed, and knows where it is.
struct Meter<'l> {
    limits: &'l ComponentLimits,
    shape: Shape,
    place: Vec<(&'static str, usize)>,
}

impl Meter<'_> {
    /// Counts `more` of a quantity that is summed over the file.
    fn add(&mut self, quantity: Quantity, more: u64, offset: usize) -> Result<(), Refusal> {
        let sum = quantity.measured(&mut self.shape).saturating_add(more);
        self.most(quantity, sum, offset)
    }

    /// Notes a quantity whose largest counts.
    fn most(&mut self, quantity: Quantity, value: u64, offset: usize) -> Result<(), Refusal> {
        let measured = quantity.measured(&mut self.shape);
        *measured = value.max(*measured);
        let allowed = quantity.allowed(self.limits);
        if value <= allowed {
            return Ok(());
        }
        let place: String = self.place.iter().map(|(kind, index)| format!("{kind} {index}, ")).collect();
        let noun = quantity.noun();
        Err(Refusal::new(
            quantity.rule(),
            format!("it has {value} {noun}, and {allowed} are allowed (in {place}at offset {offset:#x})"),
            quantity.fix(),
        ))
    }

    fn name(&mut self, name: &str, offset: usize) -> Result<(), Refusal> {
        self.most(Quantity::NameBytes, name.len() as u64, offset)
    }

    /// What an instance would bring to life.
    fn load(&mut self, load: Load, offset: usize) -> Result<(), Refusal> {
        self.most(Quantity::Instantiations, load.modules, offset)?;
        self.most(Quantity::ComponentInstantiations, load.components, offset)?;
        self.most(Quantity::Memories, load.memories, offset)?;
        self.most(Quantity::MemoryPages, load.memory_pages, offset)?;
        self.most(Quantity::Tables, load.tables, offset)?;
        self.most(Quantity::TableEntries, load.table_entries, offset)
    }
}

struct Walk<'a, 'l> {
    bytes: &'a [u8],
    features: WasmFeatures,
    meter: Meter<'l>,
    /// The file, which holds the outermost component, and every component and component type that is open. Never empty.
    scopes: Vec<Scope<'a>>,
    /// The module that is open: nothing can be inside of it.
    module: Option<ModuleScope>,
    imports: Vec<&'a str>,
    exports: Vec<&'a str>,
}

impl<'a> Walk<'a, '_> {
    fn payload(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } => self.module = Some(ModuleScope::default()),
            Payload::Version { encoding: Encoding::Component, .. } => self.scopes.push(Scope::default()),
            Payload::ModuleSection { unchecked_range, .. } => {
                let place = ("module", self.scope().modules.len());
                self.enter(Quantity::Modules, place, unchecked_range.start)?;
            }
            Payload::ComponentSection { unchecked_range, .. } => {
                let place = ("component", self.scope().components.len());
                self.enter(Quantity::Components, place, unchecked_range.start)?;
            }
            Payload::CustomSection(section) => {
                let range = section.range();
                self.meter.add(Quantity::CustomSections, 1, range.start)?;
                self.meter.add(Quantity::CustomBytes, range.len() as u64, range.start)?;
                self.meter.name(section.name(), range.start)?;
            }
            Payload::End(_) => self.leave(),
            payload => match &mut self.module {
                Some(module) => module.section(&mut self.meter, self.bytes, self.features, payload)?,
                None => self.component_section(payload)?,
            },
        }
        Ok(())
    }

    /// The innermost component or type that is open.
    fn scope(&mut self) -> &mut Scope<'a> {
        self.scopes.last_mut().expect("the file is a scope that is never left")
    }

    fn enter(&mut self, quantity: Quantity, place: (&'static str, usize), offset: usize) -> Result<()> {
        self.meter.add(quantity, 1, offset)?;
        self.meter.place.push(place);
        // The file and the outermost component are not inside of anything.
        Ok(self.meter.most(Quantity::Nesting, self.scopes.len() as u64 - 1, offset)?)
    }

    fn leave(&mut self) {
        self.meter.place.pop();
        if let Some(module) = self.module.take() {
            self.scope().modules.push(module.finish());
        } else if self.scopes.len() > 1
            && let Some(component) = self.scopes.pop()
        {
            self.scope().components.push(component.finish());
        }
    }

    /// A reader of a whole section, its count included.
    fn reader(&self, range: Range<usize>) -> BinaryReader<'a> {
        section(self.bytes, range, self.features)
    }
}

fn section(bytes: &[u8], range: Range<usize>, features: WasmFeatures) -> BinaryReader<'_> {
    let start = range.start;
    // The parser has given this range of these bytes.
    BinaryReader::new_features(bytes.get(range).unwrap_or_default(), start, features)
}
