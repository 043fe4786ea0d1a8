//! The venue's conventions on their way in, and its counts on their way out.

use stratbox_domain::{
    FeeModel, FillAt, Increments, LimitFill, MakerTaker, PerShare, Rejection, SlippageModel, VenuePolicy,
    VenueSummary,
};
use wasmtime::component::{ComponentType, Lift, Lower};

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
pub(crate) enum WireFillAt {
    #[component(name = "next-open")]
    NextOpen,
    #[component(name = "same-close")]
    SameClose,
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
pub(crate) enum WireLimitFill {
    #[component(name = "touch")]
    Touch,
    #[component(name = "penetrate")]
    Penetrate,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct WirePerShare {
    amount: f64,
    minimum: f64,
    #[component(name = "maximum-share")]
    maximum_share: Option<f64>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct WireMakerTaker {
    #[component(name = "maker-bps")]
    maker_bps: f64,
    #[component(name = "taker-bps")]
    taker_bps: f64,
}

#[derive(ComponentType, Lower)]
#[component(variant)]
pub(crate) enum WireFees {
    #[component(name = "basis-points")]
    BasisPoints,
    #[component(name = "per-share")]
    PerShare(WirePerShare),
    #[component(name = "maker-taker")]
    MakerTaker(WireMakerTaker),
}

impl From<FeeModel> for WireFees {
    fn from(fees: FeeModel) -> Self {
        match fees {
            FeeModel::BasisPoints => Self::BasisPoints,
            FeeModel::PerShare(PerShare { amount, minimum, maximum_share }) => {
                Self::PerShare(WirePerShare { amount, minimum, maximum_share })
            }
            FeeModel::MakerTaker(MakerTaker { maker_bps, taker_bps }) => {
                Self::MakerTaker(WireMakerTaker { maker_bps, taker_bps })
            }
        }
    }
}

#[derive(ComponentType, Lower)]
#[component(variant)]
pub(crate) enum WireSlippage {
    #[component(name = "basis-points")]
    BasisPoints,
    #[component(name = "half-spread-bps")]
    HalfSpreadBps(f64),
    #[component(name = "half-spread")]
    HalfSpread(f64),
    #[component(name = "share-of-range")]
    ShareOfRange(f64),
    #[component(name = "square-root-impact")]
    SquareRootImpact(f64),
}

impl From<SlippageModel> for WireSlippage {
    fn from(slippage: SlippageModel) -> Self {
        match slippage {
            SlippageModel::BasisPoints => Self::BasisPoints,
            SlippageModel::HalfSpreadBps(bps) => Self::HalfSpreadBps(bps),
            SlippageModel::HalfSpread(price) => Self::HalfSpread(price),
            SlippageModel::ShareOfRange(share) => Self::ShareOfRange(share),
            SlippageModel::SquareRootImpact(coefficient) => Self::SquareRootImpact(coefficient),
        }
    }
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct WirePolicy {
    #[component(name = "initial-cash")]
    initial_cash: f64,
    #[component(name = "fee-bps")]
    fee_bps: f64,
    fees: WireFees,
    #[component(name = "slippage-bps")]
    slippage_bps: f64,
    slippage: WireSlippage,
    #[component(name = "fill-at")]
    fill_at: WireFillAt,
    #[component(name = "limit-fill")]
    limit_fill: WireLimitFill,
    #[component(name = "volume-share")]
    volume_share: Option<f64>,
    leverage: f64,
    #[component(name = "allow-short")]
    allow_short: bool,
    #[component(name = "maintenance-margin")]
    maintenance_margin: f64,
    #[component(name = "borrow-bps-a-year")]
    borrow_bps_a_year: f64,
    #[component(name = "interest-bps-a-year")]
    interest_bps_a_year: f64,
    #[component(name = "debit-bps-a-year")]
    debit_bps_a_year: f64,
    #[component(name = "max-open-orders")]
    max_open_orders: u32,
    #[component(name = "max-orders-per-bar")]
    max_orders_per_bar: u32,
    #[component(name = "max-orders")]
    max_orders: u32,
}

impl From<&VenuePolicy> for WirePolicy {
    fn from(policy: &VenuePolicy) -> Self {
        // Destructured, so that a new field cannot be forgotten. The currency is a name for people, and what is particular
        // to instruments goes by their numbers, as increments.
        let &VenuePolicy {
            initial_cash,
            currency: _,
            fee_bps,
            fees,
            slippage_bps,
            slippage,
            fill_at,
            limit_fill,
            volume_share,
            leverage,
            allow_short,
            maintenance_margin,
            borrow_bps_a_year,
            interest_bps_a_year,
            debit_bps_a_year,
            max_open_orders,
            max_orders_per_bar,
            max_orders,
            instruments: _,
        } = policy;
        Self {
            initial_cash,
            fee_bps,
            fees: fees.into(),
            slippage_bps,
            slippage: slippage.into(),
            fill_at: match fill_at {
                FillAt::NextOpen => WireFillAt::NextOpen,
                FillAt::SameClose => WireFillAt::SameClose,
            },
            limit_fill: match limit_fill {
                LimitFill::Touch => WireLimitFill::Touch,
                LimitFill::Penetrate => WireLimitFill::Penetrate,
            },
            volume_share,
            leverage,
            allow_short,
            maintenance_margin,
            borrow_bps_a_year,
            interest_bps_a_year,
            debit_bps_a_year,
            max_open_orders,
            max_orders_per_bar,
            max_orders,
        }
    }
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct WireIncrements {
    tick: f64,
    lot: f64,
    #[component(name = "min-quantity")]
    min_quantity: f64,
}

impl From<Increments> for WireIncrements {
    fn from(increments: Increments) -> Self {
        let Increments { tick, lot, min_quantity } = increments;
        Self { tick, lot, min_quantity }
    }
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireSummary {
    #[component(name = "final-equity")]
    final_equity: f64,
    fees: f64,
    financing: f64,
    steps: u64,
    #[component(name = "steps-in-market")]
    steps_in_market: u64,
    orders: u64,
    rejections: Vec<u64>,
    #[component(name = "partial-fills")]
    partial_fills: u64,
    expired: u64,
    dropped: u64,
    liquidations: u64,
    signals: u64,
    #[component(name = "signal-hits")]
    signal_hits: u64,
}

impl From<WireSummary> for VenueSummary {
    fn from(summary: WireSummary) -> Self {
        let mut rejections = [0; Rejection::ALL.len()];
        rejections.iter_mut().zip(summary.rejections).for_each(|(to, from)| *to = from);
        Self {
            final_equity: summary.final_equity,
            fees: summary.fees,
            financing: summary.financing,
            steps: summary.steps,
            steps_in_market: summary.steps_in_market,
            orders: summary.orders,
            rejections,
            partial_fills: summary.partial_fills,
            expired: summary.expired,
            dropped: summary.dropped,
            liquidations: summary.liquidations,
            signals: summary.signals,
            signal_hits: summary.signal_hits,
        }
    }
}
