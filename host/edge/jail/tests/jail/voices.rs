//! Workers that speak while they work.

use stratbox_jail::{Confinement, Failure, Worker};

use crate::{LONG, jailer, policy, receive, start, stop};

crate::trials![
    a_worker_at_work_says_that_it_is_alive,
    what_was_said_is_not_held_back_by_what_takes_long,
    what_is_said_at_once_outlives_who_says_it,
    what_is_said_with_what_follows_is_sent_when_there_is_enough_of_it,
    what_is_said_arrives_in_order,
    a_worker_that_was_stopped_and_goes_on_says_that_it_is_alive,
];

fn hear(worker: &mut Worker) -> String {
    receive(worker).unwrap()
}

/// What it says besides being alive, which on a slow machine it may say at any time.
fn told(worker: &mut Worker) -> String {
    std::iter::repeat_with(|| hear(worker)).find(|word| word != "alive").unwrap()
}

fn a_worker_at_work_says_that_it_is_alive() {
    for confinement in [Confinement::Jailed, Confinement::None] {
        let mut worker = jailer(confinement).start("voice begin spin", &policy(), LONG).unwrap();
        assert_eq!([hear(&mut worker), hear(&mut worker)], ["alive", "alive"]);
    }
}

fn what_was_said_is_not_held_back_by_what_takes_long() {
    let mut worker = start("voice begin one two spin");
    assert_eq!([told(&mut worker), told(&mut worker)], ["one", "two"]);
}

fn what_is_said_at_once_outlives_who_says_it() {
    let mut worker = start("voice one! abort");
    assert_eq!(hear(&mut worker), "one");
    assert!(matches!(receive::<String>(&mut worker), Err(Failure::Crashed { .. })));
    // The control: what is said with what follows dies with it.
    assert!(matches!(receive::<String>(&mut start("voice one abort")), Err(Failure::Crashed { .. })));
}

fn what_is_said_with_what_follows_is_sent_when_there_is_enough_of_it() {
    let mut worker = start("voice count abort");
    let heard = std::iter::from_fn(|| receive::<String>(&mut worker).ok()).count();
    assert!((1..20_000).contains(&heard), "{heard}");
}

fn what_is_said_arrives_in_order() {
    let mut worker = start("voice begin count end wait begin last end wait");
    for number in 0..20_000 {
        assert_eq!(told(&mut worker), number.to_string());
    }
    worker.send(&()).unwrap();
    assert_eq!(told(&mut worker), "last");
}

fn a_worker_that_was_stopped_and_goes_on_says_that_it_is_alive() {
    let mut worker = start("voice begin one spin");
    assert_eq!(told(&mut worker), "one");
    stop(&worker);
    crate::signal(&worker, rustix::process::Signal::CONT);
    assert_eq!(hear(&mut worker), "alive");
}
