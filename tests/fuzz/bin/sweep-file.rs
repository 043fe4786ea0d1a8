//! libFuzzer's program for the target `sweep-file`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: stratbox_fuzz::plant("sweep-file"), |bytes: &[u8]| stratbox_fuzz::sweep_file(bytes));
