//! `stratbox attack`: hostile strategies, files and processes against the installation that this program is part of.
//!
//! `case` is what an attack is, `components` and `sources` are the corpus, `harness` hands each of it in and judges what came
//! of it, `told` searches what its author is told. `artifacts` and `jail` attack what no strategy can reach.

mod artifacts;
mod case;
mod components;
mod harness;
mod honest;
mod jail;
mod sources;
mod told;
mod verdict;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use serde::Serialize;

use case::Case;
use harness::Harness;
pub(crate) use verdict::{Class, Verdict};

use crate::cli::{AttackArgs, Environment};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::render::Report;
use crate::wiring::{Isolation, Setting, Walls};

/// Every hostile strategy.
fn corpus() -> Vec<Case> {
    components::cases().into_iter().chain(sources::cases()).collect()
}

/// What came of the attacks.
#[derive(Serialize)]
pub(crate) struct AttackReport {
    /// Cases that ended as they must.
    pub(crate) held: usize,
    pub(crate) failed: usize,
    /// How long after its time limit the latest of them ended.
    pub(crate) latest_seconds: f64,
    /// In the order of the corpus.
    pub(crate) cases: Vec<Verdict>,
    pub(crate) isolation: Walls,
}

/// What would be tried.
#[derive(Serialize)]
pub(crate) struct AttackList {
    pub(crate) cases: Vec<Listed>,
}

/// A case that nobody has tried.
#[derive(Serialize)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) class: Class,
    pub(crate) expected: String,
}

/// Names the cases.
pub(crate) fn list(args: &AttackArgs, setting: &Setting) -> Result<AttackList, Failure> {
    let listed = |name: &str, class, expected| Listed { name: name.to_owned(), class, expected };
    let corpus = corpus();
    let strategies = corpus.iter().map(|case| listed(case.name, case.class(), case.expected.to_string()));
    let files = artifacts::CASES.iter().map(|case| listed(case.name, Class::Artifact, case.expected()));
    let walls = jail::survey(&setting.jailer(), &setting.worker);
    let walls = walls.into_iter().map(|it| Listed { name: it.name, class: it.class, expected: it.expected });
    let cases: Vec<Listed> =
        strategies.chain(files).chain(walls).filter(|case| is_chosen(args, &case.name)).collect();
    some(args, cases.len())?;
    Ok(AttackList { cases })
}

/// Tries the cases, as many at once as there are processors.
pub(crate) fn attack(
    args: &AttackArgs,
    setting: &Setting,
    environment: &Environment,
    note: &dyn Fn(&str),
) -> Result<AttackReport, Failure> {
    if setting.isolation == Isolation::Threads {
        return Err(Failure::usage("hostile strategies run in processes: leave `--isolation threads` out"));
    }
    let strategies: Vec<Case> = corpus().into_iter().filter(|case| is_chosen(args, case.name)).collect();
    let files = artifacts::CASES.iter().filter(|case| is_chosen(args, case.name));
    let files: Vec<&artifacts::Case> = files.collect();
    let walls = jail::survey(&setting.jailer(), &setting.worker);
    let walls: Vec<Verdict> = walls.into_iter().filter(|verdict| is_chosen(args, &verdict.name)).collect();
    let count = strategies.len() + files.len();
    some(args, count + walls.len())?;
    let total = count + walls.len();
    let mut done = 0;
    let mut count_and_tell = |verdict: &Verdict| {
        done += 1;
        tell(verdict, (done, total), note);
    };
    let (mut cases, mut latest_seconds) = (Vec::new(), 0.0);
    if count > 0 {
        let harness = Harness::start(setting, environment, note)?;
        let work = |index: usize| match strategies.get(index) {
            Some(case) => harness.try_case(case),
            None => artifacts::try_case(files[index - strategies.len()], &harness),
        };
        cases = at_once(count, work, &mut count_and_tell);
        latest_seconds = harness.latest().as_secs_f64();
    }
    cases.extend(walls.into_iter().inspect(count_and_tell));
    let held = cases.iter().filter(|case| case.held).count();
    Ok(AttackReport { held, failed: cases.len() - held, latest_seconds, cases, isolation: setting.walls(0) })
}

fn is_chosen(args: &AttackArgs, name: &str) -> bool {
    args.only.as_ref().is_none_or(|part| name.contains(part.as_str()))
}

fn some(args: &AttackArgs, count: usize) -> Result<(), Failure> {
    match &args.only {
        Some(part) if count == 0 => {
            let part = crate::render::text::inline(part);
            Err(Failure::usage(format!("no case's name contains `{part}`"))
                .hint("`stratbox attack --list` names them all"))
        }
        _ => Ok(()),
    }
}

/// One line for each case, as soon as it has been tried.
fn tell(verdict: &Verdict, (done, count): (usize, usize), note: &dyn Fn(&str)) {
    let Verdict { name, seconds, evidence, .. } = verdict;
    note(&match verdict.held {
        true => format!("{done} of {count}: `{name}` held ({seconds:.2} s)"),
        false => format!("{done} of {count}: `{name}` DID NOT END AS IT MUST: {evidence}"),
    });
}

fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Does so many things on all processors, and says of each that it is done. The results are in order, whichever is done
/// first.
fn at_once(
    count: usize,
    work: impl Fn(usize) -> Verdict + Sync,
    mut done: impl FnMut(&Verdict),
) -> Vec<Verdict> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = channel();
    let mut verdicts = std::thread::scope(|scope| {
        for _ in 0..workers().min(count) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count || sender.send((index, work(index))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        receiver.into_iter().inspect(|(_, verdict)| done(verdict)).collect::<Vec<_>>()
    });
    verdicts.sort_by_key(|(index, _)| *index);
    verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}

impl Report for AttackReport {
    fn human(&self) -> String {
        crate::render::attack::report(self)
    }

    fn exit(&self) -> Exit {
        if self.failed == 0 { Exit::Ok } else { Exit::Breached }
    }
}

impl Report for AttackList {
    fn human(&self) -> String {
        crate::render::attack::list(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_case_has_a_name_of_its_own() {
        let corpus = corpus();
        let names = corpus.iter().map(|case| case.name).chain(artifacts::CASES.iter().map(|case| case.name));
        let mut seen = BTreeSet::new();
        for name in names {
            assert!(seen.insert(name), "`{name}` is there twice");
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "`{name}`"
            );
        }
    }

    #[test]
    fn results_are_in_order_whichever_is_done_first() {
        let mut told = 0;
        let verdicts = at_once(
            50,
            |index| Verdict::untried(index.to_string(), Class::Jail, String::new()),
            |_| told += 1,
        );
        let names: Vec<String> = verdicts.into_iter().map(|verdict| verdict.name).collect();
        assert_eq!(names, (0..50).map(|index| index.to_string()).collect::<Vec<_>>());
        assert_eq!(told, 50);
        assert!(at_once(0, |_| unreachable!(), |_| ()).is_empty());
    }
}
