use std::fmt;

/// Numbers the accepted orders of a run from 1.
pub type OrderId = u64;

/// Which way an order trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Side {
    /// Adds to the position.
    Buy,
    /// Takes from the position.
    Sell,
}

impl Side {
    /// `+1` for a buy, `-1` for a sell.
    #[must_use]
    pub fn sign(self) -> f64 {
        match self {
            Self::Buy => 1.0,
            Self::Sell => -1.0,
        }
    }
}

/// How an order becomes a fill. Prices are per unit, finite and greater than zero.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum OrderKind {
    /// At the next bar's open.
    Market,
    /// At this price or better.
    Limit(f64),
    /// As a market order once this price trades.
    Stop(f64),
    /// As a limit order once the stop price trades.
    StopLimit {
        /// Price that wakes the order.
        stop: f64,
        /// Worst price it then accepts.
        limit: f64,
    },
}

/// How long an order stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum TimeInForce {
    /// Until it fills or is cancelled.
    #[default]
    GoodTillCancelled,
    /// Until the end of the UTC day of the first bar on which it can fill.
    Day,
    /// For the first bar on which it can fill.
    ImmediateOrCancel,
    /// For the first bar on which it can fill, and only as a whole.
    FillOrKill,
}

/// What a strategy asks the venue to do.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize))]
pub struct Order {
    /// Index into the run's list of instruments.
    pub instrument: u32,
    /// Direction.
    pub side: Side,
    /// Price conditions.
    pub kind: OrderKind,
    /// Units, finite and greater than zero.
    pub quantity: f64,
    /// Lifetime.
    pub time_in_force: TimeInForce,
}

/// An execution.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize))]
pub struct Fill {
    /// The order it executes.
    pub order: OrderId,
    /// Index into the run's list of instruments.
    pub instrument: u32,
    /// Time of the bar it happened in, nanoseconds since the Unix epoch.
    pub time: i64,
    /// Direction.
    pub side: Side,
    /// Price per unit, slippage included.
    pub price: f64,
    /// Units, greater than zero.
    pub quantity: f64,
    /// Fee paid, in the account's currency.
    pub fee: f64,
    /// The instrument's position afterwards, in units.
    pub position: f64,
}

/// Why an order was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Rejection {
    /// The instrument is not one of this run's.
    UnknownInstrument,
    /// The quantity is not a finite number greater than zero.
    InvalidQuantity,
    /// A price is not a finite number greater than zero.
    InvalidPrice,
    /// The instrument has not had a bar yet.
    NoPrice,
    /// The buying power does not cover the order.
    InsufficientFunds,
    /// The order could sell more than is held, and short positions are not allowed.
    ShortNotAllowed,
    /// There are as many open orders as the policy allows.
    TooManyOpenOrders,
    /// The run is over.
    MarketClosed,
}

impl Rejection {
    /// Every reason, in the contract's order.
    pub const ALL: [Self; 8] = [
        Self::UnknownInstrument,
        Self::InvalidQuantity,
        Self::InvalidPrice,
        Self::NoPrice,
        Self::InsufficientFunds,
        Self::ShortNotAllowed,
        Self::TooManyOpenOrders,
        Self::MarketClosed,
    ];

    /// A stable name for reports.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::UnknownInstrument => "unknown_instrument",
            Self::InvalidQuantity => "invalid_quantity",
            Self::InvalidPrice => "invalid_price",
            Self::NoPrice => "no_price",
            Self::InsufficientFunds => "insufficient_funds",
            Self::ShortNotAllowed => "short_not_allowed",
            Self::TooManyOpenOrders => "too_many_open_orders",
            Self::MarketClosed => "market_closed",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownInstrument => "the instrument is not one of this run's",
            Self::InvalidQuantity => "the quantity is not a finite number greater than zero",
            Self::InvalidPrice => "a price is not a finite number greater than zero",
            Self::NoPrice => "the instrument has not had a bar yet",
            Self::InsufficientFunds => "the buying power does not cover the order",
            Self::ShortNotAllowed => {
                "the order could sell more than is held, and short positions are not allowed"
            }
            Self::TooManyOpenOrders => {
                "there are as many orders, open or sent at this bar or in all, as this run allows"
            }
            Self::MarketClosed => "the run is over",
        })
    }
}

impl std::error::Error for Rejection {}

impl Order {
    /// A market order to buy, good till cancelled.
    #[must_use]
    pub fn buy(instrument: u32, quantity: f64) -> Self {
        Self::new(instrument, Side::Buy, quantity)
    }

    /// A market order to sell, good till cancelled.
    #[must_use]
    pub fn sell(instrument: u32, quantity: f64) -> Self {
        Self::new(instrument, Side::Sell, quantity)
    }

    fn new(instrument: u32, side: Side, quantity: f64) -> Self {
        Self { instrument, side, kind: OrderKind::Market, quantity, time_in_force: TimeInForce::default() }
    }

    /// The same as a limit order.
    #[must_use]
    pub fn limit(self, price: f64) -> Self {
        Self { kind: OrderKind::Limit(price), ..self }
    }

    /// The same as a stop order.
    #[must_use]
    pub fn stop(self, price: f64) -> Self {
        Self { kind: OrderKind::Stop(price), ..self }
    }

    /// The same as a stop-limit order.
    #[must_use]
    pub fn stop_limit(self, stop: f64, limit: f64) -> Self {
        Self { kind: OrderKind::StopLimit { stop, limit }, ..self }
    }

    /// The same with another lifetime.
    #[must_use]
    pub fn time_in_force(self, time_in_force: TimeInForce) -> Self {
        Self { time_in_force, ..self }
    }
}
