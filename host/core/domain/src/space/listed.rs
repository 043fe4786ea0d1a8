//! Spaces whose points somebody else chooses, all at once or a few at a time.

use super::description::Description;
use super::{Axis, MAX_LISTED, Plan, Space, SpaceError, resolve};
use crate::{ParamValue, Params};

impl Space {
    /// Room for `count` points of these axes, none of which is chosen yet.
    ///
    /// # Errors
    /// There are no axes, two with one name, no points or more than 100,000, or an axis that makes no sense.
    pub fn listed(axes: Vec<Axis>, count: u64) -> Result<Self, SpaceError> {
        Self::of_values(axes, count, Vec::new())
    }

    /// How many of the points are chosen: all but in a [listed](Self::listed) space that is not full.
    #[must_use]
    pub fn chosen(&self) -> u64 {
        match &self.plan {
            Plan::Listed { points, .. } => points.len() as u64,
            Plan::Grid(_) | Plan::Random { .. } => self.len,
        }
    }

    /// Chooses the next points of a [listed](Self::listed) space.
    ///
    /// # Errors
    /// It is no such space, has no room for them, or a point has not the axes' parameters; nothing is chosen then.
    pub fn choose(&mut self, chosen: &[Params]) -> Result<(), SpaceError> {
        let Description::Listed { axes, count, .. } = &self.description else {
            return Err(SpaceError::Point("this space has points of its own".to_owned()));
        };
        let room = count - self.chosen();
        if chosen.len() as u64 > room {
            return Err(SpaceError::Point(format!(
                "there is room for `{room}` points, not `{}`",
                chosen.len()
            )));
        }
        let values = |point: &Params| {
            let own = axes.iter().map(|axis| point.get(&axis.name).cloned());
            let own: Option<Vec<ParamValue>> = own.collect();
            let own = own.filter(|_| point.len() == axes.len());
            own.ok_or_else(|| SpaceError::Point("a point has not the parameters of its space".to_owned()))
        };
        let added: Vec<Vec<ParamValue>> = chosen.iter().map(values).collect::<Result<_, _>>()?;
        added.iter().try_for_each(|point| finite(point))?;
        if let (Description::Listed { points: described, .. }, Plan::Listed { points, .. }) =
            (&mut self.description, &mut self.plan)
        {
            described.extend(added.iter().cloned());
            points.extend(added);
        }
        Ok(())
    }

    pub(super) fn of_values(
        axes: Vec<Axis>,
        count: u64,
        points: Vec<Vec<ParamValue>>,
    ) -> Result<Self, SpaceError> {
        let names: Vec<String> = resolve(axes.clone(), Ok)?.into_iter().map(|(name, _)| name).collect();
        match count {
            0 => return Err(SpaceError::NoPoints),
            1..=MAX_LISTED => {}
            _ => return Err(SpaceError::TooManyListed),
        }
        if points.len() as u64 > count || points.iter().any(|point| point.len() != names.len()) {
            return Err(SpaceError::Point("the listed points do not fit their space".to_owned()));
        }
        points.iter().try_for_each(|point| finite(point))?;
        let description = Description::Listed { axes, count, points: points.clone() };
        Ok(Self { description, plan: Plan::Listed { names, points }, len: count })
    }
}

fn finite(point: &[ParamValue]) -> Result<(), SpaceError> {
    let wrong = point.iter().find(|value| matches!(value, ParamValue::Number(number) if !number.is_finite()));
    wrong.map_or(Ok(()), |value| {
        Err(SpaceError::Point(format!("a listed point has `{value}`: it must be a finite number")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AxisValues;

    fn axes() -> Vec<Axis> {
        let values = AxisValues::IntegerRange { min: 1, max: 9, step: 1 };
        ["a", "b"].map(|name| Axis { name: name.to_owned(), values: values.clone() }).to_vec()
    }

    fn point(a: i64, b: i64) -> Params {
        [("a".to_owned(), ParamValue::Integer(a)), ("b".to_owned(), ParamValue::Integer(b))].into()
    }

    #[test]
    fn points_are_chosen_a_few_at_a_time_in_their_order() {
        let mut space = Space::listed(axes(), 3).unwrap();
        assert_eq!((space.len(), space.chosen(), space.get(0)), (3, 0, None));
        space.choose(&[point(2, 3), point(1, 1)]).unwrap();
        assert_eq!((space.get(0), space.get(1), space.get(2)), (Some(point(2, 3)), Some(point(1, 1)), None));
        space.choose(&[point(9, 9)]).unwrap();
        assert_eq!(space.iter().collect::<Vec<_>>(), [point(2, 3), point(1, 1), point(9, 9)]);
    }

    #[test]
    fn a_space_has_no_room_for_more_points_than_it_was_made_for() {
        let mut space = Space::listed(axes(), 1).unwrap();
        assert!(space.choose(&[point(1, 1), point(1, 2)]).is_err());
        assert_eq!(space.chosen(), 0, "nothing is chosen when not all of it fits");
        space.choose(&[point(1, 1)]).unwrap();
        assert!(space.choose(&[point(1, 2)]).is_err());
    }

    #[test]
    fn a_point_has_exactly_the_parameters_of_its_space() {
        let mut space = Space::listed(axes(), 9).unwrap();
        let mut more = point(1, 1);
        more.insert("c".to_owned(), ParamValue::Boolean(true));
        let mut less = point(1, 1);
        less.remove("a");
        let mut wrong = point(1, 1);
        wrong.insert("a".to_owned(), ParamValue::Number(f64::NAN));
        for refused in [more, less, wrong] {
            assert!(matches!(space.choose(&[refused]), Err(SpaceError::Point(_))));
        }
        assert!(space.choose(&[point(1, 1)]).is_ok());
    }

    #[test]
    fn nobody_chooses_points_of_a_grid() {
        assert!(Space::grid(axes()).unwrap().choose(&[point(1, 1)]).is_err());
    }

    #[test]
    fn what_was_chosen_survives_being_written_down() {
        let mut space = Space::listed(axes(), 3).unwrap();
        space.choose(&[point(2, 3)]).unwrap();
        let text = serde_json::to_string(&space).unwrap();
        assert_eq!(serde_json::from_str::<Space>(&text).unwrap(), space);
    }

    #[test]
    fn a_list_is_no_longer_than_can_be_kept() {
        assert_eq!(Space::listed(axes(), 0), Err(SpaceError::NoPoints));
        assert_eq!(Space::listed(axes(), MAX_LISTED + 1), Err(SpaceError::TooManyListed));
    }
}
