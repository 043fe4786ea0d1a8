//! What stands in the way most, and what to do about it.

use serde::{Deserialize, Serialize};

use super::finite::Finite;
use super::report::{Leases, Session, Stages};
use super::words::{counted, grouped, percent};

/// The store writes for this share of the wall time...
const STORE_BUSY: f64 = 0.7;
/// ...while workers are busy for less than this.
const WORKERS_WAIT: f64 = 0.8;
/// Share of the work that is too much for what only prepares it.
const PREPARING: f64 = 0.5;
/// Share of the time that workers have tasks, in which none of these runs...
const HANDING_OVER: f64 = 0.25;
/// ...while they have fewer tasks at a time than this.
const SMALL_BATCH: f64 = 16.0;
/// Workers that are busy for this share of the time have no more to give.
const BUSY: f64 = 0.85;

/// What stands in the way most: the first whose rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bottleneck {
    /// Storing took 70 % of the wall time or more, while workers were busy for less than 80 % of theirs.
    Store,
    /// Compiling took half of the work or more.
    Compile,
    /// Getting ready for runs took half of the work or more.
    Instantiate,
    /// Workers had tasks, and ran none of them, for a quarter of the time or more; and they had fewer than 16 at a time.
    SmallBatches,
    /// There were more workers than processors.
    TooManyWorkers,
    /// Workers were busy for 85 % of their time or more: nothing kept them waiting.
    Workers,
    /// None of these.
    Nothing,
}

/// A bottleneck with its numbers in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Which.
    pub bottleneck: Bottleneck,
    /// What shows it, and what to do about it.
    pub recommendation: String,
}

pub(super) fn find(
    session: &Session,
    stages: &Stages,
    leases: &Leases,
    efficiency: Option<Finite>,
) -> Finding {
    let rules = [
        store(session, stages, efficiency),
        compile(stages),
        instantiate(stages),
        small_batches(stages, leases),
        too_many_workers(session, stages),
        workers(session, efficiency),
    ];
    let nothing = || (Bottleneck::Nothing, "nothing stands out".to_owned());
    let (bottleneck, recommendation) = rules.into_iter().flatten().next().unwrap_or_else(nothing);
    Finding { bottleneck, recommendation }
}

type Found = Option<(Bottleneck, String)>;

fn store(session: &Session, stages: &Stages, efficiency: Option<Finite>) -> Found {
    // The store writes on its own, beside the workers.
    let wrote = Finite::ratio(stages.store.micros.min(session.wall_micros), session.wall_micros)?;
    let busy = efficiency?;
    (wrote.get() >= STORE_BUSY && busy.get() < WORKERS_WAIT).then(|| {
        let (wrote, busy) = (percent(wrote), percent(busy));
        let text = format!(
            "the store wrote for {wrote} of the time, workers were busy for {busy}: use fewer workers or a faster disk"
        );
        (Bottleneck::Store, text)
    })
}

fn compile(stages: &Stages) -> Found {
    let share = stages.compile.share_of_work.filter(|share| share.get() >= PREPARING)?;
    let strategies = counted_as(stages.compile.count, "strategy", "strategies");
    let text = format!(
        "compiling {strategies} took {} of the work: more variants of each strategy would be worth it",
        percent(share)
    );
    Some((Bottleneck::Compile, text))
}

fn instantiate(stages: &Stages) -> Found {
    let share = stages.instantiate.share_of_work.filter(|share| share.get() >= PREPARING)?;
    let text = format!(
        "getting ready for runs took {} of the work: runs over more bars cost little more",
        percent(share)
    );
    Some((Bottleneck::Instantiate, text))
}

fn small_batches(stages: &Stages, leases: &Leases) -> Found {
    let busy = stages.instantiate.micros.saturating_add(stages.run.micros);
    let share = Finite::ratio(leases.held_micros.saturating_sub(busy), leases.held_micros)?;
    let size = Finite::ratio(leases.tasks, leases.leases)?;
    (share.get() >= HANDING_OVER && size.get() < SMALL_BATCH).then(|| {
        let text = format!(
            "handing tasks over took {} of the workers' time, with {:.1} of them at a time: fewer workers would have more each",
            percent(share),
            size.get()
        );
        (Bottleneck::SmallBatches, text)
    })
}

fn too_many_workers(session: &Session, stages: &Stages) -> Found {
    let processors = session.processors.filter(|processors| *processors > 0)?;
    (session.workers > processors && stages.run.count > 0).then(|| {
        let (workers, few) =
            (counted(session.workers.into(), "worker"), counted(processors.into(), "worker"));
        let shared = counted(processors.into(), "processor");
        (Bottleneck::TooManyWorkers, format!("{workers} shared {shared}: use {few}"))
    })
}

fn workers(session: &Session, efficiency: Option<Finite>) -> Found {
    let busy = percent(efficiency.filter(|busy| busy.get() >= BUSY)?);
    let advice = match session.processors {
        Some(processors) if processors > session.workers => {
            let of = counted(processors.into(), "processor");
            format!("this machine has {of}: use up to {}", counted(processors.into(), "worker"))
        }
        Some(_) => "this is as fast as this machine's processors are".to_owned(),
        None => "more of them are faster where there are processors for them".to_owned(),
    };
    Some((Bottleneck::Workers, format!("workers were busy for {busy} of the time: {advice}")))
}

fn counted_as(count: u64, one: &str, many: &str) -> String {
    if count == 1 { counted(1, one) } else { format!("{} {many}", grouped(count)) }
}
