//! Attributes that a strategy does not need, also behind `cfg_attr`.

use super::names::UNCHECKED;
use super::refusal::{Finding, Findings};
use super::rules;
use super::tokens::{Kind, Tokens};

/// The attributes of a rule, why they are refused, and what to do.
type Group = (&'static str, &'static [&'static str], &'static str, &'static str);

const REFUSED: [Group; 8] = [
    (
        rules::SECOND_FILE,
        &["path"],
        "takes a module from another file, and a strategy is one file",
        "write the module here: `mod name { … }`",
    ),
    (
        rules::SHAPES_THE_BINARY,
        &[
            "export_name",
            "link",
            "link_args",
            "link_name",
            "link_ordinal",
            "link_section",
            "linkage",
            "no_mangle",
            "used",
        ],
        "decides what the component imports, exports or contains, and the sandbox decides that",
        "remove it: `strategy!(YourType);` exports all that is needed",
    ),
    (
        rules::REPLACES_THE_RUNTIME,
        &["alloc_error_handler", "global_allocator", "panic_handler"],
        "replaces a part of what every strategy runs on",
        "remove it",
    ),
    (
        rules::UNSTABLE_FEATURE,
        &["feature"],
        "asks for what only a nightly compiler has",
        "remove it, and use what is stable",
    ),
    (
        rules::CRATE_ATTRIBUTE,
        &[
            "compiler_builtins",
            "crate_name",
            "crate_type",
            "no_builtins",
            "no_core",
            "no_main",
            "no_std",
            "recursion_limit",
            "type_length_limit",
            "windows_subsystem",
        ],
        "is for a whole crate, and a strategy is compiled as a module of one",
        "remove it",
    ),
    (
        rules::PROCEDURAL_MACRO,
        &["proc_macro", "proc_macro_attribute", "proc_macro_derive"],
        "makes a macro that the compiler would run, and it runs nothing of a strategy",
        "use `macro_rules!` or a function",
    ),
    (
        rules::TARGET_FEATURE,
        &["target_feature"],
        "asks for instructions that the sandbox does not have, so that results do not depend on the machine",
        "remove it",
    ),
    (rules::ASSEMBLER, &["naked"], "is for assembler, which nothing checks", "write it in Rust"),
];

/// What the words in a bracket are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// Nothing of interest here.
    Other,
    /// One attribute: the next word is its name.
    Attribute,
    /// Behind the condition of `cfg_attr`: the word behind each comma is an attribute's name.
    Conditional,
}

/// Every attribute that is refused.
pub(super) fn look(tokens: &Tokens<'_>) -> Findings {
    let mut findings = Findings::default();
    let mut frames = vec![Frame::Other];
    let mut next_frame = Frame::Other;
    let mut expects_name = false;
    for (index, token) in tokens.iter() {
        match token.kind {
            Kind::Open(_) => {
                let begins = is_attribute(tokens, index);
                frames.push(if begins { Frame::Attribute } else { next_frame });
                expects_name = frames.last() == Some(&Frame::Attribute);
                next_frame = Frame::Other;
            }
            Kind::Close => {
                frames.pop();
                (expects_name, next_frame) = (false, Frame::Other);
            }
            Kind::Mark(b',') => {
                expects_name = frames.last() == Some(&Frame::Conditional);
                next_frame = Frame::Other;
            }
            Kind::Word | Kind::RawWord if expects_name => {
                // Of a path, `core::prelude::v1::test`, the last word is the name.
                expects_name = tokens.kind(index + 1) == Some(Kind::PathSeparator);
                let Some(word) = tokens.word(index).filter(|_| !expects_name) else { continue };
                next_frame = match word {
                    "cfg_attr" => Frame::Conditional,
                    UNCHECKED => Frame::Attribute,
                    _ => Frame::Other,
                };
                if let Some((rule, _, why, hint)) =
                    REFUSED.iter().find(|(_, names, ..)| names.contains(&word))
                {
                    let message = || format!("the attribute `{word}` {why}");
                    findings.add(|| Finding { at: token.at, rule, message: message(), hint });
                }
            }
            Kind::PathSeparator if expects_name => {}
            _ => (expects_name, next_frame) = (false, Frame::Other),
        }
    }
    findings
}

/// Whether a bracket is that of `#[..]` or `#![..]`.
fn is_attribute(tokens: &Tokens<'_>, index: usize) -> bool {
    let mark = |distance: usize, mark: u8| {
        index.checked_sub(distance).and_then(|at| tokens.kind(at)) == Some(Kind::Mark(mark))
    };
    tokens.kind(index) == Some(Kind::Open(b'[')) && (mark(1, b'#') || mark(1, b'!') && mark(2, b'#'))
}
