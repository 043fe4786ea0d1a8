//! `stratbox experiments`: what the workspace has, shown, compared, and taken elsewhere.

mod compare;
mod delete;
mod events;
mod export;
mod list;
mod sessions;
mod show;

pub(crate) use compare::{Column, CompareReport};
pub(crate) use delete::DeleteReport;
pub(crate) use export::ExportReport;
pub(crate) use list::{Head, ListReport};
pub(crate) use sessions::SessionsReport;
pub(crate) use show::{ShowReport, ShownRow};

use std::io::Write;

use serde::{Serialize, Serializer};

use crate::Finished;
use crate::cli::{ExperimentsTyped, Format};
use crate::render;
use crate::sweep::Kept;
use crate::wiring::Setting;

/// Does what was asked, and says what came of it.
pub(crate) fn execute(
    typed: &ExperimentsTyped,
    format: Format,
    setting: &Setting,
    stdout: &mut (dyn Write + Send),
) -> Finished {
    match typed {
        ExperimentsTyped::List => render::finish(format, list::list(setting), stdout),
        ExperimentsTyped::Show(args) => render::finish(format, show::show(args, setting), stdout),
        ExperimentsTyped::Compare(args) => render::finish(format, compare::compare(args, setting), stdout),
        ExperimentsTyped::Delete(args) => render::finish(format, delete::delete(args, setting), stdout),
        ExperimentsTyped::Metrics(args) => render::finish(format, sessions::sessions(args, setting), stdout),
        ExperimentsTyped::Export(args) => match export::export(args, setting, stdout) {
            Ok(Some(report)) => render::finish(format, Ok(report), stdout),
            // The results themselves went to standard output.
            Ok(None) => Finished { stderr: String::new(), exit: crate::Exit::Ok },
            Err(failure) => render::failure(format, &failure).finish(stdout),
        },
        ExperimentsTyped::Events(args) => match events::events(args, setting, stdout) {
            Ok(()) => Finished { stderr: String::new(), exit: crate::Exit::Ok },
            Err(failure) => render::failure(format, &failure).finish(stdout),
        },
    }
}

/// What was asked, as it is kept, with a word of warning beside a venue that flatters.
fn asked<S: Serializer>(kept: &Option<Kept>, serializer: S) -> Result<S::Ok, S::Error> {
    let optimistic = kept.as_ref().and_then(|kept| kept.venue.optimistic());
    let Some(optimistic) = optimistic else { return kept.serialize(serializer) };
    let mut document = serde_json::to_value(kept).map_err(serde::ser::Error::custom)?;
    document["venue"]["optimistic"] = optimistic.into();
    document.serialize(serializer)
}
