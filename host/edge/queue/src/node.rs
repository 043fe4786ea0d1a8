//! A YAML text as a tree whose every node knows in which bytes it stands.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, StructureStyle, options};

use crate::error::{Problem, quoted};

/// Lists within lists, of either notation.
const MAX_DEPTH: usize = 64;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// In bytes. That of a collection is where it begins and ends; what ends it may lie beyond its last value.
    pub(crate) span: Range<usize>,
    /// Where it begins, from 1.
    pub(crate) line: usize,
    /// Characters before it in its line.
    pub(crate) column: usize,
    pub(crate) value: Value,
}

/// A key, which is a scalar, and its value.
pub(crate) type Pair = (Node, Node);

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Scalar {
        text: Box<str>,
        style: Style,
    },
    Sequence(Vec<Node>),
    Mapping {
        /// No two keys are the same.
        pairs: Vec<Pair>,
        /// In braces, or at least between brackets.
        flow: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Quoted,
    Block,
}

impl Node {
    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether nothing is written, or `null`.
    pub(crate) fn is_null(&self) -> bool {
        let Value::Scalar { text, style: Style::Plain } = &self.value else { return false };
        matches!(&**text, "" | "~" | "null" | "Null" | "NULL")
    }

    /// Whether both mean the same, wherever they stand. What is quoted is never the same as what is not.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Scalar { text, style }, Value::Scalar { text: other, style: as_style }) => {
                text == other && (*style == Style::Plain) == (*as_style == Style::Plain)
            }
            (Value::Sequence(items), Value::Sequence(others)) => {
                items.len() == others.len() && items.iter().zip(others).all(|(item, other)| item.same(other))
            }
            (Value::Mapping { pairs, .. }, Value::Mapping { pairs: others, .. }) => same_pairs(pairs, others),
            _ => false,
        }
    }

    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "nothing",
            Value::Scalar { .. } => "a value",
            Value::Sequence(_) => "a list",
            Value::Mapping { .. } => "a map of keys to values",
        }
    }
}

/// The same of keys and values in their order.
pub(crate) fn same_pairs<'a>(
    pairs: impl IntoIterator<Item = &'a Pair>,
    others: impl IntoIterator<Item = &'a Pair>,
) -> bool {
    let (mut pairs, mut others) = (pairs.into_iter(), others.into_iter());
    loop {
        match (pairs.next(), others.next()) {
            (None, None) => return true,
            (Some((key, value)), Some((other, its))) if key.same(other) && value.same(its) => {}
            _ => return false,
        }
    }
}

/// Reads `text`, which has no byte order mark, and counts its nodes, which are at most `most`.
pub(crate) fn parse(text: &str, most: usize) -> Result<(Node, usize), Problem> {
    let options = options! {
        // Refused as any other alias, by a better message.
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder { events: Parser::new_from_str_with_options(text, options), nodes: 0, most };
    let root = builder.document()?;
    Ok((root, builder.nodes))
}

struct Builder<'a> {
    events: Parser<'a, StrInput<'a>>,
    nodes: usize,
    most: usize,
}

impl<'a> Builder<'a> {
    fn document(&mut self) -> Result<Node, Problem> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_none() => {
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, span, 0)?);
                }
                Event::DocumentStart(..) => {
                    let problem = "a second document begins here: keep one, without `---` in between";
                    return Err(Problem::new(span.start.line(), problem));
                }
                _ => return root.ok_or_else(|| Problem::new(1, "there is nothing in it")),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.events.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(Problem::new(
                error.marker().line().max(1),
                format_args!("no valid YAML: {}", error.info()),
            )),
            // The stream's end comes before this, and nothing is asked for after it.
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Problem> {
        let line = span.start.line();
        self.nodes += 1;
        if self.nodes > self.most {
            return Err(Problem::new(line, format_args!("there are more than {} values in it", self.most)));
        }
        if depth > MAX_DEPTH {
            return Err(Problem::new(line, format_args!("this is nested more than {MAX_DEPTH} levels deep")));
        }
        if event.is_alias() || event.anchor_id().is_some() {
            let problem = "anchors (`&name`) and aliases (`*name`) are not supported: write the value out";
            return Err(Problem::new(line, problem));
        }
        if event.tag().is_some() {
            return Err(Problem::new(line, "tags (`!name`) are not supported: write the value without"));
        }
        let start = span.start.byte_offset().unwrap_or_default();
        let (value, end) = match event {
            Event::Scalar(text, style, ..) => scalar(&text, style, &span),
            Event::SequenceStart(style, ..) => self.sequence(style, start, depth)?,
            Event::MappingStart(style, ..) => self.mapping(style, start, depth)?,
            _ => return Err(Problem::new(line, "no valid YAML: a value is missing")),
        };
        Ok(Node { span: start..end.max(start), line, column: span.start.col(), value })
    }

    fn sequence(
        &mut self,
        style: StructureStyle,
        start: usize,
        depth: usize,
    ) -> Result<(Value, usize), Problem> {
        let mut items: Vec<Node> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                let end = end(style, &span, items.last(), start);
                return Ok((Value::Sequence(items), end));
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn mapping(
        &mut self,
        style: StructureStyle,
        start: usize,
        depth: usize,
    ) -> Result<(Value, usize), Problem> {
        let mut pairs: Vec<Pair> = Vec::new();
        let mut lines = HashMap::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                let end = end(style, &span, pairs.last().map(|(_, value)| value), start);
                return Ok((Value::Mapping { pairs, flow: style == StructureStyle::Flow }, end));
            }
            let key = self.node(event, span, depth + 1)?;
            let Some(name) = key.text() else {
                return Err(Problem::new(key.line, "a list or a map cannot be a key: write a name"));
            };
            if let Some(first) = lines.insert(name.to_owned(), key.line) {
                let problem = format_args!("{} is already in line {first}: keep one", quoted(name));
                return Err(Problem::new(key.line, problem));
            }
            let (event, span) = self.next()?;
            pairs.push((key, self.node(event, span, depth + 1)?));
        }
    }
}

