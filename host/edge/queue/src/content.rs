//! A queue file's text, understood as far as it must be to manage it.

use std::collections::HashMap;
use std::ops::Range;

use crate::error::{Problem, quoted};
use crate::managed::{MANAGED_KEYS, Managed};
use crate::node::{Node, Pair, Value, parse, same_pairs};

/// Of one file.
pub(crate) const MAX_STRATEGIES: usize = 10_000;
/// What people write.
pub(crate) const MAX_OWN_BYTES: usize = 4 << 20;
/// What is written of one strategy on top of that, at most.
const MAX_MANAGED_BYTES: usize = 4 << 10;
/// Values, keys included, of what people write: far more than any queue has. It bounds the memory.
const MAX_OWN_VALUES: usize = 500_000;
const MAX_VALUES: usize = MAX_OWN_VALUES + MAX_STRATEGIES * 2 * MANAGED_KEYS.len();
/// Of a file with all that can be written into it.
pub(crate) const MAX_BYTES: usize = MAX_OWN_BYTES + MAX_STRATEGIES * MAX_MANAGED_BYTES;
const MAX_ID: usize = 64;

/// More than anyone indents; it bounds what is added.
pub(crate) const MAX_INDENTATION: usize = 100;

/// The key of the list of strategies.
pub(crate) const STRATEGIES: &str = "strategies";
/// The keys of a strategy that are read here.
pub(crate) const KEPT_KEYS: [&str; 6] = {
    let [status, attempts, fingerprint, verdict, reason] = MANAGED_KEYS;
    ["id", status, attempts, fingerprint, verdict, reason]
};

/// A text that is a queue.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    /// Without a byte order mark.
    pub(crate) text: String,
    pub(crate) root: Node,
    /// In the order of the file.
    pub(crate) strategies: Vec<Strategy>,
    by_id: HashMap<String, usize>,
}

/// What is known of one strategy.
#[derive(Debug, Clone)]
pub(crate) struct Strategy {
    pub(crate) id: String,
    /// Where it begins.
    pub(crate) line: usize,
    pub(crate) managed: Managed,
}

impl Content {
    pub(crate) fn parse(text: String) -> Result<Self, Problem> {
        let (root, values) = parse(&text, MAX_VALUES)?;
        let mut strategies = Vec::new();
        let mut by_id = HashMap::new();
        for (node, pairs) in list(&root)? {
            let strategy = Strategy { id: id(node, pairs)?, line: node.line, managed: Managed::read(pairs)? };
            if let Some(first) = by_id.insert(strategy.id.clone(), strategies.len()) {
                let first: &Strategy = &strategies[first];
                let problem =
                    format_args!("`{}` is already the strategy in line {}", strategy.id, first.line);
                return Err(Problem::new(node.line, problem));
            }
            strategies.push(strategy);
        }
        let content = Self { text, root, strategies, by_id };
        content.check_size(values)?;
        Ok(content)
    }

    /// What stratbox writes must not make a file too large that was not before.
    fn check_size(&self, values: usize) -> Result<(), Problem> {
        let (mut own_bytes, mut own_values) = (self.text.len(), values);
        for pair in self.items().flat_map(managed_pairs) {
            own_bytes = own_bytes.saturating_sub(Self::written(pair));
            own_values -= 2;
        }
        if own_bytes > MAX_OWN_BYTES {
            return Err(Problem::new(1, format_args!("the file is larger than {} MiB", MAX_OWN_BYTES >> 20)));
        }
        if own_values > MAX_OWN_VALUES {
            return Err(Problem::new(1, format_args!("there are more than {MAX_OWN_VALUES} values in it")));
        }
        Ok(())
    }

    /// The bytes of a managed key and its value, with the indentation and the line break or comma.
    fn written((key, value): &Pair) -> usize {
        value.span.end.saturating_sub(key.span.start) + key.column.min(MAX_INDENTATION) + 2
    }

    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The maps of the strategies.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Node> {
        strategies_of(&self.root).into_iter().flatten()
    }

    /// Whether everything but the managed keys is the same.
    pub(crate) fn same_otherwise(&self, other: &Self) -> bool {
        let own = |pair: &&Pair| !is_managed(pair);
        same_pairs(settings(&self.root), settings(&other.root))
            && self.strategies.len() == other.strategies.len()
            && self.items().zip(other.items()).all(|(item, other)| {
                same_pairs(pairs(item).iter().filter(own), pairs(other).iter().filter(own))
            })
    }

