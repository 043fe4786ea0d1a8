//! Who validates what, so that nothing is validated twice at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::kept::Evaluation;

/// How long to wait for another worker before saying that one is alive.
const WAIT: Duration = Duration::from_millis(200);

/// What was taken, and what was answered.
#[derive(Default)]
pub(super) struct Claims {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    taken: BTreeSet<String>,
    answered: BTreeMap<String, (String, Arc<Evaluation>)>,
}

pub(super) enum Claimed<'a> {
    Mine(Claim<'a>),
    /// By whom, and what came of it.
    Answered(String, Arc<Evaluation>),
}

/// The right to validate something; others wait until it is answered or let go of.
pub(super) struct Claim<'a> {
    claims: &'a Claims,
    fingerprint: String,
    id: String,
}

impl Claims {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(
        &self,
        fingerprint: &str,
        id: &str,
        cancel: &AtomicBool,
        alive: &dyn Fn(),
    ) -> Claimed<'_> {
        let mut state = self.state();
        loop {
            if let Some((by, evaluation)) = state.answered.get(fingerprint).filter(|(by, _)| by != id) {
                return Claimed::Answered(by.clone(), Arc::clone(evaluation));
            }
            // Who is asked to stop does not wait: what it begins is ended at once.
            if !state.taken.contains(fingerprint) || cancel.load(Ordering::Relaxed) {
                state.taken.insert(fingerprint.to_owned());
                let (fingerprint, id) = (fingerprint.to_owned(), id.to_owned());
                return Claimed::Mine(Claim { claims: self, fingerprint, id });
            }
            alive();
            let waited = self.changed.wait_timeout(state, WAIT);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Claim<'_> {
    /// Answers whoever waits for it.
    pub(super) fn answer(&self, evaluation: Evaluation) -> Arc<Evaluation> {
        let evaluation = Arc::new(evaluation);
        let answer = (self.id.clone(), Arc::clone(&evaluation));
        self.claims.state().answered.insert(self.fingerprint.clone(), answer);
        evaluation
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.claims.state().taken.remove(&self.fingerprint);
        self.claims.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use stratbox_decide::Tier;

    use super::*;
    use crate::validate::kept::Finding;

    fn evaluation() -> Evaluation {
        Evaluation::new(Tier::L0, "f", Finding::Broken("no".to_owned()))
    }

    #[test]
    fn who_comes_second_waits_for_the_answer_of_the_first() {
        let (claims, never) = (Claims::default(), AtomicBool::new(false));
        let Claimed::Mine(first) = claims.take("f", "a", &never, &|| ()) else { panic!("nobody has it") };
        std::thread::scope(|scope| {
            let second = scope.spawn(|| match claims.take("f", "b", &never, &|| ()) {
                Claimed::Answered(by, found) => (by, found.fingerprint.clone()),
                Claimed::Mine(_) => panic!("it is answered"),
            });
            first.answer(evaluation());
            drop(first);
            assert_eq!(second.join().unwrap(), ("a".to_owned(), "f".to_owned()));
        });
    }

    #[test]
    fn what_is_let_go_of_without_an_answer_is_for_the_next() {
        let (claims, never) = (Claims::default(), AtomicBool::new(false));
        drop(claims.take("f", "a", &never, &|| ()));
        assert!(matches!(claims.take("f", "b", &never, &|| ()), Claimed::Mine(_)));
        assert!(matches!(claims.take("g", "b", &never, &|| ()), Claimed::Mine(_)));
    }
}
