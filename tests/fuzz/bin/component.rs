//! libFuzzer's program for the target `component`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: stratbox_fuzz::plant("component"), |bytes: &[u8]| stratbox_fuzz::component(bytes));
