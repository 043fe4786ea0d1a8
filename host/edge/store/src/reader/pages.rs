//! Much that is read a little at a time: whoever goes through a million rows holds some hundred, and keeps nobody from writing.

use std::collections::VecDeque;

use crate::StoreError;

/// What was read of a page: its items, and the place after which the next page begins. `None` when it had none.
pub(super) type Page<T, P> = (VecDeque<T>, Option<P>);

/// Items in pages, each of which begins after a place.
pub(super) struct Pages<T, P> {
    page: VecDeque<T>,
    after: Option<P>,
}

impl<T, P> Pages<T, P> {
    /// Those after a place.
    pub(super) fn after(place: P) -> Self {
        Self { page: VecDeque::new(), after: Some(place) }
    }

    /// The next item; `turn` reads the page after a place. An error is the last item, and nothing of its page comes before it.
    pub(super) fn next(
        &mut self,
        turn: impl FnOnce(P) -> Result<Page<T, P>, StoreError>,
    ) -> Option<Result<T, StoreError>> {
        if self.page.is_empty() {
            match turn(self.after.take()?) {
                Ok((page, after)) => (self.page, self.after) = (page, after),
                Err(error) => return Some(Err(error)),
            }
        }
        self.page.pop_front().map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers after a place up to 5, two a page, the page after `broken` excepted.
    fn numbers(broken: Option<u32>) -> Vec<Result<u32, String>> {
        let mut pages = Pages::after(0);
        let turn = |place: u32| {
            if Some(place) == broken {
                return Err(StoreError::Invalid("broken".to_owned()));
            }
            let page: VecDeque<u32> = (place + 1..=5).take(2).collect();
            let last = page.back().copied();
            Ok((page, last))
        };
        std::iter::from_fn(|| pages.next(turn)).map(|it| it.map_err(|error| error.to_string())).collect()
    }

    #[test]
    fn every_item_comes_once_and_in_order() {
        assert_eq!(numbers(None), [Ok(1), Ok(2), Ok(3), Ok(4), Ok(5)]);
    }

    #[test]
    fn an_error_is_the_last_item() {
        assert_eq!(numbers(Some(2)), [Ok(1), Ok(2), Err("broken".to_owned())]);
    }
}
