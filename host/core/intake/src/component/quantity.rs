//! What is counted in a component, how much of each is allowed, and what to do about more.

use serde::{Deserialize, Serialize};

/// The validator calls itself once for each level of a type that is written inside of another.
const NESTING_CEILING: u64 = 64;
/// The validator cannot hold a deeper type than 126 levels, and the tools behind it stop at 100.
const DEPTH_CEILING: u64 = 100;

/// One row for each quantity: its field, its default, its rule, what it is called, and the fix.
macro_rules! quantities {
    ($($(#[doc = $doc:literal])+ $field:ident: $name:ident = $default:expr, $rule:literal, $noun:literal, $fix:expr;)+) => {
        /// How much of everything a component may have. A count is over the whole file, nested parts included, unless it
        /// says otherwise.
        #[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
        #[serde(deny_unknown_fields, default)]
        pub struct ComponentLimits { $($(#[doc = $doc])+ pub $field: u64,)+ }

        impl Default for ComponentLimits {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        /// What was measured of a component: the fields of the limits, and the names at its surface.
        #[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
        pub struct Shape {
            /// The names of what it imports, escaped and cut.
            pub import_names: Vec<String>,
            /// The names of what it exports, escaped and cut.
            pub export_names: Vec<String>,
            $(#[doc = concat!("How many ", $noun, ".")] pub $field: u64,)+
        }

        /// A quantity that is measured and limited.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Quantity { $($name,)+ }

        impl Quantity {
            #[cfg(test)]
            pub(super) const ALL: &[(Self, &'static str)] = &[$((Self::$name, stringify!($field)),)+];

            pub(super) fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule,)+ }
            }

            pub(super) fn noun(self) -> &'static str {
                match self { $(Self::$name => $noun,)+ }
            }

            pub(super) fn fix(self) -> &'static str {
                match self { $(Self::$name => $fix,)+ }
            }

            pub(super) fn measured(self, shape: &mut Shape) -> &mut u64 {
                match self { $(Self::$name => &mut shape.$field,)+ }
            }

            pub(super) fn allowed(self, limits: &ComponentLimits) -> u64 {
                let asked = match self { $(Self::$name => limits.$field,)+ };
                match self {
                    Self::TypeNesting => asked.min(NESTING_CEILING),
                    Self::TypeDepth => asked.min(DEPTH_CEILING),
                    _ => asked,
                }
            }
        }
    };
}

const SMALLER: &str = "make the strategy smaller, or raise the limit if you trust where it comes from";
const SPLIT: &str = "split the function, or lower the optimisation level of whatever generated it";
const TABLES: &str = "keep data out of the strategy: prices come from the engine, tables should be computed";
const LINKING: &str = "link the strategy as one module; `stratbox build` does";
const TYPES: &str = "use the contract's types, and only those, at the surface of the component";
const STRIP: &str = "strip it: `-C strip=symbols` for `rustc`, `wasm-tools strip` for a finished component";

quantities! {
    /// Size of the file. A strategy built with `stratbox build` has some 115 KB, most of them the standard library; 4 MiB
    /// compile in seconds. A component that brings an interpreter has 12 to 18 MB: an operator may allow that.
    bytes: Bytes = 4 << 20, "too_large", "bytes", SMALLER;
    /// Modules and components inside of one another, the outermost not counted. Tools nest once, a composition twice.
    nesting: Nesting = 6, "nested_too_deep", "components and modules inside of one another", LINKING;
    /// Core modules. A component has its program, two small ones that tie it to its imports, and perhaps an adapter.
    modules: Modules = 16, "too_many_modules", "core modules", LINKING;
    /// Nested components. Tools write one for each exported interface.
    components: Components = 32, "too_many_components", "nested components", LINKING;
    /// Definitions of instances of modules and components, and bundles of exports. A usual component has seven.
    instances: Instances = 256, "too_many_instances", "definitions of instances", LINKING;
    /// Core modules that come to life when the component does, however often each: a component that instantiates one twice,
    /// inside of one that does so, ... doubles with every step. The engine has 24 for a run, with its own parts.
    instantiations: Instantiations = 16, "too_many_instantiations", "instances of core modules in all", LINKING;
    /// The same of components.
    component_instantiations: ComponentInstantiations = 64,
        "too_many_component_instantiations", "instances of components in all", LINKING;
    /// Aliases. A usual component has some 30.
    aliases: Aliases = 4_000, "too_many_aliases", "aliases", LINKING;
    /// Types of core functions. A usual component has some 30, and each engine function that crosses adds one.
    core_types: CoreTypes = 4_000, "too_many_core_types", "core types", SMALLER;
    /// Types at the component level, and declarations inside of them. The contract has some 100.
    component_types: ComponentTypes = 4_000, "too_many_component_types", "component types and declarations", TYPES;
    /// Component types that are written inside of one another; at most 64, whatever is set here. Tools write two.
    type_nesting: TypeNesting = 8, "types_nested_too_deep", "component types written inside of one another", TYPES;
    /// Levels of a component type: a list of records of numbers has three; at most 100, whatever is set here. A usual
    /// component, all of whose imports and exports are its type, has ten.
    type_depth: TypeDepth = 32, "type_too_deep", "levels in one component type", TYPES;
    /// Parts of a component type when everything that it refers to is written out: sharing makes this grow without bytes.
    /// A usual component has some 600.
    type_size: TypeSize = 20_000, "type_too_large", "parts in one component type, written out", TYPES;
    /// Parts of component types that checking must visit: each use of a type costs its size. A usual
    /// component has some 3,000.
    type_work: TypeWork = 1_000_000, "too_much_type_work", "parts of component types to visit", TYPES;
    /// Functions that cross between core code and components, and built-ins. A usual component has ten.
    canonical_functions: CanonicalFunctions = 1_000,
        "too_many_canonical_functions", "functions that cross into or out of core code", LINKING;
    /// Imports of modules and components. A usual component has some 35.
    imports: Imports = 2_000, "too_many_imports", "imports", LINKING;
    /// Exports of modules, components and bundles of instances. A usual component has some 35.
    exports: Exports = 4_000, "too_many_exports", "exports", STRIP;
    /// Exports of the whole component. The contract has one; what is exported beside it is never called, so a few of another
    /// world (tests, a second host's) do no harm, and more have no purpose.
    surface_exports: SurfaceExports = 16,
        "too_many_surface_exports", "exports of the whole component", "export only the contract's interface";
    /// Bytes of one name. The longest that tools make of the contract has 51; mangled C++ has some hundred.
    name_bytes: NameBytes = 1_024, "name_too_long", "bytes in one name", STRIP;
    /// Functions with a body. A strategy built with `stratbox build` has some 200.
    functions: Functions = 20_000, "too_many_functions", "functions", SMALLER;
    /// Parameters of one function. The contract's largest has seventeen, and compilers pass what is more by address.
    parameters: Parameters = 72, "too_many_parameters", "parameters of one function", "pass them in one structure";
    /// Results of one function. `rustc` gives one.
    results: Results = 16, "too_many_results", "results of one function", "return them in one structure";
    /// Parameters and results of all functions, imported ones too: what a compiler must set up. Usual are four a function.
    signatures: Signatures = 250_000, "too_many_signature_values", "parameters and results of all functions", SMALLER;
    /// Bytes of one function's body: what a compiler needs grows faster than this. The largest of `rustc` has some 6 KB, the
    /// main loop of an interpreter some 100 KB.
    function_bytes: FunctionBytes = 256 << 10, "function_too_large", "bytes in one function", SPLIT;
    /// Local variables of one function. They cost no bytes in the file and one register each in the compiler.
    locals: Locals = 5_000, "too_many_locals", "local variables in one function", SPLIT;
    /// Local variables of all functions. Usual are five a function.
    total_locals: TotalLocals = 500_000, "too_many_locals_in_all", "local variables in all functions", SMALLER;
    /// Blocks inside of one another. A `match` with a thousand arms nests a thousand.
    control_depth: ControlDepth = 2_000, "blocks_nested_too_deep", "blocks inside of one another", SPLIT;
    /// Targets of one jump table: the arms of a `match`.
    jump_targets: JumpTargets = 8_192, "too_many_jump_targets", "targets in one jump table", SPLIT;
    /// Global variables. `rustc` makes one or two; separately linked libraries have one for each address.
    globals: Globals = 2_000, "too_many_globals", "global variables", LINKING;
    /// Tables, of all modules or of all instances, whichever is more. A usual component has two.
    tables: Tables = 8, "too_many_tables", "tables", LINKING;
    /// Entries that tables start with, summed likewise: as many as the engine gives to one.
    table_entries: TableEntries = 20_000, "tables_too_large", "table entries at the start", SMALLER;
    /// Memories, summed likewise. A run has four, one each for the engine's two parts.
    memories: Memories = 2, "too_many_memories", "memories", LINKING;
    /// Pages of 64 KiB that memories start with, summed likewise. A run has 64 MiB by default; this leaves four of them to the
    /// engine's own parts. A usual strategy starts with four.
    memory_pages: MemoryPages = 960,
        "memories_too_large", "pages of memory at the start", "ask for less: memory grows when it is needed";
    /// Data segments. `rustc` makes two or three.
    data_segments: DataSegments = 1_000, "too_many_data_segments", "data segments", TABLES;
    /// Bytes of all data segments: constants and tables of a program, not a data set. `rustc` makes some 11 KB.
    data_bytes: DataBytes = 2 << 20, "too_much_data", "bytes of data", TABLES;
    /// Element segments. `rustc` makes one.
    element_segments: ElementSegments = 1_000, "too_many_element_segments", "element segments", LINKING;
    /// Entries of all element segments: functions whose address is taken.
    elements: Elements = 40_000, "too_many_elements", "entries in element segments", SMALLER;
    /// Custom sections: names and debug information.
    custom_sections: CustomSections = 128, "too_many_custom_sections", "custom sections", STRIP;
    /// Bytes of custom sections. They do nothing when it runs.
    custom_bytes: CustomBytes = 1 << 20, "custom_sections_too_large", "bytes in custom sections", STRIP;
}
