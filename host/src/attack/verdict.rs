//! What is said of a case when it has been tried.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::case::{Case, Expected, Material};

/// What an attack is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Class {
    /// A file that is passed off as a component, or is one.
    Component,
    /// A strategy's source.
    Source,
    /// A file among those that this installation has compiled.
    Artifact,
    /// A process that tries the walls around it.
    Jail,
}

impl Class {
    /// The name in reports.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Source => "source",
            Self::Artifact => "artifact",
            Self::Jail => "jail",
        }
    }
}

/// What came of a case.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Verdict {
    pub(crate) name: String,
    pub(crate) class: Class,
    /// What must come of it.
    pub(crate) expected: String,
    /// Whether just that came of it, and nothing else.
    pub(crate) held: bool,
    /// In the words of `expected`.
    pub(crate) came_of_it: String,
    /// What shows it, or everything that was wrong.
    pub(crate) evidence: String,
    /// How long the attacker was at work.
    pub(crate) seconds: f64,
}

impl Verdict {
    /// A case of which nothing has been seen yet, and which does not hold until it has.
    pub(super) fn untried(name: String, class: Class, expected: String) -> Self {
        Self {
            name,
            class,
            expected,
            held: false,
            came_of_it: "not tried".to_owned(),
            evidence: String::new(),
            seconds: 0.0,
        }
    }

    /// With what came of it: `problems` if there are any, else `evidence`.
    pub(super) fn judged(
        self,
        came_of_it: String,
        evidence: String,
        problems: &[String],
        took: Duration,
    ) -> Self {
        Self {
            held: problems.is_empty(),
            came_of_it,
            evidence: if problems.is_empty() { evidence } else { problems.join("; ") },
            seconds: took.as_secs_f64(),
            ..self
        }
    }
}

impl Case {
    /// What it is made with.
    pub(super) fn class(&self) -> Class {
        match self.attack {
            Material::Source(_) => Class::Source,
            Material::Component(_) => Class::Component,
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source { rule, .. } => write!(f, "reject-source ({rule})"),
            Self::Compile => f.write_str("reject-compile"),
            Self::Component(rules) => write!(f, "reject-component ({})", rules.join(" or ")),
            Self::Contract => f.write_str("reject-contract"),
            Self::Fault(labels) => write!(f, "fault ({})", labels.join(" or ")),
            Self::Timeout => f.write_str("interrupted (timeout)"),
            Self::Nothing => f.write_str("nothing gained"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::case::Bypassed;

    #[test]
    fn what_is_expected_is_said_in_phrases_that_do_not_change() {
        let source = |bypassed| Expected::Source { rule: "reads_a_file", bypassed };
        for (expected, phrase) in [
            (source(Bypassed::Compile), "reject-source (reads_a_file)"),
            (source(Bypassed::Harmless), "reject-source (reads_a_file)"),
            (Expected::Compile, "reject-compile"),
            (Expected::Component(&["too_many_locals"]), "reject-component (too_many_locals)"),
            (Expected::Component(&["malformed", "invalid"]), "reject-component (malformed or invalid)"),
            (Expected::Contract, "reject-contract"),
            (Expected::Fault(&["fuel"]), "fault (fuel)"),
            (Expected::Timeout, "interrupted (timeout)"),
            (Expected::Nothing, "nothing gained"),
        ] {
            assert_eq!(expected.to_string(), phrase);
        }
    }

    #[test]
    fn a_case_holds_only_when_nothing_is_wrong() {
        let judged = |problems: &[String]| {
            let untried = Verdict::untried("a".to_owned(), Class::Jail, "b".to_owned());
            assert!(!untried.held);
            untried.judged("c".to_owned(), "seen".to_owned(), problems, Duration::from_millis(500))
        };
        let (good, bad) = (judged(&[]), judged(&["one".to_owned(), "two".to_owned()]));
        assert_eq!((good.held, good.evidence.as_str(), good.seconds), (true, "seen", 0.5));
        assert_eq!((bad.held, bad.evidence.as_str()), (false, "one; two"));
    }
}
