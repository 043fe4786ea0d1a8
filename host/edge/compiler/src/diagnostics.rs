//! What the compiler says, in a form that a person, a program and a language model can each use.

use std::fmt;

use serde::{Deserialize, Serialize};
use stratbox_domain::escaped;
use stratbox_intake::source::{Refusal, Refusals};

/// The first few help; the rest are usually their consequences.
const KEPT: usize = 20;
const ONE_FILE: &str =
    "a strategy is one file, and this one asks for another: put what it needs into the source";
/// A type can be printed as a megabyte.
const TEXT_BYTES: usize = 4_000;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// There is no component.
    Error,
    /// There is one, but look.
    Warning,
}

/// A change that the compiler proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// What for.
    pub message: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What to put there.
    pub replacement: String,
}

/// One thing the compiler has to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The compiler's code, such as `E0308`.
    pub code: Option<String>,
    /// What is wrong.
    pub message: String,
    /// File name.
    pub file: Option<String>,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Column, from 1.
    pub column: Option<u32>,
    /// What is wrong at just this place, when the compiler says so.
    pub label: Option<String>,
    /// That line of the source.
    pub source_line: Option<String>,
    /// Remarks of the compiler.
    pub notes: Vec<String>,
    /// Changes it proposes.
    pub suggestions: Vec<Suggestion>,
    /// All of it as the compiler shows it to people.
    #[serde(skip)]
    pub rendered: String,
}

/// What the compiler had to say about one source: the first few, and how many there were.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Diagnostics {
    /// Errors first.
    pub items: Vec<Diagnostic>,
    /// Errors in all.
    pub errors: usize,
    /// Warnings in all.
    pub warnings: usize,
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        f.write_str(&plural(self.errors, "error"))?;
        if self.warnings > 0 {
            write!(f, ", {}", plural(self.warnings, "warning"))?;
        }
        Ok(())
    }
}

impl Diagnostics {
    /// Reads the compiler's own words: one JSON object a line, other lines are ignored.
    pub(crate) fn parse(stderr: &str, outside: &Outside) -> Self {
        let messages: Vec<RustcMessage> =
            stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        // A message about another file shows its lines, so none of them is passed on.
        if let Some(file) = messages.iter().find_map(|message| outside.file_of(message)) {
            return Self::other_file(file);
        }
        // How reading one failed tells whether it is there.
        if messages.iter().any(|message| message.message.starts_with("couldn't read")) {
            return Self::single(ONE_FILE);
        }
        messages.into_iter().filter_map(|message| Diagnostic::from_rustc(message, outside)).collect()
    }

    /// The first line of what the linker says.
    pub(crate) fn of_linker(words: &str, outside: &Outside) -> Self {
        let line = outside.scrubbed(words.lines().next().unwrap_or("the linker said nothing"));
        Self::single(cut(format!("it cannot be linked: {}", escaped(&line, false))))
    }

    /// The one thing that is said of a source that reads another file.
    pub(crate) fn other_file(path: &str) -> Self {
        let name = escaped(path.rsplit('/').next().unwrap_or(path), false);
        Self::single(format!(
            "a strategy is one file, and this one reads another, `{}`: put what it needs into the source",
            cut(name)
        ))
    }

    /// What is said of a source that asks what the compiler's environment holds.
    pub(crate) fn environment() -> Self {
        Self::single(
            "a strategy reads no environment, and this one does: put what it needs into the source or a parameter",
        )
    }

    /// What the gate refuses in the file of this name, as a compiler says it.
    pub(crate) fn of_gate(file: &str, Refusals { refusals, more }: &Refusals) -> Self {
        let mut said: Self = refusals.iter().map(|refusal| Diagnostic::of_gate(file, refusal)).collect();
        said.errors += more;
        said
    }

    /// One error that the compiler has no words for.
    #[must_use]
    pub fn single(message: impl Into<String>) -> Self {
        std::iter::once(Diagnostic::error(message.into())).collect()
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(items: I) -> Self {
        let (mut items, warnings): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|item| item.severity == Severity::Error);
        let counts = (items.len(), warnings.len());
        items.extend(warnings);
        items.truncate(KEPT);
        Self { items, errors: counts.0, warnings: counts.1 }
    }
}

impl Diagnostic {
    fn error(message: String) -> Self {
        Self {
            severity: Severity::Error,
            code: None,
            rendered: format!("error: {message}\n"),
            message,
            file: None,
            line: None,
            column: None,
            label: None,
            source_line: None,
            notes: Vec::new(),
            suggestions: Vec::new(),
        }
    }

