//! What a role cannot do, and can without the jail.

use std::io::{Seek, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd};
use std::process::Command;

use stratbox_jail::{Confinement, Failure, Policy, survey};

use crate::{LONG, both, jailed, jailer, policy, receive, start};

crate::trials![
    every_wall_holds_and_says_what_it_answered,
    walls_that_are_turned_off_say_so,
    the_survey_shows_what_this_machine_offers,
    no_file_can_be_read,
    no_file_can_be_written,
    no_process_can_be_started,
    no_socket_can_be_made,
    no_other_process_can_be_signalled,
    nothing_can_be_traced,
    no_process_can_be_looked_at,
    an_inherited_descriptor_is_closed,
    a_passed_descriptor_can_be_read,
    threads_can_be_started,
    a_thread_from_before_the_jail_is_refused,
    memory_that_was_reserved_before_does_not_count,
    a_role_that_is_unknown_is_refused,
    a_role_with_paths_is_refused,
];

const DENIED: &str = "Operation not permitted (os error 1)";
const SUCCEEDED: &str = "it succeeded";

fn refused_only_in_the_jail(role: &str) {
    let (jailed, free) = both(role);
    assert_eq!((jailed.as_str(), free.as_str()), (DENIED, SUCCEEDED), "{role}");
}

fn every_wall_holds_and_says_what_it_answered() {
    let worker = start("wait");
    let proof = worker.evidence();
    assert!(proof.walls.iter().all(|wall| wall.held && !wall.evidence.is_empty()), "{proof:#?}");
    assert!(proof.landlock_abi >= Some(4));
    let evidence = |name: &str| {
        let wall = proof.walls.iter().find(|wall| wall.name == name);
        wall.unwrap_or_else(|| panic!("{name}: {proof:#?}")).evidence.as_str()
    };
    assert_eq!(evidence("landlock: reading `/`"), "permission denied (os error 13)");
    assert_eq!(evidence("landlock: connecting to a port"), "permission denied (os error 13)");
    for name in [
        "reading `/`",
        "creating a file in `/`",
        "creating a file in `/tmp`",
        "opening a socket (IPv4)",
        "opening a socket (IPv6)",
        "opening a socket (unix)",
        "starting a process",
        "signalling the parent",
        "raising a limit",
    ] {
        assert_eq!(evidence(name), "operation not permitted (os error 1)", "{name}");
    }
    assert_eq!(evidence("environment"), "0 variables");
    assert_eq!(evidence("inherited descriptors"), "open: [0, 1, 2]");
    assert_eq!(evidence("RLIMIT_NOFILE"), "16");
}

fn walls_that_are_turned_off_say_so() {
    let worker = jailer(Confinement::None).start("wait", &policy(), LONG).unwrap();
    let off: Vec<_> = worker.evidence().walls.iter().filter(|wall| !wall.held).collect();
    assert_eq!(
        off.iter().map(|wall| wall.name.as_str()).collect::<Vec<_>>(),
        ["landlock", "seccomp", "capabilities"]
    );
    assert!(off.iter().all(|wall| wall.evidence == "turned off"));
    assert!(worker.evidence().walls.iter().any(|wall| wall.name == "RLIMIT_AS" && wall.held));
}

fn the_survey_shows_what_this_machine_offers() {
    let survey = survey(&jailed());
    assert!(survey.proof.unwrap().walls.iter().all(|wall| wall.held));
    assert!(survey.landlock_abi >= Some(4) && !survey.kernel.is_empty());
}

fn no_file_can_be_read() {
    refused_only_in_the_jail("try read /etc/passwd");
}

fn no_file_can_be_written() {
    let directory = tempfile::tempdir().unwrap();
    refused_only_in_the_jail(&format!("try write {}", directory.path().join("file").display()));
}

fn no_process_can_be_started() {
    refused_only_in_the_jail("try fork");
}

fn no_socket_can_be_made() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    refused_only_in_the_jail(&format!("try connect {}", listener.local_addr().unwrap()));
    refused_only_in_the_jail("try listen");
    refused_only_in_the_jail("try unix");
}

fn no_other_process_can_be_signalled() {
    refused_only_in_the_jail("try parent");
    let other = start("wait");
    refused_only_in_the_jail(&format!("try signal {}", other.pid()));
}

fn nothing_can_be_traced() {
    refused_only_in_the_jail("try ptrace");
}

fn no_process_can_be_looked_at() {
    refused_only_in_the_jail("try inspect");
}

fn an_inherited_descriptor_is_closed() {
    let file = tempfile::tempfile().unwrap();
    let inherited = rustix::io::fcntl_dupfd_cloexec(&file, 100).unwrap();
    // Without close-on-exec, every child inherits it.
    rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty()).unwrap();
    let path = format!("/proc/self/fd/{}", inherited.as_raw_fd());
    assert!(Command::new("/bin/sh").args(["-c", &format!("test -e {path}")]).status().unwrap().success());
    let worker = start("wait");
    let descriptors = worker.evidence().walls.iter().find(|wall| wall.name == "inherited descriptors");
    assert_eq!(descriptors.unwrap().evidence, "open: [0, 1, 2]");
}

fn a_passed_descriptor_can_be_read() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"the bars").unwrap();
    file.rewind().unwrap();
    let mut worker = start("file");
    worker.send_with(&(), file.as_fd()).unwrap();
    assert_eq!(receive::<Option<String>>(&mut worker).unwrap().as_deref(), Some("the bars"));
    worker.send(&()).unwrap();
    assert_eq!(receive::<Option<String>>(&mut worker).unwrap(), None);
}

fn threads_can_be_started() {
    assert_eq!(receive::<u64>(&mut start("threads 8")).unwrap(), 28);
}

fn a_thread_from_before_the_jail_is_refused() {
    let failure = jailed().start("prepared-threads", &policy(), LONG).unwrap_err();
    assert!(matches!(&failure, Failure::Breached { wall, .. } if wall.contains("threads")), "{failure}");
}

fn memory_that_was_reserved_before_does_not_count() {
    assert!(receive::<bool>(&mut start("prepared-memory")).unwrap());
}

fn a_role_that_is_unknown_is_refused() {
    let failure = jailed().start("juggler", &policy(), LONG).unwrap_err();
    assert_eq!(failure.to_string(), "cannot start a confined process: there is no role `juggler`");
}

fn a_role_with_paths_is_refused() {
    for policy in
        [Policy { read: vec!["/usr".into()], ..policy() }, Policy { write: Some("/tmp".into()), ..policy() }]
    {
        let failure = jailed().start("wait", &policy, LONG).unwrap_err();
        assert!(failure.to_string().contains("send it descriptors"), "{failure}");
    }
}
