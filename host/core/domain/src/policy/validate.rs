//! What a policy may say.

use super::{FeeModel, InstrumentPolicy, MakerTaker, PerShare, PolicyError, SlippageModel, VenuePolicy};

const BPS: &str = "from 0 to 10000 basis points";
/// A thousand percent.
const YEARLY: f64 = 100_000.0;

impl VenuePolicy {
    /// Checks every field against its allowed range, and against the others.
    ///
    /// # Errors
    /// The first field that is out of range.
    pub fn validate(&self) -> Result<(), PolicyError> {
        let at = |field: &str| vec![field.to_owned()];
        let check = |field, value, range, allowed| within(at(field), value, range, allowed);
        check("initial_cash", self.initial_cash, (1e-6, 1e15), "greater than zero and at most 1e15")?;
        if let Some(currency) = &self.currency {
            is_currency(at("currency"), currency)?;
        }
        check("fee_bps", self.fee_bps, (0.0, 1e4), BPS)?;
        self.fees()?;
        check("slippage_bps", self.slippage_bps, (0.0, 1e4), BPS)?;
        self.slippage()?;
        if let Some(share) = self.volume_share {
            check("volume_share", share, (1e-9, 1.0), "greater than zero and at most 1")?;
        }
        check("leverage", self.leverage, (0.01, 1_000.0), "from 0.01 to 1000")?;
        let most = (1.0 / self.leverage).min(1.0);
        let allowed = "from 0 to 1, and at most 1 / `leverage`: more would close out what is just affordable";
        check("maintenance_margin", self.maintenance_margin, (0.0, most), allowed)?;
        let yearly = "from 0 to 100000 basis points a year";
        check("borrow_bps_a_year", self.borrow_bps_a_year, (0.0, YEARLY), yearly)?;
        check("interest_bps_a_year", self.interest_bps_a_year, (0.0, YEARLY), yearly)?;
        check("debit_bps_a_year", self.debit_bps_a_year, (0.0, YEARLY), yearly)?;
        check("max_open_orders", f64::from(self.max_open_orders), (1.0, 1e6), "from 1 to 1000000")?;
        check("max_orders_per_bar", f64::from(self.max_orders_per_bar), (1.0, 1e6), "from 1 to 1000000")?;
        check("max_orders", f64::from(self.max_orders), (1.0, 4e9), "from 1 to 4000000000")?;
        self.instruments.iter().try_for_each(|(symbol, policy)| self.instrument(symbol, policy))
    }

    fn fees(&self) -> Result<(), PolicyError> {
        let path = |model: &str, field: &str| ["fees", model, field].map(str::to_owned).to_vec();
        match self.fees {
            FeeModel::BasisPoints => return Ok(()),
            FeeModel::PerShare(PerShare { amount, minimum, maximum_share }) => {
                let path = |field| path("per_share", field);
                within(path("amount"), amount, (0.0, 1e6), "from 0 to 1000000")?;
                within(path("minimum"), minimum, (0.0, 1e6), "from 0 to 1000000")?;
                if let Some(share) = maximum_share {
                    within(path("maximum_share"), share, (0.0, 1.0), "from 0 to 1")?;
                }
            }
            FeeModel::MakerTaker(MakerTaker { maker_bps, taker_bps }) => {
                within(path("maker_taker", "maker_bps"), maker_bps, (0.0, 1e4), BPS)?;
                within(path("maker_taker", "taker_bps"), taker_bps, (0.0, 1e4), BPS)?;
            }
        }
        let allowed = "0 or left out, since `fees` names another model";
        within(vec!["fee_bps".to_owned()], self.fee_bps, (0.0, 0.0), allowed)
    }

    fn slippage(&self) -> Result<(), PolicyError> {
        let path = |model: &str| ["slippage", model].map(str::to_owned).to_vec();
        match self.slippage {
            SlippageModel::BasisPoints => return Ok(()),
            SlippageModel::HalfSpreadBps(bps) => within(path("half_spread_bps"), bps, (0.0, 1e4), BPS)?,
            SlippageModel::HalfSpread(price) => {
                within(path("half_spread"), price, (0.0, 1e9), "from 0 to 1e9")?;
            }
            SlippageModel::ShareOfRange(share) => {
                within(path("share_of_range"), share, (0.0, 1.0), "from 0 to 1")?;
            }
            SlippageModel::SquareRootImpact(coefficient) => {
                within(path("square_root_impact"), coefficient, (0.0, 100.0), "from 0 to 100")?;
            }
        }
        let allowed = "0 or left out, since `slippage` names another model";
        within(vec!["slippage_bps".to_owned()], self.slippage_bps, (0.0, 0.0), allowed)
    }

    fn instrument(&self, symbol: &str, policy: &InstrumentPolicy) -> Result<(), PolicyError> {
        let path = |field: &str| ["instruments", symbol, field].map(str::to_owned).to_vec();
        let step = |field, value| {
            let allowed = "0 for none, or from 1e-12 to 1e9";
            let range = if value == 0.0 { (0.0, 0.0) } else { (1e-12, 1e9) };
            within(path(field), value, range, allowed)
        };
        step("tick", policy.tick)?;
        step("lot", policy.lot)?;
        step("min_quantity", policy.min_quantity)?;
        let Some(currency) = &policy.currency else { return Ok(()) };
        is_currency(path("currency"), currency)?;
        if policy.currency == self.currency {
            return Ok(());
        }
        let allowed = match &self.currency {
            Some(account) => format!("`{account}`, the account's: several currencies are not supported"),
            None => "the account's, which has no name yet (`currency`): several currencies are not supported"
                .to_owned(),
        };
        Err(PolicyError { path: path("currency"), allowed, value: currency.clone() })
    }
}

fn within(path: Vec<String>, value: f64, (low, high): (f64, f64), allowed: &str) -> Result<(), PolicyError> {
    let inside = value.is_finite() && value >= low && value <= high;
    if inside {
        Ok(())
    } else {
        Err(PolicyError { path, allowed: allowed.to_owned(), value: value.to_string() })
    }
}

fn is_currency(path: Vec<String>, name: &str) -> Result<(), PolicyError> {
    let is_name = (2..=8).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if is_name {
        return Ok(());
    }
    let allowed = "two to eight capital letters and digits, such as `USD`".to_owned();
    // Whatever was written, it is shown as one line.
    Err(PolicyError { path, allowed, value: name.escape_debug().take(64).collect() })
}
