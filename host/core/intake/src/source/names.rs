//! Words that a strategy does not use, wherever they stand: in the arguments and bodies of macros too.

use super::refusal::{Finding, Findings, name};
use super::rules;
use super::tokens::{Kind, Token, Tokens};

/// The keyword that this crate's files do not contain.
pub(super) const UNCHECKED: &str = concat!("un", "safe");
pub(super) const NO_FILES: &str = "put what it needs into the source as a constant, or make it a parameter";
pub(super) const A_PARAMETER: &str = "make it a parameter of the strategy";
pub(super) const NO_ASSEMBLER: &str = "write it in Rust";

/// Macros whose names nobody gives to something else: they count without a `!`, since a macro may add that.
const MACROS: [(&str, &str, &str, &str); 5] = [
    ("include_str", rules::READS_A_FILE, "reads another file", NO_FILES),
    ("include_bytes", rules::READS_A_FILE, "reads another file", NO_FILES),
    ("option_env", rules::READS_THE_ENVIRONMENT, "reads the compiler's environment", A_PARAMETER),
    ("global_asm", rules::ASSEMBLER, "is assembler, which nothing checks", NO_ASSEMBLER),
    ("naked_asm", rules::ASSEMBLER, "is assembler, which nothing checks", NO_ASSEMBLER),
];

/// Macros with the names of ordinary things: they count when they are called, and as paths into the standard library.
const COMMON_MACROS: [(&str, &str, &str, &str); 3] = [
    ("include", rules::READS_A_FILE, "reads another file", NO_FILES),
    ("env", rules::READS_THE_ENVIRONMENT, "reads the compiler's environment", A_PARAMETER),
    ("asm", rules::ASSEMBLER, "is assembler, which nothing checks", NO_ASSEMBLER),
];

/// Every such word.
pub(super) fn look(tokens: &Tokens<'_>) -> Findings {
    let mut findings = Findings::default();
    for (index, token) in tokens.iter() {
        if let Some(at) = foreign_letters(tokens, token) {
            findings.add(|| Finding {
                at,
                rule: rules::NON_ASCII_NAME,
                message: format!(
                    "the name `{}` has letters that are not ASCII, some of which look like others",
                    name(tokens.text_of(token))
                ),
                hint: "use the letters a to z in names; strings and comments may have any",
            });
        }
        if let Some(refused) = keyword(tokens, index).or_else(|| macro_name(tokens, index)) {
            findings.add(|| Finding {
                at: token.at,
                rule: refused.rule,
                message: refused.message(),
                hint: refused.hint,
            });
        }
    }
    findings
}

struct Refused<'a> {
    rule: &'static str,
    name: &'a str,
    why: &'static str,
    hint: &'static str,
}

impl Refused<'_> {
    fn message(&self) -> String {
        format!("`{}` {}", name(self.name), self.why)
    }
}

/// Where a name begins whose letters are not all ASCII: a word, a lifetime, or the suffix of a literal.
fn foreign_letters(tokens: &Tokens<'_>, token: &Token) -> Option<usize> {
    let text = tokens.text_of(token);
    match token.kind {
        Kind::Word | Kind::RawWord | Kind::Lifetime => (!text.is_ascii()).then_some(token.at),
        Kind::Literal { suffix_start, .. } => {
            let start = suffix_start as usize;
            text.get(start..).is_some_and(|suffix| !suffix.is_ascii()).then_some(token.at + start)
        }
        _ => None,
    }
}

fn keyword<'a>(tokens: &Tokens<'a>, index: usize) -> Option<Refused<'a>> {
    let word = tokens.keyword(index)?;
    let refused = |rule, name, why, hint| Some(Refused { rule, name, why, hint });
    match word {
        UNCHECKED => refused(
            rules::UNCHECKED_CODE,
            word,
            "is forbidden: the compiler would not check that code",
            "write it with references, slices and `Vec`: nothing in a strategy needs more",
        ),
        "extern" if tokens.keyword(index + 1) == Some("crate") => refused(
            rules::EXTERN_CRATE,
            "extern crate",
            "names another crate, and only `std` and `stratbox_sdk` are there",
            "write `use` and a path",
        ),
        "extern" => refused(
            rules::FOREIGN_FUNCTIONS,
            word,
            "declares functions of another language, or for one, and there is nothing outside to call or be called by",
            "use an ordinary `fn`",
        ),
        "mod" => {
            let after_dollar = usize::from(tokens.kind(index + 1) == Some(Kind::Mark(b'$')));
            let name = tokens.word(index + 1 + after_dollar)?;
            if tokens.kind(index + 2 + after_dollar) != Some(Kind::Mark(b';')) {
                return None;
            }
            let why = "is a module in another file, and a strategy is one file";
            refused(rules::SECOND_FILE, name, why, "write the module here: `mod name { … }`")
        }
        _ => None,
    }
}

fn macro_name<'a>(tokens: &Tokens<'a>, index: usize) -> Option<Refused<'a>> {
    let word = tokens.word(index)?;
    let common = COMMON_MACROS.iter().filter(|_| tokens.is_macro_call(index));
    let (_, rule, why, hint) = MACROS.iter().chain(common).find(|(known, ..)| *known == word)?;
    Some(Refused { rule, name: word, why, hint })
}
