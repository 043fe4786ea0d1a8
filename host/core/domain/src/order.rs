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
    /// As a market order once the price has come back this far from the best one since the order was sent.
    TrailingStop(Trail),
}

/// How far a trailing stop stays behind the best price.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Trail {
    /// By this much, in the price's own units; finite and greater than zero.
    Distance(f64),
    /// By so many hundredths of the best price; greater than 0 and below 100.
    Percent(f64),
}

impl Trail {
    /// The stop's price when `best` was the best one: below it for an order to sell, above it for one to buy.
    #[must_use]
    pub fn level(self, side: Side, best: f64) -> f64 {
        match self {
            Self::Distance(distance) => best + side.sign() * distance,
            Self::Percent(percent) => best * (1.0 + side.sign() * (percent / 100.0)),
        }
    }
}

/// Where the position that an order opens is closed again: as soon as the order fills, orders of the filled quantity wait
/// at these prices, one of which cancels the other.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize))]
pub struct Bracket {
    /// Price of a limit order.
    pub take_profit: Option<f64>,
    /// Price of a stop order.
    pub stop_loss: Option<f64>,
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
    /// For the first bar on which it can fill; what is left of it then is cancelled.
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
    /// Whether it may only take from a position: never open one, never turn it around.
    pub reduce_only: bool,
    /// An open order with which it forms a group: as far as one fills, the others are cancelled.
    pub one_cancels: Option<OrderId>,
    /// Orders that take it back.
    pub bracket: Option<Bracket>,
}

/// An execution.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize))]
pub struct Fill {
    /// The order it executes; 0 when the venue closes a position after a margin call.
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
    /// A price is not a multiple of the instrument's tick.
    OffTick,
    /// The quantity is not a multiple of the instrument's lot, or below the least quantity.
    OffLot,
    /// The parts of the order contradict one another.
    InvalidTicket,
    /// The order that this one shall cancel, or be cancelled by, is not open.
    UnknownOrder,
}

impl Rejection {
    /// Every reason, in the order of the contract's `refusal`.
    pub const ALL: [Self; 12] = [
        Self::UnknownInstrument,
        Self::InvalidQuantity,
        Self::InvalidPrice,
        Self::NoPrice,
        Self::InsufficientFunds,
        Self::ShortNotAllowed,
        Self::TooManyOpenOrders,
        Self::MarketClosed,
        Self::OffTick,
        Self::OffLot,
        Self::InvalidTicket,
        Self::UnknownOrder,
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
            Self::OffTick => "off_tick",
            Self::OffLot => "off_lot",
            Self::InvalidTicket => "invalid_ticket",
            Self::UnknownOrder => "unknown_order",
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
            Self::OffTick => "a price is not a multiple of the instrument's tick",
            Self::OffLot => {
                "the quantity is not a multiple of the instrument's lot, or below the least quantity"
            }
            Self::InvalidTicket => "the parts of the order contradict one another",
            Self::UnknownOrder => "the order that this one shall cancel is not open",
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
        Self {
            instrument,
            side,
            kind: OrderKind::Market,
            quantity,
            time_in_force: TimeInForce::default(),
            reduce_only: false,
            one_cancels: None,
            bracket: None,
        }
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

    /// The same as a stop that stays this far behind the best price.
    #[must_use]
    pub fn trailing(self, trail: Trail) -> Self {
        Self { kind: OrderKind::TrailingStop(trail), ..self }
    }

    /// The same with another lifetime.
    #[must_use]
    pub fn time_in_force(self, time_in_force: TimeInForce) -> Self {
        Self { time_in_force, ..self }
    }

    /// The same, but never more than what takes the position to zero.
    #[must_use]
    pub fn reduce_only(self) -> Self {
        Self { reduce_only: true, ..self }
    }

    /// The same in a group with an open order: as far as one of a group fills, the others are cancelled.
    #[must_use]
    pub fn one_cancels(self, order: OrderId) -> Self {
        Self { one_cancels: Some(order), ..self }
    }

    /// The same with orders that take it back: a limit order at `take_profit` and a stop at `stop_loss`, each for what has
    /// filled, one of which cancels the other. The stop's id is this order's plus one, the target's is plus two.
    #[must_use]
    pub fn bracket(self, take_profit: f64, stop_loss: f64) -> Self {
        let bracket = Bracket { take_profit: Some(take_profit), stop_loss: Some(stop_loss) };
        Self { bracket: Some(bracket), ..self }
    }

    /// The same with a limit order that takes it back; its id is this order's plus two.
    #[must_use]
    pub fn take_profit(self, price: f64) -> Self {
        let stop_loss = self.bracket.and_then(|bracket| bracket.stop_loss);
        Self { bracket: Some(Bracket { take_profit: Some(price), stop_loss }), ..self }
    }

    /// The same with a stop order that takes it back; its id is this order's plus one.
    #[must_use]
    pub fn stop_loss(self, price: f64) -> Self {
        let take_profit = self.bracket.and_then(|bracket| bracket.take_profit);
        Self { bracket: Some(Bracket { take_profit, stop_loss: Some(price) }), ..self }
    }

    /// Whether it asks for nothing but a kind, a quantity and a lifetime: what the contract's `submit` can say.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        !matches!(self.kind, OrderKind::TrailingStop(_))
            && !self.reduce_only
            && self.one_cancels.is_none()
            && self.bracket.is_none()
    }

    /// Whether the quantity is a finite number greater than zero.
    #[must_use]
    pub fn has_valid_quantity(&self) -> bool {
        is_positive(self.quantity)
    }

    /// Whether every price is a finite number greater than zero, and every percentage below 100.
    #[must_use]
    pub fn has_valid_prices(&self) -> bool {
        let kind = match self.kind {
            OrderKind::Market => true,
            OrderKind::Limit(price) | OrderKind::Stop(price) => is_positive(price),
            OrderKind::StopLimit { stop, limit } => is_positive(stop) && is_positive(limit),
            OrderKind::TrailingStop(Trail::Distance(distance)) => is_positive(distance),
            OrderKind::TrailingStop(Trail::Percent(percent)) => is_positive(percent) && percent < 100.0,
        };
        kind && self.bracket.is_none_or(|bracket| bracket.prices().all(is_positive))
    }
}

impl Bracket {
    /// The prices that it has.
    pub fn prices(self) -> impl Iterator<Item = f64> {
        [self.stop_loss, self.take_profit].into_iter().flatten()
    }
}

fn is_positive(number: f64) -> bool {
    number.is_finite() && number > 0.0
}
