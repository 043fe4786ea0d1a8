//! Whether to go on when too much fails: for a person to decide.

use stratbox_orchestrator::Decision;
use stratbox_scheduler::Control;

use super::ledger::Asker;
use super::work::Trial;
use crate::ask;
use crate::failure::Failure;
use crate::render::text::grouped;

/// Asks whether to go on when too many variants fail. Without anybody to be asked, the answer is no: what is done is kept,
/// and the experiment can be resumed.
pub(super) fn asker<'a>(
    attended: bool,
    control: &Control<Trial, Failure>,
    note: &'a dyn Fn(&str),
) -> Asker<'a> {
    let control = control.clone();
    Box::new(move |failed, settled| {
        let found = format!("{} of {} variants failed", grouped(failed), grouped(settled));
        if !attended {
            note(&format!(
                "{found}, which is too many: pausing; `--on-failures continue` goes on whatever fails"
            ));
            return Some(Decision::Stop);
        }
        let control = control.clone();
        // Not in the loop's way, which must go on hearing Ctrl-C.
        let asking = std::thread::Builder::new().spawn(move || {
            let goes_on = ask::yes(&format!("{found}. Go on with the others?"));
            control.decide(if goes_on { Decision::Continue } else { Decision::Stop });
        });
        asking.is_err().then_some(Decision::Stop)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_anybody_to_ask_it_stops_and_says_how_to_go_on() {
        let (control, _inbox) = stratbox_scheduler::channel();
        let said = std::cell::RefCell::new(String::new());
        let note = |line: &str| said.borrow_mut().push_str(line);
        let decision = asker(false, &control, &note)(60, 100);
        assert_eq!(decision, Some(Decision::Stop));
        assert!(said.borrow().contains("60 of 100 variants failed"), "{said:?}");
        assert!(said.borrow().contains("--on-failures continue"), "{said:?}");
    }
}
