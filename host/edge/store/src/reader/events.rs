//! Events, made from the tables.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::{Connection, Row, params};

use super::owners;
use crate::convert::{column, count, digest, int, json, kind};
use crate::db::Problem;
use crate::writer::{Owner, happening, owner};
use crate::{Counts, Event, ExperimentHead, ExperimentId, Happening, Milestone, OutcomeKind, StoreError};

/// The tables that have events, each read in the order of its numbers. `trials` must be sorted for it: that takes room on
/// the disk, and happens only when a log is repaired.
const TRIALS: &str = "SELECT seq, at, variant, iteration, key, kind, label, figure, fuel, attempts, settled, reused \
     FROM trials WHERE experiment = ?1 AND seq > ?2 ORDER BY seq";
const SUPERSEDED: &str = "SELECT seq, at, variant, iteration, key, kind, label, figure, fuel, attempts, settled, reused \
     FROM superseded WHERE experiment = ?1 AND seq > ?2 ORDER BY seq";
const ATTEMPTS: &str = "SELECT seq, at, variant, iteration, attempt, reason, detail, worker, delay_ms \
     FROM attempts WHERE experiment = ?1 AND seq > ?2 ORDER BY seq";
const TRANSITIONS: &str = "SELECT seq, at, what, phase, reason, counts \
     FROM transitions WHERE experiment = ?1 AND seq > ?2 ORDER BY seq";

type Read = fn(&Row<'_>, &Context<'_>) -> Result<Happening, Problem>;

struct Context<'a> {
    head: &'a ExperimentHead,
    owners: &'a [Owner],
}

/// Shows the events of an experiment after the one with the number `after`.
pub(super) fn visit(
    connection: &Connection,
    head: &ExperimentHead,
    after: u64,
    visit: &mut dyn FnMut(&Event) -> Result<(), StoreError>,
) -> Result<(), Problem> {
    let owners = owners(connection, head.id)?;
    let context = Context { head, owners: &owners };
    let sources: [(&str, Read); 4] =
        [(TRIALS, settled), (SUPERSEDED, settled), (ATTEMPTS, failed), (TRANSITIONS, changed)];
    let mut statements = Vec::new();
    for (sql, read) in sources {
        statements.push((connection.prepare_cached(sql)?, read));
    }
    let mut streams = Vec::new();
    for (statement, read) in &mut statements {
        let rows = statement.query(params![head.id.0, int(after)])?;
        let mut stream = Stream { rows, read: *read, next: None };
        stream.advance(&context)?;
        streams.push(stream);
    }
    let mut last = after.min(head.events);
    while let Some(stream) = streams
        .iter_mut()
        .filter(|it| it.next.is_some())
        .min_by_key(|it| it.next.as_ref().map(|event| event.seq))
    {
        let Some(event) = stream.next.take() else { break };
        last += 1;
        if event.seq != last {
            let problem = format!("event {last} of experiment `{}` is missing", head.id);
            return Err(Problem::Damaged(problem));
        }
        visit(&event)?;
        stream.advance(&context)?;
    }
    Ok(())
}

struct Stream<'s> {
    rows: rusqlite::Rows<'s>,
    read: Read,
    next: Option<Event>,
}

impl Stream<'_> {
    fn advance(&mut self, context: &Context<'_>) -> Result<(), Problem> {
        let Some(row) = self.rows.next()? else { return Ok(()) };
        let (seq, at, what) = (count(row, 0)?, count(row, 1)?, (self.read)(row, context)?);
        self.next = Some(Event { seq, at, experiment: context.head.id, what });
        Ok(())
    }
}

impl Context<'_> {
    fn strategy(&self, variant: u64) -> Result<Arc<str>, Problem> {
        let found = owner(self.owners, variant).map(|owner| owner.label.clone());
        found.ok_or_else(|| {
            let id = self.head.id;
            Problem::Damaged(format!("variant {variant} of experiment `{id}`: no strategy owns it"))
        })
    }
}

fn settled(row: &Row<'_>, context: &Context<'_>) -> Result<Happening, Problem> {
    let (variant, kind): (u64, _) = (count(row, 2)?, kind(row, 5)?);
    let label = column::<Option<String>>(row, 6)?.map(Cow::Owned);
    let (fault, interruption) = match kind {
        OutcomeKind::Completed => (None, None),
        OutcomeKind::Faulted => (label, None),
        OutcomeKind::Interrupted => (None, label),
    };
    Ok(Happening::VariantSettled {
        variant,
        iteration: count(row, 3)?,
        strategy: context.strategy(variant)?,
        run_key: digest(row, 4)?,
        outcome: kind.label(),
        fault,
        interruption,
        figure: column(row, 7)?,
        fuel: count(row, 8)?,
        attempts: count(row, 9)?,
        settled: Cow::Owned(column(row, 10)?),
        reused: column::<Option<i64>>(row, 11)?.map(ExperimentId),
    })
}

fn failed(row: &Row<'_>, context: &Context<'_>) -> Result<Happening, Problem> {
    let variant = count(row, 2)?;
    Ok(Happening::AttemptFailed {
        variant,
        iteration: count(row, 3)?,
        strategy: context.strategy(variant)?,
        attempt: count(row, 4)?,
        reason: column(row, 5)?,
        detail: column(row, 6)?,
        worker: count(row, 7)?,
        delay_ms: count(row, 8)?,
    })
}

fn changed(row: &Row<'_>, Context { head, .. }: &Context<'_>) -> Result<Happening, Problem> {
    let (what, phase): (String, Option<String>) = (column(row, 2)?, column(row, 3)?);
    let milestone = match (what.as_str(), phase) {
        ("started", _) => {
            let ExperimentHead { name, objective, variants, .. } = head;
            return Ok(Happening::ExperimentStarted {
                name: name.clone(),
                objective: *objective,
                variants: *variants,
            });
        }
        ("resumed", _) => Milestone::Resumed,
        ("phase", Some(phase)) => Milestone::Phase(phase),
        ("paused", _) => Milestone::Paused,
        ("completed", _) => Milestone::Completed,
        ("failed", _) => Milestone::Failed,
        (other, _) => {
            return Err(Problem::Damaged(format!("`{other}` is not what happens in an experiment")));
        }
    };
    Ok(happening(&milestone, column(row, 4)?, &json::<Counts>(row, 5)?))
}
