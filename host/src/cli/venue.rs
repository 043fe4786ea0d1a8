//! The venue's policy of one run: a file's, or the default, with what was typed.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Deserialize;
use stratbox_domain::{BarSource, FillAt, LimitFill, VenuePolicy};

use crate::failure::Failure;
use crate::file::read_settings;
use crate::render::text::inline;
use crate::sweep::{Place, fits, span_of};

/// How orders become fills.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Venue")]
pub(crate) struct VenueArgs {
    /// File with a `[venue]` table, as in a sweep file; other options go before it
    #[arg(long, value_name = "FILE.toml")]
    venue: Option<PathBuf>,
    /// Cash at the start [default: 100000]
    #[arg(long, allow_negative_numbers = true)]
    cash: Option<f64>,
    /// The account's currency, such as USD
    #[arg(long, value_name = "NAME")]
    currency: Option<String>,
    /// Fee in basis points of the traded value [default: 5]
    #[arg(long, allow_negative_numbers = true)]
    fee_bps: Option<f64>,
    /// Slippage in basis points of the price, on market and stop orders [default: 0]
    #[arg(long, allow_negative_numbers = true)]
    slippage_bps: Option<f64>,
    /// Where market orders fill [default: next-open]
    #[arg(long)]
    fill_at: Option<TypedFillAt>,
    /// What fills a limit order [default: touch]
    #[arg(long)]
    limit_fill: Option<TypedLimitFill>,
    /// Share of a bar's volume that all orders together may trade [default: no bound]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    volume_share: Option<f64>,
    /// Gross exposure allowed, as a multiple of equity [default: 1]
    #[arg(long, allow_negative_numbers = true)]
    leverage: Option<f64>,
    /// No positions below zero
    #[arg(long)]
    no_short: bool,
    /// Equity, as a share of gross exposure, below which positions are closed out [default: 0, never]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    maintenance_margin: Option<f64>,
    /// Cost of borrowing what is sold short, in basis points a year [default: 0]
    #[arg(long, value_name = "BPS", allow_negative_numbers = true)]
    borrow_bps_a_year: Option<f64>,
    /// Interest on cash above zero, in basis points a year [default: 0]
    #[arg(long, value_name = "BPS", allow_negative_numbers = true)]
    interest_bps_a_year: Option<f64>,
    /// Interest on cash below zero, in basis points a year [default: 0]
    #[arg(long, value_name = "BPS", allow_negative_numbers = true)]
    debit_bps_a_year: Option<f64>,
    /// Orders open at once [default: 1000]
    #[arg(long, value_name = "COUNT")]
    max_open_orders: Option<u32>,
    /// Orders accepted at one time [default: 1000]
    #[arg(long, value_name = "COUNT")]
    max_orders_per_bar: Option<u32>,
    /// Orders accepted in the whole run [default: 1000000]
    #[arg(long, value_name = "COUNT")]
    max_orders: Option<u32>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TypedFillAt {
    /// At the next bar's open
    NextOpen,
    /// At the close of the bar they were sent on: optimistic
    SameClose,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TypedLimitFill {
    /// A price at the limit
    Touch,
    /// A price beyond the limit
    Penetrate,
}

/// The file that a policy came from.
#[derive(Debug)]
pub(crate) struct VenueFile {
    path: PathBuf,
    text: String,
}

impl VenueArgs {
    /// The policy, and the file that it is from if there is one.
    pub(crate) fn policy(self) -> Result<(VenuePolicy, Option<VenueFile>), Failure> {
        let file = self.venue.as_deref().map(VenueFile::read).transpose()?;
        let base = file.as_ref().map(VenueFile::policy).transpose()?.unwrap_or_default();
        let policy = VenuePolicy {
            initial_cash: self.cash.unwrap_or(base.initial_cash),
            currency: self.currency.or(base.currency),
            fee_bps: self.fee_bps.unwrap_or(base.fee_bps),
            fees: base.fees,
            slippage_bps: self.slippage_bps.unwrap_or(base.slippage_bps),
            slippage: base.slippage,
            fill_at: self.fill_at.map_or(base.fill_at, FillAt::from),
            limit_fill: self.limit_fill.map_or(base.limit_fill, LimitFill::from),
            volume_share: self.volume_share.or(base.volume_share),
            leverage: self.leverage.unwrap_or(base.leverage),
            allow_short: base.allow_short && !self.no_short,
            maintenance_margin: self.maintenance_margin.unwrap_or(base.maintenance_margin),
            borrow_bps_a_year: self.borrow_bps_a_year.unwrap_or(base.borrow_bps_a_year),
            interest_bps_a_year: self.interest_bps_a_year.unwrap_or(base.interest_bps_a_year),
            debit_bps_a_year: self.debit_bps_a_year.unwrap_or(base.debit_bps_a_year),
            max_open_orders: self.max_open_orders.unwrap_or(base.max_open_orders),
            max_orders_per_bar: self.max_orders_per_bar.unwrap_or(base.max_orders_per_bar),
            max_orders: self.max_orders.unwrap_or(base.max_orders),
            instruments: base.instruments,
        };
        policy.validate().map_err(|error| Failure::usage(inline(&error.to_string())))?;
        Ok((policy, file))
    }
}

impl From<TypedFillAt> for FillAt {
    fn from(typed: TypedFillAt) -> Self {
        match typed {
            TypedFillAt::NextOpen => Self::NextOpen,
            TypedFillAt::SameClose => Self::SameClose,
        }
    }
}

impl From<TypedLimitFill> for LimitFill {
    fn from(typed: TypedLimitFill) -> Self {
        match typed {
            TypedLimitFill::Touch => Self::Touch,
            TypedLimitFill::Penetrate => Self::Penetrate,
        }
    }
}

impl VenueFile {
    fn read(path: &Path) -> Result<Self, Failure> {
        Ok(Self { path: path.to_owned(), text: read_settings(path)? })
    }

    fn place(&self) -> Place<'_> {
        Place { path: &self.path, text: &self.text }
    }

    /// The policy as it is written, valid by itself.
    fn policy(&self) -> Result<VenuePolicy, Failure> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Content {
            venue: VenuePolicy,
        }
        let Content { venue } = toml::from_str(&self.text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let problem = format!("{}{}", inline(error.message()), self.place().quoted(span.clone()));
            self.place().failure(span, problem)
        })?;
        venue.validate().map_err(|error| {
            let path: Vec<&str> =
                std::iter::once("venue").chain(error.path.iter().map(String::as_str)).collect();
            self.place().failure(span_of(&self.text, &path), inline(&error.to_string()))
        })?;
        Ok(venue)
    }

    /// Whether the policy fits the instruments.
    pub(crate) fn check_instruments(
        &self,
        policy: &VenuePolicy,
        bars: &dyn BarSource,
    ) -> Result<(), Failure> {
        fits(policy, bars).map_err(|problem| {
            let span = span_of(&self.text, &["venue", "instruments", &problem.symbol]);
            self.place().failure(span, inline(&problem.to_string()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        venue: VenueArgs,
    }

    fn policy(words: &[&str]) -> Result<VenuePolicy, String> {
        let typed = Typed::try_parse_from(std::iter::once(&"run").chain(words)).unwrap();
        typed.venue.policy().map(|(policy, _)| policy).map_err(|failure| failure.message)
    }

    fn from_file(text: &str, words: &[&str]) -> Result<VenuePolicy, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("v.toml");
        std::fs::write(&path, text).unwrap();
        let words: Vec<&str> = ["--venue", path.to_str().unwrap()].iter().chain(words).copied().collect();
        policy(&words).map_err(|message| message.replace(dir.path().to_str().unwrap(), "dir"))
    }

    #[test]
    fn nothing_typed_is_the_default() {
        assert_eq!(policy(&[]), Ok(VenuePolicy::default()));
    }

    #[test]
    fn what_is_typed_goes_before_the_file() {
        let text = "[venue]\nfee_bps = 3.0\nleverage = 2.0\nslippage = { half_spread = 0.01 }\n";
        let policy = from_file(text, &["--fee-bps", "1", "--fill-at", "same-close"]).unwrap();
        assert_eq!((policy.fee_bps, policy.leverage, policy.fill_at), (1.0, 2.0, FillAt::SameClose));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_line() {
        for (text, expected) in [
            ("[venue]\nfee_bps = -1.0\n", "dir/v.toml:2: `fee_bps` is `-1`"),
            ("[venue]\nfee = 1.0\n", "dir/v.toml:2: unknown field `fee`"),
            ("[venues]\nfee_bps = 1.0\n", "dir/v.toml:1: unknown field `venues`"),
            ("[venue.fees.per_share]\namount = -2.0\n", "dir/v.toml:2: `fees.per_share.amount`"),
            (
                "[venue]\ncurrency = [\"USD\", \"EUR\"]\n",
                "dir/v.toml:2: several currencies are not supported",
            ),
        ] {
            let message = from_file(text, &[]).unwrap_err();
            assert!(message.starts_with(expected), "{message}");
        }
    }

    #[test]
    fn an_option_that_contradicts_the_file_is_refused() {
        let text = "[venue.fees.per_share]\namount = 0.01\n";
        assert_eq!(from_file(text, &[]).unwrap().fee_bps, 0.0);
        assert!(from_file(text, &["--fee-bps", "5"]).unwrap_err().contains("names another model"));
    }
}
