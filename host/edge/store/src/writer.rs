//! Writing: the one way in.

mod commit;
mod delete;
mod ledger;

pub(crate) use commit::happening;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusqlite::{Transaction, params};

use crate::convert::{head, int, to_json};
use crate::db::{Db, Problem};
use crate::{
    Batch, Counts, Event, ExperimentId, ExperimentLock, MetricNames, NewExperiment, Status, StoreError,
    Workspace, private,
};

/// Sessions of a workspace that are kept.
pub const SESSIONS_KEPT: u32 = 30;

/// Writes to the store; see [`Workspace::writer`].
pub struct Writer {
    workspace: Workspace,
    db: Db,
    /// Who owns which variants, of experiments that were written to. It never changes.
    owners: BTreeMap<ExperimentId, Arc<[Owner]>>,
    /// To which entries of the ledger this process has added.
    counted: BTreeSet<ledger::Entry>,
}

/// The variants of a strategy.
pub(crate) struct Owner {
    pub(crate) label: Arc<str>,
    pub(crate) first: u64,
    pub(crate) points: u64,
}

impl Writer {
    pub(crate) fn new(workspace: Workspace, db: Db) -> Self {
        Self { workspace, db, owners: BTreeMap::new(), counted: BTreeSet::new() }
    }

    /// Records a new experiment as running, with the workflow's state, and takes the right to run it before anybody else
    /// can see it. Its event has the number 1; [`EventLog::open`](crate::EventLog::open) writes it down.
    ///
    /// # Errors
    /// The experiment contradicts itself; a component was not kept; the store cannot be written.
    pub fn create(
        &mut self,
        experiment: &NewExperiment,
        state: &str,
        at: u64,
    ) -> Result<(ExperimentId, ExperimentLock), StoreError> {
        check(experiment)?;
        let workspace = &self.workspace;
        self.db.write(|transaction| {
            for strategy in &experiment.strategies {
                // While the store is locked nobody deletes components.
                if !private::is_file(&workspace.component_path(&strategy.component))? {
                    let (digest, problem) = (strategy.component, "is not in the workspace");
                    return Err(StoreError::Component { digest, problem }.into());
                }
            }
            let id = insert(transaction, experiment, state, at)?;
            Ok((id, workspace.lock(id)?))
        })
    }

    /// Writes a batch, all of it or nothing, and says what happened, in the order of the events' numbers. Times that lie
    /// before the last event's are taken for that one.
    ///
    /// When this returns, the batch survives the end of the process, however that comes; a power cut may take the last
    /// batches with it, but no part of one.
    ///
    /// Every result and every failed attempt is counted as a trial on the experiment's bars, in the same transaction, and is
    /// never taken back; see [`Reader::trials`](crate::Reader::trials).
    ///
    /// A variant that was settled before and did not complete may be settled again; the newer trial counts.
    ///
    /// # Errors
    /// There is no such experiment; a variant is none of its; a variant has completed before; the store cannot be
    /// written.
    pub fn commit(&mut self, id: ExperimentId, batch: &Batch) -> Result<Vec<Event>, StoreError> {
        let owners = self.owners(id)?;
        let (workspace, counted) = (&self.workspace, &self.counted);
        let (events, entry) = self.db.write(|transaction| {
            commit::commit(transaction, workspace.path(), id, &owners, batch, |entry| counted.contains(entry))
        })?;
        if let Some(entry) = entry {
            self.counted.insert(entry);
        }
        Ok(events)
    }

    /// Keeps a document of how a session of an experiment went; the last [`SESSIONS_KEPT`] of the workspace are kept.
    ///
    /// # Errors
    /// There is no such experiment; the store cannot be written.
    pub fn keep_session(&mut self, id: ExperimentId, at: u64, report: &str) -> Result<(), StoreError> {
        let workspace = &self.workspace;
        self.db.write(|transaction| {
            head(transaction, workspace.path(), id)?;
            transaction.execute(
                "INSERT INTO sessions (experiment, at, report) VALUES (?1, ?2, ?3)",
                params![id.0, int(at), report],
            )?;
            transaction.execute(
                "DELETE FROM sessions WHERE id NOT IN (SELECT id FROM sessions ORDER BY id DESC LIMIT ?1)",
                [SESSIONS_KEPT],
            )?;
            Ok(())
        })
    }

    fn owners(&mut self, id: ExperimentId) -> Result<Arc<[Owner]>, StoreError> {
        if let Some(owners) = self.owners.get(&id) {
            return Ok(Arc::clone(owners));
        }
        let owners = self.db.run(|connection| crate::reader::owners(connection, id))?;
        // Without any there is no such experiment, which the next step finds.
        if !owners.is_empty() {
            self.owners.insert(id, Arc::clone(&owners));
        }
        Ok(owners)
    }
}

