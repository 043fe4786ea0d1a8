//! What is said about closed trades, one by one and together.

use std::collections::BTreeMap;

use serde::Serialize;
use stratbox_domain::{Bar, Side};

use crate::periods::as_number;
use crate::series::{mean, percentile, total};
use crate::{Figure, Missing, Stated, Trade, Unit};

/// Which of a bar's prices an excursion is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prices {
    /// Its close.
    Closes,
    /// Its low and its high.
    HighsAndLows,
}

/// A trade, and what the market did meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RoundTrip {
    /// The trade.
    #[serde(flatten)]
    pub trade: Trade,
    /// Nanoseconds from entry to exit.
    pub duration: i64,
    /// Bars of the instrument from the entry's to the one before the exit's.
    pub bars: Option<u64>,
    /// Profit after fees over the value of the largest position at the entry price.
    pub profit_share: Figure,
    /// Maximum adverse excursion (Sweeney 1997): how far the price went against the trade, as a share of the entry price; zero
    /// or below.
    pub mae: Figure,
    /// Maximum favourable excursion: how far it went with the trade; zero or above.
    pub mfe: Figure,
}

impl RoundTrip {
    /// A trade whose bars are not at hand.
    #[must_use]
    pub fn without_bars(trade: Trade) -> Self {
        let (duration, profit_share) = (trade.duration(), trade.profit_share());
        let missing = Figure::from(Missing::NoBars);
        Self { trade, duration, bars: None, profit_share, mae: missing, mfe: missing }
    }
}

/// Joins trades with the bars of their instruments, which are in the order of time.
///
/// An excursion is measured over the entry and exit prices themselves and the bars whose time is from the entry's to before the
/// exit's. A bar's time is when it opened: what happened in the entry's bar counts as after the entry, which is exact for a fill
/// at the open and may overstate an excursion otherwise; the exit's bar does not count, for most of it comes after the exit.
#[must_use]
pub fn round_trips(trades: &[Trade], bars: &[Bar], prices: Prices) -> Vec<RoundTrip> {
    let mut by_instrument: BTreeMap<u32, Vec<&Bar>> = BTreeMap::new();
    bars.iter().for_each(|bar| by_instrument.entry(bar.instrument).or_default().push(bar));
    let join = |trade: &Trade| {
        let alone = RoundTrip::without_bars(*trade);
        let Some(bars) = by_instrument.get(&trade.instrument) else { return alone };
        let first = bars.partition_point(|bar| bar.time < trade.entry_time);
        // The bar in which a fill happened may have opened before it.
        let first = if bars.get(first).is_none_or(|bar| bar.time > trade.entry_time) {
            first.saturating_sub(1)
        } else {
            first
        };
        let end = bars.partition_point(|bar| bar.time < trade.exit_time).max(first);
        let held = &bars[first..end];
        let (mut low, mut high) = (trade.exit_price, trade.exit_price);
        for bar in held {
            let (lowest, highest) = match prices {
                Prices::Closes => (bar.close, bar.close),
                Prices::HighsAndLows => (bar.low, bar.high),
            };
            (low, high) = (low.min(lowest), high.max(highest));
        }
        let (down, up) = (low / trade.entry_price - 1.0, high / trade.entry_price - 1.0);
        let (adverse, favourable) = match trade.side {
            Side::Buy => (down, up),
            Side::Sell => (-up, -down),
        };
        RoundTrip {
            bars: Some(held.len() as u64),
            mae: Figure::of(adverse.min(0.0)),
            mfe: Figure::of(favourable.max(0.0)),
            ..alone
        }
    };
    trades.iter().map(join).collect()
}

