//! What stratbox itself writes of each strategy.

use stratbox_decide::Status;

use crate::error::Problem;
use crate::node::{Node, Pair};
use crate::scalar::{bounded, is_bounded, quote};

/// The names of the keys that are managed, in the order in which missing ones are added.
pub const MANAGED_KEYS: [&str; 5] = ["status", "attempts", "fingerprint", "verdict", "reason"];

/// What stratbox itself writes of a strategy into the queue file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Managed {
    /// Where it stands; `PENDING` when none is written.
    pub status: Status,
    /// How often it was tried.
    pub attempts: u32,
    /// What was validated last.
    pub fingerprint: Option<String>,
    /// What came of that.
    pub verdict: Option<String>,
    /// Why, in words.
    pub reason: Option<String>,
}

impl Default for Managed {
    fn default() -> Self {
        Self { status: Status::Pending, attempts: 0, fingerprint: None, verdict: None, reason: None }
    }
}

impl Managed {
    /// As it will be read again: texts of more than 500 characters, or 1,000 bytes when written, are cut.
    #[must_use]
    pub fn bounded(&self) -> Self {
        let cut = |text: &Option<String>| text.as_deref().map(bounded);
        Self {
            status: self.status,
            attempts: self.attempts,
            fingerprint: cut(&self.fingerprint),
            verdict: cut(&self.verdict),
            reason: cut(&self.reason),
        }
    }

    /// The value of a managed key as it is written; `None` when there need not be one.
    pub(crate) fn written(&self, key: &str) -> Option<String> {
        let text = |text: &Option<String>| text.as_deref().map(quote);
        match key {
            "status" => Some(self.status.to_string()),
            "attempts" => Some(self.attempts.to_string()),
            "fingerprint" => text(&self.fingerprint),
            "verdict" => text(&self.verdict),
            _ => text(&self.reason),
        }
    }

    /// The values of the managed keys among `pairs`.
    pub(crate) fn read(pairs: &[Pair]) -> Result<Self, Problem> {
        let mut read = Self::default();
        for (key, value) in pairs.iter().filter(|(_, value)| !value.is_null()) {
            match key.text().unwrap_or_default() {
                "status" => read.status = status(value)?,
                "attempts" => read.attempts = attempts(value)?,
                "fingerprint" => read.fingerprint = Some(text("fingerprint", value)?),
                "verdict" => read.verdict = Some(text("verdict", value)?),
                "reason" => read.reason = Some(text("reason", value)?),
                _ => {}
            }
        }
        Ok(read)
    }
}

fn status(value: &Node) -> Result<Status, Problem> {
    let read = value.text().unwrap_or_default().parse::<Status>();
    read.map_err(|error| Problem::new(value.line, format_args!("`status`: {error}")))
}

fn attempts(value: &Node) -> Result<u32, Problem> {
    let digits = value.text().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let refused =
        || Problem::new(value.line, format_args!("`attempts` must be a whole number up to {}", u32::MAX));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(refused)
}

fn text(key: &str, value: &Node) -> Result<String, Problem> {
    let refused = |what: &str| Problem::new(value.line, format_args!("`{key}` must be {what}"));
    let text = value.text().ok_or_else(|| refused("a text"))?;
    if is_bounded(text) { Ok(text.to_owned()) } else { Err(refused("a text of at most 500 characters")) }
}
