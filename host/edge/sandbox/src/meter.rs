//! Fuel of the run and fuel of one bar.
//!
//! The engine knows one number, the store's fuel, and the host is entered once per chunk of bars. So a chunk is given what
//! one bar may use: a chunk that gets by on it has no bar that used more. Chunks are made so short that what a bar has used
//! on average so far fits several times over. When one runs dry all the same, nobody can tell whether it was one bar or all
//! of them together; then the run is done anew a bar at a time, where the answer is exact. Everything depends on the
//! guest's fuel alone, so that the figures are the same every time.

/// Rows of the first chunk, before anything is known.
const FIRST_ROWS: u32 = 16;
/// How much more than the average of a chunk a chunk may use before it runs dry.
const SLACK: u64 = 4;

/// Who ran out of fuel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exhausted {
    /// The whole run.
    Run,
    /// One bar.
    Bar { limit: u64 },
    /// A chunk of several bars: one of them, or all together.
    Chunk,
}

/// Divides a run's fuel among its bars.
#[derive(Debug)]
pub(crate) struct Meter {
    per_bar: u64,
    /// One bar at a time.
    careful: bool,
    /// What is left of the run's fuel and not in the store.
    held: u64,
    /// Rows of the chunk that is being played; 0 outside of chunks.
    rows: u32,
    /// What the run had left when that chunk began.
    before: u64,
    /// The most that a bar used, on the average of its chunk.
    heaviest: u64,
}

impl Meter {
    pub(crate) fn new(per_bar: u64, careful: bool) -> Self {
        Self { per_bar, careful, held: 0, rows: 0, before: 0, heaviest: 0 }
    }

    /// What is left of the run's fuel when so much is in the store.
    pub(crate) fn left(&self, in_store: u64) -> u64 {
        self.held + in_store
    }

    /// Rows to play next, of at most `wanted`. `in_store` is what the store has left.
    pub(crate) fn plan(&mut self, in_store: u64, wanted: u32) -> u32 {
        let left = self.left(in_store);
        if self.rows > 0 {
            let used = self.before.saturating_sub(left);
            self.heaviest = self.heaviest.max(used / u64::from(self.rows));
        }
        self.before = left;
        if self.careful {
            return wanted.min(1);
        }
        if self.heaviest == 0 {
            return wanted.min(FIRST_ROWS);
        }
        let rows = self.per_bar / self.heaviest.saturating_mul(SLACK);
        wanted.min(u32::try_from(rows).unwrap_or(u32::MAX).max(1))
    }

    /// What goes into the store for a chunk of so many rows. Without rows it is all that is left: the bars are over.
    pub(crate) fn fill(&mut self, rows: u32) -> u64 {
        self.rows = rows;
        let share = if rows == 0 { self.before } else { self.before.min(self.per_bar) };
        self.held = self.before - share;
        share
    }

    /// Who it was, now that the store has run dry.
    pub(crate) fn exhausted(&self) -> Exhausted {
        match (self.held, self.rows) {
            (0, _) => Exhausted::Run,
            (_, 0 | 1) => Exhausted::Bar { limit: self.per_bar },
            _ => Exhausted::Chunk,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_that_use_little_are_played_in_chunks_as_long_as_wanted() {
        let mut meter = Meter::new(1_000_000, false);
        assert_eq!(meter.plan(10_000_000, 512), 16);
        assert_eq!(meter.fill(16), 1_000_000);
        assert_eq!(meter.plan(1_000_000 - 1_600, 512), 512);
    }

    #[test]
    fn bars_that_use_much_are_played_in_chunks_that_fit_several_times() {
        let mut meter = Meter::new(1_000_000, false);
        meter.plan(100_000_000, 512);
        meter.fill(16);
        assert_eq!(meter.plan(1_000_000 - 16 * 50_000, 512), 5);
        meter.fill(5);
        assert_eq!(meter.plan(1_000_000 - 5 * 199_000, 512), 1);
    }

    #[test]
    fn no_fuel_is_lost_or_made_by_dividing_it() {
        let mut meter = Meter::new(1_000, false);
        let mut in_store = 10_000;
        for used in [100, 900, 0, 1_000] {
            let rows = meter.plan(in_store, 512);
            let left = meter.left(in_store);
            in_store = meter.fill(rows);
            assert_eq!(meter.left(in_store), left);
            assert!(in_store <= 1_000);
            in_store -= used;
        }
        meter.plan(in_store, 512);
        assert_eq!(meter.fill(0), 8_000, "after the last bar it is all there");
    }

    #[test]
    fn who_ran_dry_is_the_run_when_nothing_is_held_back_and_else_the_bar_or_its_chunk() {
        let mut meter = Meter::new(1_000, false);
        assert_eq!(meter.exhausted(), Exhausted::Run);
        meter.plan(10_000, 512);
        meter.fill(16);
        assert_eq!(meter.exhausted(), Exhausted::Chunk);
        let mut careful = Meter::new(1_000, true);
        assert_eq!(careful.plan(10_000, 512), 1);
        careful.fill(1);
        assert_eq!(careful.exhausted(), Exhausted::Bar { limit: 1_000 });
        careful.plan(0, 512);
        careful.plan(500, 512);
        let mut last = Meter::new(1_000, true);
        last.plan(900, 512);
        last.fill(1);
        assert_eq!(last.exhausted(), Exhausted::Run, "the run had less left than a bar may use");
    }
}
