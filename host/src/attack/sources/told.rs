//! What is looked for in everything that an attacker is told.

use stratbox_domain::{RunOutcome, must_be_escaped};

use super::Told;

/// More than any honest message, and less than what a reader's context or terminal minds.
const MOST_BYTES: usize = 256 << 10;
/// Parts of paths that name a machine, its user or a directory of this program.
const PLACES: [&str; 9] =
    ["/home/", "/root/", "/Users/", "/tmp/", "/var/", "/work/work-", ".rustup/", ".cargo/", "/kit/"];

/// Every text, with what it is.
fn texts(told: &Told) -> Vec<(&'static str, &str)> {
    let mut all = Vec::new();
    match told {
        Told::Refused(failure) => {
            all.push(("message", failure.message.as_str()));
            all.extend(failure.hint.iter().chain(&failure.rule).map(|text| ("hint", text.as_str())));
            for item in failure.diagnostics.iter().flat_map(|said| &said.items) {
                let places = [&item.code, &item.file, &item.label, &item.source_line].into_iter().flatten();
                all.extend(
                    places
                        .chain([&item.message])
                        .chain(&item.notes)
                        .map(|text| ("diagnostic", text.as_str())),
                );
                let proposed = item
                    .suggestions
                    .iter()
                    .flat_map(|suggestion| [&suggestion.message, &suggestion.replacement]);
                all.extend(proposed.map(|text| ("suggestion", text.as_str())));
                all.push(("rendered", item.rendered.as_str()));
            }
        }
        Told::Ran { outcome, log, .. } => {
            all.extend(log.lines.iter().map(|line| ("log", line.message.as_str())));
            if let RunOutcome::Faulted(fault) = outcome {
                all.push(("fault", fault.message.as_str()));
            }
        }
    }
    all
}

/// Nobody is told where on the machine something is, unless they said it themselves.
pub(super) fn names_no_place(told: &Told) -> Result<(), String> {
    for (what, text) in texts(told) {
        if let Some(place) = PLACES.into_iter().find(|place| text.contains(place)) {
            return Err(format!(
                "the {what} names a place of the machine (`{place}`): {}",
                text.escape_debug()
            ));
        }
    }
    Ok(())
}

/// What is told cannot be taken for anything but data: no character that moves a cursor, hides, or turns text around, and not
/// endless. Of what the compiler says, lines may end.
pub(super) fn is_plain(told: &Told) -> Result<(), String> {
    let mut bytes = 0;
    for (what, text) in texts(told) {
        bytes += text.len();
        let has_lines = matches!(told, Told::Refused(_));
        let bad = text.chars().find(|&c| must_be_escaped(c) && !(has_lines && matches!(c, '\n' | '\t')));
        if let Some(c) = bad {
            return Err(format!("the {what} contains {}: {}", c.escape_unicode(), text.escape_debug()));
        }
    }
    if bytes > MOST_BYTES { Err(format!("{bytes} bytes are told")) } else { Ok(()) }
}

/// Both.
pub(super) fn is_plain_and_names_no_place(told: &Told) -> Result<(), String> {
    is_plain(told).and_then(|()| names_no_place(told))
}

/// The run came to its end, and its log has a line that begins with this.
pub(super) fn logged(told: &Told, beginning: &str) -> Result<(), String> {
    let Told::Ran { outcome: RunOutcome::Completed(_), log, .. } = told else {
        return Err("it did not run to its end".to_owned());
    };
    if log.lines.iter().any(|line| line.message.starts_with(beginning)) {
        return Ok(());
    }
    Err(format!("its log has no line that begins with `{beginning}`: {:?}", log.lines))
}

/// No text contains one of these.
pub(super) fn contains_none(told: &Told, words: &[&str]) -> Result<(), String> {
    for (what, text) in texts(told) {
        if let Some(word) = words.iter().find(|word| text.contains(**word)) {
            return Err(format!("the {what} contains `{word}`: {}", text.escape_debug()));
        }
    }
    Ok(())
}
