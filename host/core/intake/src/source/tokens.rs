//! The text as a flat row of tokens, by the compiler's own lexer: it says where strings and comments end, does not recurse,
//! and has an answer for every text.

use ra_ap_rustc_lexer::{Cursor, FrontmatterAllowed, LiteralKind, TokenKind, strip_shebang};

use super::refusal::{Finding, Findings};
use super::rules;

/// What kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    /// `r#name`: a name that is no keyword.
    RawWord,
    /// `'a`.
    Lifetime,
    /// A number, a character or a string.
    Literal { kind: LiteralKind, suffix_start: u32 },
    /// `::`.
    PathSeparator,
    /// `=>`.
    Arm,
    /// `(`, `[` or `{`.
    Open(u8),
    /// `)`, `]` or `}`.
    Close,
    /// Any other mark, one character of it.
    Mark(u8),
    /// What is no Rust.
    Unknown,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// First byte.
    pub(super) at: usize,
    /// Byte behind its last.
    pub(super) end: usize,
}

/// The tokens of a text, without comments (documentation neither) and white space.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    all: Vec<Token>,
}

impl<'a> Tokens<'a> {
    /// The first `limit` tokens, and a finding when there are more.
    pub(super) fn of(text: &'a str, limit: usize) -> (Self, Findings) {
        let mut all: Vec<Token> = Vec::new();
        let mut over = Findings::default();
        for token in lex(text) {
            if all.len() >= limit {
                over.add(|| Finding {
                    at: token.at,
                    rule: rules::TOO_MANY_TOKENS,
                    message: format!("the source has more than `{limit}` tokens; it is not read any further"),
                    hint: "a strategy has a few thousand: data belongs into the bars or the parameters",
                });
                break;
            }
            match all.last_mut().and_then(|last| joined(last, &token).map(|kind| (last, kind))) {
                Some((last, kind)) => (last.kind, last.end) = (kind, token.end),
                None => all.push(token),
            }
        }
        (Self { text, all }, over)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Token> {
        self.all.get(index)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Token)> {
        self.all.iter().enumerate()
    }

    /// The token before this one.
    pub(super) fn before(&self, index: usize) -> Option<&Token> {
        index.checked_sub(1).and_then(|before| self.all.get(before))
    }

    pub(super) fn kind(&self, index: usize) -> Option<Kind> {
        self.get(index).map(|token| token.kind)
    }

    /// As it is written.
    pub(super) fn text_of(&self, token: &Token) -> &'a str {
        &self.text[token.at..token.end]
    }

    /// The word at a place as a keyword would be: not raw.
    pub(super) fn keyword(&self, index: usize) -> Option<&'a str> {
        self.get(index).filter(|token| token.kind == Kind::Word).map(|token| self.text_of(token))
    }

    /// The word at a place, without a `r#` in front.
    pub(super) fn word(&self, index: usize) -> Option<&'a str> {
        let token = self.get(index)?;
        let text = self.text_of(token);
        match token.kind {
            Kind::Word => Some(text),
            Kind::RawWord => Some(text.strip_prefix("r#").unwrap_or(text)),
            _ => None,
        }
    }

    /// Whether a bracket follows a `!` behind this place: the word there is a macro's name.
    pub(super) fn is_macro_call(&self, index: usize) -> bool {
        self.kind(index + 1) == Some(Kind::Mark(b'!')) && matches!(self.kind(index + 2), Some(Kind::Open(_)))
    }
}

/// What a mark and the mark right behind it are together.
fn joined(last: &Token, next: &Token) -> Option<Kind> {
    match (last.kind, next.kind) {
        _ if last.end != next.at => None,
        (Kind::Mark(b':'), Kind::Mark(b':')) => Some(Kind::PathSeparator),
        (Kind::Mark(b'='), Kind::Mark(b'>')) => Some(Kind::Arm),
        _ => None,
    }
}

/// Every token of a text but comments and white space.
pub(super) fn lex(text: &str) -> impl Iterator<Item = Token> {
    // As the compiler does: first a byte order mark, then a shebang, whatever it contains.
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut at = mark + strip_shebang(&text[mark..]).unwrap_or(0);
    let mut cursor = Cursor::new(&text[at..], FrontmatterAllowed::No);
    std::iter::from_fn(move || {
        loop {
            let token = cursor.advance_token();
            let start = at;
            at += token.len as usize;
            let kind = match token.kind {
                TokenKind::Eof => return None,
                TokenKind::GuardedStrPrefix => {
                    // `#"` or `##`: what is behind the first mark is a token of its own.
                    at = start + 1;
                    cursor = Cursor::new(&text[at..], FrontmatterAllowed::No);
                    Kind::Mark(b'#')
                }
                kind => match kind_of(kind) {
                    Some(kind) => kind,
                    None => continue,
                },
            };
            return Some(Token { kind, at: start, end: at });
        }
    })
}

fn kind_of(kind: TokenKind) -> Option<Kind> {
    Some(match kind {
        TokenKind::LineComment { .. } | TokenKind::BlockComment { .. } | TokenKind::Whitespace => {
            return None;
        }
        TokenKind::Frontmatter { .. } | TokenKind::Eof => return None,
        TokenKind::Ident | TokenKind::InvalidIdent | TokenKind::UnknownPrefix => Kind::Word,
        TokenKind::RawIdent | TokenKind::ForcedKeywordIdent => Kind::RawWord,
        TokenKind::Lifetime { .. } | TokenKind::RawLifetime | TokenKind::UnknownPrefixLifetime => {
            Kind::Lifetime
        }
        TokenKind::Literal { kind, suffix_start } => Kind::Literal { kind, suffix_start },
        TokenKind::OpenParen => Kind::Open(b'('),
        TokenKind::OpenBrace => Kind::Open(b'{'),
        TokenKind::OpenBracket => Kind::Open(b'['),
        TokenKind::CloseParen | TokenKind::CloseBrace | TokenKind::CloseBracket => Kind::Close,
        TokenKind::GuardedStrPrefix | TokenKind::Pound => Kind::Mark(b'#'),
        TokenKind::Semi => Kind::Mark(b';'),
        TokenKind::Comma => Kind::Mark(b','),
        TokenKind::Dot => Kind::Mark(b'.'),
        TokenKind::At => Kind::Mark(b'@'),
        TokenKind::Tilde => Kind::Mark(b'~'),
        TokenKind::Question => Kind::Mark(b'?'),
        TokenKind::Colon => Kind::Mark(b':'),
        TokenKind::Dollar => Kind::Mark(b'$'),
        TokenKind::Eq => Kind::Mark(b'='),
        TokenKind::Bang => Kind::Mark(b'!'),
        TokenKind::Lt => Kind::Mark(b'<'),
        TokenKind::Gt => Kind::Mark(b'>'),
        TokenKind::Minus => Kind::Mark(b'-'),
        TokenKind::And => Kind::Mark(b'&'),
        TokenKind::Or => Kind::Mark(b'|'),
        TokenKind::Plus => Kind::Mark(b'+'),
        TokenKind::Star => Kind::Mark(b'*'),
        TokenKind::Slash => Kind::Mark(b'/'),
        TokenKind::Caret => Kind::Mark(b'^'),
        TokenKind::Percent => Kind::Mark(b'%'),
        TokenKind::Unknown => Kind::Unknown,
    })
}
