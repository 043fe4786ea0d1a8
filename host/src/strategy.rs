//! A strategy's file, source or component, to something that runs.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use stratbox_compiler::{Diagnostics, Source};
use stratbox_domain::{Manifest, ParamSpec, ParamValue};
use stratbox_intake::source::{Complexity, DataLimits, LiteralData, complexity, literal_data};

use crate::failure::{Failure, FailureKind, shown};
use crate::render::text::inline;
use crate::wiring::{Code, Engine};

/// More than any component of a source of a mebibyte.
const MAX_COMPONENT_BYTES: u64 = 64 << 20;

/// A strategy that is ready to run.
pub(crate) struct Strategy {
    /// The file's name without its extension, for people.
    pub(crate) name: String,
    /// The file, as it was named, for people.
    pub(crate) source: String,
    pub(crate) manifest: Manifest,
    pub(crate) component: Vec<u8>,
    pub(crate) code: Code,
    pub(crate) build: Build,
    /// How much data its source carries, when there is one.
    pub(crate) literals: Option<LiteralData>,
    /// How complex its source is, when there is one.
    pub(crate) complexity: Option<Complexity>,
}

/// How a strategy came to be ready.
pub(crate) struct Build {
    /// Whether the component was there already.
    pub(crate) cached: bool,
    /// Source to component.
    pub(crate) compile: Duration,
    /// Component to native code.
    pub(crate) link: Duration,
    /// Warnings.
    pub(crate) diagnostics: Diagnostics,
}

impl Strategy {
    /// Compiles what has not been compiled before.
    pub(crate) fn load(engine: &Engine, path: &Path) -> Result<Self, Failure> {
        let started = Instant::now();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let (component, cached, diagnostics, measured) = match extension {
            "rs" => {
                let source = Source::read(path)?;
                let compiled = engine.compile(&source)?;
                let measured =
                    (literal_data(source.text(), &DataLimits::default()), complexity(source.text()));
                (compiled.component, compiled.cached, compiled.diagnostics, Some(measured))
            }
            "wasm" => (read_component(path)?, true, Diagnostics::default(), None),
            _ => {
                let message =
                    format!("`{}` is not a strategy's file: it must end in `.rs` or `.wasm`", shown(path));
                return Err(Failure::input(message));
            }
        };
        let compile = started.elapsed();
        let named = |failure: Failure| match failure.kind {
            FailureKind::Contract => failure.context(format_args!("`{}`", shown(path))),
            _ => failure,
        };
        let started = Instant::now();
        let code = engine.link(&component).map_err(named)?;
        let link = started.elapsed();
        let manifest = engine.describe(&code).map_err(named)?;
        let build = Build { cached, compile, link, diagnostics };
        let name = inline(&path.file_stem().unwrap_or_default().to_string_lossy());
        let (literals, complexity) = measured.unzip();
        Ok(Self { name, source: shown(path), manifest, component, code, build, literals, complexity })
    }

    /// A strategy whose component is at hand.
    pub(crate) fn of_component(
        engine: &Engine,
        name: String,
        source: String,
        component: Vec<u8>,
    ) -> Result<Self, Failure> {
        let started = Instant::now();
        let code = engine.link(&component)?;
        let link = started.elapsed();
        let manifest = engine.describe(&code)?;
        let build =
            Build { cached: true, compile: Duration::ZERO, link, diagnostics: Diagnostics::default() };
        Ok(Self { name, source, manifest, component, code, build, literals: None, complexity: None })
    }

    /// The same strategy once more.
    pub(crate) fn again(&self, engine: &Engine) -> Result<Self, Failure> {
        let (name, source) = (self.name.clone(), self.source.clone());
        let again = Self::of_component(engine, name, source, self.component.clone())?;
        Ok(Self { literals: self.literals, complexity: self.complexity, ..again })
    }

    /// The parameter of this name.
    pub(crate) fn parameter(&self, name: &str) -> Result<&ParamSpec, Failure> {
        let specs = &self.manifest.parameters;
        specs.iter().find(|spec| spec.name == name).ok_or_else(|| {
            let known: Vec<String> = specs.iter().map(|spec| format!("`{}`", spec.name)).collect();
            let known = if known.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has {}", known.join(", "))
            };
            Failure::usage(format!("`{}` has no parameter `{}`: {known}", self.name, inline(name)))
        })
    }

    /// What a parameter is when nothing is said about it.
    pub(crate) fn defaults(&self) -> impl Iterator<Item = (String, ParamValue)> {
        self.manifest.parameters.iter().map(|spec| (spec.name.clone(), spec.kind.default_value()))
    }
}

fn read_component(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = || {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(MAX_COMPONENT_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes: Vec<u8> = read()
        .map_err(|error: std::io::Error| Failure::input(format!("cannot read `{}`: {error}", shown(path))))?;
    if bytes.len() as u64 > MAX_COMPONENT_BYTES {
        return Err(Failure::input(format!("`{}` is larger than {MAX_COMPONENT_BYTES} bytes", shown(path))));
    }
    Ok(bytes)
}
