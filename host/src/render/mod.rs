//! Reports to text, for people and for programs. Pure functions: nothing in here prints, and nothing elsewhere does.

pub(crate) mod build;
pub(crate) mod figures;
pub(crate) mod run;
pub(crate) mod sweep;
pub(crate) mod text;

use serde::Serialize;
use stratbox_compiler::Diagnostics;

use crate::Finished;
use crate::cli::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use text::{block, counted};

/// Of a compiler's messages, people read the first few; the rest are usually their consequences.
const SHOWN_DIAGNOSTICS: usize = 5;

/// What a command leaves to be said: as a document through `Serialize`, and for people.
pub(crate) trait Report: Serialize {
    /// The report as lines of text.
    fn human(&self) -> String;

    /// How the program ends.
    fn exit(&self) -> Exit {
        Exit::Ok
    }
}

/// What the process has to say of a command that was carried out or was not.
pub(crate) fn finish<R: Report>(format: Format, result: Result<R, Failure>) -> Finished {
    match result {
        Ok(report) => {
            let stdout = match format {
                Format::Human => block(&report.human()),
                Format::Json => document(&report),
            };
            Finished { stdout, stderr: String::new(), exit: report.exit() }
        }
        Err(failure) => self::failure(format, &failure),
    }
}

/// What the process has to say of a failure.
pub(crate) fn failure(format: Format, failure: &Failure) -> Finished {
    /// The document of a failure.
    #[derive(Serialize)]
    struct Document<'a> {
        error: &'a Failure,
    }
    let (stdout, stderr) = match format {
        Format::Human => (String::new(), block(&explanation(failure))),
        Format::Json => (document(&Document { error: failure }), String::new()),
    };
    Finished { stdout, stderr, exit: failure.exit() }
}

/// One JSON document on one line.
pub(crate) fn document(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value);
    // Reports have text for keys and no type that refuses to be written.
    let text = text.unwrap_or_else(|error| {
        serde_json::json!({"error": {"kind": "environment", "message": error.to_string()}}).to_string()
    });
    text + "\n"
}

fn explanation(failure: &Failure) -> String {
    let mut text = failure.diagnostics.as_ref().map(diagnostics).unwrap_or_default();
    text.push_str(&format!("error: {}\n", failure.message));
    if let Some(hint) = &failure.hint {
        text.push_str(&format!("hint: {hint}\n"));
    }
    text
}

/// The first few messages in the compiler's own words, and how many more there are.
pub(crate) fn diagnostics(said: &Diagnostics) -> String {
    let shown = said.items.len().min(SHOWN_DIAGNOSTICS);
    let mut text: String = said.items[..shown].iter().map(|item| item.rendered.as_str()).collect();
    let more = (said.errors + said.warnings).saturating_sub(shown);
    if more > 0 {
        text.push_str(&format!("... and {} more\n", counted(more as u64, "message")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_failure_is_text_on_standard_error_or_a_document_on_standard_output() {
        let failure = Failure::input("no `x`\u{1b}").hint("make one");
        let human = super::failure(Format::Human, &failure);
        assert_eq!(human.stderr, "error: no `x`\\u{1b}\nhint: make one\n");
        assert_eq!((human.stdout.as_str(), human.exit), ("", Exit::Usage));
        let json = super::failure(Format::Json, &failure);
        let document: Value = serde_json::from_str(&json.stdout).unwrap();
        let error = json!({"kind": "input", "message": "no `x`\u{1b}", "hint": "make one"});
        assert_eq!(document, json!({ "error": error }));
        assert_eq!((json.stderr.as_str(), json.exit), ("", Exit::Usage));
    }
}
