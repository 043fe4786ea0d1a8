//! How deep a source is: brackets, and what hangs on one another without brackets. Either way the compiler calls itself once
//! for each, and its stack ends.
//!
//! This is no parser. It measures the longest row of operators, calls and keywords between two places where an expression or
//! a type seems to end. Whatever binds to what, a parser finds no more depth there; only generics and closures whose commas
//! are between marks with unusual spaces can be deeper than they seem.

use super::refusal::{Finding, Findings};
use super::tokens::{Kind, Token, Tokens};
use super::{SourceLimits, rules};

/// Keywords that are followed by an expression or a type, which they contain.
const LINKS: [&str; 14] = [
    "as", "break", "dyn", "else", "fn", "for", "if", "impl", "in", "match", "move", "return", "while",
    "yield",
];

/// What is between a bracket and its end, so far.
#[derive(Debug, Default)]
struct Frame {
    /// The bracket; zero for the file itself.
    open: u8,
    /// Links of the expression or type that is being read.
    links: usize,
    /// `<` that are open: a comma ends nothing then.
    angles: usize,
    /// Between a closure's `|`: neither does it there.
    in_pipes: bool,
    /// A `}` was just read.
    after_block: bool,
}

impl Frame {
    /// Begins another expression or item; gives how many links the last one had.
    fn next(&mut self) -> usize {
        let links = self.links;
        *self = Self { open: self.open, ..Self::default() };
        links
    }

    /// Whether a comma is between parameters, and ends neither the expression nor the type.
    fn is_in_a_list(&self) -> bool {
        self.angles > 0 || self.in_pipes
    }
}

/// The first place where a chain is too long, in each item of the file, and every place where brackets get too deep.
pub(super) fn look(tokens: &Tokens<'_>, limits: &SourceLimits) -> Findings {
    let mut measure = Measure {
        tokens,
        limits,
        frames: vec![Frame::default()],
        total: 0,
        is_refused: false,
        findings: Findings::default(),
    };
    let mut is_second = false;
    for (index, token) in tokens.iter() {
        let is_behind = tokens.before(index).is_some_and(|last| last.end == token.at);
        let follows_mark = tokens.before(index).is_some_and(|last| matches!(last.kind, Kind::Mark(_)));
        // `&&`, `->`, `==`: two marks are one link.
        is_second = is_behind && follows_mark && matches!(token.kind, Kind::Mark(_)) && !is_second;
        measure.token(index, token, is_second);
    }
    measure.findings
}

struct Measure<'a> {
    tokens: &'a Tokens<'a>,
    limits: &'a SourceLimits,
    /// The innermost one last; never empty.
    frames: Vec<Frame>,
    /// Links of all frames.
    total: usize,
    /// The item of the file that is being read was refused: the rest of it is not measured.
    is_refused: bool,
    findings: Findings,
}

impl Measure<'_> {
    fn token(&mut self, index: usize, token: &Token, is_second: bool) {
        if let Some(frame) = self.frames.last_mut()
            && std::mem::take(&mut frame.after_block)
            && !continues(self.tokens, index)
        {
            self.next();
        }
        match token.kind {
            Kind::Open(bracket) => {
                if bracket != b'{' && self.is_call(index) {
                    self.link(token);
                }
                self.open(token, bracket);
            }
            Kind::Close => self.close(),
            Kind::Mark(b',') if self.frames.last().is_some_and(Frame::is_in_a_list) => {}
            Kind::Mark(b',' | b';') | Kind::Arm => self.next(),
            Kind::Mark(mark) => {
                self.soft_bracket(index, token, mark);
                if !is_second {
                    self.link(token);
                }
            }
            Kind::PathSeparator => self.link(token),
            Kind::Word if LINKS.contains(&self.tokens.text_of(token)) => self.link(token),
            _ => {}
        }
    }

    /// Whether a bracket stands behind what can be called or indexed.
    fn is_call(&self, index: usize) -> bool {
        let callable = [Kind::Word, Kind::RawWord, Kind::Close, Kind::Mark(b'?'), Kind::Mark(b'>')];
        self.tokens.before(index).is_some_and(|last| callable.contains(&last.kind))
    }

    fn link(&mut self, token: &Token) {
        let Some(frame) = self.frames.last_mut().filter(|_| !self.is_refused) else { return };
        frame.links += 1;
        self.total += 1;
        if self.total <= self.limits.chain {
            return;
        }
        self.is_refused = true;
        let limit = self.limits.chain;
        self.findings.add(|| Finding {
            at: token.at,
            rule: rules::LONG_CHAIN,
            message: format!(
                "more than `{limit}` operators, calls or keywords hang on one another here, and the compiler's stack is limited"
            ),
            hint: "give parts of it a name with `let` or `type`, or use a loop or a `match`",
        });
    }

    fn open(&mut self, token: &Token, bracket: u8) {
        self.frames.push(Frame { open: bracket, ..Frame::default() });
        let (depth, limit) = (self.frames.len() - 1, self.limits.nesting);
        if depth == limit.saturating_add(1) {
            self.findings.add(|| Finding {
                at: token.at,
                rule: rules::DEEP_NESTING,
                message: format!(
                    "more than `{limit}` brackets are open here, and the compiler's stack is limited"
                ),
                hint: "make a function of an inner part",
            });
        }
    }

    fn close(&mut self) {
        if self.frames.len() == 1 {
            return;
        }
        let Some(frame) = self.frames.pop() else { return };
        self.total -= frame.links;
        if let Some(outer) = self.frames.last_mut() {
            outer.after_block = frame.open == b'{';
        }
    }

    fn next(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            self.total -= frame.next();
        }
        self.is_refused &= self.frames.len() > 1;
    }

    /// Keeps count of the `<` and `|` between which a comma ends nothing; as marks of comparison and choice they have space
    /// around them.
    fn soft_bracket(&mut self, index: usize, token: &Token, mark: u8) {
        let before = self.tokens.before(index).filter(|last| last.end == token.at).map(|last| last.kind);
        let is_before = self.tokens.get(index + 1).is_some_and(|next| next.at == token.end);
        let Some(frame) = self.frames.last_mut() else { return };
        match mark {
            b'<' if matches!(before, Some(Kind::Word | Kind::RawWord | Kind::PathSeparator)) => {
                frame.angles += 1;
            }
            b'<' if before == Some(Kind::Mark(b'<')) && frame.angles > 0 => frame.angles += 1,
            b'>' if before.is_some_and(|kind| kind != Kind::Mark(b'-')) => {
                frame.angles = frame.angles.saturating_sub(1);
            }
            b'|' if before.is_some() || is_before => frame.in_pipes = !frame.in_pipes,
            _ => {}
        }
    }
}

/// Whether the token behind a `}` goes on with the expression that the block belongs to.
fn continues(tokens: &Tokens<'_>, index: usize) -> bool {
    match tokens.kind(index) {
        Some(Kind::Mark(mark)) => mark != b'#',
        Some(Kind::Word) => matches!(tokens.keyword(index), Some("else" | "as")),
        _ => false,
    }
}
