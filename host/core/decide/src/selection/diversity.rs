//! Whether the returns of one say something that those of others do not.

use stratbox_metrics::series::pearson;

use super::{Likest, PassedOver};

/// Those that were taken, where their returns are compared.
pub(super) struct Diversity<'a> {
    limit: Option<f64>,
    taken: Vec<(&'a str, &'a [f64])>,
}

impl<'a> Diversity<'a> {
    /// Compares with this limit, or not at all.
    pub(super) fn new(limit: Option<f64>) -> Self {
        Self { limit, taken: Vec::new() }
    }

    /// Takes one that is correlated with none that was taken by more than the limit, and says with which it is most.
    ///
    /// # Errors
    /// It is too similar to one, the first of them; or nobody can tell, as there are no returns, or not such that they
    /// have a correlation.
    pub(super) fn admit(
        &mut self,
        name: &'a str,
        returns: Option<&'a [f64]>,
    ) -> Result<Option<Likest>, PassedOver> {
        let Some(limit) = self.limit else { return Ok(None) };
        let returns = returns.ok_or(PassedOver::NoReturns)?;
        // What has no correlation with itself has none with anything that comes after it.
        pearson(returns, returns).get().map_err(|why| PassedOver::NoCorrelation { with: None, why })?;
        let mut likest: Option<Likest> = None;
        for (other, theirs) in &self.taken {
            let correlation = pearson(theirs, returns)
                .get()
                .map_err(|why| PassedOver::NoCorrelation { with: Some((*other).to_owned()), why })?;
            if correlation > limit {
                return Err(PassedOver::TooSimilar { to: (*other).to_owned(), correlation });
            }
            if likest.as_ref().is_none_or(|likest| correlation > likest.correlation) {
                likest = Some(Likest { to: (*other).to_owned(), correlation });
            }
        }
        self.taken.push((name, returns));
        Ok(likest)
    }
}
