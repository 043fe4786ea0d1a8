//! One approach: how far it is, and what it has tried.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use stratbox_compiler::Source;
use stratbox_decide::allocation::{Claim, So};
use stratbox_domain::RunOutcome;
use stratbox_metrics::{Direction, Figure, Missing};
use stratbox_store::Row;

use super::file::Described;
use crate::failure::Failure;
use crate::render::text::{counted, grouped, inline};
use crate::strategy::Strategy;
use crate::sweep::{PlannedStrategy, SweepFile};

/// Characters of a reason.
const MAX_REASON: usize = 500;

/// An approach and all that became of it so far.
pub(super) struct Approach {
    pub(super) described: Described,
    /// The file that it was read from, and its place there.
    pub(super) from: (usize, usize),
    pub(super) priority: i32,
    /// Whether it can have more points than it has: it draws them, and asks for no number of its own.
    pub(super) grows: bool,
    /// Points that were asked for of the first part.
    pub(super) samples: u64,
    /// Its strategy with the points that the file asks for, and then what was refined; none before the first round, and while
    /// they run. Empty when it cannot be used.
    pub(super) parts: Vec<PlannedStrategy>,
    /// Why it cannot be used.
    pub(super) failure: Option<Failure>,
    /// Its source, if that is to be shown.
    pub(super) code: Option<String>,
    /// What compiling it and all of its runs may take.
    pub(super) timeout: Duration,
    /// Compiling and all runs so far.
    pub(super) spent: Duration,
    /// Whether others are given its share.
    pub(super) out: bool,
    /// The best figure after each of its rounds.
    pub(super) best_after: Vec<Figure>,
    /// How often points around its best were tried.
    pub(super) refined: u64,
    pub(super) results: Results,
}

/// What came of an approach's variants.
#[derive(Debug, Clone, Default)]
pub(super) struct Results {
    pub(super) variants: u64,
    pub(super) completed: u64,
    pub(super) faulted: u64,
    pub(super) interrupted: u64,
    /// By label, with the message of the first one.
    faults: BTreeMap<String, (u64, String)>,
    /// By what interrupted them.
    interruptions: BTreeMap<&'static str, u64>,
    /// The best by the objective; of equal ones that with the lowest number.
    pub(super) best: Option<Row>,
}

/// How it stands with an approach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// All of its variants have a result, and one of them can be ranked.
    Completed,
    /// It does not compile, or cannot be used as the file says.
    Failed,
    /// No variant came to its last bar.
    Faulted,
    /// None of its variants has a figure to rank by.
    Unranked,
    /// Its time was used up before all of its variants had run.
    TimedOut,
    /// Somebody stopped the exploration.
    Interrupted,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Faulted => "faulted",
            Self::Unranked => "unranked",
            Self::TimedOut => "timed_out",
            Self::Interrupted => "interrupted",
        }
    }
}

impl Results {
    pub(super) fn settled(&self) -> u64 {
        self.completed + self.faulted + self.interrupted
    }

    /// Takes a row; those of lower numbers come first.
    pub(super) fn take(&mut self, row: Row, direction: Direction) {
        match &row.outcome {
            RunOutcome::Completed(_) => self.completed += 1,
            RunOutcome::Faulted(fault) => {
                self.faulted += 1;
                let first = || (0, short(&fault.message));
                self.faults.entry(fault.label.label().to_owned()).or_insert_with(first).0 += 1;
            }
            RunOutcome::Interrupted(reason) => {
                self.interrupted += 1;
                *self.interruptions.entry(reason.label()).or_default() += 1;
            }
        }
        let best = self.best.as_ref().and_then(|best| best.figure);
        let is_better = match (row.figure, best, direction) {
            (None, _, _) => false,
            (Some(_), None, _) => true,
            (Some(own), Some(best), Direction::HigherIsBetter) => own > best,
            (Some(own), Some(best), Direction::LowerIsBetter) => own < best,
        };
        if is_better {
            self.best = Some(row);
        }
    }

    pub(super) fn figure(&self) -> Figure {
        let figure = self.best.as_ref().and_then(|best| best.figure);
        figure.map_or(Missing::NoData.into(), Figure::of)
    }

    /// What most of those that did not complete ended with, in words.
    fn lost(&self) -> Option<String> {
        let faults = self.faults.iter().map(|(label, (count, message))| {
            (*count, format!("{} ended with `{label}`: {message}", grouped(*count)))
        });
        let interruptions = self.interruptions.iter().map(|(label, count)| {
            let were = if *count == 1 { "was" } else { "were" };
            (*count, format!("{} {were} interrupted by `{label}`", grouped(*count)))
        });
        // Of equally frequent ones the first by name, and faults before interruptions.
        let mut worst: Option<(u64, String)> = None;
        for one in faults.chain(interruptions) {
            if worst.as_ref().is_none_or(|worst| one.0 > worst.0) {
                worst = Some(one);
            }
        }
        worst.map(|(_, words)| words)
    }
}