    fn of_gate(file: &str, refusal: &Refusal) -> Self {
        let Refusal { line, column, rule, message, hint, source_line } = refusal;
        let margin = " ".repeat(line.to_string().len());
        let rendered = format!(
            "error[{rule}]: {message}\n{margin}--> {file}:{line}:{column}\n{margin} |\n{line} | {source_line}\n{margin} |\n{margin} = help: {hint}\n\n"
        );
        Self {
            code: Some((*rule).to_owned()),
            file: Some(file.to_owned()),
            line: Some(*line),
            column: Some(*column),
            source_line: Some(source_line.clone()),
            notes: vec![format!("help: {hint}")],
            rendered,
            ..Self::error(message.clone())
        }
    }

    fn from_rustc(message: RustcMessage, outside: &Outside) -> Option<Self> {
        let clean = |text: &str| cut(escaped(&outside.scrubbed(text), false));
        let severity = match message.level.as_str() {
            "warning" => Severity::Warning,
            level if level.starts_with("error") => Severity::Error,
            _ => return None,
        };
        // "aborting due to 2 previous errors", "1 warning emitted": counts of what has been said.
        if message.spans.is_empty() && message.code.is_none() && is_summary(&message.message) {
            return None;
        }
        let place = message.spans.iter().find(|span| span.is_primary).map(RustcSpan::outermost);
        let texts = message.children.iter().filter(|child| child.spans.is_empty());
        let suggestions = message.children.iter().flat_map(|child| {
            let replaced =
                child.spans.iter().filter_map(|span| Some((span, span.suggested_replacement.clone()?)));
            replaced.map(|(span, replacement)| Suggestion {
                message: clean(&child.message),
                line: span.line_start,
                column: span.column_start,
                replacement: clean(&replacement),
            })
        });
        Some(Self {
            severity,
            code: message.code.map(|code| code.code),
            message: clean(&message.message),
            file: place.map(|span| clean(&span.file_name)),
            line: place.map(|span| span.line_start),
            column: place.map(|span| span.column_start),
            label: place.and_then(|span| span.label.as_deref()).map(clean),
            source_line: place.and_then(|span| span.text.first()).map(|line| clean(&line.text)),
            notes: texts
                .map(|child| clean(&format!("{}: {}", child.level, child.message)))
                .take(KEPT)
                .collect(),
            suggestions: suggestions.take(KEPT).collect(),
            rendered: cut(escaped(&outside.scrubbed(&message.rendered.unwrap_or_default()), true)),
        })
    }
}

fn is_summary(message: &str) -> bool {
    message.starts_with("aborting due to") || message.ends_with("emitted")
}

fn cut(text: String) -> String {
    let end = text.floor_char_boundary(TEXT_BYTES.min(text.len()));
    if end == text.len() { text } else { format!("{}… ({} bytes more)", &text[..end], text.len() - end) }
}

/// What is none of an author's business.
pub(crate) struct Outside<'a> {
    /// Files that a message may be about: the source and the entry points.
    pub(crate) files: [&'a str; 2],
    /// Directories of this machine, and what they are called instead.
    pub(crate) directories: Vec<(String, &'static str)>,
}

impl Outside<'_> {
    fn scrubbed(&self, text: &str) -> String {
        self.directories.iter().fold(text.to_owned(), |text, (path, name)| text.replace(path.as_str(), name))
    }

    /// The file of another's that a message shows something of. Macros of the standard library and of the SDK are not.
    fn file_of<'m>(&self, message: &'m RustcMessage) -> Option<&'m str> {
        // None of the last ones, nor a registry, can be read in the jail: what names them is a macro of the SDK.
        const MACROS: [&str; 6] = ["/rustc/", "<", "stratbox/", "cargo/", "plugin-sdk/", "host/"];
        let mut messages = vec![message];
        while let Some(message) = messages.pop() {
            let mut spans: Vec<&RustcSpan> = message.spans.iter().collect();
            while let Some(span) = spans.pop() {
                let file = span.file_name.as_str();
                let known = self.files.contains(&file)
                    || MACROS.iter().any(|start| file.starts_with(start))
                    || file.contains("/registry/src/")
                    || self.sources().any(|dir| file.starts_with(&dir));
                if !known {
                    return Some(file);
                }
                spans.extend(span.expansion.as_ref().map(|expansion| &expansion.span));
            }
            messages.extend(&message.children);
        }
        None
    }

    /// Where the sources of the toolchain and of the kit are, if they are there.
    fn sources(&self) -> impl Iterator<Item = String> {
        self.directories
            .iter()
            .flat_map(|(path, _)| [format!("{path}/lib/rustlib/src/"), format!("{path}/src/")])
    }
}

