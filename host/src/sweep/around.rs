//! The surroundings of a point: what is tried to make something better that is good already.

use stratbox_domain::{Axis, AxisValues, ParamValue, Scale};
use stratbox_search::{Method, Settings};

use super::plan::{Ground, PlannedStrategy, Points, Search};
use super::sampled::{Sampled, SamplerSettings};
use crate::strategy::Strategy;

/// How far from the point, as a share of each parameter's range.
const REACH: f64 = 1.0 / 8.0;

impl PlannedStrategy {
    /// So many points around one of its own. `None` when it has no parameters.
    pub(crate) fn around(
        &self,
        index: u64,
        (samples, seed): (u64, u64),
        ground: &Ground,
        strategy: Strategy,
    ) -> Option<Self> {
        let (axes, centre) = (self.axes()?, self.params(index));
        let nearer =
            |axis: Axis| Axis { values: nearer(axis.values, centre.get(&axis.name)), name: axis.name };
        let axes = axes.into_iter().map(nearer).collect();
        let settings = Settings { method: Method::Sobol, samples: Some(samples), ..Settings::default() };
        let settings = SamplerSettings { settings, seed, enqueued: Vec::new() };
        let sampled = Sampled::new(axes, &ground.aim.directions(), &settings).ok()?;
        let (search, points) = (Search::Sampled(settings), Points::Sampled(Box::new(sampled)));
        let (named, order) = (self.named.clone(), self.order.clone());
        Some(Self::new(self.label.clone(), strategy, search, points, named, order))
    }
}

/// What of an axis is near a value; all of it where values have no distance.
fn nearer(values: AxisValues, centre: Option<&ParamValue>) -> AxisValues {
    match (values, centre) {
        (AxisValues::List(list), Some(centre @ (ParamValue::Integer(_) | ParamValue::Number(_)))) => {
            let Some(at) = list.iter().position(|value| value == centre) else {
                return AxisValues::List(list);
            };
            AxisValues::List(list[at.saturating_sub(1)..list.len().min(at + 2)].to_vec())
        }
        (AxisValues::IntegerRange { min, max, step }, Some(ParamValue::Integer(centre))) => {
            let reach = ((max.abs_diff(min) as f64 * REACH) as i64 / step).max(1).saturating_mul(step);
            // On the same steps, as `centre` is on one of them.
            let below = (centre.saturating_sub(min) / step * step).min(reach);
            let max = centre.saturating_add(reach).min(max);
            AxisValues::IntegerRange { min: centre.saturating_sub(below), max, step }
        }
        (AxisValues::NumberRange { min, max, step }, Some(ParamValue::Number(centre))) => {
            let reach = ((max - min) * REACH / step).floor().max(1.0);
            let at = ((centre - min) / step).round();
            let from = (at - reach).max(0.0);
            AxisValues::NumberRange {
                min: min + from * step,
                max: (min + (at + reach) * step).min(max),
                step,
            }
        }
        (AxisValues::UniformInteger { min, max, scale }, Some(ParamValue::Integer(centre))) => {
            let (low, high) = reached((min as f64, max as f64), *centre as f64, scale);
            // The conversion saturates.
            let (low, high) = (low.floor() as i64, high.ceil() as i64);
            AxisValues::UniformInteger { min: low.max(min), max: high.min(max), scale }
        }
        (AxisValues::UniformNumber { min, max, scale }, Some(ParamValue::Number(centre))) => {
            let (low, high) = reached((min, max), *centre, scale);
            AxisValues::UniformNumber { min: low.max(min), max: high.min(max), scale }
        }
        (values, _) => values,
    }
}

fn reached((min, max): (f64, f64), centre: f64, scale: Scale) -> (f64, f64) {
    match scale {
        Scale::Linear => {
            let reach = max * REACH - min * REACH;
            (centre - reach, centre + reach)
        }
        Scale::Log => {
            let factor = (max / min).powf(REACH);
            (centre / factor, centre * factor)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_stays_in_the_range_and_on_its_steps() {
        let range = AxisValues::IntegerRange { min: 5, max: 105, step: 10 };
        let near = |centre| nearer(range.clone(), Some(&ParamValue::Integer(centre)));
        assert_eq!(near(55), AxisValues::IntegerRange { min: 45, max: 65, step: 10 });
        assert_eq!(near(5), AxisValues::IntegerRange { min: 5, max: 15, step: 10 });
        assert_eq!(near(105), AxisValues::IntegerRange { min: 95, max: 105, step: 10 });
        let range = AxisValues::NumberRange { min: 0.0, max: 4.0, step: 0.5 };
        let near = nearer(range, Some(&ParamValue::Number(3.5)));
        assert_eq!(near, AxisValues::NumberRange { min: 3.0, max: 4.0, step: 0.5 });
    }

    #[test]
    fn a_range_of_which_logarithms_are_uniform_is_narrowed_by_a_factor() {
        let range = AxisValues::UniformNumber { min: 1.0, max: 256.0, scale: Scale::Log };
        let near = nearer(range, Some(&ParamValue::Number(16.0)));
        assert_eq!(near, AxisValues::UniformNumber { min: 8.0, max: 32.0, scale: Scale::Log });
        let range = AxisValues::UniformInteger { min: 0, max: 80, scale: Scale::Linear };
        let near = nearer(range, Some(&ParamValue::Integer(75)));
        assert_eq!(near, AxisValues::UniformInteger { min: 65, max: 80, scale: Scale::Linear });
    }

    #[test]
    fn of_listed_numbers_the_neighbours_stay_and_of_choices_all() {
        let numbers = AxisValues::List([1, 5, 9, 20].map(ParamValue::Integer).to_vec());
        let near = nearer(numbers, Some(&ParamValue::Integer(9)));
        assert_eq!(near, AxisValues::List([5, 9, 20].map(ParamValue::Integer).to_vec()));
        let choices = AxisValues::List(["a", "b", "c"].map(|it| ParamValue::Text(it.to_owned())).to_vec());
        assert_eq!(nearer(choices.clone(), Some(&ParamValue::Text("a".to_owned()))), choices);
    }
}
