use std::fmt;

/// The conventions under which orders become fills. Part of every run's key, and printed with every result.
///
/// Fixed in this version, and named here because peers differ: market orders fill at the next bar's open; a gap through
/// a limit or a stop fills at the open; a limit fills when its price is touched; when a stop and a limit are both
/// inside one bar the stop goes first; slippage moves market and stop fills against the order, never beyond the bar's
/// range; an order is checked against buying power when it is accepted, once more with a quarter's slack when it is about
/// to fill, and fills at the market's price.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "host",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, default)
)]
pub struct VenuePolicy {
    /// Cash at the start, in the account's currency; greater than zero.
    pub initial_cash: f64,
    /// Fee in basis points of the traded value, on every fill.
    pub fee_bps: f64,
    /// Slippage in basis points of the price, on market and stop fills.
    pub slippage_bps: f64,
    /// Gross exposure allowed as a multiple of equity; 1 is a cash account.
    pub leverage: f64,
    /// Whether positions may be negative.
    pub allow_short: bool,
    /// Orders that may be open at once.
    pub max_open_orders: u32,
    /// Orders that may be accepted at one time; bars of several instruments with the same time count together.
    pub max_orders_per_bar: u32,
    /// Orders that may be accepted in the whole run.
    pub max_orders: u32,
}

impl Default for VenuePolicy {
    fn default() -> Self {
        Self {
            initial_cash: 100_000.0,
            fee_bps: 5.0,
            slippage_bps: 0.0,
            leverage: 1.0,
            allow_short: true,
            max_open_orders: 1_000,
            // A hundred instruments, each with an entry, a stop and a target, are far below.
            max_orders_per_bar: 1_000,
            // Two a bar on five years of minutes in one market.
            max_orders: 1_000_000,
        }
    }
}

/// A policy that makes no sense.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyError {
    /// The offending field.
    pub field: &'static str,
    /// What it must be.
    pub allowed: &'static str,
    /// What it was.
    pub value: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is `{}`: it must be {}", self.field, self.value, self.allowed)
    }
}

impl std::error::Error for PolicyError {}

impl VenuePolicy {
    /// Checks every field against its allowed range.
    ///
    /// # Errors
    /// The first field that is out of range.
    pub fn validate(&self) -> Result<(), PolicyError> {
        let within = |field, value: f64, low: f64, high: f64, allowed| {
            let inside = value.is_finite() && value >= low && value <= high;
            if inside { Ok(()) } else { Err(PolicyError { field, allowed, value: value.to_string() }) }
        };
        within("initial_cash", self.initial_cash, 1e-6, 1e15, "greater than zero and at most 1e15")?;
        within("fee_bps", self.fee_bps, 0.0, 10_000.0, "from 0 to 10000 basis points")?;
        within("slippage_bps", self.slippage_bps, 0.0, 10_000.0, "from 0 to 10000 basis points")?;
        within("leverage", self.leverage, 0.01, 1_000.0, "from 0.01 to 1000")?;
        within("max_open_orders", f64::from(self.max_open_orders), 1.0, 1e6, "from 1 to 1000000")?;
        let per_bar = f64::from(self.max_orders_per_bar);
        within("max_orders_per_bar", per_bar, 1.0, 1e6, "from 1 to 1000000")?;
        within("max_orders", f64::from(self.max_orders), 1.0, 4e9, "from 1 to 4000000000")
    }
}