#[derive(Deserialize)]
struct RustcMessage {
    message: String,
    code: Option<RustcCode>,
    level: String,
    #[serde(default)]
    spans: Vec<RustcSpan>,
    #[serde(default)]
    children: Vec<RustcMessage>,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct RustcCode {
    code: String,
}

#[derive(Deserialize)]
struct RustcSpan {
    file_name: String,
    line_start: u32,
    column_start: u32,
    is_primary: bool,
    label: Option<String>,
    #[serde(default)]
    text: Vec<RustcLine>,
    suggested_replacement: Option<String>,
    expansion: Option<Box<RustcExpansion>>,
}

#[derive(Deserialize)]
struct RustcExpansion {
    span: RustcSpan,
}

#[derive(Deserialize)]
struct RustcLine {
    text: String,
}

impl RustcSpan {
    /// Where the author wrote the macro call that this came out of.
    fn outermost(&self) -> &Self {
        self.expansion.as_ref().map_or(self, |expansion| expansion.span.outermost())
    }
}

#[cfg(test)]
mod tests {
    use stratbox_domain::must_be_escaped;

    use super::*;

    fn outside() -> Outside<'static> {
        let directories = vec![("/home/me/toolchain".to_owned(), "<toolchain>")];
        Outside { files: ["mine.rs", ".entry.rs"], directories }
    }

    fn about(file: &str) -> String {
        let span = serde_json::json!({"file_name": file, "line_start": 1, "column_start": 1, "is_primary": true,
            "text": [{"text": "secret"}], "label": null, "suggested_replacement": null, "expansion": null});
        serde_json::json!({"message": "expected", "code": null, "level": "error", "spans": [span], "children": [],
            "rendered": "error: secret"})
        .to_string()
    }

    #[test]
    fn nothing_of_another_file_is_shown() {
        assert_eq!(Diagnostics::parse(&about("mine.rs"), &outside()).items[0].message, "expected");
        for file in ["/usr/lib/os-release", "../../secret", "/home/me/toolchain/lib/rustlib/components"] {
            let said = Diagnostics::parse(&format!("{}\n{}", about("mine.rs"), about(file)), &outside());
            assert!(said.items.len() == 1 && said.items[0].message.contains("one file"), "{said:?}");
            assert!(!format!("{said:?}").contains("secret\""), "{said:?}");
        }
        let of_std = about("/home/me/toolchain/lib/rustlib/src/rust/library/core/src/macros.rs");
        assert_eq!(Diagnostics::parse(&of_std, &outside()).items[0].message, "expected");
    }

    #[test]
    fn no_directory_of_this_machine_and_nothing_that_a_terminal_obeys_is_passed_on() {
        let said =
            Diagnostics::parse(&line("error", "in /home/me/toolchain/lib \u{1b}[31m\u{202e}"), &outside());
        let item = &said.items[0];
        assert_eq!(item.message, r"in <toolchain>/lib \u{1b}[31m\u{202e}");
        assert!(!item.rendered.chars().any(must_be_escaped), "{}", item.rendered);
    }

    fn line(level: &str, message: &str) -> String {
        serde_json::json!({"message": message, "code": {"code": "E0001"}, "level": level, "spans": [], "children": [],
            "rendered": format!("{level}: {message}")})
        .to_string()
    }

    #[test]
    fn errors_come_first_and_everything_is_counted() {
        let words =
            [line("warning", "unused"), line("error", "mismatched"), "not json".to_owned()].join("\n");
        let said = Diagnostics::parse(&words, &outside());
        assert_eq!(said.to_string(), "1 error, 1 warning");
        assert_eq!(said.items[0].message, "mismatched");
    }

    #[test]
    fn of_a_flood_the_first_few_are_kept_and_long_ones_are_cut() {
        let words: Vec<String> =
            (0..1_000).map(|i| line("error", &format!("{i}{}", "x".repeat(1 << 16)))).collect();
        let said = Diagnostics::parse(&words.join("\n"), &outside());
        assert_eq!((said.errors, said.items.len()), (1_000, KEPT));
        assert!(said.items.iter().all(|item| item.message.len() < TEXT_BYTES + 100));
    }
}
