//! libFuzzer's program for the target `source`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: stratbox_fuzz::plant("source"), |bytes: &[u8]| stratbox_fuzz::source(bytes));
