//! A system that is not there: files, network, processes, threads, clocks, at run time.

use super::told::is_plain_and_names_no_place as quiet;
use super::{Bypassed, Case, plain, refused, strategy};

type Attempt = (&'static str, &'static str, fn() -> String);

/// Each ends, and what it got goes into the log: `Err`, or nothing.
const ATTEMPTS: [Attempt; 18] = [
    ("opening_a_file", "reads_a_file", || says("std::fs::read_to_string(\"/etc/passwd\")")),
    ("writing_a_file", "reads_a_file", || says("std::fs::write(\"/stratbox\", \"text\")")),
    ("making_a_directory", "reads_a_file", || says("std::fs::create_dir_all(\"/stratbox\")")),
    ("listing_a_directory", "reads_a_file", || says("std::fs::read_dir(\"/\").map(|all| all.count())")),
    ("connecting", "uses_the_network", || says("std::net::TcpStream::connect(\"127.0.0.1:80\")")),
    ("listening", "uses_the_network", || says("std::net::TcpListener::bind(\"127.0.0.1:0\")")),
    ("sending_a_packet", "uses_the_network", || says("std::net::UdpSocket::bind(\"127.0.0.1:0\")")),
    ("asking_for_an_address", "uses_the_network", || {
        says("std::net::ToSocketAddrs::to_socket_addrs(\"example.com:80\").map(|all| all.count())")
    }),
    ("starting_a_process", "starts_processes", || {
        says("std::process::Command::new(\"/bin/sh\").arg(\"-c\").arg(\"id\").output()")
    }),
    ("asking_for_the_process", "starts_processes", || says("std::process::id()")),
    ("aborting", "starts_processes", || strategy("", "std::process::abort()")),
    ("exiting", "starts_processes", || strategy("", "std::process::exit(0)")),
    ("starting_a_thread", "starts_threads", || says("std::thread::Builder::new().spawn(|| 1).is_ok()")),
    ("sleeping", "starts_threads", || {
        strategy("", "std::thread::sleep(std::time::Duration::from_secs(3_600));")
    }),
    ("asking_for_the_time", "reads_a_clock", || says("std::time::SystemTime::now()")),
    ("asking_for_an_instant", "reads_a_clock", || says("std::time::Instant::now()")),
    ("reading_input", "reads_input", || says("std::io::stdin().read_line(&mut String::new())")),
    ("asking_for_the_environment", "reads_the_environment", || {
        says(
            "(std::env::vars().count(), std::env::args().count(), std::env::var(\"HOME\"), std::env::current_exe().is_ok())",
        )
    }),
];

pub(super) fn cases() -> Vec<Case> {
    let attempt = |(name, rule, attack)| refused(name, (rule, Bypassed::Harmless), attack, plain).also(quiet);
    ATTEMPTS.into_iter().map(attempt).collect()
}

fn says(call: &str) -> String {
    strategy("", &format!("log::info(format!(\"{{:?}}\", {call}));"))
}
