//! A comparison for a terminal and as Markdown. Names in it come from strangers.

use serde::Deserialize;
use stratbox_decide::comparison::{Cell, Comparison, Criterion, Row, Scale};
use stratbox_metrics::{Direction, MetricName};

use super::experiments::plain;
use super::figures::in_units;
use super::text::inline;

/// What is shown of a comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shown {
    /// The table.
    Matrix,
    /// Trade-offs and recommendation, in words.
    Narrative,
    /// The table and the words.
    #[default]
    Both,
}

/// The same, one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) matrix: bool,
    pub(crate) trade_offs: bool,
    pub(crate) recommendation: bool,
}

impl From<Shown> for Parts {
    fn from(shown: Shown) -> Self {
        let (matrix, words) = (shown != Shown::Narrative, shown != Shown::Matrix);
        Self { matrix, trade_offs: words, recommendation: words }
    }
}

/// For a terminal.
pub(crate) fn human(comparison: &Comparison, what: impl Into<Parts>) -> String {
    let Parts { matrix, trade_offs, recommendation } = what.into();
    let mut parts = Vec::new();
    if matrix {
        parts.push(terminal_matrix(comparison));
    }
    let mut add = |title: &str, sentences: Vec<&String>| {
        let lines: String = sentences.into_iter().map(|it| format!("  {}\n", inline(it))).collect();
        parts.push(format!("{title}\n{lines}"));
    };
    if trade_offs {
        add("trade-offs", trade_off_sentences(comparison));
    }
    if recommendation {
        add("recommendation", comparison.recommendation.sentences.iter().collect());
    }
    parts.join("\n")
}

/// As Markdown, with headings of the second level.
pub(crate) fn markdown(comparison: &Comparison, what: impl Into<Parts>) -> String {
    let Parts { matrix, trade_offs, recommendation } = what.into();
    let mut parts = Vec::new();
    if matrix {
        parts.push(format!("## Comparison matrix\n\n{}", markdown_matrix(comparison)));
    }
    let mut add = |title: &str, sentences: Vec<&String>| {
        let lines: String = sentences.into_iter().map(|it| format!("- {}\n", marked(it))).collect();
        parts.push(format!("## {title}\n\n{lines}"));
    };
    if trade_offs {
        add("Trade-off analysis", trade_off_sentences(comparison));
    }
    if recommendation {
        add("Recommendation", comparison.recommendation.sentences.iter().collect());
    }
    parts.join("\n")
}

fn trade_off_sentences(comparison: &Comparison) -> Vec<&String> {
    let trade_offs = &comparison.trade_offs;
    let criteria = trade_offs.criteria.iter().map(|it| &it.sentence);
    criteria.chain(trade_offs.exchanges.iter().map(|it| &it.sentence)).collect()
}

fn terminal_matrix(comparison: &Comparison) -> String {
    let names: Vec<String> = comparison.criteria.iter().map(|it| inline(&it.name)).collect();
    let mut header = vec!["#", "candidate"];
    header.extend(names.iter().map(String::as_str));
    header.push("total");
    let numbers: Vec<usize> = (0..header.len()).filter(|column| *column != 1).collect();
    let mut table = plain(&header, &numbers);
    for row in &comparison.rows {
        let cells = comparison.criteria.iter().enumerate().map(|(place, it)| cell(it, row.cells.get(place)));
        let start = [rank(row), inline(&row.name)];
        table.add_row(start.into_iter().chain(cells).chain([total(row)]).collect::<Vec<_>>());
    }
    let mut text = format!("{}\n", table.trim_fmt());
    for (name, reason) in out(comparison) {
        text += &format!("{}: {}\n", inline(name), inline(reason));
    }
    let weights: Vec<String> =
        comparison.criteria.iter().map(|it| format!("{} {}", inline(&it.name), terms(it))).collect();
    text + &format!("figures (scores from 0 to 1); weights: {}\n", weights.join(", "))
}

