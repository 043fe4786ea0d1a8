//! What an attacker is told, and what must not be in it.

use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::Serialize;
use stratbox_domain::must_be_escaped;

use super::case::{Expected, Told};
use crate::cli::{Environment, Format};
use crate::failure::{Failure, FailureKind, shown};
use crate::render::text::inline;
use crate::render::{self, Report};
use crate::wiring::Setting;
use stratbox_domain::RunOutcome;
use stratbox_intake::source::RULES;

/// Shorter values of variables are words that anyone may use.
const SHORTEST_VALUE: usize = 16;
/// Shorter names are parts of other words.
const SHORTEST_NAME: usize = 4;

/// Everything that an attacker is told, in every form in which it leaves the program.
#[derive(Default)]
pub(super) struct Words {
    texts: Vec<String>,
    /// The attacker's own words, as data: they may be anything, but no secret of ours.
    own: Vec<String>,
}

impl Words {
    /// Text for people.
    pub(super) fn human(&mut self, text: String) {
        self.texts.push(text);
    }

    /// What an attacker says and is told again.
    pub(super) fn own(&mut self, words: &impl Serialize) {
        // Text and numbers can always be written.
        self.own.push(serde_json::to_string(words).unwrap_or_default());
    }

    /// A failure, as a document and as text.
    pub(super) fn failure(&mut self, failure: &Failure) {
        self.texts.push(render::failure(Format::Json, failure).stdout);
        self.texts.push(render::failure(Format::Human, failure).stderr);
    }

    /// A report, as a document and as text.
    pub(super) fn report(&mut self, report: &impl Report) {
        let mut document = Vec::new();
        // Memory can always be written to.
        let _ = render::document(&mut document, report);
        self.texts.push(String::from_utf8_lossy(&document).into_owned());
        self.texts.push(render::text::block(&report.human()));
    }

    /// Characters that could move a cursor or turn text around. Lines end, and documents with them.
    fn control_character(&self) -> Option<char> {
        let is_bad = |c: &char| *c != '\n' && must_be_escaped(*c);
        self.texts.iter().flat_map(|text| text.chars()).find(is_bad)
    }
}

