//! libFuzzer's program for the target `venue`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: stratbox_fuzz::plant("venue"), |bytes: &[u8]| stratbox_fuzz::venue(bytes));
