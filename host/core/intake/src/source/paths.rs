//! Paths into parts of the standard library that do nothing, or fail, in a sandbox without files, clocks and threads.
//!
//! Only paths that begin with the standard library's own crates count, and names that a `use` gave to such a path: a variable
//! or a module of the author's may be called as they like.

use std::collections::BTreeMap;

use super::names::{A_PARAMETER, NO_ASSEMBLER, NO_FILES};
use super::refusal::{Finding, Findings};
use super::rules;
use super::tokens::{Kind, Tokens};

/// Where in the standard library a path has got to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Time,
    Io,
    Arch,
    Refused(&'static Part),
    /// Somewhere harmless.
    Other,
}

/// A part that is refused.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    parent: &'static str,
    name: &'static str,
    rule: &'static str,
    why: &'static str,
    hint: &'static str,
}

const BARS_TIME: &str = "the time is the bar's: use `bar.time`";

const fn part(
    parent: &'static str,
    name: &'static str,
    rule: &'static str,
    why: &'static str,
    hint: &'static str,
) -> Part {
    Part { parent, name, rule, why, hint }
}

static PARTS: [Part; 12] = [
    part("", "fs", rules::READS_A_FILE, "there are no files in the sandbox, and every call fails", NO_FILES),
    part("", "include", rules::READS_A_FILE, "it reads another file", NO_FILES),
    part(
        "",
        "net",
        rules::USES_THE_NETWORK,
        "there is no network in the sandbox, and every call fails",
        "use what the bars tell; other data belongs into them or into parameters",
    ),
    part(
        "",
        "process",
        rules::STARTS_PROCESSES,
        "a strategy starts no processes, and its end is not its own decision",
        "use `panic!` for what must not happen, and `return` for what is done",
    ),
    part("", "env", rules::READS_THE_ENVIRONMENT, "there is no environment in the sandbox", A_PARAMETER),
    part(
        "",
        "thread",
        rules::STARTS_THREADS,
        "there are no threads in the sandbox, and starting or sleeping fails",
        "do the work in `on_bar`; other runs go on at the same time anyway",
    ),
    part(
        "",
        "os",
        rules::NAMES_THE_PLATFORM,
        "a strategy runs on no operating system",
        "use the rest of `std`",
    ),
    part(
        "time",
        "Instant",
        rules::READS_A_CLOCK,
        "there is no clock in the sandbox, and asking it panics",
        BARS_TIME,
    ),
    part(
        "time",
        "SystemTime",
        rules::READS_A_CLOCK,
        "there is no clock in the sandbox, and asking it panics",
        BARS_TIME,
    ),
    part(
        "time",
        "UNIX_EPOCH",
        rules::READS_A_CLOCK,
        "there is no clock in the sandbox to compare with",
        BARS_TIME,
    ),
    part(
        "io",
        "stdin",
        rules::READS_INPUT,
        "a strategy has no input but its bars and parameters",
        A_PARAMETER,
    ),
    part("arch", "asm", rules::ASSEMBLER, "it is assembler, which nothing checks", NO_ASSEMBLER),
];

impl Place {
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Root => Some(""),
            Self::Time => Some("time"),
            Self::Io => Some("io"),
            Self::Arch => Some("arch"),
            Self::Refused(_) | Self::Other => None,
        }
    }

    fn child(self, name: &str) -> Self {
        let Some(parent) = self.name() else { return self };
        match name {
            "self" => return self,
            "time" if self == Self::Root => return Self::Time,
            "io" if self == Self::Root => return Self::Io,
            "arch" if self == Self::Root => return Self::Arch,
            _ => {}
        }
        let found = PARTS.iter().find(|part| part.parent == parent && part.name == name);
        found.map_or(Self::Other, Self::Refused)
    }
}

/// Names of the source that mean a place in the standard library.
type Aliases<'a> = BTreeMap<&'a str, Place>;

/// Every such path.
pub(super) fn look(tokens: &Tokens<'_>) -> Findings {
    let mut walk = Walk { tokens, aliases: Aliases::new(), findings: Findings::default() };
    // A name can be used in front of the `use` that gives it: the first round only learns the names.
    walk.all();
    walk.findings = Findings::default();
    walk.all();
    walk.findings
}

struct Walk<'a> {
    tokens: &'a Tokens<'a>,
    aliases: Aliases<'a>,
    findings: Findings,
}

impl<'a> Walk<'a> {
    fn all(&mut self) {
        let mut index = 0;
        while index < self.tokens.len() {
            index = match self.head(index) {
                Some(place) => {
                    self.refuse(index, place);
                    self.path(index, place)
                }
                None => index + 1,
            };
        }
    }

    /// The place that a word means at the begin of a path.
    fn head(&self, index: usize) -> Option<Place> {
        let word = self.tokens.word(index)?;
        let goes_on = self.tokens.kind(index + 1) == Some(Kind::PathSeparator);
        let is_renamed = self.tokens.keyword(index + 1) == Some("as");
        if !goes_on && !is_renamed || self.is_inside_a_path(index) {
            return None;
        }
        match word {
            "std" | "core" | "alloc" => Some(Place::Root),
            _ if goes_on => self.aliases.get(word).copied(),
            _ => None,
        }
    }

