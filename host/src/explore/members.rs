//! How approaches come in and get more to try: from the file, as it is at first and later, and around what is best.

use stratbox_decide::allocation::Claim;

use super::approach::Approach;
use super::events::Happening;
use super::explorer::Explorer;
use super::file::{Described, ExploreFile};
use super::next::first_shares;
use super::settings::Generation;
use crate::failure::{Failure, FailureKind};
use crate::render::text::inline;
use crate::strategy::Strategy;
use crate::sweep::SweepFile;

impl Explorer<'_> {
    /// Takes approaches in, compiles them, and plans their first variants. One that cannot be used keeps its reason.
    pub(super) fn join(
        &mut self,
        mut sweep: SweepFile,
        described: &[(usize, Described)],
    ) -> Result<(), Failure> {
        let (from, file) = (self.approaches.len(), self.files.len());
        let mut ready: Vec<(usize, Strategy)> = Vec::new();
        let at_once = if self.settings.parallel_execution { self.means.workers().get() } else { 1 };
        for batch in described.chunks(at_once) {
            let places: Vec<usize> = batch.iter().map(|(place, _)| *place).collect();
            for ((place, described), loaded) in batch.iter().zip(sweep.load(self.means.engine, &places)) {
                let (approach, description) = (&described.name, &described.description);
                self.stream.tell(&Happening::Generated { approach, description })?;
                let (priority, timeout) = (sweep.priority(*place), self.settings.timeout_per_approach);
                let mut approach = Approach::new(described.clone(), (file, *place), priority, timeout);
                match loaded {
                    // That is nobody's fault but the machine's.
                    Err(failure) if failure.kind == FailureKind::Environment => return Err(failure),
                    Err(failure) => approach.failure = Some(failure),
                    Ok(strategy) => {
                        approach.compiled(&mut sweep, &strategy, self.settings.include_code_samples);
                        ready.push((self.approaches.len(), strategy));
                    }
                }
                self.approaches.push(approach);
            }
        }
        self.files.push(sweep);
        self.begin(from, ready)
    }

    /// Plans the first variants of approaches from some place on.
    fn begin(&mut self, from: usize, ready: Vec<(usize, Strategy)>) -> Result<(), Failure> {
        let grows = |approach: &&Approach| approach.grows && approach.failure.is_none();
        let claims: Vec<Claim> = self.approaches[from..].iter().filter(grows).map(Approach::claim).collect();
        let shares = match claims.is_empty() {
            true => Vec::new(),
            false => first_shares(&self.settings, &claims, self.direction())?,
        };
        for (place, strategy) in ready {
            let approach = &mut self.approaches[place];
            let file = &mut self.files[approach.from.0];
            if let Some(share) = shares.iter().find(|share| share.name == approach.described.name)
                && approach.grows
            {
                // Who is given little is given something to begin with.
                approach.samples = share.variants.max(1);
                file.ask(approach.from.1, approach.samples);
                approach.grows = file.extends(approach.from.1);
            }
            match file.plan(approach.from.1, strategy, &self.ground) {
                Ok(planned) => approach.parts = vec![planned],
                Err(unplanned) => approach.failure = Some(unplanned.failure),
            }
        }
        Ok(())
    }

    /// Gives approaches more points of the sequences that they have.
    pub(super) fn grow(&mut self, shares: &[(usize, u64)]) -> Vec<usize> {
        self.dissolve(&shares.iter().map(|(place, _)| *place).collect::<Vec<_>>());
        let mut grown = Vec::new();
        for (place, more) in shares {
            let approach = &mut self.approaches[*place];
            if approach.parts.is_empty() {
                continue;
            }
            let file = &mut self.files[approach.from.0];
            let before = approach.parts.remove(0);
            let samples = approach.samples.saturating_add(*more);
            file.ask(approach.from.1, samples);
            match file.plan(approach.from.1, before.strategy, &self.ground) {
                Ok(planned) => {
                    // A space has an end.
                    approach.grows = planned.points() >= samples;
                    approach.samples = samples;
                    approach.parts.insert(0, planned);
                    grown.push(*place);
                }
                Err(unplanned) => {
                    approach.grows = false;
                    file.ask(approach.from.1, approach.samples);
                    match file.plan(approach.from.1, unplanned.strategy, &self.ground) {
                        Ok(planned) => approach.parts.insert(0, planned),
                        Err(unplanned) => approach.failure = Some(unplanned.failure),
                    }
                }
            }
        }
        grown
    }

    /// Plans points around the best one of an approach; `false` when there are none.
    pub(super) fn refine(&mut self, place: usize, samples: u64) -> Result<bool, Failure> {
        let Some(best) = self.approaches[place].results.best.as_ref().map(|best| best.variant) else {
            return Ok(false);
        };
        let Some(group) = self.groups.iter().find(|group| group.owners.contains(&place)) else {
            return Ok(false);
        };
        let Some((_, planned)) = group.plan.strategy_of(best) else { return Ok(false) };
        let again = planned.strategy.again(self.means.engine)?;
        let seed = self.approaches[place].refined + 1;
        let refined = planned.around(best - planned.first, (samples, seed), &self.ground, again);
        self.dissolve(&[place]);
        let is_refined = refined.is_some();
        self.approaches[place].refined = seed;
        self.approaches[place].parts.extend(refined);
        Ok(is_refined)
    }

    /// Reads the file again: what was added joins, all else stays as it was.
    pub(super) fn look_again(&mut self) -> Result<(), Failure> {
        let read = match ExploreFile::read(&self.path) {
            Ok(read) => read,
            Err(failure) => {
                self.tell(&format!(
                    "the file was changed and cannot be used as it is now: {}",
                    failure.message
                ));
                return Ok(());
            }
        };
        let ExploreFile { sweep, approaches, .. } = read;
        let mut added = Vec::new();
        let known: Vec<(String, String)> = self
            .approaches
            .iter()
            .map(|it| (it.described.name.clone(), it.described.print.clone()))
            .collect();
        for (place, described) in approaches.iter().enumerate() {
            match known.iter().find(|(name, _)| *name == described.name) {
                None if known.len() + added.len() >= self.settings.num_approaches => {
                    self.tell(&format!(
                        "`{}` was added to the file, and is left out: it began with room for {} (`num_approaches`)",
                        described.name, self.settings.num_approaches
                    ));
                }
                None => added.push((place, described.clone())),
                Some((name, print)) if *print != described.print => {
                    self.tell(&format!("`{name}` was changed in the file, and goes on as it was"));
                }
                Some(_) => {}
            }
        }
        if self.settings.approach_generation == Generation::UserSpecified {
            for (name, _) in &known {
                if !approaches.iter().any(|described| described.name == *name) {
                    self.tell(&format!("`{name}` was taken out of the file, and goes on all the same"));
                }
            }
        }
        if added.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = added.iter().map(|(_, it)| format!("`{}`", it.name)).collect();
        (self.means.note)(&inline(&format!("added to the file: {}", names.join(", "))));
        self.join(sweep, &added)
    }

    /// Says something once.
    fn tell(&mut self, line: &str) {
        if self.told.insert(line.to_owned()) {
            (self.means.note)(&inline(line));
        }
    }
}
