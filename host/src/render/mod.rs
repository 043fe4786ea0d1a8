//! Reports to text, for people and for programs. Pure functions: nothing in here prints, and nothing elsewhere does.

pub(crate) mod attack;
pub(crate) mod belief;
pub(crate) mod build;
pub(crate) mod comparison;
pub(crate) mod data;
pub(crate) mod doctor;
pub(crate) mod experiments;
pub(crate) mod explore;
pub(crate) mod figures;
mod performance;
pub(crate) mod run;
pub(crate) mod stats;
pub(crate) mod sweep;
pub(crate) mod text;
pub(crate) mod validate;
mod venue;

use std::io::{self, ErrorKind, Write};

use serde::Serialize;
use stratbox_compiler::Diagnostics;

use crate::Finished;
use crate::cli::Format;
use crate::exit::Exit;
use crate::failure::{Failure, FailureKind};
use text::{block, counted, inline};

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

    /// Why the report is not all that was asked for. It decides how the program ends.
    fn failure(&self) -> Option<&Failure> {
        None
    }
}

/// The last words of a program that has no report: help, or what went wrong.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) exit: Exit,
}

impl Said {
    /// Says what goes to standard output.
    pub(crate) fn finish(self, stdout: &mut dyn Write) -> Finished {
        let written = stdout.write_all(self.stdout.as_bytes());
        finished(stdout, written, self.stderr, self.exit)
    }
}

/// Says what there is to say of a command that was carried out or was not.
pub(crate) fn finish<R: Report>(
    format: Format,
    result: Result<R, Failure>,
    stdout: &mut dyn Write,
) -> Finished {
    let report = match result {
        Ok(report) => report,
        Err(failure) => return self::failure(format, &failure).finish(stdout),
    };
    let exit = report.failure().map_or_else(|| report.exit(), Failure::exit);
    match format {
        Format::Human => {
            let written = stdout.write_all(block(&report.human()).as_bytes());
            let stderr = report.failure().map(explanation).unwrap_or_default();
            finished(stdout, written, stderr, exit)
        }
        Format::Json => {
            let written = document(stdout, &report);
            finished(stdout, written, String::new(), exit)
        }
    }
}

fn finished(stdout: &mut dyn Write, written: io::Result<()>, stderr: String, exit: Exit) -> Finished {
    match written.and_then(|()| stdout.flush()) {
        // A reader that has seen enough, such as `head`, has closed the pipe: that is no failure of ours.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let failure = Failure::environment(format!("cannot write to standard output: {error}"));
            Finished { stderr: stderr + &explanation(&failure), exit: failure.exit() }
        }
        _ => Finished { stderr, exit },
    }
}

/// What the process has to say of a failure.
pub(crate) fn failure(format: Format, failure: &Failure) -> Said {
    /// The document of a failure.
    #[derive(Serialize)]
    struct Document<'a> {
        error: &'a Failure,
    }
    let (stdout, stderr) = match format {
        Format::Human => (String::new(), explanation(failure)),
        Format::Json => {
            // Text and numbers can always be written.
            let document = serde_json::to_string(&Document { error: failure }).unwrap_or_default();
            (document + "\n", String::new())
        }
    };
    Said { stdout, stderr, exit: failure.exit() }
}

/// Writes a report as one JSON document on one line, a piece at a time: it may be large. With `error` at its end if it is
/// not all that was asked for.
pub(crate) fn document<R: Report>(out: &mut dyn Write, report: &R) -> io::Result<()> {
    #[derive(Serialize)]
    struct Document<'a, R> {
        #[serde(flatten)]
        report: &'a R,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a Failure>,
    }
    serde_json::to_writer(&mut *out, &Document { report, error: report.failure() })?;
    out.write_all(b"\n")
}

