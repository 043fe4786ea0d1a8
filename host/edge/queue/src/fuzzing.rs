//! A door for fuzz targets: bytes as a queue file.

use std::path::Path;

use serde::de::IgnoredAny;
use stratbox_decide::{Category, Status, Tier};
use stratbox_domain::must_be_escaped;

use crate::edit::edit;
use crate::{Document, Managed};

/// Reads `bytes` as a queue file. When it is one, each of its strategies is changed.
///
/// # Panics
/// A message would do something to a terminal, or a file was accepted that cannot be kept up to date.
pub fn queue_file(bytes: &[u8]) {
    let document = match Document::new(Path::new("queue.yaml"), bytes) {
        Ok(document) => document,
        Err(error) => {
            let message = error.to_string();
            assert!(message.starts_with("queue.yaml:") && !message.chars().any(must_be_escaped), "{message}");
            return;
        }
    };
    assert!(document.settings::<IgnoredAny>().is_ok(), "what is ignored is not refused");
    let entries = document.entries::<IgnoredAny>().unwrap_or_default();
    assert_eq!(entries.len(), document.len());
    let reason = Some("reason: \"\n#".to_owned());
    let status = Status::Done(Tier::L1, Category::Fixable);
    for (position, entry) in entries.iter().enumerate().take(3) {
        let managed =
            Managed { status, attempts: 7, fingerprint: None, verdict: None, reason: reason.clone() };
        assert_eq!(document.managed(&entry.id), Some(&entry.managed));
        let edited = edit(&document.content, &[(position, managed.clone())]);
        assert!(edited.is_ok_and(|edited| edited.strategies[position].managed == managed));
    }
}

/// Files that are queues.
#[must_use]
pub fn samples() -> Vec<Vec<u8>> {
    let block = "# mine\nvenue: {fee_bps: 5}\nstrategies:\n  - id: a\n    source: a.rs # here\n    params:\n      fast: [1, 2]\n    \
                 status: L0_PASSED\n    reason: \"x\\ny\"\n  - status: PENDING\n    id: 'b'\n    attempts:\n";
    let flow = "---\nstrategies: [{id: a, x: {y: z}}, {\"status\": PENDING, \"id\": \"b\"}]\n...\n";
    let crlf = "\u{feff}strategies:\r\n- id: a\r\n  notes: |\r\n    status: no\r\n- {id: b}";
    [block, flow, crlf].map(|text| text.as_bytes().to_vec()).to_vec()
}
