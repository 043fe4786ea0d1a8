//! Search of parameters.
//!
//! A [`Sampler`] says which points of a space to try next: all of them, some that cover it evenly, or those that earlier
//! results speak for. [`fronts`], [`order`] and [`hypervolume`] say which results are better than others when there are
//! several objectives and constraints. [`Halving`] gives many variants little data and the best of them all of it. A
//! [`Landscape`] says what results tell about the space: which parameters matter, whether the best point stands on a
//! plateau, and whether it leans against a bound.
//!
//! Everything is a function of its arguments and a seed: the same bits on every machine, whatever the order in which
//! workers answer. Nothing in here runs a strategy.

mod constraint;
mod directions;
mod evaluation;
mod halving;
mod hypervolume;
mod landscape;
mod nondominated;
mod pareto;
mod parzen;
mod random;
mod reason;
mod sampler;
mod sequence;
mod settings;
mod tpe;

pub use constraint::{Constraint, ConstraintError, violation};
pub use evaluation::{Evaluation, Outcome};
pub use halving::{Halving, HalvingError, HalvingSettings, Rung, evaluations};
pub use hypervolume::hypervolume;
pub use landscape::{Edge, Importance, Landscape, Plateau, PlateauSettings, Side};
pub use pareto::{crowding, fronts, order, pareto_front};
pub use reason::Reason;
pub use sampler::{Enqueued, Sampler, SearchError, Status, Suggestion};
pub use settings::{Method, Settings, SettingsError};
