//! libFuzzer's program for the target `market`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: stratbox_fuzz::plant("market"), |bytes: &[u8]| stratbox_fuzz::market(bytes));
