//! What the parent makes of what a child sends, and of how it ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use stratbox_jail::{Confinement, Failure, Jailer, Policy, Program, Worker};

use crate::{LONG, NEVER, is_gone, jailed, jailer, policy, receive, signal, start, stop};

crate::trials![
    messages_come_back_as_they_went,
    a_message_over_the_callers_bound_is_refused,
    a_huge_length_is_refused_before_memory_is_taken,
    a_promised_message_that_does_not_come_ends_with_the_clock,
    garbage_is_a_breach_of_the_protocol,
    trailing_bytes_are_a_breach_of_the_protocol,
    half_a_message_and_an_exit_are_a_breach_of_the_protocol,
    a_whole_message_counts_though_its_sender_has_ended,
    a_worker_that_ends_without_an_answer_is_a_breach_of_the_protocol,
    an_exit_code_is_told,
    an_abort_is_told_by_its_signal,
    a_stack_overflow_is_a_crash,
    refused_memory_is_told_as_such,
    a_flood_of_words_is_stopped,
    spent_processor_time_is_told_as_such,
    a_kill_from_outside_is_told_as_such,
    another_thread_kills_a_worker_that_stands_still,
    a_worker_that_goes_on_after_standing_still_answers,
    a_worker_that_has_ended_can_be_killed_no_more,
    a_worker_that_does_not_answer_is_ended_by_the_clock,
    a_worker_is_ended_when_the_caller_cancels,
    a_worker_that_ended_unheard_is_told_when_it_is_sent_to,
    a_worker_that_has_ended_stays_ended,
    a_dropped_worker_leaves_no_process,
    a_panic_leaves_no_process,
    a_program_that_is_no_worker_is_refused,
];

fn failure(role: &str) -> Failure {
    receive::<Vec<u8>>(&mut start(role)).unwrap_err()
}

fn messages_come_back_as_they_went() {
    let mut worker = start("echo");
    for size in [0, 1, 70_000, 900_000] {
        let bytes: Vec<u8> = (0..size).map(|index| index as u8).collect();
        worker.send(&bytes).unwrap();
        assert_eq!(receive::<Vec<u8>>(&mut worker).unwrap(), bytes);
    }
}

fn a_message_over_the_callers_bound_is_refused() {
    for (bound, accepted) in [(103, true), (102, false)] {
        let mut worker = start("echo");
        worker.send(&vec![1_u8; 101]).unwrap();
        let result = worker.receive::<Vec<u8>>(bound, Instant::now() + LONG, &NEVER);
        assert_eq!(result.is_ok(), accepted, "{bound}: {result:?}");
    }
}

fn a_huge_length_is_refused_before_memory_is_taken() {
    assert!(matches!(failure("raw ffffffff+"), Failure::Protocol { .. }));
}

fn a_promised_message_that_does_not_come_ends_with_the_clock() {
    let mut worker = start("raw ffffffff00+");
    let soon = Instant::now() + Duration::from_millis(50);
    let failure = worker.receive::<Vec<u8>>(usize::MAX, soon, &NEVER).unwrap_err();
    assert!(matches!(failure, Failure::TimedOut { .. }), "{failure}");
    assert!(is_gone(worker.pid()));
}

fn garbage_is_a_breach_of_the_protocol() {
    assert!(matches!(failure("raw 01000000c1"), Failure::Protocol { .. }));
    assert!(matches!(failure("raw 05000000ddffffffff+"), Failure::Protocol { .. }));
}

fn trailing_bytes_are_a_breach_of_the_protocol() {
    assert!(matches!(failure("raw 03000000910700"), Failure::Protocol { .. }));
    assert_eq!(receive::<Vec<u8>>(&mut start("raw 020000009107")).unwrap(), [7]);
}

fn half_a_message_and_an_exit_are_a_breach_of_the_protocol() {
    for half in ["raw 0500", "raw 050000009107"] {
        let failure = failure(half);
        assert!(failure.to_string().contains("in the middle of a message"), "{failure}");
    }
}

fn a_whole_message_counts_though_its_sender_has_ended() {
    let mut worker = start("raw 020000009107");
    assert_eq!(receive::<Vec<u8>>(&mut worker).unwrap(), [7]);
    assert!(matches!(receive::<Vec<u8>>(&mut worker), Err(Failure::Protocol { .. })));
}

fn a_worker_that_ends_without_an_answer_is_a_breach_of_the_protocol() {
    let failure = failure("ready");
    assert!(failure.to_string().contains("ended without an answer"), "{failure}");
}

fn how(failure: Failure) -> String {
    match failure {
        Failure::Crashed { how, .. } => how,
        other => panic!("{other:?}"),
    }
}

fn an_exit_code_is_told() {
    assert_eq!(how(failure("exit 7")), "exit status 7");
}

fn an_abort_is_told_by_its_signal() {
    assert_eq!(how(failure("abort")), "signal 6 (SIGABRT)");
}

fn a_stack_overflow_is_a_crash() {
    match failure("overflow") {
        Failure::Crashed { how, words } => {
            assert_eq!(how, "signal 6 (SIGABRT)");
            assert!(words.contains("has overflowed its stack"), "{words}");
        }
        other => panic!("{other:?}"),
    }
}