fn scalar(text: &str, style: ScalarStyle, span: &Span) -> (Value, usize) {
    let end = span.end.byte_offset().unwrap_or_default();
    let style = match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
    };
    // What is left out is reported as a `~` that is nowhere.
    let text = if style == Style::Plain && span.is_empty() { "" } else { text };
    (Value::Scalar { text: text.into(), style }, end)
}

/// Where a collection ends: at its bracket, or at the end of its last value, as nothing else ends a block.
fn end(style: StructureStyle, span: &Span, last: Option<&Node>, start: usize) -> usize {
    match style {
        StructureStyle::Flow => span.end.byte_offset().unwrap_or(start),
        StructureStyle::Block => last.map_or(start, |node| node.span.end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Node, Problem> {
        super::parse(text, 1_000).map(|(root, _)| root)
    }

    fn refusal(text: &str) -> String {
        let problem = parse(text).unwrap_err();
        format!("{}: {}", problem.line, problem.message)
    }

    /// The bytes of every scalar, in their order.
    fn scalars(text: &str) -> Vec<String> {
        fn collect(node: &Node, text: &str, found: &mut Vec<String>) {
            match &node.value {
                Value::Scalar { .. } => found.push(text[node.span.clone()].to_owned()),
                Value::Sequence(items) => items.iter().for_each(|item| collect(item, text, found)),
                Value::Mapping { pairs, .. } => pairs.iter().for_each(|(key, value)| {
                    collect(key, text, found);
                    collect(value, text, found);
                }),
            }
        }
        let mut found = Vec::new();
        collect(&parse(text).unwrap(), text, &mut found);
        found
    }

    #[test]
    fn a_scalar_stands_in_exactly_its_bytes() {
        let text = "a: b c   # no\r\n\"ü\": 'x y'  \r\nlist: [1 , \"2\", {k: v , w}]\r\nnone:\r\nlast: z";
        let found = scalars(text);
        let expected =
            ["a", "b c", "\"ü\"", "'x y'", "list", "1", "\"2\"", "k", "v", "w", "", "none", "", "last", "z"];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_aliases_could_blow_up_is_refused() {
        assert!(parse("a: [1, 2]").is_ok());
        assert!(refusal("a: &x 1\nb: *x").starts_with("1: anchors"), "{}", refusal("a: &x 1\nb: *x"));
        assert!(refusal("a: 1\nb: *x").starts_with("2: anchors"));
        assert!(refusal("a: 1\nb: !!str 5").starts_with("2: tags"));
    }

    #[test]
    fn a_key_that_is_written_twice_is_refused_with_both_lines() {
        assert!(parse("a: {x: 1}\nb: {x: 1}").is_ok());
        assert_eq!(refusal("a: 1\nb: 2\n'a': 3"), "3: `a` is already in line 1: keep one");
    }

    #[test]
    fn what_is_nested_too_deep_is_refused() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        for depth in [MAX_DEPTH + 1, 100_000] {
            assert!(refusal(&nested(depth)).starts_with("1: "));
        }
        assert!(refusal(&"- ".repeat(100_000)).starts_with("1: "));
        assert!(refusal(&"? ".repeat(100_000)).starts_with("1: "));
    }

    #[test]
    fn values_are_counted_keys_included() {
        assert_eq!(super::parse("a: [1, {b: 2}]", 7).unwrap().1, 7);
        assert_eq!(
            super::parse("a: [1, {b: 2}]", 6).unwrap_err().message,
            "there are more than 6 values in it"
        );
    }

    #[test]
    fn one_document_is_read_and_a_second_refused() {
        assert!(parse("%YAML 1.2\n---\na: 1\n...\n").is_ok());
        assert!(refusal("a: 1\n---\nb: 2\n").starts_with("2: a second document"));
        assert_eq!(refusal("# nothing\n"), "1: there is nothing in it");
    }
}