/// The figures of closed trades together, by their profits after fees.
#[must_use]
pub fn summary(trips: &[RoundTrip]) -> Stated {
    let pnl: Vec<f64> = trips.iter().map(|trip| trip.trade.pnl).collect();
    let of = |wanted: fn(f64) -> bool| pnl.iter().copied().filter(|pnl| wanted(*pnl)).collect::<Vec<f64>>();
    let (wins, losses) = (of(|pnl| pnl > 0.0), of(|pnl| pnl < 0.0));
    let any = |figure: f64| if pnl.is_empty() { Missing::NoClosedTrades.into() } else { Figure::of(figure) };
    let with = |values: &[f64], missing: Missing, figure: fn(&[f64]) -> f64| match () {
        () if pnl.is_empty() => Figure::from(Missing::NoClosedTrades),
        () if values.is_empty() => missing.into(),
        () => Figure::of(figure(values)),
    };
    let average = |values: &[f64]| mean(values.iter().copied());
    let (no_wins, no_losses) = (Missing::NoWinningTrades, Missing::NoLosingTrades);
    let average_win = with(&wins, no_wins, average);
    let average_loss = with(&losses, no_losses, average);
    let payoff = || Ok(average_win.get()? / -average_loss.get()?);
    let profit = total(wins.iter().copied());
    let profit_factor =
        || Ok(profit / -with(&losses, no_losses, |values| total(values.iter().copied())).get()?);
    let durations: Vec<f64> = trips.iter().map(|trip| as_duration(trip.duration)).collect();
    let mean_of = |figure: fn(&RoundTrip) -> Figure| mean_figure(trips, figure);
    let count = |count: usize| Figure::of(as_number(count as u64));

    let mut stated = Stated::default();
    let mut say = |name, unit, convention, figure| stated.push(name, unit, convention, figure);
    say("trades", Unit::Count, "closed round trips, from flat to flat", count(pnl.len()));
    say("winning_trades", Unit::Count, "profit after fees above zero", count(wins.len()));
    say("losing_trades", Unit::Count, "profit after fees below zero", count(losses.len()));
    say(
        "win_rate",
        Unit::Share,
        "winning / all trades",
        any(as_number(wins.len() as u64) / as_number(pnl.len() as u64)),
    );
    say("profit_factor", Unit::Ratio, "sum of winning / |sum of losing|", profit_factor().into());
    say("average_win", Unit::Money, "mean profit of winning trades", average_win);
    say("average_loss", Unit::Money, "mean profit of losing trades, below zero", average_loss);
    say("payoff_ratio", Unit::Ratio, "average win / |average loss|", payoff().into());
    say("expectancy", Unit::Money, "mean profit of all trades", any(average(&pnl)));
    say(
        "expectancy_share",
        Unit::Share,
        "mean of profit / value at entry",
        mean_of(|trip| trip.profit_share),
    );
    say(
        "largest_win",
        Unit::Money,
        "largest profit",
        with(&wins, no_wins, |v| v.iter().copied().fold(0.0, f64::max)),
    );
    say(
        "largest_loss",
        Unit::Money,
        "smallest profit",
        with(&losses, no_losses, |v| v.iter().copied().fold(0.0, f64::min)),
    );
    say(
        "longest_winning_streak",
        Unit::Count,
        "winning trades in a row, by exit",
        any(streak(trips, |pnl| pnl > 0.0)),
    );
    say(
        "longest_losing_streak",
        Unit::Count,
        "losing trades in a row, by exit",
        any(streak(trips, |pnl| pnl < 0.0)),
    );
    say("average_duration", Unit::Nanoseconds, "mean time from entry to exit", any(average(&durations)));
    say("median_duration", Unit::Nanoseconds, "median time from entry to exit", median(durations));
    say("average_bars", Unit::Periods, "mean of the bars held", mean_of(bars_of));
    say(
        "average_mae",
        Unit::Share,
        "mean of maximum adverse excursion / entry price",
        mean_of(|trip| trip.mae),
    );
    say(
        "average_mfe",
        Unit::Share,
        "mean of maximum favourable excursion / entry price",
        mean_of(|trip| trip.mfe),
    );
    say(
        "trade_fees",
        Unit::Money,
        "fees of closed trades",
        Figure::of(total(trips.iter().map(|trip| trip.trade.fees))),
    );
    stated
}

fn bars_of(trip: &RoundTrip) -> Figure {
    trip.bars.map_or(Missing::NoBars.into(), |bars| Figure::of(as_number(bars)))
}

/// The mean over all trades, or the first reason why there is none.
fn mean_figure(trips: &[RoundTrip], figure: fn(&RoundTrip) -> Figure) -> Figure {
    if trips.is_empty() {
        return Missing::NoClosedTrades.into();
    }
    let values: Result<Vec<f64>, Missing> = trips.iter().map(|trip| figure(trip).get()).collect();
    values.map(|values| mean(values.iter().copied())).into()
}

fn median(mut values: Vec<f64>) -> Figure {
    values.sort_unstable_by(f64::total_cmp);
    if values.is_empty() { Missing::NoClosedTrades.into() } else { Figure::of(percentile(&values, 0.5)) }
}

/// The most trades in a row, in the order of their exits.
fn streak(trips: &[RoundTrip], counts: fn(f64) -> bool) -> f64 {
    let mut order: Vec<&Trade> = trips.iter().map(|trip| &trip.trade).collect();
    // Stable: trades that end together keep the order in which they were reported.
    order.sort_by_key(|trade| trade.exit_time);
    let runs = order.chunk_by(|a, b| counts(a.pnl) == counts(b.pnl)).filter(|run| counts(run[0].pnl));
    as_number(runs.map(<[_]>::len).max().unwrap_or_default() as u64)
}

