//! A door for fuzz targets: bytes as a child could send them, read with what the parent reads with.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::frame::{self, ANSWER_MAX, Answer, HEADER};
use crate::jailer::refused;
use crate::proof::{Proof, Wall};

/// The message at the beginning of `bytes`, of at most `max_bytes`, and what follows it; `None` when the bytes end before
/// it does.
///
/// # Errors
/// It is longer, or no `M`.
pub fn first<M: DeserializeOwned>(bytes: &[u8], max_bytes: usize) -> Result<Option<(M, &[u8])>, Failure> {
    let Some((header, rest)) = bytes.split_at_checked(HEADER) else { return Ok(None) };
    let length = frame::length(header, max_bytes)?;
    let Some((body, rest)) = rest.split_at_checked(length) else { return Ok(None) };
    Ok(Some((frame::decode(body)?, rest)))
}

/// A message as it is sent.
///
/// # Panics
/// It cannot be written, which is a bug.
pub fn framed<M: Serialize>(message: &M) -> Vec<u8> {
    frame::encode(message).expect("a message that was made or read can be written")
}

/// Reads `bytes` as what a child says of itself, message by message, up to the first failure.
///
/// # Panics
/// A message does not survive being written and read again, or a child that refuses to work is taken for a ready one.
pub fn answers(mut bytes: &[u8]) {
    while let Ok(Some((answer, rest))) = first::<Answer>(bytes, ANSWER_MAX) {
        let written = framed(&answer);
        let read = first::<Answer>(&written, usize::MAX).expect("what was written is a message");
        let (again, end) = read.expect("what was written is whole");
        assert!(end.is_empty() && framed(&again) == written, "a message changes when it is written and read");
        assert!(!refused(answer).to_string().is_empty(), "a refusal has a reason");
        bytes = rest;
    }
}

/// Answers of every kind, as an honest child sends them.
pub fn samples() -> Vec<Vec<u8>> {
    let wall = || Wall { name: "reading `/`".into(), held: true, evidence: "permission denied".into() };
    let answers = [
        Answer::Ready(Proof { walls: vec![wall(), wall()], landlock_abi: Some(6) }),
        Answer::Breached(wall()),
        Answer::Unsupported { missing: "landlock".into(), detail: "not in this kernel".into() },
        Answer::Failed { problem: "no such directory".into(), os_error: Some(2) },
    ];
    answers.iter().map(framed).collect()
}
