//! The last validations of a workspace: how they went, and how long strategies took.

use serde::{Deserialize, Serialize};
use stratbox_decide::Tier;
use stratbox_decide::validation::Summary;

use super::kept::{Found, Shelf};
use crate::failure::Failure;
use crate::render::Report;
use crate::wiring::Setting;

/// Validations that are kept.
pub(super) const KEPT: usize = 30;
const FILE: &str = "history.json";

/// One validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Past {
    /// When it ended.
    pub(crate) run_date: String,
    /// The queue's file, as it was named.
    pub(crate) queue: String,
    pub(crate) workers: u64,
    pub(crate) metrics: Summary,
    /// What took how long.
    pub(super) times: Vec<Took>,
}

/// How long a strategy took that was really validated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Took {
    pub(super) id: String,
    pub(super) tier: Tier,
    pub(super) seconds: f64,
}

/// The last validations, the latest first.
#[derive(Serialize)]
pub(crate) struct HistoryReport {
    pub(crate) validations: Vec<Past>,
    /// What could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) damaged: Option<String>,
}

impl Report for HistoryReport {
    fn human(&self) -> String {
        crate::render::validate::history(self)
    }
}

/// The last validations, the latest last, and why some cannot be read.
pub(super) fn read(shelf: &Shelf) -> (Vec<Past>, Option<String>) {
    match shelf.read::<Vec<Past>>(FILE) {
        Found::Whole(past) => (past, None),
        Found::Nothing => (Vec::new(), None),
        Found::Damaged(problem) => (Vec::new(), Some(problem)),
    }
}

/// Adds one, and forgets the oldest.
pub(super) fn add(shelf: &Shelf, past: Past) -> Result<(), Failure> {
    let _lock = shelf.lock()?;
    let (mut all, _) = read(shelf);
    all.push(past);
    let too_many = all.len().saturating_sub(KEPT);
    all.drain(..too_many);
    shelf.write(FILE, &all)
}

/// What `--history` shows.
pub(super) fn show(setting: &Setting) -> HistoryReport {
    let shelf = setting.workspace.as_deref().and_then(Shelf::existing);
    let (mut validations, damaged) = shelf.map_or_else(Default::default, |shelf| read(&shelf));
    validations.reverse();
    HistoryReport { validations, damaged }
}

/// How long a strategy may take at a tier, if anything like it was validated before: as long as the last time, or as long as
/// others at that tier.
pub(super) fn expected(past: &[Past], id: &str, tier: Tier) -> Option<f64> {
    let times = || past.iter().rev().flat_map(|it| &it.times).filter(|it| it.tier == tier);
    let own = times().find(|it| it.id == id).map(|it| it.seconds);
    own.or_else(|| {
        let (sum, count) = times().fold((0.0, 0_u32), |(sum, count), it| (sum + it.seconds, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stratbox_decide::validation::{Counts, Workers};

    fn past(number: usize, seconds: f64) -> Past {
        Past {
            run_date: number.to_string(),
            queue: "queue.yaml".to_owned(),
            workers: 1,
            metrics: Summary::of(Workers::default(), Counts::default(), &[], 0),
            times: vec![Took { id: format!("s{number}"), tier: Tier::L0, seconds }],
        }
    }

    #[test]
    fn the_last_thirty_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(dir.path()).unwrap();
        (0..KEPT + 3).for_each(|number| add(&shelf, past(number, 1.0)).unwrap());
        let (all, damaged) = read(&shelf);
        assert_eq!((all.len(), all[0].run_date.as_str(), damaged), (KEPT, "3", None));
    }

    #[test]
    fn a_strategy_is_expected_to_take_what_it_took_or_else_what_others_took() {
        let past = [past(1, 2.0), past(2, 4.0)];
        assert_eq!(expected(&past, "s1", Tier::L0), Some(2.0));
        assert_eq!(expected(&past, "new", Tier::L0), Some(3.0));
        assert_eq!(expected(&past, "s1", Tier::L1), None);
    }
}