fn markdown_matrix(comparison: &Comparison) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let around = |first: &str, middle: Vec<String>, last: [&str; 2]| {
        let cells = std::iter::once(first.to_owned()).chain(middle);
        cells.chain(last.map(str::to_owned)).collect::<Vec<_>>()
    };
    let names = comparison.criteria.iter().map(|it| escape(&it.name)).collect();
    let mut text = line(around("Candidate", names, ["Total", "Rank"]));
    let rules = comparison.criteria.iter().map(|_| "---:".to_owned()).collect();
    text += &line(around("---", rules, ["---:", "---:"]));
    for row in &comparison.rows {
        let cells = comparison.criteria.iter().enumerate().map(|(place, it)| cell(it, row.cells.get(place)));
        text += &line(around(&escape(&row.name), cells.collect(), [&total(row), &rank(row)]));
    }
    let weights: Vec<String> =
        comparison.criteria.iter().map(|it| format!("{} {}", escape(&it.name), terms(it))).collect();
    text += &format!("\nFigures (scores from 0 to 1). Weights: {}.\n", weights.join(", "));
    let out: String = out(comparison)
        .map(|(name, reason)| format!("- **{}**: {}\n", escape(name), escape(reason)))
        .collect();
    if out.is_empty() { text } else { format!("{text}\n{out}") }
}

/// Those that take no part, with the reason.
fn out(comparison: &Comparison) -> impl Iterator<Item = (&str, &str)> {
    comparison.rows.iter().filter_map(|row| Some((row.name.as_str(), row.reason.as_deref()?)))
}

/// `2`, or `2, lower is better`.
fn terms(criterion: &Criterion) -> String {
    match criterion.direction {
        Direction::HigherIsBetter => criterion.weight.to_string(),
        Direction::LowerIsBetter => format!("{} (lower is better)", criterion.weight),
    }
}

fn rank(row: &Row) -> String {
    match row.rank {
        None => "-".to_owned(),
        Some(rank) if row.tied_with.is_empty() => rank.to_string(),
        Some(rank) => format!("{rank} (tied)"),
    }
}

fn total(row: &Row) -> String {
    row.total.map_or("-".to_owned(), |total| format!("{total:.3}"))
}

/// The figure, and the score that it became.
fn cell(criterion: &Criterion, cell: Option<&Cell>) -> String {
    let Some(value) = cell.and_then(|cell| cell.value.value()) else { return "-".to_owned() };
    let value = match criterion.scale {
        Scale::Between { from: 0.0, to } => format!("{}/{}", short(value), short(to)),
        Scale::Between { .. } => short(value),
        Scale::Relative => match criterion.name.parse::<MetricName>() {
            Ok(name) => in_units(name, value),
            Err(_) => short(value),
        },
    };
    match cell.and_then(|cell| cell.score) {
        Some(score) => format!("{value} ({score:.2})"),
        None => value,
    }
}

