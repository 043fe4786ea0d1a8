//! Orders, fills and reasons as the contract has them. The bindings generator makes types of its own for every component,
//! so that the translation is written once, here, and put to work beside each.

/// Defines the translations between this crate's types and those in the module `$wire`, which was generated from the
/// contract's `types`.
#[doc(hidden)]
#[macro_export]
macro_rules! translate_orders {
    ($wire:ident) => {
        #[allow(dead_code, reason = "each side translates in its own direction")]
        mod translated {
            use $crate::{Bracket, Fill, Order, OrderKind, Rejection, Side, TimeInForce, Trail};

            use super::$wire;

            pub(crate) fn to_side(side: Side) -> $wire::Side {
                match side {
                    Side::Buy => $wire::Side::Buy,
                    Side::Sell => $wire::Side::Sell,
                }
            }

            pub(crate) fn from_side(side: $wire::Side) -> Side {
                match side {
                    $wire::Side::Buy => Side::Buy,
                    $wire::Side::Sell => Side::Sell,
                }
            }

            /// What `submit` can say of an order. A trailing stop is a market order here, and its ticket has the rest.
            pub(crate) fn to_order(order: &Order) -> $wire::Order {
                $wire::Order {
                    instrument: order.instrument,
                    side: to_side(order.side),
                    kind: match order.kind {
                        OrderKind::Market | OrderKind::TrailingStop(_) => $wire::OrderKind::Market,
                        OrderKind::Limit(price) => $wire::OrderKind::Limit(price),
                        OrderKind::Stop(price) => $wire::OrderKind::Stop(price),
                        OrderKind::StopLimit { stop, limit } => {
                            $wire::OrderKind::StopLimit($wire::StopLimit { stop, limit })
                        }
                    },
                    quantity: order.quantity,
                    time_in_force: match order.time_in_force {
                        TimeInForce::GoodTillCancelled => $wire::TimeInForce::GoodTillCancelled,
                        TimeInForce::Day => $wire::TimeInForce::Day,
                        TimeInForce::ImmediateOrCancel => $wire::TimeInForce::ImmediateOrCancel,
                        TimeInForce::FillOrKill => $wire::TimeInForce::FillOrKill,
                    },
                }
            }

            pub(crate) fn from_order(order: &$wire::Order) -> Order {
                Order {
                    kind: match order.kind {
                        $wire::OrderKind::Market => OrderKind::Market,
                        $wire::OrderKind::Limit(price) => OrderKind::Limit(price),
                        $wire::OrderKind::Stop(price) => OrderKind::Stop(price),
                        $wire::OrderKind::StopLimit($wire::StopLimit { stop, limit }) => {
                            OrderKind::StopLimit { stop, limit }
                        }
                    },
                    side: from_side(order.side),
                    time_in_force: match order.time_in_force {
                        $wire::TimeInForce::GoodTillCancelled => TimeInForce::GoodTillCancelled,
                        $wire::TimeInForce::Day => TimeInForce::Day,
                        $wire::TimeInForce::ImmediateOrCancel => TimeInForce::ImmediateOrCancel,
                        $wire::TimeInForce::FillOrKill => TimeInForce::FillOrKill,
                    },
                    ..Order::buy(order.instrument, order.quantity)
                }
            }

            pub(crate) fn to_ticket(order: &Order) -> $wire::Ticket {
                $wire::Ticket {
                    order: to_order(order),
                    trail: match order.kind {
                        OrderKind::TrailingStop(Trail::Distance(distance)) => {
                            $wire::Trail::Distance(distance)
                        }
                        OrderKind::TrailingStop(Trail::Percent(percent)) => $wire::Trail::Percent(percent),
                        _ => $wire::Trail::Fixed,
                    },
                    reduce_only: order.reduce_only,
                    one_cancels: order.one_cancels,
                    take_profit: order.bracket.and_then(|bracket| bracket.take_profit),
                    stop_loss: order.bracket.and_then(|bracket| bracket.stop_loss),
                }
            }

            /// `None` when the ticket trails and is of another kind as well.
            pub(crate) fn from_ticket(ticket: &$wire::Ticket) -> Option<Order> {
                let order = from_order(&ticket.order);
                let trail = match ticket.trail {
                    $wire::Trail::Fixed => None,
                    $wire::Trail::Distance(distance) => Some(Trail::Distance(distance)),
                    $wire::Trail::Percent(percent) => Some(Trail::Percent(percent)),
                };
                let kind = match (trail, order.kind) {
                    (None, kind) => kind,
                    (Some(trail), OrderKind::Market) => OrderKind::TrailingStop(trail),
                    (Some(_), _) => return None,
                };
                let $wire::Ticket { reduce_only, one_cancels, take_profit, stop_loss, .. } = *ticket;
                let has_bracket = take_profit.is_some() || stop_loss.is_some();
                let bracket = has_bracket.then_some(Bracket { take_profit, stop_loss });
                Some(Order { kind, reduce_only, one_cancels, bracket, ..order })
            }

            pub(crate) fn to_fill(fill: &Fill) -> $wire::Fill {
                let Fill { order, instrument, time, side, price, quantity, fee, position } = *fill;
                $wire::Fill { order, instrument, time, side: to_side(side), price, quantity, fee, position }
            }

            pub(crate) fn from_fill(fill: &$wire::Fill) -> Fill {
                let $wire::Fill { order, instrument, time, side, price, quantity, fee, position } = *fill;
                Fill { order, instrument, time, side: from_side(side), price, quantity, fee, position }
            }

            /// What `submit` can say of a reason.
            pub(crate) fn to_rejection(reason: Rejection) -> $wire::Rejection {
                match reason {
                    Rejection::UnknownInstrument => $wire::Rejection::UnknownInstrument,
                    Rejection::InvalidQuantity | Rejection::OffLot => $wire::Rejection::InvalidQuantity,
                    // A plain order has no parts that contradict one another and names no other order.
                    Rejection::InvalidPrice
                    | Rejection::OffTick
                    | Rejection::InvalidTicket
                    | Rejection::UnknownOrder => $wire::Rejection::InvalidPrice,
                    Rejection::NoPrice => $wire::Rejection::NoPrice,
                    Rejection::InsufficientFunds => $wire::Rejection::InsufficientFunds,
                    Rejection::ShortNotAllowed => $wire::Rejection::ShortNotAllowed,
                    Rejection::TooManyOpenOrders => $wire::Rejection::TooManyOpenOrders,
                    Rejection::MarketClosed => $wire::Rejection::MarketClosed,
                }
            }

            /// The reason itself: of a number that is one the instrument's steps are what is wrong.
            pub(crate) fn from_rejection(reason: $wire::Rejection, order: &Order) -> Rejection {
                match reason {
                    $wire::Rejection::UnknownInstrument => Rejection::UnknownInstrument,
                    $wire::Rejection::InvalidQuantity if order.has_valid_quantity() => Rejection::OffLot,
                    $wire::Rejection::InvalidQuantity => Rejection::InvalidQuantity,
                    $wire::Rejection::InvalidPrice if order.has_valid_prices() => Rejection::OffTick,
                    $wire::Rejection::InvalidPrice => Rejection::InvalidPrice,
                    $wire::Rejection::NoPrice => Rejection::NoPrice,
                    $wire::Rejection::InsufficientFunds => Rejection::InsufficientFunds,
                    $wire::Rejection::ShortNotAllowed => Rejection::ShortNotAllowed,
                    $wire::Rejection::TooManyOpenOrders => Rejection::TooManyOpenOrders,
                    $wire::Rejection::MarketClosed => Rejection::MarketClosed,
                }
            }

            pub(crate) fn to_refusal(reason: Rejection) -> $wire::Refusal {
                match reason {
                    Rejection::UnknownInstrument => $wire::Refusal::UnknownInstrument,
                    Rejection::InvalidQuantity => $wire::Refusal::InvalidQuantity,
                    Rejection::InvalidPrice => $wire::Refusal::InvalidPrice,
                    Rejection::NoPrice => $wire::Refusal::NoPrice,
                    Rejection::InsufficientFunds => $wire::Refusal::InsufficientFunds,
                    Rejection::ShortNotAllowed => $wire::Refusal::ShortNotAllowed,
                    Rejection::TooManyOpenOrders => $wire::Refusal::TooManyOpenOrders,
                    Rejection::MarketClosed => $wire::Refusal::MarketClosed,
                    Rejection::OffTick => $wire::Refusal::OffTick,
                    Rejection::OffLot => $wire::Refusal::OffLot,
                    Rejection::InvalidTicket => $wire::Refusal::InvalidTicket,
                    Rejection::UnknownOrder => $wire::Refusal::UnknownOrder,
                }
            }

            pub(crate) fn from_refusal(reason: $wire::Refusal) -> Rejection {
                match reason {
                    $wire::Refusal::UnknownInstrument => Rejection::UnknownInstrument,
                    $wire::Refusal::InvalidQuantity => Rejection::InvalidQuantity,
                    $wire::Refusal::InvalidPrice => Rejection::InvalidPrice,
                    $wire::Refusal::NoPrice => Rejection::NoPrice,
                    $wire::Refusal::InsufficientFunds => Rejection::InsufficientFunds,
                    $wire::Refusal::ShortNotAllowed => Rejection::ShortNotAllowed,
                    $wire::Refusal::TooManyOpenOrders => Rejection::TooManyOpenOrders,
                    $wire::Refusal::MarketClosed => Rejection::MarketClosed,
                    $wire::Refusal::OffTick => Rejection::OffTick,
                    $wire::Refusal::OffLot => Rejection::OffLot,
                    $wire::Refusal::InvalidTicket => Rejection::InvalidTicket,
                    $wire::Refusal::UnknownOrder => Rejection::UnknownOrder,
                }
            }
        }
    };
}
