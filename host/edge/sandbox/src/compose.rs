//! Three components into one: venue, then the strategy that trades on it, then the driver that calls both.

use stratbox_intake::component::Profile;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};

use crate::{Error, text};

const BROKER: &str = "stratbox:strategy/broker@0.1.0";
const STRATEGY: &str = "stratbox:strategy/strategy@0.1.0";
const CONTROL: &str = "stratbox:engine/control@0.1.0";
/// What a strategy may import. The types are no code.
const IMPORTS: [&str; 3] = ["stratbox:strategy/types@0.1.0", BROKER, "stratbox:strategy/log@0.1.0"];
pub(crate) const SIMULATION: &str = "stratbox:engine/simulation@0.1.0";

/// The engine's own components, built from this repository. Trusted.
#[derive(Debug, Clone)]
pub struct Guests {
    /// Matching, fees and the account.
    pub venue: Vec<u8>,
    /// The loop over the bars.
    pub driver: Vec<u8>,
}

/// Whether an interface is one of WASI's.
pub(crate) fn is_wasi(import: &str) -> bool {
    import.starts_with("wasi:")
}

/// One component that exports the simulation and imports only what the host provides.
pub(crate) fn compose(guests: &Guests, strategy: &[u8], profile: Profile) -> Result<Vec<u8>, Error> {
    let mut graph = Graph(CompositionGraph::new());
    let venue = graph.instantiate("engine:venue", &guests.venue).map_err(ours)?;
    let user = graph.register("user:strategy", strategy).map_err(Error::Component)?;
    let imports = graph.check_imports(user, profile)?;
    let strategy = graph.0.instantiate(user);
    let driver = graph.instantiate("engine:driver", &guests.driver).map_err(ours)?;

    // A strategy that never trades has no use for its broker, and its compiler leaves the import out.
    if imports.iter().any(|import| import == BROKER) {
        graph.connect(venue, strategy, BROKER).map_err(Error::Component)?;
    }
    graph.connect(venue, driver, CONTROL).map_err(ours)?;
    graph.connect(strategy, driver, STRATEGY).map_err(|cause| {
        Error::Component(format!("its export `{STRATEGY}` is missing or of another type: {cause}"))
    })?;
    let simulation = graph.alias(driver, SIMULATION).map_err(ours)?;
    graph.0.export(simulation, SIMULATION).map_err(ours)?;
    graph.0.encode(EncodeOptions::default()).map_err(|cause| Error::Component(chain(&cause)))
}

fn ours(cause: impl std::fmt::Display) -> Error {
    Error::Engine(format!("composition failed: {cause}"))
}

struct Graph(CompositionGraph);

impl Graph {
    fn register(&mut self, name: &str, component: &[u8]) -> Result<PackageId, String> {
        let package = Package::from_bytes(name, None, component, self.0.types_mut())
            .map_err(|cause| format!("{cause:#}"))?;
        self.0.register_package(package).map_err(|cause| cause.to_string())
    }

    fn instantiate(&mut self, name: &str, component: &[u8]) -> Result<NodeId, String> {
        self.register(name, component).map(|package| self.0.instantiate(package))
    }

    fn imports(&self, package: PackageId) -> impl Iterator<Item = &String> {
        self.0.types()[self.0[package].ty()].imports.keys()
    }

    /// Names what a strategy imports, all of which it may.
    fn check_imports(&self, package: PackageId, profile: Profile) -> Result<Vec<String>, Error> {
        // Which interfaces of WASI there are, the linker knows.
        let may = |import: &str| IMPORTS.contains(&import) || (profile == Profile::Wasi && is_wasi(import));
        match self.imports(package).find(|import| !may(import)) {
            None => Ok(self.imports(package).cloned().collect()),
            Some(import) => Err(Error::Component(format!(
                "it imports `{}`: a strategy may import only {}",
                text::escaped(import, 200),
                IMPORTS.map(|name| format!("`{name}`")).join(", ")
            ))),
        }
    }

    fn alias(&mut self, instance: NodeId, interface: &str) -> Result<NodeId, String> {
        self.0.alias_instance_export(instance, interface).map_err(|cause| cause.to_string())
    }

    fn connect(&mut self, from: NodeId, to: NodeId, interface: &str) -> Result<(), String> {
        let export = self.alias(from, interface)?;
        self.0.set_instantiation_argument(to, interface, export).map_err(|cause| chain(&cause))
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
