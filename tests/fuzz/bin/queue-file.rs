//! libFuzzer's program for the target `queue-file`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: stratbox_fuzz::plant("queue-file"), |bytes: &[u8]| stratbox_fuzz::queue_file(bytes));
