use crate::{Bar, Broker, Fill, Instrument, Manifest, Params};

/// A trading strategy.
///
/// One value lives for one run: [`new`](Strategy::new), then the bars in the order of time, then
/// [`finish`](Strategy::finish).
pub trait Strategy: Sized {
    /// Its parameters: a struct with `#[derive(Params)]`, or `()`.
    type Params: Params;

    /// The author's version of the strategy.
    const VERSION: &'static str = "0.1.0";

    /// Display name; the type's name when nothing else is said.
    #[must_use]
    fn name() -> &'static str {
        last_segment(std::any::type_name::<Self>())
    }

    /// What it does; the doc comment of its parameters when nothing else is said.
    #[must_use]
    fn description() -> &'static str {
        Self::Params::DESCRIPTION
    }

    /// Prepares a run.
    ///
    /// # Errors
    /// These parameters or instruments make no sense together: the run ends with this message.
    fn new(params: Self::Params, instruments: &[Instrument]) -> Result<Self, String>;

    /// A bar has closed. Orders sent from here fill in later bars.
    fn on_bar(&mut self, bar: &Bar, broker: &mut Broker);

    /// An order traded. Called before the [`on_bar`](Strategy::on_bar) of the bar in which it did, and before the next
    /// order of that bar is matched: cancelling what the fill makes superfluous is in time.
    fn on_fill(&mut self, _fill: &Fill, _broker: &mut Broker) {}

    /// The last bar has gone. Orders are rejected from here on.
    fn finish(&mut self, _broker: &mut Broker) {}

    /// What the strategy says about itself.
    #[must_use]
    fn manifest() -> Manifest {
        Manifest {
            name: Self::name().to_owned(),
            version: Self::VERSION.to_owned(),
            description: Self::description().to_owned(),
            parameters: Self::Params::specs(),
        }
    }
}

fn last_segment(path: &'static str) -> &'static str {
    path.rsplit("::").next().unwrap_or(path)
}
