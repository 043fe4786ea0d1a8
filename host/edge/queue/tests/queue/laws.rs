//! Any sequence of updates on any queue.

use proptest::prelude::*;

use super::*;

/// How one strategy is written.
#[derive(Debug, Clone)]
struct Written {
    flow: bool,
    dash_alone: bool,
    quoted_id: u8,
    comment: bool,
    blank: bool,
    /// Positions of its keys: a permutation.
    order: Vec<usize>,
    /// Which managed keys there are, and of what form.
    present: [u8; 5],
}

#[derive(Debug, Clone)]
struct Layout {
    indentation: usize,
    line_break: &'static str,
    mark: bool,
    ends: bool,
    strategies: Vec<Written>,
}

fn written() -> impl Strategy<Value = Written> {
    let order = Just((0..8).collect::<Vec<_>>()).prop_shuffle();
    let flags = (any::<bool>(), any::<bool>(), 0..3_u8, any::<bool>(), any::<bool>());
    (flags, order, [0..4_u8, 0..4_u8, 0..4_u8, 0..4_u8, 0..4_u8]).prop_map(|(flags, order, present)| {
        let (flow, dash_alone, quoted_id, comment, blank) = flags;
        Written { flow, dash_alone, quoted_id, comment, blank, order, present }
    })
}

fn layout() -> impl Strategy<Value = Layout> {
    let line_break = proptest::sample::select(vec!["\n", "\r\n"]);
    let strategies = proptest::collection::vec(written(), 1..5);
    (0..5_usize, line_break, any::<bool>(), any::<bool>(), strategies).prop_map(
        |(indentation, line_break, mark, ends, strategies)| Layout {
            indentation,
            line_break,
            mark,
            ends,
            strategies,
        },
    )
}

fn managed_values() -> impl Strategy<Value = Managed> {
    let status = proptest::sample::select(Status::all().collect::<Vec<_>>());
    let text =
        || proptest::option::of(prop_oneof![".{0,20}", "[ #:{}\\[\\]\"'\\\\\n\t-]{0,8}", "x{480,520}"]);
    (status, any::<u32>(), text(), text(), text()).prop_map(
        |(status, attempts, fingerprint, verdict, reason)| Managed {
            status,
            attempts,
            fingerprint,
            verdict,
            reason,
        },
    )
}

/// The first key of a strategy in braces.
const OWN_IN_BRACES: &str = "params: {fast: [1,2], status: x}";

/// Lines of a key, from its own column on; what belongs to it is indented further.
fn lines_of(number: usize, written: &Written, key: usize) -> Vec<String> {
    let comment = if written.comment { "  # of mine: {[\"" } else { "" };
    let values = ["PENDING", "3", "'a b'", "x", "\"\\u263a \\\"\""];
    let quoted = ["'L0_PASSED'", "\"3\"", "\"\"", "'it''s'", "null"];
    match key {
        0 => vec![match written.quoted_id {
            0 => format!("id: S-{number}{comment}"),
            1 => format!("id:   'S-{number}' {comment}"),
            _ => format!("\"id\" : \"S-{number}\"{comment}"),
        }],
        1..=5 => {
            let name = stratbox_queue::MANAGED_KEYS[key - 1];
            match written.present[key - 1] {
                0 => vec![],
                1 => vec![format!("{name}:{comment}")],
                2 => vec![format!("{name}: {}{comment}", values[key - 1])],
                _ => vec![format!("'{name}':  {}\t{comment}", quoted[key - 1])],
            }
        }
        6 => vec![
            "params:".to_owned(),
            "  fast: [1,".to_owned(),
            "    2]".to_owned(),
            "  # status: no".to_owned(),
        ],
        _ => vec!["notes: |".to_owned(), "  status: PENDING".to_owned(), "  - id: x # y".to_owned()],
    }
}

impl Layout {
    fn text(&self) -> String {
        let mut lines = vec!["# mine".to_owned(), "strategies: # list".to_owned()];
        for (number, written) in self.strategies.iter().enumerate() {
            if written.blank {
                lines.extend([String::new(), "   # between".to_owned()]);
            }
            let indentation = " ".repeat(self.indentation);
            if written.flow {
                let single =
                    |key: usize| lines_of(number, &Written { comment: false, ..written.clone() }, key);
                let keys = written.order.iter().filter(|key| **key < 6).flat_map(|key| single(*key));
                let keys: Vec<_> = std::iter::once(OWN_IN_BRACES.to_owned()).chain(keys).collect();
                let comment = if written.comment { "  # of mine: {[\"" } else { "" };
                lines.push(format!("{indentation}- {{{}}}{comment}", keys.join(" , ")));
                continue;
            }
            let mut keys = written.order.iter().flat_map(|key| lines_of(number, written, *key));
            if written.dash_alone {
                lines.push(format!("{indentation}-"));
            } else {
                lines.extend(keys.next().map(|first| format!("{indentation}- {first}")));
            }
            lines.extend(keys.map(|line| format!("{indentation}  {line}")));
        }
        let mark = if self.mark { "\u{feff}" } else { "" };
        let end = if self.ends { self.line_break } else { "" };
        format!("{mark}{}{end}", lines.join(self.line_break))
    }
}

/// The lines in which no managed key of a strategy stands: they must stay. The notes that look like one are no key. Whether
/// the last of them has an end may change with what follows it.
fn own_lines<'a>(text: &'a str, layout: &Layout) -> Vec<&'a str> {
    let key_column = layout.indentation + 2;
    let is_managed = |line: &&str| {
        let key = line.get(key_column..).unwrap_or_default().trim_start_matches(['\'', '"']);
        stratbox_queue::MANAGED_KEYS.iter().any(|name| key.starts_with(name))
    };
    let text = text.strip_suffix(layout.line_break).unwrap_or(text);
    let own = text.split(layout.line_break).filter(|line| !is_managed(line));
    // Of what is in braces, all up to the first managed key, and what is behind them.
    let cut = |line: &'a str| match line.split_once(OWN_IN_BRACES) {
        Some((before, rest)) => vec![before, rest.rsplit_once('}').map_or("", |(_, behind)| behind)],
        None => vec![line],
    };
    own.flat_map(cut).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn updates_are_read_back_and_every_other_line_stays(
        layout in layout(),
        updates in proptest::collection::vec(proptest::collection::vec((0..5_usize, managed_values()), 0..4), 1..5),
    ) {
        let text = layout.text();
        let fixture = Fixture::new(&text);
        let mut queue = Queue::open(&fixture.path()).unwrap();
        let mut expected = managed(queue.document());
        for update in updates {
            let changes: Vec<_> = update
                .into_iter()
                .map(|(number, managed)| (number % layout.strategies.len(), managed))
                .collect();
            for (number, managed) in &changes {
                expected[*number].1 = managed.bounded();
            }
            let named: Vec<_> =
                changes.into_iter().map(|(number, managed)| (format!("S-{number}"), managed)).collect();
            queue.update(&named).unwrap();
            prop_assert_eq!(managed(queue.document()), expected.clone());
            prop_assert_eq!(managed(&Queue::read(&fixture.path()).unwrap()), expected.clone());
            let after = fixture.text();
            prop_assert_eq!(own_lines(&after, &layout), own_lines(&text, &layout));
        }
    }
}
