//! Entries of a sweep file to strategies that are planned.

use toml::Spanned;

use super::aim::Aim;
use super::approach::Unplanned;
use super::file::{Entry, SweepFile};
use super::plan::{Order, PlannedStrategy};
use super::space;
use crate::failure::Failure;
use crate::render::text::inline;
use crate::strategy::Strategy;
use crate::wiring::Engine;

/// Loads strategies at the same time, one a thread.
pub(super) fn load(
    engine: &Engine,
    file: &SweepFile,
    entries: &[&Spanned<Entry>],
) -> Vec<Result<Strategy, Failure>> {
    let load = |entry: &Spanned<Entry>| {
        let source = &entry.get_ref().source;
        Strategy::load(engine, &file.resolve(source.get_ref()))
            .map_err(|failure| failure.context(file.place(source.span())))
    };
    let load = &load;
    std::thread::scope(|scope| {
        let threads: Vec<_> = entries.iter().map(|entry| scope.spawn(move || load(entry))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    })
}

/// One `[[strategy]]`, for its strategy.
pub(super) fn plan(
    file: &SweepFile,
    entry: &Spanned<Entry>,
    strategy: Strategy,
    aim: &Aim,
    before: &[PlannedStrategy],
) -> Result<PlannedStrategy, Box<Unplanned>> {
    let found = space::resolve(file, entry, &strategy, aim);
    let (search, points, order) = match found.and_then(|it| Ok((it.0, it.1, order(file, entry, before)?))) {
        Ok(found) => found,
        Err(failure) => return Err(Box::new(Unplanned { strategy, failure })),
    };
    let named = entry.get_ref().params.keys().map(|name| name.get_ref().clone()).collect();
    let same = before.iter().filter(|other| other.strategy.name == strategy.name).count();
    let label = if same == 0 { strategy.name.clone() } else { format!("{}#{}", strategy.name, same + 1) };
    Ok(PlannedStrategy::new(label, strategy, search, points, named, order))
}

/// Strategies are only named once they have been described, so that none can wait for itself.
fn order(file: &SweepFile, entry: &Spanned<Entry>, before: &[PlannedStrategy]) -> Result<Order, Failure> {
    let Entry { priority, after, .. } = entry.get_ref();
    let place = |name: &Spanned<String>| {
        let place = before.iter().position(|planned| planned.label == *name.get_ref());
        place
            .ok_or_else(|| {
                let known: Vec<String> =
                    before.iter().map(|planned| format!("`{}`", planned.label)).collect();
                let known = if known.is_empty() { "there is none".to_owned() } else { known.join(", ") };
                let name = inline(name.get_ref());
                format!("`after` names `{name}`, which is no strategy above this one: {known}")
            })
            .map_err(|problem| file.at(name.span(), problem))
    };
    Ok(Order { priority: *priority, after: after.iter().map(place).collect::<Result<_, _>>()? })
}
