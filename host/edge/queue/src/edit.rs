//! Changes of managed keys within the text of a queue: every other byte stays.

use std::ops::Range;

use stratbox_decide::{Category, Status, Tier};

use crate::content::{Content, MAX_INDENTATION, pairs, rest_of_line};
use crate::error::Problem;
use crate::managed::{MANAGED_KEYS, Managed};
use crate::node::{Node, Pair, Style, Value};

/// The content with what is managed of some strategies (by position) changed. The new text was read again, and means what
/// was intended and nothing else.
pub(crate) fn edit(content: &Content, changes: &[(usize, Managed)]) -> Result<Content, Problem> {
    let mut intended: Vec<&Managed> = content.strategies.iter().map(|it| &it.managed).collect();
    for (position, managed) in changes {
        intended[*position] = managed;
    }
    let mut edits = Edits { text: &content.text, splices: Vec::new() };
    for ((item, strategy), managed) in content.items().zip(&content.strategies).zip(&intended) {
        if strategy.managed != **managed {
            edits.strategy(item, &strategy.managed, managed)?;
        }
    }
    let edited = Content::parse(edits.apply()).map_err(|problem| unsure(problem.line))?;
    let differs =
        edited.strategies.iter().zip(&intended).find(|(found, intended)| found.managed != ***intended);
    match differs {
        Some((found, _)) => Err(unsure(found.line)),
        None if !content.same_otherwise(&edited) => Err(unsure(1)),
        None => Ok(edited),
    }
}

/// Whether everything that could be written into the file can be. Better known before the work than after it.
pub(crate) fn check(content: &Content) -> Result<(), Problem> {
    let all =
        |managed: &Managed| (0..content.strategies.len()).map(|it| (it, managed.clone())).collect::<Vec<_>>();
    let text = || Some("\"'{[#: \u{1b}\\".to_owned());
    let status = Status::Done(Tier::L2, Category::DataUnavailable);
    let full = Managed { status, attempts: u32::MAX, fingerprint: text(), verdict: text(), reason: text() };
    let filled = edit(content, &all(&full))?;
    edit(&filled, &all(&Managed::default())).map(drop)
}

fn unsure(line: usize) -> Problem {
    let problem = "this cannot be kept up to date in place: write each strategy as `- id: NAME` with one `key: value` per line \
                   below it, or in braces";
    Problem::new(line, problem)
}

struct Edits<'a> {
    text: &'a str,
    splices: Vec<(Range<usize>, String)>,
}

impl<'a> Edits<'a> {
    fn strategy(&mut self, item: &'a Node, from: &Managed, to: &Managed) -> Result<(), Problem> {
        let find = |name: &str| pairs(item).iter().find(|(key, _)| key.text() == Some(name));
        let Some(mut last) = find("id") else { return Err(unsure(item.line)) };
        for key in MANAGED_KEYS {
            let (before, after) = (from.written(key), to.written(key));
            match (find(key), after) {
                (Some(pair), Some(value)) => {
                    if before.as_ref() != Some(&value) {
                        self.replace(pair, &value)?;
                    }
                    last = pair;
                }
                (Some(pair), None) => {
                    if before.is_none() || !self.remove(item, pair)? {
                        last = pair;
                    }
                }
                (None, Some(value)) if before.as_ref() != Some(&value) => {
                    self.add(item, last, key, &value)?;
                }
                (None, _) => {}
            }
        }
        Ok(())
    }

    fn replace(&mut self, pair: &Pair, value: &str) -> Result<(), Problem> {
        let place = self.value(pair)?;
        // A colon needs a space behind it.
        let space = if self.text[..place.start].ends_with([' ', '\t']) { "" } else { " " };
        self.splices.push((place, format!("{space}{value}")));
        Ok(())
    }

    /// Whether the key is gone. Where something else stands in its line, it stays without a value.
    fn remove(&mut self, item: &Node, pair: &Pair) -> Result<bool, Problem> {
        let place = self.value(pair)?;
        // No further than the blanks: many strategies may be in one line, which is long.
        let before = self.text[..pair.0.span.start].trim_end_matches(' ');
        let after = self.text[place.end..].trim_start_matches([' ', '\t']);
        let alone = before.ends_with(['\n', '\r']) && (after.is_empty() || after.starts_with(['\n', '\r']));
        if alone && !is_flow(item) {
            let (_, next) = rest_of_line(self.text, place.end);
            self.splices.push((before.len()..next, String::new()));
            return Ok(true);
        }
        self.replace(pair, "null")?;
        Ok(false)
    }

    fn add(&mut self, item: &Node, after: &Pair, key: &str, value: &str) -> Result<(), Problem> {
        let place = self.value(after)?;
        if is_flow(item) {
            // A map between brackets that has no braces would end here.
            if !self.text[item.span.start..].starts_with('{') {
                return Err(unsure(item.line));
            }
            self.splices.push((place.end..place.end, format!(", {key}: {value}")));
            return Ok(());
        }
        let indentation = after.0.column;
        if indentation > MAX_INDENTATION {
            return Err(Problem::new(after.0.line, "this is indented too far: write it further to the left"));
        }
        let (rest, next) = rest_of_line(self.text, place.end);
        let line = format!("{:indentation$}{key}: {value}", "");
        let added = match &self.text[rest.end..next] {
            "" => format!("{}{line}", self.line_break()),
            line_break => format!("{line}{line_break}"),
        };
        self.splices.push((next..next, added));
        Ok(())
    }

    /// Where the value of a key stands, or would: in the line of the key.
    fn value(&self, (key, value): &Pair) -> Result<Range<usize>, Problem> {
        let name = key.text().unwrap_or_default();
        let refused = || {
            Problem::new(key.line, format_args!("write `{name}` and its value on one line: `{name}: VALUE`"))
        };
        let behind = self.text.get(key.span.end..).ok_or_else(refused)?;
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let colon = key.span.end + blanks;
        if !self.text[colon..].starts_with(':') {
            return Err(refused());
        }
        match &value.value {
            Value::Scalar { text, style: Style::Plain } if text.is_empty() => Ok(colon + 1..colon + 1),
            Value::Scalar { style: Style::Plain | Style::Quoted, .. } if value.span.start > colon => {
                let line = self.text.get(key.span.start..value.span.end).ok_or_else(refused)?;
                if line.contains(['\n', '\r']) { Err(refused()) } else { Ok(value.span.clone()) }
            }
            _ => Err(refused()),
        }
    }

    /// That of the file's first line.
    fn line_break(&self) -> &'a str {
        let (rest, next) = rest_of_line(self.text, 0);
        if rest.end == next { "\n" } else { &self.text[rest.end..next] }
    }

    fn apply(mut self) -> String {
        // Stable: what was given for the same place stays in its order.
        self.splices.sort_by_key(|(range, _)| (range.start, range.end));
        let mut edited = String::with_capacity(self.text.len() + self.splices.len() * 64);
        let mut done = 0;
        for (range, with) in &self.splices {
            edited.push_str(&self.text[done..range.start]);
            edited.push_str(with);
            done = range.end;
        }
        edited.push_str(&self.text[done..]);
        edited
    }
}

fn is_flow(item: &Node) -> bool {
    matches!(item.value, Value::Mapping { flow: true, .. })
}
