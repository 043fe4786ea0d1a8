//! Addition that forgets nothing.

/// Neumaier's compensated sum: its error does not grow with the number of terms.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, term: f64) {
        let total = self.total + term;
        self.lost += if self.total.abs() >= term.abs() {
            (self.total - total) + term
        } else {
            (term - total) + self.total
        };
        self.total = total;
    }

    pub(crate) fn value(self) -> f64 {
        self.total + self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_term_survives_between_large_ones_that_cancel() {
        let mut sum = Sum::default();
        let mut naive = 0.0;
        for term in [1.0, 1e100, 1.0, -1e100] {
            sum.add(term);
            naive += term;
        }
        assert_eq!(sum.value(), 2.0);
        assert_eq!(naive, 0.0);
    }
}