impl Approach {
    /// One of which nothing is known but what the file says.
    pub(super) fn new(described: Described, from: (usize, usize), priority: i32, timeout: Duration) -> Self {
        Self {
            timeout: described.timeout.unwrap_or(timeout),
            described,
            from,
            priority,
            grows: false,
            samples: 0,
            parts: Vec::new(),
            failure: None,
            code: None,
            spent: Duration::ZERO,
            out: false,
            best_after: Vec::new(),
            refined: 0,
            results: Results::default(),
        }
    }

    /// Its strategy is there: what is said of its variants can be understood.
    pub(super) fn compiled(&mut self, file: &mut SweepFile, strategy: &Strategy, code: bool) {
        let place = self.from.1;
        if self.described.varies_all {
            file.vary_all(place, strategy);
        } else {
            file.settle_for_one(place, strategy);
        }
        self.grows = !file.is_grid(place) && file.samples(place).is_none();
        self.spent = strategy.build.compile + strategy.build.link;
        let source = file.source(place);
        // What was compiled a moment ago; without it there is nothing to show.
        let is_text = source.extension().is_some_and(|it| it == "rs");
        self.code =
            (code && is_text).then(|| Source::read(&source).ok()).flatten().map(|it| it.text().to_owned());
    }

    /// How it stands, and why, if there is more to say.
    pub(super) fn state(&self, stopped: bool) -> (State, Option<String>) {
        let results = &self.results;
        if let Some(failure) = &self.failure {
            return (State::Failed, Some(short(&failure.message)));
        }
        let (settled, variants) = (results.settled(), results.variants);
        let done = format!("after {} of {}", grouped(settled), counted(variants, "variant"));
        if settled < variants && self.is_late() {
            return (State::TimedOut, Some(format!("timed out {done}")));
        }
        if stopped && (settled < variants || variants == 0) {
            return (State::Interrupted, Some(format!("stopped {done}")));
        }
        let lost = results.lost().map(|lost| format!("; {lost}")).unwrap_or_default();
        if results.completed == 0 {
            return (
                State::Faulted,
                Some(format!("none of {} completed{lost}", counted(variants, "variant"))),
            );
        }
        match results.best {
            None => (State::Unranked, Some(format!("no variant has a figure to rank by{lost}"))),
            Some(_) => (State::Completed, None),
        }
    }

    /// Why it cannot be compared, if it cannot.
    pub(super) fn absence(&self) -> Option<String> {
        let (state, reason) = self.state(false);
        match self.results.best {
            Some(_) => None,
            None => Some(reason.unwrap_or_else(|| state.as_str().to_owned())),
        }
    }

    /// Whether its time is used up.
    pub(super) fn is_late(&self) -> bool {
        self.spent >= self.timeout
    }

    /// Whether it can be given more.
    pub(super) fn can_grow(&self) -> bool {
        self.grows && !self.out && self.failure.is_none() && !self.is_late()
    }

    /// What it asks of a round.
    pub(super) fn claim(&self) -> Claim {
        let so_far = match (&self.failure, self.best_after.last()) {
            (Some(_), _) => So::Failed,
            (None, None) => So::New,
            (None, Some(figure)) => So::Best(*figure),
        };
        Claim { name: self.described.name.clone(), priority: self.priority, so_far }
    }
}

/// Words of others on one line, and no more of them than anybody reads.
fn short(text: &str) -> String {
    let mut short: String = inline(text).chars().take(MAX_REASON + 1).collect();
    if short.chars().count() > MAX_REASON {
        short = short.chars().take(MAX_REASON).collect::<String>() + " ...";
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_cut_short_on_one_line() {
        assert_eq!(short("a\nb"), "a\\u{a}b");
        let long = short(&"x".repeat(10_000));
        assert!(long.len() == MAX_REASON + 4 && long.ends_with(" ..."), "{}", long.len());
    }

    #[test]
    fn the_most_frequent_fault_is_named_and_of_equally_frequent_ones_the_first_by_name() {
        let fault = |label: &str, count| (label.to_owned(), (count, format!("of {label}")));
        let mut results = Results { variants: 5, ..Results::default() };
        results.faults.extend([fault("panic", 2), fault("fuel", 2), fault("memory", 1)]);
        assert_eq!(results.lost().unwrap(), "2 ended with `fuel`: of fuel");
        results.faults.extend([fault("panic", 3)]);
        assert!(results.lost().unwrap().contains("3 ended with `panic`"));
    }

    #[test]
    fn what_was_interrupted_most_often_is_named_with_its_kind() {
        let mut results = Results { variants: 3, ..Results::default() };
        assert_eq!(results.lost(), None);
        results.interruptions.extend([("worker_lost", 1), ("timeout", 2)]);
        assert_eq!(results.lost().unwrap(), "2 were interrupted by `timeout`");
    }
}
