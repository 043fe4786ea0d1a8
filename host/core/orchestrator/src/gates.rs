//! What keeps new work from being begun: a busy machine, and too many failures.

use crate::settings::{Admission, FailureGate, OnFailures, Sample};
use crate::statistics::{SettledCounts, Waiting};

/// How busy the machine was when it was last looked at.
#[derive(Debug)]
pub(crate) struct Machine {
    admission: Admission,
    sample: Option<Sample>,
}

impl Machine {
    pub(crate) fn new(admission: Admission) -> Self {
        Self { admission, sample: None }
    }

    pub(crate) fn sampled(&mut self, sample: Sample) {
        self.sample = Some(sample);
    }

    /// Why the machine is too busy for more, if it is.
    pub(crate) fn too_busy(&self) -> Option<Waiting> {
        let sample = self.sample?;
        if sample.cpu_of_others > self.admission.cpu {
            Some(Waiting::Cpu)
        } else if sample.memory_used > self.admission.memory {
            Some(Waiting::Memory)
        } else {
            None
        }
    }

    /// How many workers fit into the memory, at least one.
    pub(crate) fn room_for_workers(&self) -> usize {
        match self.sample {
            Some(sample) if self.admission.memory_per_worker > 0 => {
                let bytes = sample.memory_available as f64 * self.admission.memory;
                // The conversion saturates, and makes 0 of what is not a number.
                ((bytes / self.admission.memory_per_worker as f64) as usize).max(1)
            }
            _ => usize::MAX,
        }
    }
}

/// Watches how much fails.
#[derive(Debug)]
pub(crate) struct Failures {
    rule: FailureGate,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Watching,
    /// Too much failed, and nobody was asked yet.
    Tripped,
    Asked,
    /// Somebody said that it does not matter.
    Waved,
}

impl Failures {
    pub(crate) fn new(rule: FailureGate) -> Self {
        let state = if rule.then == OnFailures::Continue { State::Waved } else { State::Watching };
        Self { rule, state }
    }

    /// Whether work is to be stopped, now that so many tasks have settled.
    pub(crate) fn stop_after(&mut self, counts: &SettledCounts) -> bool {
        let (failed, settled) = (counts.failed(), counts.ran());
        let too_many = settled > 0
            && settled >= self.rule.least
            && failed as f64 / settled as f64 > self.rule.share
            && self.state == State::Watching;
        if too_many {
            self.state = State::Tripped;
        }
        too_many && self.rule.then == OnFailures::Stop
    }

    /// Whether nothing may be begun before somebody decides.
    pub(crate) fn closed(&self) -> bool {
        matches!(self.state, State::Tripped | State::Asked)
    }

    /// Whether somebody is to be asked now that nothing runs; true once.
    pub(crate) fn ask(&mut self) -> bool {
        let ask = self.state == State::Tripped;
        if ask {
            self.state = State::Asked;
        }
        ask
    }

    /// Somebody answered. Whether there was a question.
    pub(crate) fn decided(&mut self) -> bool {
        let asked = self.state == State::Asked;
        if asked {
            self.state = State::Waved;
        }
        asked
    }
}
