use std::collections::BTreeMap;
use std::fmt;

mod instruments;
mod models;
mod validate;

pub use instruments::{Increments, InstrumentPolicy, PolicyProblem};
pub use models::{FeeModel, FillAt, LimitFill, MakerTaker, PerShare, SlippageModel};

/// The conventions under which orders become fills. Part of every run's key, and printed with every result.
///
/// `docs/venue.md` has the rules, one by one. Fixed, and named here because peers differ: a gap through a limit or a stop
/// fills at the open; when a stop and a limit are both inside one bar the stop goes first; slippage moves market and stop
/// fills against the order, never beyond the bar's range; an order is checked against buying power when it is accepted,
/// once more with a quarter's slack when it is about to fill, and fills at the market's price.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "host",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, default, remote = "Self")
)]
pub struct VenuePolicy {
    /// Cash at the start, in the account's currency; greater than zero.
    pub initial_cash: f64,
    /// The account's currency, such as `USD`: a name for people, and what instruments that name theirs must agree with.
    #[cfg_attr(feature = "host", serde(deserialize_with = "instruments::one_currency"))]
    pub currency: Option<String>,
    /// Fee in basis points of the traded value, on every fill; 0 when `fees` names another model. In a file, 5 when
    /// nothing is said of fees, and 0 when `fees` is given.
    #[cfg_attr(feature = "host", serde(default = "left_out"))]
    pub fee_bps: f64,
    /// How fees are reckoned.
    pub fees: FeeModel,
    /// Slippage in basis points of the price, on market and stop fills; 0 when `slippage` names another model.
    pub slippage_bps: f64,
    /// How market and stop fills are moved against the order.
    pub slippage: SlippageModel,
    /// Where market orders fill.
    pub fill_at: FillAt,
    /// What fills a limit order inside a bar.
    pub limit_fill: LimitFill,
    /// The largest share of a bar's volume that all orders together may trade; `None` for as much as is asked.
    pub volume_share: Option<f64>,
    /// Gross exposure allowed as a multiple of equity; 1 is a cash account.
    pub leverage: f64,
    /// Whether positions may be negative.
    pub allow_short: bool,
    /// Equity, as a share of gross exposure, below which the account is closed out; 0 for never.
    pub maintenance_margin: f64,
    /// Cost of borrowing what is sold short, in basis points of its value a year.
    pub borrow_bps_a_year: f64,
    /// Interest on cash above zero, in basis points a year.
    pub interest_bps_a_year: f64,
    /// Interest on cash below zero, in basis points a year.
    pub debit_bps_a_year: f64,
    /// Orders that may be open at once; a bracket counts as the three orders it may become.
    pub max_open_orders: u32,
    /// Orders that may be accepted at one time; bars of several instruments with the same time count together.
    pub max_orders_per_bar: u32,
    /// Orders that may be accepted in the whole run.
    pub max_orders: u32,
    /// What is particular to instruments, by symbol.
    pub instruments: BTreeMap<String, InstrumentPolicy>,
}

const DEFAULT_FEE_BPS: f64 = 5.0;

impl Default for VenuePolicy {
    fn default() -> Self {
        Self {
            initial_cash: 100_000.0,
            currency: None,
            fee_bps: DEFAULT_FEE_BPS,
            fees: FeeModel::default(),
            slippage_bps: 0.0,
            slippage: SlippageModel::default(),
            fill_at: FillAt::default(),
            limit_fill: LimitFill::default(),
            volume_share: None,
            leverage: 1.0,
            allow_short: true,
            maintenance_margin: 0.0,
            borrow_bps_a_year: 0.0,
            interest_bps_a_year: 0.0,
            debit_bps_a_year: 0.0,
            max_open_orders: 1_000,
            // A hundred instruments, each with an entry, a stop and a target, are far below.
            max_orders_per_bar: 1_000,
            // Two a bar on five years of minutes in one market.
            max_orders: 1_000_000,
            instruments: BTreeMap::new(),
        }
    }
}

impl VenuePolicy {
    /// Why figures that came about under this policy flatter the strategy; `None` when they do not.
    #[must_use]
    pub fn optimistic(&self) -> Option<&'static str> {
        match self.fill_at {
            FillAt::NextOpen => None,
            FillAt::SameClose => Some(
                "market orders fill at the close of the bar that they were decided on, which nobody can trade at",
            ),
        }
    }
}

/// What `fee_bps` is between reading a file that leaves it out and knowing whether that file names a fee model: a number
/// that is none, and that no file can write.
#[cfg(feature = "host")]
const LEFT_OUT: u64 = 0x7ff8_0000_0000_5e17;

#[cfg(feature = "host")]
fn left_out() -> f64 {
    f64::from_bits(LEFT_OUT)
}

#[cfg(feature = "host")]
impl serde::Serialize for VenuePolicy {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

#[cfg(feature = "host")]
impl<'de> serde::Deserialize<'de> for VenuePolicy {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut policy = Self::deserialize(deserializer)?;
        if policy.fee_bps.to_bits() == LEFT_OUT {
            policy.fee_bps = if policy.fees == FeeModel::BasisPoints { DEFAULT_FEE_BPS } else { 0.0 };
        }
        Ok(policy)
    }
}

/// A policy that makes no sense.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyError {
    /// Where the offending field stands: its own name, after those of the tables that it is in.
    pub path: Vec<String>,
    /// What it must be.
    pub allowed: String,
    /// What it was.
    pub value: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is `{}`: it must be {}", self.path.join("."), self.value, self.allowed)
    }
}

impl std::error::Error for PolicyError {}

#[cfg(test)]
mod tests;
