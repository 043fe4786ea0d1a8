//! Successive halving: all variants on the first part of the bars, the best of them on more, and so on. Each rung is an
//! experiment of its own, so that what it tried is counted, and what is killed can go on.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stratbox_domain::{BarSource, RunOutcome};
use stratbox_search::{Evaluation, HalvingSettings, Rung, order};
use stratbox_store::{DataRange, ExperimentId, Reader};

use super::Plan;
use super::split::{Division, timeline};
use crate::bars::{Bars, Times};
use crate::bits::Bits;
use crate::failure::Failure;
use crate::render::text::counted;

/// Where a sweep by successive halving stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Halving {
    pub(crate) settings: HalvingSettings,
    /// From 0.
    pub(crate) rung: usize,
    /// That the first rung had.
    variants: u64,
    /// Of the last rung.
    pub(crate) times: Times,
    /// Of the sweep.
    name: String,
    /// Variants of this rung by number; all of the plan's in the first.
    pub(crate) survivors: Option<Vec<u64>>,
}

impl Halving {
    /// Whether there is another rung.
    pub(crate) fn goes_on(&self) -> bool {
        self.rungs().is_ok_and(|rungs| self.rung + 1 < rungs.len())
    }

    fn rungs(&self) -> Result<Vec<Rung>, Failure> {
        self.settings.rungs(self.variants).map_err(|error| Failure::input(format!("`[halving]`: {error}")))
    }
}

impl Plan {
    /// Puts the plan on its first rung.
    pub(super) fn begin_halving(&mut self, settings: &HalvingSettings) -> Result<(), Failure> {
        let learning = self.strategies.iter().find(|it| it.sampled().is_some_and(super::Sampled::learns));
        if let Some(learning) = learning {
            let problem = format!(
                "`[halving]` needs all points beforehand, and `{}` is searched by `{}`, which chooses them as it goes",
                learning.label,
                learning.search.name()
            );
            return Err(
                Failure::input(problem).hint("leave out `[halving]`, or search with `random` or `sobol`")
            );
        }
        let (variants, times) = (self.variants(), (self.data.from, self.data.to));
        let name = self.name.clone();
        self.halving =
            Some(Halving { settings: settings.clone(), rung: 0, variants, times, name, survivors: None });
        self.climb()
    }

    /// The plan of the next rung, once all of this one is done; `None` after the last.
    pub(crate) fn next_rung(
        &mut self,
        (reader, id): (&Reader, ExperimentId),
        note: &dyn Fn(&str),
    ) -> Result<bool, Failure> {
        let Some(mut halving) = self.halving.clone() else { return Ok(false) };
        let rungs = halving.rungs()?;
        let Some(next) = rungs.get(halving.rung + 1) else { return Ok(false) };
        let (mut variants, mut outcomes) = (Vec::new(), Vec::new());
        for row in reader.rows(id)? {
            let row = row?;
            if let (RunOutcome::Completed(_), Evaluation::Completed(outcome)) =
                (&row.outcome, self.aim.evaluation(&row.outcome))
            {
                variants.push(row.variant);
                outcomes.push(outcome);
            }
        }
        let ranked = order(&outcomes, &self.aim.directions(), |place| variants[place]);
        let best = ranked.into_iter().take(usize::try_from(next.variants).unwrap_or(usize::MAX));
        let mut survivors: Vec<u64> = best.map(|place| variants[place]).collect();
        survivors.sort_unstable();
        note(&format!(
            "rung {} of {}: {} of {} go on",
            halving.rung + 1,
            rungs.len(),
            survivors.len(),
            counted(self.variants(), "variant")
        ));
        if survivors.is_empty() {
            return Ok(false);
        }
        halving.rung += 1;
        halving.survivors = Some(survivors);
        self.halving = Some(halving);
        self.climb()?;
        Ok(true)
    }

    /// Takes the bars and variants of the rung that the plan is on.
    pub(super) fn climb(&mut self) -> Result<(), Failure> {
        let Some(halving) = self.halving.clone() else { return Ok(()) };
        let rungs = halving.rungs()?;
        let Some(rung) = rungs.get(halving.rung) else {
            return Err(Failure::input("the sweep's rungs are not those that it began with"));
        };
        let all = Bars::of(Arc::clone(&self.bars.dataset), halving.times)?;
        let steps = timeline(&all).map_err(|error| Failure::input(error.to_string()))?;
        let wanted = (steps.steps() as u64).div_ceil(rung.one_in);
        let cut = usize::try_from(wanted).ok().and_then(|step| steps.times().get(step)).copied();
        let times = (halving.times.0, cut.or(halving.times.1));
        self.bars = Bars::of(Arc::clone(&all.dataset), times)?;
        (self.data.from, self.data.to) = times;
        if rungs.len() > 1 {
            self.name = format!("{} (rung {} of {})", halving.name, halving.rung + 1, rungs.len());
        }
        if let Some(survivors) = &halving.survivors {
            for planned in &mut self.strategies {
                let mut left_out = Bits::none(planned.points());
                let own = |index: u64| survivors.binary_search(&(planned.first + index)).is_ok();
                (0..planned.points()).filter(|index| !own(*index)).for_each(|index| left_out.insert(index));
                planned.leave_out(left_out);
            }
        }
        Ok(())
    }

    /// Takes all bars that the last rung has.
    pub(crate) fn take_all(&mut self) -> Result<(), Failure> {
        if let Some(halving) = &self.halving {
            self.bars = Bars::of(Arc::clone(&self.bars.dataset), halving.times)?;
        }
        Ok(())
    }

    /// Puts the plan on other bars, of which all may be chosen by, and on its first rung if it has rungs.
    pub(crate) fn put_on(&mut self, bars: Bars) -> Result<(), Failure> {
        self.data = DataRange::all(bars.dataset.digest());
        self.division = Division::default();
        self.bars = bars;
        if let Some(halving) = &mut self.halving {
            halving.times = (None, None);
        }
        self.climb()
    }

    /// Whether the best of this experiment are still to be run on more bars.
    pub(crate) fn goes_on(&self) -> bool {
        self.halving.as_ref().is_some_and(Halving::goes_on)
    }
}