fn refused_memory_is_told_as_such() {
    for confinement in [Confinement::Jailed, Confinement::None] {
        let policy = Policy { memory_bytes: 64 << 20, ..policy() };
        let mut worker = jailer(confinement).start("allocate", &policy, LONG).unwrap();
        assert_eq!(receive::<String>(&mut worker).unwrap(), "starting");
        assert!(matches!(receive::<()>(&mut worker), Err(Failure::OutOfMemory)));
    }
    let policy = Policy { data_bytes: Some(32 << 20), memory_bytes: 8 << 30, ..policy() };
    let mut worker = jailed().start("allocate", &policy, LONG).unwrap();
    assert_eq!(receive::<String>(&mut worker).unwrap(), "starting");
    assert!(matches!(receive::<()>(&mut worker), Err(Failure::OutOfMemory)));
}

fn a_flood_of_words_is_stopped() {
    assert!(matches!(failure("flood"), Failure::TooMuchOutput));
}

fn spent_processor_time_is_told_as_such() {
    let policy = Policy { cpu_seconds: 1, ..policy() };
    let mut worker = jailed().start("spin", &policy, LONG).unwrap();
    assert!(matches!(receive::<()>(&mut worker), Err(Failure::CpuTime)));
}

fn a_kill_from_outside_is_told_as_such() {
    let mut worker = start("wait");
    signal(&worker, Signal::KILL);
    assert!(matches!(receive::<()>(&mut worker), Err(Failure::Killed)));
}

fn another_thread_kills_a_worker_that_stands_still() {
    for confinement in [Confinement::Jailed, Confinement::None] {
        let mut worker = jailer(confinement).start("echo", &policy(), LONG).unwrap();
        stop(&worker);
        let killer = worker.killer().unwrap();
        let failure = std::thread::scope(|scope| {
            scope.spawn(move || killer.kill());
            receive::<Vec<u8>>(&mut worker).unwrap_err()
        });
        assert!(matches!(failure, Failure::Killed), "{failure}");
        assert!(is_gone(worker.pid()), "it has been reaped");
    }
}

fn a_worker_that_goes_on_after_standing_still_answers() {
    let mut worker = start("echo");
    stop(&worker);
    worker.send(&vec![7_u8]).unwrap();
    signal(&worker, Signal::CONT);
    assert_eq!(receive::<Vec<u8>>(&mut worker).unwrap(), [7]);
}

fn a_worker_that_has_ended_can_be_killed_no_more() {
    let mut worker = start("exit 7");
    let killer = worker.killer().unwrap();
    assert_eq!(how(receive::<()>(&mut worker).unwrap_err()), "exit status 7");
    killer.kill();
    drop(worker);
    killer.kill();
}

fn ended_soon(worker: &mut Worker, cancel: &AtomicBool) -> Failure {
    let soon = Instant::now() + Duration::from_millis(50);
    let failure = worker.receive::<()>(100, soon, cancel).unwrap_err();
    // Killed at once, and reaped as soon as the kernel is done with it.
    let patience = Instant::now() + LONG;
    while !is_gone(worker.pid()) {
        assert!(Instant::now() < patience, "it is still there");
        std::thread::yield_now();
    }
    failure
}

fn a_worker_that_does_not_answer_is_ended_by_the_clock() {
    for role in ["spin", "wait"] {
        assert!(matches!(ended_soon(&mut start(role), &NEVER), Failure::TimedOut { .. }));
    }
}

fn a_worker_is_ended_when_the_caller_cancels() {
    let cancel = AtomicBool::new(false);
    cancel.store(true, Ordering::Relaxed);
    assert!(matches!(ended_soon(&mut start("spin"), &cancel), Failure::Cancelled));
}

fn a_worker_that_ended_unheard_is_told_when_it_is_sent_to() {
    let mut worker = start("exit 7");
    let failure = loop {
        if let Err(failure) = worker.send(&()) {
            break failure;
        }
    };
    assert_eq!(how(failure), "exit status 7");
}

fn a_worker_that_has_ended_stays_ended() {
    let mut worker = start("exit 1");
    assert!(receive::<()>(&mut worker).is_err());
    assert!(worker.send(&()).unwrap_err().to_string().contains("already ended"));
    assert!(receive::<()>(&mut worker).unwrap_err().to_string().contains("already ended"));
}

fn a_dropped_worker_leaves_no_process() {
    for confinement in [Confinement::Jailed, Confinement::None] {
        let worker = jailer(confinement).start("spin", &policy(), LONG).unwrap();
        let pid = worker.pid();
        assert!(!is_gone(pid));
        drop(worker);
        assert!(is_gone(pid));
    }
}

fn a_panic_leaves_no_process() {
    let pid = std::sync::atomic::AtomicU32::new(0);
    let panicked = std::panic::catch_unwind(|| {
        let worker = start("spin");
        pid.store(worker.pid(), Ordering::Relaxed);
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(panicked.is_err() && is_gone(pid.into_inner()));
}

fn a_program_that_is_no_worker_is_refused() {
    let program =
        |path: &str| Jailer::new(Program { path: path.into(), arguments: Vec::new() }, Confinement::Jailed);
    let failure = program("/bin/false").start("echo", &policy(), LONG).unwrap_err();
    assert_eq!(how(failure), "exit status 1");
    let failure = program("/does/not/exist").start("echo", &policy(), LONG).unwrap_err();
    assert!(matches!(failure, Failure::Start { .. }), "{failure}");
}