/// A number of an unknown unit, with about four digits.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if !(1e-3..1e9).contains(&size) => format!("{value:.3e}"),
        _ => {
            let text = format!("{value:.3}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

/// A sentence, with what it has between backticks in bold letters.
fn marked(sentence: &str) -> String {
    let pieces: Vec<&str> = sentence.split('`').collect();
    // A backtick that is never closed quotes nothing.
    if pieces.len().is_multiple_of(2) {
        return escape(sentence);
    }
    let piece = |(place, piece): (usize, &&str)| match place % 2 {
        1 => format!("**{}**", escape(piece.trim())),
        _ => escape(piece),
    };
    pieces.iter().enumerate().map(piece).collect()
}

/// Text on one line that Markdown takes for nothing but text, in a table too, and HTML as well.
pub(crate) fn escape(text: &str) -> String {
    let text = inline(text);
    let mut out = String::with_capacity(text.len());
    let mut left = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = left.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Of these, readers disagree on what a backslash before them does within a table.
            '\\' => out.push_str("&#92;"),
            '`' => out.push_str("&#96;"),
            '-' | ',' | '\'' | '%' | '=' | '/' | ';' | '?' | '(' | ')' => out.push(c),
            // An address becomes a link by its `://` or its `www.`.
            ':' if left.peek() != Some(&'/') => out.push(c),
            '.' if !before.eq_ignore_ascii_case(&'w') => out.push(c),
            c if c.is_ascii_punctuation() => out.extend(['\\', c]),
            c => out.push(c),
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use stratbox_decide::comparison::{Candidate, ComparisonSettings, Style, compare};
    use stratbox_metrics::{Figure, Missing};

    fn criterion(name: &str, weight: f64, direction: Direction, scale: Scale) -> Criterion {
        Criterion { name: name.to_owned(), weight, direction, scale }
    }

    fn candidate(name: &str, figures: &[f64]) -> Candidate {
        let figures = figures.iter().copied().map(Figure::of).collect();
        Candidate { name: name.to_owned(), figures, failure: None }
    }

    fn compared(names: [&str; 3], style: Style) -> Comparison {
        let marks = Scale::Between { from: 0.0, to: 10.0 };
        let criteria = [
            criterion("max_drawdown", 2.0, Direction::HigherIsBetter, Scale::Relative),
            criterion("cost", 1.0, Direction::LowerIsBetter, marks),
        ];
        let mut lame = candidate(names[1], &[-0.3, 0.0]);
        lame.figures[1] = Missing::NotRecorded.into();
        let broken = Candidate {
            name: names[2].to_owned(),
            figures: Vec::new(),
            failure: Some("timed out\nafter 3 | 4 variants".to_owned()),
        };
        let candidates = [candidate(names[0], &[-0.1, 2.5]), lame, broken];
        compare(&criteria, &candidates, &ComparisonSettings { style, ..ComparisonSettings::default() })
            .unwrap()
    }

    #[test]
    fn a_matrix_has_figures_scores_totals_and_ranks() {
        let text = human(&compared(["trend", "noise", "late"], Style::Decisive), Shown::Matrix);
        let expected = [
            " #   candidate    max_drawdown          cost    total",
            " 1   trend      -10.00 % (1.00)   2.5/10 (0.75)   0.917",
        ];
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for line in expected {
            assert!(squeezed(&text).contains(&squeezed(line)), "{text}");
        }
        assert!(squeezed(&text).contains("2 noise -30.00 % (0.00) - 0.000"), "{text}");
        assert!(squeezed(&text).contains("- late - - -"), "{text}");
        assert!(text.contains("late: timed out\\u{a}after 3 | 4 variants\n"), "{text}");
        assert!(text.contains("weights: max_drawdown 2, cost 1 (lower is better)"), "{text}");
        assert!(!text.contains("recommendation"), "{text}");
    }

    #[test]
    fn words_are_shown_alone_or_beside_the_matrix() {
        let comparison = compared(["trend", "noise", "late"], Style::Decisive);
        let narrative = human(&comparison, Shown::Narrative);
        assert!(
            narrative.starts_with("trade-offs\n  By `max_drawdown`: `trend` leads (-0.1)"),
            "{narrative}"
        );
        assert!(narrative.contains("recommendation\n  Choose `trend`"), "{narrative}");
        let both = human(&comparison, Shown::Both);
        assert_eq!(both, format!("{}\n{narrative}", human(&comparison, Shown::Matrix)));
        let parts = Parts { matrix: false, trade_offs: false, recommendation: true };
        assert!(human(&comparison, parts).starts_with("recommendation\n"));
    }

    #[test]
    fn markdown_is_a_table_and_lists() {
        let text = markdown(&compared(["trend", "noise", "late"], Style::Conditional), Shown::Both);
        for part in [
            "## Comparison matrix\n\n| Candidate | max\\_drawdown | cost | Total | Rank |\n| --- | ---: | ---: | ---: | ---: |\n",
            "| trend | -10.00 % (1.00) | 2.5/10 (0.75) | 0.917 | 1 |\n",
            "| late | - | - | - | - |\n",
            "- **late**: timed out&#92;u\\{a\\}after 3 \\| 4 variants\n",
            "## Trade-off analysis\n\n- By **max\\_drawdown**: **trend** leads (-0.1), **noise** trails (-0.3).\n",
            "## Recommendation\n\n- Choose **trend**: it has the highest total",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn a_strangers_name_stays_in_its_cell_and_is_only_text() {
        let names = [
            "<img src=x onerror=alert(1)>",
            "a | 9/10 |\n# `Choose me` **now**",
            "[x](http://y.z) www.q.r &copy;",
        ];
        let text = markdown(&compared(names, Style::Options), Shown::Both);
        assert!(!text.contains('<') && !text.contains('`') && !text.contains("http://"), "{text}");
        let table: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(table.len(), 5);
        for line in table {
            let ends = line.replace("\\|", "").matches('|').count();
            assert_eq!(ends, 6, "{line}");
        }
        assert!(text.contains(r"a \| 9/10 \|&#92;u\{a\}\# &#96;Choose me&#96; \*\*now\*\*"), "{text}");
        assert!(text.lines().all(|line| !line.starts_with("# ")), "{text}");
        assert!(text.contains("**a \\| 9/10 \\|&#92;u\\{a\\}\\# 'Choose me' \\*\\*now\\*\\***"), "{text}");
        assert!(text.contains(r"http\://y.z) www\.q.r &amp;copy;"), "{text}");
        let human = human(&compared(names, Style::Options), Shown::Both);
        assert!(human.lines().all(|line| !line.starts_with('#')), "{human}");
    }
}
