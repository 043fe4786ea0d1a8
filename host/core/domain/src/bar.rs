/// One bar of one instrument.
///
/// Prices are in the account's currency per unit. The market data reader guarantees that every number is finite, that
/// prices are greater than zero, that `low <= open, close <= high`, and that `volume` is not negative.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize))]
pub struct Bar {
    /// Index into the run's list of instruments.
    pub instrument: u32,
    /// Nanoseconds since the Unix epoch, UTC: when the bar opened, as its source says.
    pub time: i64,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Units traded; zero is real data.
    pub volume: f64,
}

/// Something that can be traded. Its index in the run's list is its identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize))]
pub struct Instrument {
    /// Display name, such as `SP500`.
    pub symbol: String,
}