/// A failure for people. What a tool of the environment said may have several lines; what a strategy, a file or a command
/// line says stays on its own.
fn explanation(failure: &Failure) -> String {
    let mut text = failure.diagnostics.as_ref().map(diagnostics).unwrap_or_default();
    let message = match failure.kind {
        FailureKind::Environment => failure.message.clone(),
        FailureKind::Usage
        | FailureKind::Input
        | FailureKind::DataUnavailable
        | FailureKind::Compile
        | FailureKind::Contract => inline(&failure.message),
    };
    text.push_str(&format!("error: {message}\n"));
    if let Some(hint) = &failure.hint {
        text.push_str(&format!("hint: {hint}\n"));
    }
    block(&text)
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

    /// A report that got no further than this.
    #[derive(Serialize)]
    struct Partial {
        done: u64,
        #[serde(skip)]
        failure: Option<Failure>,
    }

    impl Report for Partial {
        fn human(&self) -> String {
            format!("{} done\n", self.done)
        }

        fn failure(&self) -> Option<&Failure> {
            self.failure.as_ref()
        }
    }

    fn finish_to(out: &mut dyn Write, format: Format, failure: Option<Failure>) -> Finished {
        finish(format, Ok(Partial { done: 3, failure }), out)
    }

    #[test]
    fn a_report_that_is_not_complete_is_shown_and_then_why() {
        let failure = || Some(Failure::environment("disk on fire"));
        let mut out = Vec::new();
        let human = finish_to(&mut out, Format::Human, failure());
        assert_eq!((out.as_slice(), human.exit), (b"3 done\n".as_slice(), Exit::Environment));
        assert_eq!(human.stderr, "error: disk on fire\n");
        let mut out = Vec::new();
        let json = finish_to(&mut out, Format::Json, failure());
        assert_eq!((json.stderr.as_str(), json.exit), ("", Exit::Environment));
        let document: Value = serde_json::from_slice(&out).unwrap();
        let error = json!({"kind": "environment", "message": "disk on fire", "hint": null});
        assert_eq!(document, json!({"done": 3, "error": error}));
        let mut out = Vec::new();
        assert_eq!(finish_to(&mut out, Format::Json, None).exit, Exit::Ok);
        assert_eq!(out, b"{\"done\":3}\n");
    }

    #[test]
    fn a_large_document_is_never_in_memory_at_once() {
        /// The largest piece that was written.
        #[derive(Default)]
        struct Largest(usize);
        impl Write for Largest {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 = self.0.max(bytes.len());
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        #[derive(Serialize)]
        struct Large(Variants);
        #[derive(Serialize)]
        struct Variants {
            variants: Vec<u64>,
        }
        impl Report for Large {
            fn human(&self) -> String {
                String::new()
            }
        }
        let report = || Ok(Large(Variants { variants: vec![7; 10_000] }));
        let mut largest = Largest::default();
        assert_eq!(finish(Format::Json, report(), &mut largest).exit, Exit::Ok);
        assert!((1..100).contains(&largest.0), "{} bytes", largest.0);
    }

    #[test]
    fn a_reader_that_has_seen_enough_is_no_failure_and_a_full_disk_is() {
        struct Closed(ErrorKind);
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for format in [Format::Human, Format::Json] {
            let seen = finish_to(&mut Closed(ErrorKind::BrokenPipe), format, None);
            assert_eq!((seen.stderr.as_str(), seen.exit), ("", Exit::Ok));
            let full = finish_to(&mut Closed(ErrorKind::StorageFull), format, None);
            assert!(full.stderr.starts_with("error: cannot write to standard output: "), "{}", full.stderr);
            assert_eq!(full.exit, Exit::Environment);
        }
    }

    #[test]
    fn what_a_strategy_or_a_file_says_cannot_start_a_line_of_an_error() {
        let words = "one of `a\nerror: forged`";
        for failure in
            [Failure::usage(words), Failure::input(words), Failure::new(FailureKind::Contract, words)]
        {
            assert_eq!(explanation(&failure), "error: one of `a\\u{a}error: forged`\n");
        }
        assert_eq!(explanation(&Failure::environment("a\nb")), "error: a\nb\n");
    }
}
