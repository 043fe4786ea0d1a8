//! What a case of the corpus is: an attack, what must come of it, and the same thing without the attack.

use crate::backtest::{LogLines, Outcome};
use crate::failure::Failure;

/// One thing that a hostile author tries.
pub(crate) struct Case {
    /// Stable, unique, `snake_case`.
    pub(crate) name: &'static str,
    /// What is handed in.
    pub(crate) attack: Material,
    /// What must come of it.
    pub(crate) expected: Expected,
    /// The same without the attack, which must complete: or else nothing has been shown.
    pub(crate) control: Material,
    /// What else must be true of the attack's end. A source comes to two, with the gate and without it, and is asked twice.
    pub(crate) also: Option<Check>,
}

/// Looks at an end, and says what is wrong with it.
pub(crate) type Check = fn(&Told) -> Result<(), String>;

/// What an author hands in. Made when it is needed: some are large.
#[derive(Clone, Copy)]
pub(crate) enum Material {
    /// A strategy's source.
    Source(fn() -> String),
    /// A component's bytes, or what is passed off as such.
    Component(fn() -> Vec<u8>),
}

/// The classes of outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The source gate refuses it by this rule; with the gate bypassed it must end as said.
    Source { rule: &'static str, bypassed: Bypassed },
    /// The compiler refuses it, or is stopped at a limit.
    Compile,
    /// The component gate refuses it by one of these rules.
    Component(&'static [&'static str]),
    /// It is refused when it is compiled or described: the engine's compiler, or the contract.
    Contract,
    /// It runs, and ends in one of these faults.
    Fault(&'static [&'static str]),
    /// The clock ends it.
    Timeout,
    /// It runs to the end, and has gained nothing by it.
    Nothing,
}

/// What comes of a source when the source gate is bypassed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bypassed {
    /// The component gate refuses what comes of it, by one of these rules.
    Component(&'static [&'static str]),
    /// The compiler refuses it, or is stopped at a limit.
    Compile,
    /// Whatever it does, it compiles and runs to an end of its own, without anything gained.
    Harmless,
}

/// Everything that an attacker is told, and everything that is known of the attack's end.
pub(crate) enum Told {
    /// It did not come to a run.
    Refused(Failure),
    /// It ran twice, in fresh processes, with the same result.
    Ran { outcome: Outcome, fuel: u64, log: LogLines },
}