#[expect(clippy::cast_precision_loss, reason = "a nanosecond in a hundred years does not matter")]
fn as_duration(nanoseconds: i64) -> f64 {
    nanoseconds as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trade(side: Side, entry: (i64, f64), exit: (i64, f64)) -> Trade {
        let sign = if side == Side::Buy { 1.0 } else { -1.0 };
        Trade {
            instrument: 0,
            side,
            entry_time: entry.0,
            exit_time: exit.0,
            quantity: 2.0,
            entry_price: entry.1,
            exit_price: exit.1,
            pnl: sign * 2.0 * (exit.1 - entry.1),
            fees: 0.5,
        }
    }

    fn bar(time: i64, low: f64, close: f64, high: f64) -> Bar {
        Bar { instrument: 0, time, open: close, high, low, close, volume: 1.0 }
    }

    const BARS: [(i64, f64, f64, f64); 4] = [
        (0, 50.0, 100.0, 150.0),
        (10, 90.0, 95.0, 120.0),
        (20, 80.0, 105.0, 110.0),
        (30, 10.0, 100.0, 900.0),
    ];

    fn joined(trade: Trade, prices: Prices) -> RoundTrip {
        round_trips(&[trade], &BARS.map(|(time, low, close, high)| bar(time, low, close, high)), prices)[0]
    }

    fn excursions(trip: RoundTrip) -> (f64, f64) {
        (trip.mae.get().unwrap(), trip.mfe.get().unwrap())
    }

    #[test]
    fn an_excursion_is_measured_from_the_entrys_bar_to_before_the_exits() {
        let long = joined(trade(Side::Buy, (10, 100.0), (30, 104.0)), Prices::HighsAndLows);
        assert_eq!((long.bars, long.duration), (Some(2), 20));
        let (mae, mfe) = excursions(long);
        assert!((mae + 0.2).abs() < 1e-12 && (mfe - 0.2).abs() < 1e-12);
        let short = joined(trade(Side::Sell, (20, 100.0), (30, 104.0)), Prices::HighsAndLows);
        let (mae, mfe) = excursions(short);
        assert!((mae + 0.1).abs() < 1e-12 && (mfe - 0.2).abs() < 1e-12);
    }

    #[test]
    fn closes_see_less_than_highs_and_lows() {
        let (mae, mfe) = excursions(joined(trade(Side::Buy, (10, 100.0), (30, 104.0)), Prices::Closes));
        assert!((mae + 0.05).abs() < 1e-12 && (mfe - 0.05).abs() < 1e-12);
    }

    #[test]
    fn the_exit_price_counts_where_no_bar_does() {
        let trip = joined(trade(Side::Buy, (10, 100.0), (10, 90.0)), Prices::HighsAndLows);
        assert_eq!(trip.bars, Some(0));
        let (mae, mfe) = excursions(trip);
        assert!((mae + 0.1).abs() < 1e-12 && mfe == 0.0);
    }

    #[test]
    fn a_fill_inside_of_a_bar_is_in_that_bar() {
        assert_eq!(joined(trade(Side::Buy, (15, 100.0), (30, 104.0)), Prices::HighsAndLows).bars, Some(2));
    }

    #[test]
    fn without_bars_there_is_no_excursion_but_a_profit() {
        let trip = RoundTrip::without_bars(trade(Side::Buy, (0, 100.0), (1, 110.0)));
        assert_eq!((trip.mae.get(), trip.bars), (Err(Missing::NoBars), None));
        assert_eq!(trip.profit_share.get(), Ok(0.1));
        assert_eq!(summary(&[trip]).get("average_mae").unwrap().get(), Err(Missing::NoBars));
    }

    #[test]
    fn trades_together() {
        let exits = [110.0, 95.0, 90.0, 100.0, 98.0, 120.0];
        let trades =
            (0..).zip(exits).map(|(at, exit)| trade(Side::Buy, (at * 10, 100.0), (at * 10 + 5, exit)));
        let trips: Vec<RoundTrip> = trades.map(RoundTrip::without_bars).collect();
        let stated = summary(&trips);
        for (name, expected) in [
            ("trades", 6.0),
            ("winning_trades", 2.0),
            ("losing_trades", 3.0),
            ("win_rate", 1.0 / 3.0),
            ("profit_factor", 60.0 / 34.0),
            ("average_win", 30.0),
            ("average_loss", -34.0 / 3.0),
            ("payoff_ratio", 90.0 / 34.0),
            ("expectancy", 26.0 / 6.0),
            ("expectancy_share", 0.13 / 6.0),
            ("largest_win", 40.0),
            ("largest_loss", -20.0),
            ("longest_winning_streak", 1.0),
            ("longest_losing_streak", 2.0),
            ("average_duration", 5.0),
            ("median_duration", 5.0),
            ("trade_fees", 3.0),
        ] {
            let value = stated.get(name).unwrap().get().unwrap();
            assert!((value - expected).abs() < 1e-12, "{name}: {value} {expected}");
        }
    }

    #[test]
    fn no_trades_no_wins_and_no_losses_are_reasons() {
        let of = |exits: &[f64], name: &str| {
            let trades = exits.iter().map(|exit| trade(Side::Buy, (0, 100.0), (5, *exit)));
            let trips: Vec<RoundTrip> = trades.map(RoundTrip::without_bars).collect();
            summary(&trips).get(name).unwrap().get()
        };
        for name in
            ["win_rate", "profit_factor", "payoff_ratio", "expectancy", "largest_win", "average_duration"]
        {
            assert_eq!(of(&[], name), Err(Missing::NoClosedTrades), "{name}");
        }
        assert_eq!(of(&[90.0], "payoff_ratio"), Err(Missing::NoWinningTrades));
        assert_eq!(of(&[90.0], "profit_factor"), Ok(0.0));
        assert_eq!(of(&[110.0], "profit_factor"), Err(Missing::NoLosingTrades));
        assert_eq!(of(&[110.0], "longest_losing_streak"), Ok(0.0));
    }
}
