//! libFuzzer's program for the target `frames`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: stratbox_fuzz::plant("frames"), |bytes: &[u8]| stratbox_fuzz::frames(bytes));