    /// Whether something stands in front of the word that it belongs to: `mine::std`, `mine.std`, but not `use ::std`.
    fn is_inside_a_path(&self, index: usize) -> bool {
        let Some(before) = index.checked_sub(1) else { return false };
        match self.tokens.kind(before) {
            Some(Kind::Mark(b'.')) => true,
            Some(Kind::PathSeparator) => {
                let is_behind = |last: usize| {
                    self.tokens.get(last).map(|token| token.end)
                        == self.tokens.get(before).map(|token| token.at)
                };
                before.checked_sub(1).is_some_and(|last| {
                    let is_name = matches!(self.tokens.kind(last), Some(Kind::Word | Kind::RawWord));
                    let is_type = self.tokens.kind(last) == Some(Kind::Mark(b'>'));
                    (is_name && self.tokens.keyword(last) != Some("use") || is_type) && is_behind(last)
                })
            }
            _ => false,
        }
    }

    /// Follows a path, and every branch of a `use`, from its first word at `place`; gives where it ends.
    fn path(&mut self, first: usize, first_place: Place) -> usize {
        let mut index = first;
        let mut place = first_place;
        // The places in front of the braces that are open.
        let mut groups: Vec<Place> = Vec::new();
        loop {
            // At a word that `place` already contains.
            let mut last = index;
            index += 1;
            while self.tokens.kind(index) == Some(Kind::PathSeparator)
                && self.tokens.word(index + 1).is_some()
            {
                last = index + 1;
                place = self.step(place, last);
                index += 2;
            }
            if self.tokens.kind(index) == Some(Kind::PathSeparator) {
                match self.tokens.kind(index + 1) {
                    Some(Kind::Open(b'{')) => {
                        groups.push(place);
                        index += 2;
                    }
                    Some(Kind::Mark(b'*')) => {
                        self.learn_all(place);
                        index += 2;
                    }
                    _ => return index,
                }
            } else if self.tokens.keyword(index) == Some("as") {
                self.learn(self.tokens.word(index + 1), place);
                index += 2;
            } else {
                let word = self.tokens.word(last).filter(|word| *word != "self");
                self.learn(word.or(place.name()), place);
            }
            match self.next_branch(index, &mut groups) {
                Ok((at, at_place)) => (index, place) = (at, at_place),
                Err(end) => return end,
            }
        }
    }

    /// From the end of a branch to the first word of the next one and its place; `Err` with the end of it all.
    fn next_branch(&mut self, mut index: usize, groups: &mut Vec<Place>) -> Result<(usize, Place), usize> {
        loop {
            let Some(group) = groups.last().copied() else { return Err(index) };
            match self.tokens.kind(index) {
                Some(Kind::Mark(b',')) => index += 1,
                Some(Kind::Mark(b'*')) => {
                    self.learn_all(group);
                    index += 1;
                }
                Some(Kind::Open(b'{')) => {
                    groups.push(group);
                    index += 1;
                }
                Some(Kind::Close) => {
                    groups.pop();
                    index += 1;
                }
                Some(Kind::Word | Kind::RawWord) => return Ok((index, self.step(group, index))),
                _ => return Err(index),
            }
        }
    }

    /// Goes from a place to the word at `index`, and says so when that is refused.
    fn step(&mut self, from: Place, index: usize) -> Place {
        let Some(word) = self.tokens.word(index) else { return from };
        let place = from.child(word);
        if from != place {
            self.refuse(index, place);
        }
        place
    }

    /// Says so when a place is refused. The call of a macro is another matter: its name is known wherever it stands.
    fn refuse(&mut self, index: usize, place: Place) {
        let (Place::Refused(part), Some(token)) = (place, self.tokens.get(index)) else { return };
        if self.tokens.is_macro_call(index) {
            return;
        }
        self.findings.add(|| {
            let parent = if part.parent.is_empty() { String::new() } else { format!("{}::", part.parent) };
            let message = format!("`std::{parent}{}`: {}", part.name, part.why);
            Finding { at: token.at, rule: part.rule, message, hint: part.hint }
        });
    }

    /// Of what is refused, and of what is harmless, the path itself says enough.
    fn learn(&mut self, word: Option<&'a str>, place: Place) {
        if let Some(word) = word.filter(|word| place.name().is_some() && !word.is_empty()) {
            self.aliases.insert(word, place);
        }
    }

    /// A `*`: the names of all that is refused there, since it was not named itself.
    fn learn_all(&mut self, place: Place) {
        let Some(parent) = place.name() else { return };
        let parts = PARTS.iter().filter(|part| part.parent == parent);
        self.aliases.extend(parts.map(|part| (part.name, Place::Refused(part))));
        if place == Place::Root {
            self.aliases.extend([("time", Place::Time), ("io", Place::Io), ("arch", Place::Arch)]);
        }
    }
}
