//! libFuzzer's program for the target `answers`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: stratbox_fuzz::plant("answers"), |bytes: &[u8]| stratbox_fuzz::answers(bytes));
