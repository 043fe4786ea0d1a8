//! What came of attacks, for people.

use comfy_table::{CellAlignment, LineStyle, Table, presets};

use super::figures::walls;
use super::text::{counted, inline};
use crate::attack::{AttackList, AttackReport};

pub(crate) fn report(report: &AttackReport) -> String {
    let mut table = plain(&["", "case", "class", "came of it", "seconds", "evidence"]);
    for case in &report.cases {
        let mark = if case.held { "held" } else { "FAILED" };
        let seconds = format!("{:.2}", case.seconds);
        let came_of_it = inline(&case.came_of_it);
        let evidence = inline(&case.evidence);
        table.add_row([mark, &case.name, case.class.label(), &came_of_it, &seconds, &evidence]);
    }
    if let Some(column) = table.column_mut(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = format!("{}\n\n", table.trim_fmt());
    for case in report.cases.iter().filter(|case| !case.held) {
        text += &format!("`{}` did not end as it must: {}\n", case.name, inline(&case.evidence));
    }
    let count = counted(report.cases.len() as u64, "case");
    text + &format!(
        "{count}: {} held, {} failed; the latest ended {:.3} s after its limit; {}\n",
        report.held,
        report.failed,
        report.latest_seconds,
        walls(&report.isolation)
    )
}

pub(crate) fn list(list: &AttackList) -> String {
    let mut table = plain(&["case", "class", "what must come of it"]);
    for case in &list.cases {
        table.add_row([case.name.as_str(), case.class.label(), &case.expected]);
    }
    format!("{}\n\n{}\n", table.trim_fmt(), counted(list.cases.len() as u64, "case"))
}

fn plain(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('-').junction('-')));
    table.set_header(header.to_vec());
    table
}
