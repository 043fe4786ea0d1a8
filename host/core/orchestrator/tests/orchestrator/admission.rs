//! When the machine is too busy for more work.

use stratbox_orchestrator::{Admission, Ending, Input, Sample, Settings, Waiting};

use crate::support::{Desk, number, settings};

const IDLE: Sample = Sample { cpu_of_others: 0.0, memory_used: 0.0, memory_available: 1_000 };

fn settings_of_three() -> Settings {
    let admission = Admission { memory_per_worker: 100, ..Admission::default() };
    Settings { workers: number(3), admission, ..settings() }
}

/// A desk that saw `sample` before there was anything to do.
fn with_sample(sample: Sample, settings: Settings) -> Desk {
    let mut desk = Desk::new(settings);
    desk.send(Input::Sampled(sample));
    desk.add(crate::support::job(1), 10);
    desk
}

#[test]
fn no_lease_is_granted_while_others_use_the_processors_but_one_always_is() {
    let sample = Sample { cpu_of_others: 0.81, ..IDLE };
    let mut desk = with_sample(sample, settings_of_three());
    for _ in 0..3 {
        assert_eq!(desk.out.len(), 1);
        assert_eq!(desk.core.statistics().waiting, Some(Waiting::Cpu));
        desk.answer(0, [Ending::Final]);
    }
    desk.send(Input::Sampled(Sample { cpu_of_others: 0.8, ..IDLE }));
    assert_eq!(desk.out.len(), 3);
}

#[test]
fn no_lease_is_granted_while_too_much_memory_is_used_but_one_always_is() {
    let sample = Sample { memory_used: 0.81, ..IDLE };
    let mut desk = with_sample(sample, settings_of_three());
    assert_eq!(desk.out.len(), 1);
    assert_eq!(desk.core.statistics().waiting, Some(Waiting::Memory));
    desk.send(Input::Sampled(Sample { memory_used: 0.8, ..IDLE }));
    assert_eq!(desk.out.len(), 3);
}

#[test]
fn a_machine_that_becomes_busy_keeps_its_leases_and_gets_no_new_ones() {
    let mut desk = with_sample(IDLE, settings_of_three());
    assert_eq!(desk.out.len(), 3);
    desk.send(Input::Sampled(Sample { cpu_of_others: 1.0, ..IDLE }));
    assert_eq!(desk.out.len(), 3);
    desk.answer(0, [Ending::Final]);
    assert_eq!(desk.out.len(), 2);
    desk.answer(1, [Ending::Final]);
    desk.answer(2, [Ending::Final]);
    assert_eq!(desk.out.len(), 1);
}

#[test]
fn no_more_workers_are_started_than_fit_into_memory_but_one_always_is() {
    for (memory_available, workers) in [(0, 1), (249, 1), (250, 2), (374, 2), (375, 3), (u64::MAX, 3)] {
        let desk = with_sample(Sample { memory_available, ..IDLE }, settings_of_three());
        assert_eq!(desk.core.statistics().workers, workers, "{memory_available}");
    }
}

#[test]
fn memory_limits_no_workers_when_they_need_none() {
    let settings = Settings { admission: Admission::default(), ..settings_of_three() };
    let desk = with_sample(Sample { memory_available: 0, ..IDLE }, settings);
    assert_eq!(desk.core.statistics().workers, 3);
}

#[test]
fn a_sample_that_is_not_a_number_says_nothing() {
    let sample = Sample { cpu_of_others: f64::NAN, memory_used: f64::NAN, memory_available: 1_000 };
    assert_eq!(with_sample(sample, settings_of_three()).out.len(), 3);
}

#[test]
fn nothing_is_assigned_while_too_many_settled_tasks_are_not_stored() {
    let mut desk = Desk::with_tasks(10, Settings { backlog: 2, ..settings() });
    desk.answer(0, [Ending::Final]);
    assert_eq!(desk.out.len(), 1);
    desk.answer(0, [Ending::Final]);
    assert_eq!((desk.out.len(), desk.core.statistics().unstored), (0, 2));
    assert_eq!(desk.core.statistics().waiting, Some(Waiting::Backlog));
    desk.send(Input::Stored { tasks: 1 });
    assert_eq!((desk.out.len(), desk.core.statistics().unstored), (1, 1));
}

#[test]
fn a_backlog_of_nothing_counts_as_one() {
    let mut desk = Desk::with_tasks(2, Settings { backlog: 0, ..settings() });
    assert_eq!(desk.out.len(), 1);
    desk.answer(0, [Ending::Final]);
    assert_eq!(desk.out.len(), 0);
    desk.send(Input::Stored { tasks: u64::MAX });
    assert_eq!(desk.out.len(), 1);
}
