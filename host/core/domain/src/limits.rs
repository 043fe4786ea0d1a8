use serde::{Deserialize, Serialize};

/// What one run may use. Part of every run's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Fuel for the whole run. A unit is about one wasm instruction; a simple strategy takes some hundred a bar.
    pub fuel: u64,
    /// Fuel for one bar: `on_bar` and the fills before it. An endless loop ends here, long before the run's fuel does.
    pub fuel_per_bar: u64,
    /// Bytes of memory and tables, summed over everything in the run.
    pub memory_bytes: u64,
    /// Wall-clock time before the run is interrupted, milliseconds.
    pub wall_ms: u64,
    /// Bytes of log text kept; the rest is counted and dropped.
    pub log_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // 5,000 bars of a strategy that thinks a hundred times harder than a moving average.
            fuel: 10_000_000_000,
            // A third of a second or so: nobody waits longer for a loop that does not end.
            fuel_per_bar: 1_000_000_000,
            memory_bytes: 64 << 20,
            wall_ms: 60_000,
            log_bytes: 64 << 10,
        }
    }
}

impl Limits {
    /// Checks every limit against what the engine can enforce.
    ///
    /// # Errors
    /// Names the limit, its value and the allowed range.
    pub fn validate(&self) -> Result<(), String> {
        let within = |name: &str, value: u64, low: u64, high: u64| {
            if (low..=high).contains(&value) {
                Ok(())
            } else {
                Err(format!("`{name}` is `{value}`: it must be from {low} to {high}"))
            }
        };
        within("fuel", self.fuel, 1, 1 << 60)?;
        within("fuel_per_bar", self.fuel_per_bar, 1, 1 << 60)?;
        // The engine's own parts need a little over a megabyte; the pool reserves no more than four gigabytes a memory.
        within("memory_bytes", self.memory_bytes, 2 << 20, 4 << 30)?;
        within("wall_ms", self.wall_ms, 1, 86_400_000)?;
        within("log_bytes", u64::from(self.log_bytes), 0, 16 << 20)
    }
}
