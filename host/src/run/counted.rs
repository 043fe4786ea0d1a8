//! A run by hand is a trial like any other: it is counted, and bars that are held out are not read without being asked why.

use stratbox_domain::RunKey;
use stratbox_store::{DataRange, Holdout, NewLook, Workspace};

use crate::backtest::{Ended, Outcome};
use crate::failure::Failure;
use crate::session::now;
use crate::sweep::refuse_holdouts;
use crate::wiring::Setting;

/// Where trials are counted.
pub(super) struct Counter {
    /// `None` where there is no place for it.
    workspace: Option<Workspace>,
    range: DataRange,
    /// Holdouts that are looked at, by whom and why.
    looks: Vec<(Holdout, String, String)>,
}

impl Counter {
    /// Finds out whether the bars may be read.
    ///
    /// # Errors
    /// They are held out, and nobody said who looks; or a workspace that is there cannot be read.
    pub(super) fn open(
        setting: &Setting,
        range: &DataRange,
        look: Option<&(String, String)>,
        note: &dyn Fn(&str),
    ) -> Result<Self, Failure> {
        let workspace = match &setting.workspace {
            Some(dir) if dir.exists() => Some(setting.workspace()?),
            Some(_) => setting
                .workspace()
                .inspect_err(|failure| note(&format!("this run is counted nowhere: {}", failure.message)))
                .ok(),
            None => None,
        };
        let mut looks = Vec::new();
        if let Some(workspace) = &workspace {
            let reader = workspace.reader()?;
            match look {
                Some((who, why)) => {
                    let held = reader.holdouts(range)?;
                    looks.extend(held.into_iter().map(|held| (held, who.clone(), why.clone())));
                }
                None => {
                    let why = "a look at them is written down: say `--who NAME --why REASON`";
                    refuse_holdouts(&reader, range, why)?;
                }
            }
        }
        Ok(Self { workspace, range: *range, looks })
    }

    /// Counts the run, and writes down the looks. Gives the number of trials on these bars.
    pub(super) fn count(&mut self, outcome: &Outcome, key: RunKey) -> Result<Option<u64>, Failure> {
        let Some(workspace) = &self.workspace else { return Ok(None) };
        let mut writer = workspace.writer()?;
        let figures = serde_json::to_string(&Ended::from(outcome))
            .map_err(|error| Failure::environment(error.to_string()))?;
        for (held, who, why) in &self.looks {
            let (who, why, figures) = (who.clone(), why.clone(), figures.clone());
            writer.record_look(&NewLook {
                holdout: held.id,
                experiment: None,
                variant: None,
                key,
                who,
                why,
                figures,
                at: now(),
            })?;
        }
        // A look is a trial on what is held out, and counted as one where it is written down; the run is one on the rest.
        let held_from = self.looks.iter().filter_map(|(held, ..)| held.data.from).min();
        let rest = DataRange { to: held_from.or(self.range.to), ..self.range };
        let is_rest_empty = matches!((rest.from, rest.to), (Some(from), Some(to)) if from >= to);
        if self.looks.is_empty() || (held_from.is_some() && !is_rest_empty) {
            writer.count_trials(&rest, 1, now())?;
        }
        Ok(Some(workspace.reader()?.trials(&self.range, &[])?.made()))
    }
}