/// What is nobody's business but this machine's.
pub(super) struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    /// What is known here of this machine, its user and the installation.
    pub(super) fn gather(
        setting: &Setting,
        environment: &Environment,
        sysroot: &Path,
    ) -> Result<Self, Failure> {
        let mut known = vec![
            ("the cache's directory", text(&setting.cache)),
            ("the toolchain's directory", text(sysroot)),
            ("the contents of a private file", canary(&setting.cache)?),
        ];
        known.extend(std::env::current_dir().ok().map(|dir| ("the current directory", text(&dir))));
        if let Some(home) = &environment.home {
            known.push(("the home directory", text(home)));
            let name = home.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            // A compiler speaks of the root of a crate.
            known
                .extend((name.len() >= SHORTEST_NAME && name != "root").then_some(("the user's name", name)));
        }
        let values = environment.values.iter().map(|value| value.to_string_lossy().into_owned());
        let values = values.filter(|value| value.len() >= SHORTEST_VALUE);
        known.extend(values.map(|value| ("the value of an environment variable", value)));
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        known.extend(accounts.lines().next().map(|line| ("a line of `/etc/passwd`", line.to_owned())));
        known.retain(|(_, text)| text.len() > 1);
        Ok(Self(known))
    }

    /// What of it is in `words`, unless the attacker said so himself.
    pub(super) fn problems(&self, words: &Words, material: &[u8]) -> Vec<String> {
        let material = String::from_utf8_lossy(material);
        let told = |secret: &str| words.texts.iter().chain(&words.own).any(|text| text.contains(secret));
        let leaked = self.0.iter().filter(|(_, secret)| told(secret) && !material.contains(secret.as_str()));
        let mut problems: Vec<String> = leaked.map(|(what, _)| format!("it was told {what}")).collect();
        problems.extend(words.control_character().map(|c| {
            format!("what it was told contains the character {}, which was not escaped", c.escape_unicode())
        }));
        problems.dedup();
        problems
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The contents of a file beside the folders in which strangers' sources are compiled: random, and made once.
fn canary(cache: &Path) -> Result<String, Failure> {
    let path = cache.join("canary");
    let made = || -> std::io::Result<String> {
        let mut random = [0; 16];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
        let content: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        std::io::Write::write_all(&mut file, content.as_bytes())?;
        Ok(content)
    };
    std::fs::read_to_string(&path)
        .ok()
        .filter(|content| content.len() == 32)
        .map_or_else(
            || {
                // One that is not whole was left by a process that was killed.
                let _ = std::fs::remove_file(&path);
                made()
            },
            Ok,
        )
        .map_err(|error| Failure::environment(format!("cannot make `{}`: {error}", shown(&path))))
}

impl Told {
    /// What came of it, in the words in which it is expected.
    pub(super) fn came_to(&self) -> String {
        match self {
            Self::Refused(failure) => match (gate_rules(failure).next(), &failure.rule, failure.kind) {
                (Some(rule), ..) => format!("reject-source ({rule})"),
                (None, None, FailureKind::Compile) => "reject-compile".to_owned(),
                (None, Some(rule), _) => format!("reject-component ({rule})"),
                (None, None, FailureKind::Contract) => "reject-contract".to_owned(),
                (None, None, _) => "an error of ours".to_owned(),
            },
            Self::Ran { outcome, .. } => match outcome {
                RunOutcome::Completed(_) => "completed".to_owned(),
                RunOutcome::Faulted(fault) => format!("fault ({})", fault.label),
                RunOutcome::Interrupted(reason) => format!("interrupted ({})", reason.label()),
            },
        }
    }

    /// Whether that is what must come of it.
    pub(super) fn is(&self, expected: &Expected) -> bool {
        match (expected, self) {
            (Expected::Source { rule, .. }, Self::Refused(failure)) => {
                gate_rules(failure).any(|broken| broken == *rule)
            }
            (Expected::Compile, Self::Refused(failure)) => {
                failure.kind == FailureKind::Compile && gate_rules(failure).next().is_none()
            }
            (Expected::Component(rules), Self::Refused(failure)) => {
                failure.rule.as_deref().is_some_and(|rule| rules.contains(&rule))
            }
            (Expected::Contract, Self::Refused(failure)) => {
                failure.kind == FailureKind::Contract && failure.rule.is_none()
            }
            (Expected::Fault(labels), Self::Ran { outcome: RunOutcome::Faulted(fault), .. }) => {
                labels.contains(&fault.label.label())
            }
            (Expected::Timeout, Self::Ran { outcome: RunOutcome::Interrupted(reason), .. }) => {
                reason.label() == "timeout"
            }
            (Expected::Nothing, Self::Ran { outcome, .. }) => matches!(outcome, RunOutcome::Completed(_)),
            _ => false,
        }
    }

    /// What shows it, in one sentence.
    pub(super) fn evidence(&self) -> String {
        use crate::render::text::grouped;
        const MOST: usize = 160;
        let sentence = match self {
            Self::Refused(failure) => {
                let said = failure.diagnostics.as_ref().and_then(|said| said.items.first());
                inline(said.map_or(&failure.message, |said| &said.message))
            }
            Self::Ran { outcome: RunOutcome::Completed(_), fuel, .. } => {
                format!("ran to the end, {} units of fuel, twice", grouped(*fuel))
            }
            Self::Ran { outcome: RunOutcome::Faulted(fault), fuel, .. } => {
                let place = fault.bar.map_or("outside of the bars".to_owned(), |bar| format!("at bar {bar}"));
                format!("fault {} {place}, {} units of fuel, twice", fault.label, grouped(*fuel))
            }
            Self::Ran { outcome: RunOutcome::Interrupted(reason), .. } => {
                format!("interrupted ({}), twice", reason.label())
            }
        };
        match sentence.char_indices().nth(MOST) {
            Some((end, _)) => format!("{}…", &sentence[..end]),
            None => sentence,
        }
    }
}

/// The rules by which the source gate has refused it. Some of the compiler's lints have the same names, which it does not
/// show in brackets.
fn gate_rules(failure: &Failure) -> impl Iterator<Item = &str> {
    let items = failure.diagnostics.iter().flat_map(|said| &said.items);
    items.filter_map(|item| {
        let code = item.code.as_deref().filter(|code| RULES.contains(code))?;
        item.rendered.starts_with(&format!("error[{code}]: ")).then_some(code)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets(vec![("the home directory", "/home/someone".to_owned())])
    }

    fn words(message: &str) -> Words {
        let mut words = Words::default();
        words.failure(&Failure::input(message));
        words
    }

    #[test]
    fn a_secret_is_found_in_whatever_is_told() {
        assert!(secrets().problems(&words("nothing"), b"").is_empty());
        assert_eq!(secrets().problems(&words("in /home/someone/x"), b""), ["it was told the home directory"]);
        let mut own = Words::default();
        own.own(&["/home/someone"]);
        assert_eq!(secrets().problems(&own, b"").len(), 1);
    }

    #[test]
    fn a_lint_of_the_compiler_is_no_rule_of_the_gate() {
        let refused = |rendered: &str| {
            let mut said = stratbox_compiler::Diagnostics::single("usage of an `unsafe` block");
            said.items[0].code = Some("unsafe_code".to_owned());
            said.items[0].rendered = rendered.to_owned();
            let failure = Failure::new(FailureKind::Compile, "it does not compile");
            Told::Refused(Failure { diagnostics: Some(said), ..failure }).came_to()
        };
        assert_eq!(refused("error: usage of an `unsafe` block"), "reject-compile");
        assert_eq!(refused("error[unsafe_code]: `unsafe` is not allowed"), "reject-source (unsafe_code)");
    }

    #[test]
    fn what_the_attacker_says_himself_is_no_secret() {
        let told = words("no file `/home/someone/key`");
        assert!(secrets().problems(&told, b"include_str!(\"/home/someone/key\")").is_empty());
    }

    #[test]
    fn a_character_that_moves_the_cursor_is_found_unless_it_is_escaped() {
        let mut words = Words::default();
        words.human("two\nlines".to_owned());
        assert!(secrets().problems(&words, b"").is_empty());
        words.human("red \u{1b}[31m".to_owned());
        assert_eq!(secrets().problems(&words, b"").len(), 1);
    }

    #[test]
    fn the_canary_is_random_private_and_stays() {
        use std::os::unix::fs::PermissionsExt;
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let content = canary(here.path()).unwrap();
        assert_eq!((content.len(), canary(here.path()).unwrap()), (32, content.clone()));
        assert_ne!(canary(there.path()).unwrap(), content);
        let mode = std::fs::metadata(here.path().join("canary")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(here.path().join("canary"), "half").unwrap();
        assert_eq!(canary(here.path()).unwrap().len(), 32);
    }
}