/// The owner of a variant.
pub(crate) fn owner(owners: &[Owner], variant: u64) -> Option<&Owner> {
    let after = owners.partition_point(|owner| owner.first <= variant);
    let owner = owners.get(after.checked_sub(1)?)?;
    (variant - owner.first < owner.points).then_some(owner)
}

/// Whether an experiment makes sense: its strategies own what follows on each other.
fn check(experiment: &NewExperiment) -> Result<(), StoreError> {
    experiment.data.check()?;
    let wrong = |problem: String| Err(StoreError::Invalid(problem));
    let mut labels = BTreeSet::new();
    let mut next = 0_u64;
    for strategy in &experiment.strategies {
        let label = &strategy.label;
        if !labels.insert(label) {
            return wrong(format!("two strategies of an experiment are called `{label}`"));
        }
        if strategy.first < next {
            return wrong(format!("strategy `{label}` owns variants of the strategy before it"));
        }
        let points = strategy.space.as_ref().map_or(1, stratbox_domain::Space::len);
        if strategy.points != points {
            return wrong(format!(
                "strategy `{label}` owns {} variants and has {points} points",
                strategy.points
            ));
        }
        next = match strategy.first.checked_add(points) {
            Some(next) if i64::try_from(next).is_ok() => next,
            _ => return wrong(format!("the numbers of the variants of `{label}` are too large")),
        };
    }
    let points: u64 = experiment.strategies.iter().map(|strategy| strategy.points).sum();
    if experiment.variants == 0 || experiment.variants > points {
        return wrong(format!(
            "an experiment of {points} points cannot have {} variants",
            experiment.variants
        ));
    }
    Ok(())
}

fn insert(
    transaction: &Transaction<'_>,
    experiment: &NewExperiment,
    state: &str,
    at: u64,
) -> Result<ExperimentId, Problem> {
    let (counts, at) = (to_json(&Counts::default()), int(at));
    let NewExperiment { name, file, objective, engine, data, plan, strategies, variants } = experiment;
    let (from, to) = data.bounds();
    transaction.execute(
        "INSERT INTO experiments (name, file, objective, engine, metrics, plan, variants, status, state, created, \
         updated, events, counts, dataset, since, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, 1, ?11, \
         ?12, ?13, ?14)",
        params![
            name,
            file,
            objective.as_str(),
            engine,
            to_json(&MetricNames::current()),
            plan,
            int(*variants),
            Status::Running.label(),
            state,
            at,
            counts,
            data.dataset.as_bytes(),
            from,
            to
        ],
    )?;
    let id = transaction.last_insert_rowid();
    for (position, strategy) in (0_i64..).zip(strategies) {
        transaction.execute(
            "INSERT INTO strategies (experiment, position, label, source, component, base, first, points, space) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                id,
                position,
                strategy.label,
                strategy.source,
                strategy.component.as_bytes(),
                strategy.base.as_bytes(),
                int(strategy.first),
                int(strategy.points),
                strategy.space.as_ref().map(to_json)
            ],
        )?;
    }
    transaction.execute(
        "INSERT INTO transitions (experiment, seq, at, what, status, counts) VALUES (?1, 1, ?2, 'started', ?3, ?4)",
        params![id, at, Status::Running.label(), counts],
    )?;
    Ok(ExperimentId(id))
}

#[cfg(test)]
mod tests {
    use crate::fixture::{Fixture, settled};
    use crate::{Batch, StoreError, Trial};

    fn many(iteration: u32) -> Batch {
        let trials = (0..60).map(|variant| Trial { iteration, ..settled(variant) }).collect();
        Batch { trials, ..Batch::default() }
    }

    #[test]
    fn on_a_full_disk_a_batch_is_refused_whole_and_the_next_goes_on_when_there_is_room() {
        let mut fixture = Fixture::new();
        let limit = |fixture: &Fixture, pages: i64| {
            let connection = &fixture.writer.db.connection;
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
        };
        limit(&fixture, 1);
        let mut iteration = 0;
        let refused = loop {
            iteration += 1;
            assert!(iteration < 1_000, "it fills up");
            if let Err(refused) = fixture.writer.commit(fixture.id, &many(iteration)) {
                break refused;
            }
        };
        assert!(matches!(refused, StoreError::Full { .. }), "{refused}");
        assert!(refused.hint().contains("make room"), "{}", refused.hint());
        let reader = fixture.workspace.reader().unwrap();
        let settled = |wanted: u32| {
            assert_eq!(reader.rows(fixture.id).unwrap().count() as u32, 60 * wanted);
            assert_eq!(reader.experiment(fixture.id).unwrap().head.counts.settled(), u64::from(60 * wanted));
        };
        settled(iteration - 1);
        limit(&fixture, 1_000_000);
        fixture.writer.commit(fixture.id, &many(iteration)).unwrap();
        settled(iteration);
        fixture.log();
    }
}
