//! What a fill costs.

use stratbox_domain::{FeeModel, MakerTaker, PerShare, VenuePolicy};

use crate::BASIS_POINT;

/// The fee of a fill of `quantity` units worth `value`. A maker is a limit order that fills at its limit inside a bar: it
/// was there first. Whatever fills at an open, at a close or at a stop takes.
pub(crate) fn fee(policy: &VenuePolicy, value: f64, quantity: f64, is_maker: bool) -> f64 {
    match policy.fees {
        FeeModel::BasisPoints => value * policy.fee_bps * BASIS_POINT,
        FeeModel::MakerTaker(MakerTaker { maker_bps, taker_bps }) => {
            value * if is_maker { maker_bps } else { taker_bps } * BASIS_POINT
        }
        FeeModel::PerShare(PerShare { amount, minimum, maximum_share }) => {
            let fee = (amount * quantity).max(minimum);
            maximum_share.map_or(fee, |share| fee.min(share * value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(fees: FeeModel) -> VenuePolicy {
        VenuePolicy { fee_bps: 0.0, fees, ..VenuePolicy::default() }
    }

    #[test]
    fn basis_points_are_of_the_traded_value() {
        assert_eq!(fee(&VenuePolicy { fee_bps: 10.0, ..VenuePolicy::default() }, 2_000.0, 10.0, true), 2.0);
    }

    #[test]
    fn a_maker_and_a_taker_pay_their_own_rate() {
        let policy = policy(FeeModel::MakerTaker(MakerTaker { maker_bps: 1.0, taker_bps: 5.0 }));
        assert_eq!([true, false].map(|maker| fee(&policy, 10_000.0, 1.0, maker)), [1.0, 5.0]);
    }

    #[test]
    fn an_amount_a_unit_has_a_minimum_and_a_maximum_that_goes_before_it() {
        let of = |quantity, maximum_share, price| {
            let fees = FeeModel::PerShare(PerShare { amount: 0.005, minimum: 1.0, maximum_share });
            fee(&policy(fees), quantity * price, quantity, false)
        };
        assert_eq!(of(1_000.0, None, 10.0), 5.0);
        assert_eq!(of(100.0, None, 10.0), 1.0, "the minimum");
        assert_eq!(of(1_000.0, Some(0.01), 0.25), 2.5, "a hundredth of 250");
        assert_eq!(of(10.0, Some(0.01), 2.0), 0.2, "a hundredth of 20, which is below the minimum");
    }
}