    /// The line, from 1, in which a byte stands.
    pub(crate) fn line_at(&self, offset: usize) -> usize {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        let breaks = before.iter().enumerate().filter(|(index, byte)| match byte {
            b'\n' => true,
            // One that is alone; the others are counted with their line feed.
            b'\r' => self.text.as_bytes().get(index + 1) != Some(&b'\n'),
            _ => false,
        });
        1 + breaks.count()
    }
}

/// The keys and values of a map; none of anything else.
pub(crate) fn pairs(node: &Node) -> &[Pair] {
    match &node.value {
        Value::Mapping { pairs, .. } => pairs,
        _ => &[],
    }
}

/// Everything but the list of strategies.
fn settings(root: &Node) -> impl Iterator<Item = &Pair> {
    pairs(root).iter().filter(|(key, _)| key.text() != Some(STRATEGIES))
}

fn is_managed((key, _): &Pair) -> bool {
    key.text().is_some_and(|name| MANAGED_KEYS.contains(&name))
}

/// The managed keys of a strategy, with their values.
pub(crate) fn managed_pairs(item: &Node) -> impl Iterator<Item = &Pair> {
    pairs(item).iter().filter(|pair| is_managed(pair))
}

fn strategies_of(root: &Node) -> Option<&[Node]> {
    let (_, list) = pairs(root).iter().find(|(key, _)| key.text() == Some(STRATEGIES))?;
    match &list.value {
        Value::Sequence(items) => Some(items),
        _ => None,
    }
}

/// The strategies as maps.
fn list(root: &Node) -> Result<Vec<(&Node, &[Pair])>, Problem> {
    let Value::Mapping { pairs, .. } = &root.value else {
        let problem = format_args!("a queue file is a map of keys to values, not {}", root.kind());
        return Err(Problem::new(root.line, problem));
    };
    let Some((key, value)) = pairs.iter().find(|(key, _)| key.text() == Some(STRATEGIES)) else {
        return Err(Problem::new(
            root.line,
            "`strategies` is missing: write a list of them, each with an `id`",
        ));
    };
    let Value::Sequence(items) = &value.value else {
        if value.is_null() {
            return Ok(Vec::new());
        }
        let problem = format_args!("`strategies` must be a list (`- id: ...`), not {}", value.kind());
        return Err(Problem::new(key.line, problem));
    };
    if items.len() > MAX_STRATEGIES {
        return Err(Problem::new(key.line, format_args!("there are more than {MAX_STRATEGIES} strategies")));
    }
    let maps = items.iter().map(|item| match &item.value {
        Value::Mapping { pairs, .. } => Ok((item, &**pairs)),
        _ => Err(Problem::new(
            item.line,
            format_args!("a strategy is written as `- id: ...`, not as {}", item.kind()),
        )),
    });
    maps.collect()
}

fn id(item: &Node, pairs: &[Pair]) -> Result<String, Problem> {
    let named = pairs.iter().find(|(key, value)| key.text() == Some("id") && !value.is_null());
    let Some((_, value)) = named else {
        return Err(Problem::new(item.line, "this strategy has no `id`: write `id: NAME`"));
    };
    let text = value.text().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let begins_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if begins_well && text.bytes().all(plain) && text.len() <= MAX_ID {
        return Ok(text.to_owned());
    }
    let problem = format_args!(
        "{} is no `id`: write up to {MAX_ID} ASCII letters, digits, `.`, `_` and `-`, with a letter, a digit or `_` first",
        quoted(text)
    );
    Err(Problem::new(value.line, problem))
}

/// The bytes of `text` that stand in the same line after `offset`, and where the next line begins.
pub(crate) fn rest_of_line(text: &str, offset: usize) -> (Range<usize>, usize) {
    let end = text[offset..].find(['\n', '\r']).map_or(text.len(), |length| offset + length);
    let next = match &text.as_bytes()[end..] {
        [b'\r', b'\n', ..] => end + 2,
        [] => end,
        _ => end + 1,
    };
    (offset..end, next)
}
