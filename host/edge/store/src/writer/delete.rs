//! Deleting, in steps: no other process waits long for its turn, and whenever this one is killed, the experiment is either
//! there as it was or gone.

use std::time::Duration;

use rusqlite::{Transaction, params, params_from_iter};
use stratbox_domain::Digest;

use super::Writer;
use crate::convert::{column, head};
use crate::db::Problem;
use crate::{ExperimentId, StoreError, private};

/// Rows that are deleted in one transaction, in a fraction of a second.
const ROWS_AT_ONCE: u32 = 50_000;

/// Whoever waits for SQLite's lock looks at least ten times a second, and gets it if it is free then.
const PAUSE: Duration = Duration::from_millis(110);

/// A table that may have many rows, what they are ordered by in an experiment, and places for a row's values of that.
type Table = (&'static str, &'static str, &'static str);

/// The experiment itself goes before them, so that nobody sees a part of it; its strategies go after them, so that a
/// deletion that was killed can be told by those.
const TABLES: [Table; 4] = [
    ("trials", "iteration, variant", "?2, ?3"),
    ("superseded", "seq", "?2"),
    ("attempts", "seq", "?2"),
    ("transitions", "seq", "?2"),
];

impl Writer {
    /// Deletes an experiment: its record, its events, and the components that no other experiment has. Also what is left
    /// of experiments whose deletion was killed.
    ///
    /// It is gone from the first moment; what takes long is to give back its room, in steps between which others can
    /// write. When that fails, or the process is killed, the next deletion goes on with it.
    ///
    /// # Errors
    /// There is no such experiment; it is running; the store or a file cannot be written.
    pub fn delete(&mut self, id: ExperimentId) -> Result<(), StoreError> {
        self.delete_in_steps(id, ROWS_AT_ONCE, &mut || std::thread::sleep(PAUSE))
    }

    fn delete_in_steps(
        &mut self,
        id: ExperimentId,
        rows: u32,
        pause: &mut dyn FnMut(),
    ) -> Result<(), StoreError> {
        let workspace = self.workspace.clone();
        self.db.read(|connection| head(connection, workspace.path(), id))?;
        let lock = workspace.lock(id)?;
        self.db.write(|transaction| {
            head(transaction, workspace.path(), id)?;
            transaction.execute("DELETE FROM experiments WHERE id = ?1", [id.0])?;
            Ok(transaction.execute("DELETE FROM sessions WHERE experiment = ?1", [id.0])?)
        })?;
        self.owners.remove(&id);
        self.clear(id, rows, pause)?;
        drop(lock);
        for left in self.left()? {
            match workspace.lock(left) {
                Ok(_lock) => self.clear(left, rows, pause)?,
                // Whoever deletes it is still at it.
                Err(StoreError::Running { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Experiments that were deleted, but not all that belongs to them.
    fn left(&self) -> Result<Vec<ExperimentId>, StoreError> {
        self.db.run(|connection| {
            let mut statement = connection.prepare(
                "SELECT DISTINCT experiment FROM strategies WHERE experiment NOT IN (SELECT id FROM experiments)",
            )?;
            let left = statement.query_map([], |row| row.get(0).map(ExperimentId))?;
            Ok(left.collect::<Result<_, _>>()?)
        })
    }

    /// Deletes what belongs to an experiment that was deleted.
    fn clear(&mut self, id: ExperimentId, rows: u32, pause: &mut dyn FnMut()) -> Result<(), StoreError> {
        for table in TABLES {
            while self.db.write(|transaction| first_rows(transaction, table, id, rows))? {
                pause();
            }
        }
        private::remove(&self.workspace.events_path(id))?;
        private::remove(&self.workspace.lock_path(id))?;
        let workspace = &self.workspace;
        self.db.write(|transaction| {
            // While the store is locked, so that no new experiment counts on a component that goes.
            for digest in orphans(transaction, id)? {
                private::remove(&workspace.component_path(&digest))?;
            }
            transaction.execute("DELETE FROM strategies WHERE experiment = ?1", [id.0])?;
            Ok(())
        })
    }
}

/// Deletes the first rows of an experiment in a table, and says whether there may be more.
fn first_rows(
    transaction: &Transaction<'_>,
    (table, order, places): Table,
    id: ExperimentId,
    rows: u32,
) -> Result<bool, Problem> {
    let these = format!("{table} WHERE experiment = ?1");
    // Looked up first: only with values at hand SQLite finds the end by all of the key.
    let mut last =
        transaction.prepare(&format!("SELECT {order} FROM {these} ORDER BY {order} LIMIT 1 OFFSET ?2"))?;
    let mut found = last.query(params![id.0, rows - 1])?;
    let Some(row) = found.next()? else {
        transaction.execute(&format!("DELETE FROM {these}"), [id.0])?;
        return Ok(false);
    };
    let key = (0..row.as_ref().column_count()).map(|index| column(row, index));
    let values = std::iter::once(Ok(id.0)).chain(key).collect::<Result<Vec<i64>, _>>()?;
    drop(found);
    transaction
        .execute(&format!("DELETE FROM {these} AND ({order}) <= ({places})"), params_from_iter(values))?;
    Ok(true)
}

/// Components that only this experiment has.
fn orphans(transaction: &Transaction<'_>, id: ExperimentId) -> Result<Vec<Digest>, Problem> {
    let mut statement = transaction.prepare(
        "SELECT DISTINCT component FROM strategies WHERE experiment = ?1 \
         EXCEPT SELECT component FROM strategies WHERE experiment <> ?1",
    )?;
    let components = statement.query_map([id.0], |row| row.get(0).map(Digest::from_bytes))?;
    Ok(components.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fixture::{COMPONENT, Fixture, failed_attempt, settled};
    use crate::{Batch, Trial, Workspace};

    /// Rows of an experiment in each table.
    fn rows(writer: &Writer, id: ExperimentId) -> Vec<(&'static str, i64)> {
        let tables = TABLES.iter().map(|(table, ..)| *table).chain(["strategies", "sessions"]);
        let count = |table| {
            let sql = format!("SELECT count(*) FROM {table} WHERE experiment = ?1");
            (table, writer.db.connection.query_row(&sql, [id.0], |row| row.get(0)).unwrap())
        };
        tables.map(count).filter(|(_, rows)| *rows > 0).collect()
    }

    /// A deletion that fails when the experiment is gone and its rows are too, as one ends that is killed there.
    fn delete_half(fixture: &mut Fixture, id: ExperimentId) {
        let obstacle = fixture.workspace.events_path(id);
        let _ = std::fs::remove_file(&obstacle);
        std::fs::create_dir(&obstacle).unwrap();
        assert!(matches!(fixture.writer.delete(id), Err(StoreError::Unusable { .. })));
        std::fs::remove_dir(&obstacle).unwrap();
        std::fs::write(obstacle, "").unwrap();
    }

    #[test]
    fn others_can_write_between_the_steps_and_see_nothing_of_the_experiment() {
        let mut fixture = Fixture::with_results(60);
        let again = [8, 18, 28].map(|variant| Trial { fuel: 1, ..settled(variant) });
        fixture.commit(again.to_vec());
        let other = fixture.another();
        let Fixture { dir: _dir, workspace, mut writer, id, lock } = fixture;
        drop(lock);
        let impatient = Workspace::open_with_patience(workspace.path(), Duration::from_millis(1)).unwrap();
        let (reader, mut second) = (workspace.reader().unwrap(), impatient.writer().unwrap());
        let mut steps = 0;
        let mut between = || {
            let batch = Batch { trials: vec![settled(steps)], ..Batch::default() };
            second.commit(other, &batch).unwrap();
            assert_eq!(reader.experiments().unwrap().len(), 1);
            assert!(matches!(reader.experiment(id), Err(StoreError::Unknown { .. })));
            steps += 1;
        };
        writer.delete_in_steps(id, 7, &mut between).unwrap();
        // 60 trials, 12 attempts, 3 trials that were settled again, and one transition.
        assert_eq!(steps, 9);
        assert_eq!(rows(&writer, id), []);
        assert_eq!(reader.rows(other).unwrap().count(), 9);
    }

    #[test]
    fn a_number_of_rows_that_the_steps_divide_is_deleted_whole() {
        let mut fixture = Fixture::new();
        fixture.commit((0..20).map(settled).collect());
        let Fixture { dir: _dir, mut writer, id, lock, .. } = fixture;
        drop(lock);
        let mut steps = 0;
        writer.delete_in_steps(id, 10, &mut || steps += 1).unwrap();
        assert_eq!((steps, rows(&writer, id)), (2, vec![]));
    }

    #[test]
    fn what_a_killed_deletion_left_goes_with_the_next_one() {
        let mut fixture = Fixture::with_results(20);
        let (first, second) = (fixture.another(), fixture.another());
        let attempts = vec![failed_attempt(0)];
        fixture.writer.commit(first, &Batch { attempts, ..Batch::default() }).unwrap();
        delete_half(&mut fixture, first);
        let reader = fixture.workspace.reader().unwrap();
        assert!(matches!(reader.experiment(first), Err(StoreError::Unknown { .. })));
        assert_eq!(rows(&fixture.writer, first), [("strategies", 2)]);
        // The rows of a deletion that was killed earlier.
        let stray = "INSERT INTO attempts SELECT ?1, seq, at, iteration, variant, attempt, reason, detail, worker, \
                     delay_ms FROM attempts WHERE experiment = ?2";
        fixture.writer.db.connection.execute(stray, [first.0, fixture.id.0]).unwrap();
        fixture.writer.delete(second).unwrap();
        for id in [first, second] {
            assert_eq!(rows(&fixture.writer, id), []);
            assert!(!fixture.workspace.events_path(id).exists() && !fixture.workspace.lock_path(id).exists());
        }
        assert!(fixture.workspace.component(&Digest::of(COMPONENT)).is_ok(), "the one that stays has it");
        assert_eq!(reader.rows(fixture.id).unwrap().count(), 20);
    }

    #[test]
    fn a_component_stays_until_all_is_gone_that_had_it() {
        let mut fixture = Fixture::new();
        let (first, kept) = (fixture.another(), Digest::of(COMPONENT));
        delete_half(&mut fixture, first);
        let Fixture { dir: _dir, workspace, mut writer, id, lock } = fixture;
        assert!(workspace.component(&kept).is_ok());
        drop(lock);
        writer.delete(id).unwrap();
        assert!(workspace.component(&kept).is_err());
    }

    #[test]
    fn a_deletion_that_another_process_is_at_is_left_to_it() {
        let mut fixture = Fixture::new();
        let (first, second, third) = (fixture.another(), fixture.another(), fixture.another());
        delete_half(&mut fixture, first);
        let theirs = fixture.workspace.lock(first).unwrap();
        fixture.writer.delete(second).unwrap();
        assert_eq!(rows(&fixture.writer, first), [("strategies", 2)]);
        drop(theirs);
        fixture.writer.delete(third).unwrap();
        assert_eq!(rows(&fixture.writer, first), []);
    }
}
