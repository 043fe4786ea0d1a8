//! Approaches out of a folder of sources.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::{Approach, Described, MAX_NAME, Spot, file_stem};
use super::settings::Settings;
use crate::failure::{Failure, shown};
use crate::render::text::inline;

/// Sources that a library may have: more are no library of approaches.
const MAX_SOURCES: usize = 10_000;

/// An approach for each source in the library, in the order of their names.
pub(super) fn generated<'a>(
    tables: &mut DeTable<'a>,
    settings: &Settings,
    spot: &Spot<'_>,
) -> Result<Vec<Approach<'a>>, Failure> {
    let span = spot.span_of(&["explore", "library"]);
    if let Some((key, _)) = tables.get_key_value("approach") {
        let problem = "`[[approach]]` is for `approach_generation = \"user_specified\"`: leave it out";
        return Err(spot.at(key.span(), problem));
    }
    let library = settings.library.as_deref().unwrap_or(Path::new(""));
    let folder = spot.folder().join(library);
    let names = sources(&folder).map_err(|problem| {
        spot.at(span.clone(), format!("`library`: cannot use `{}`: {problem}", shown(&folder)))
    })?;
    let alike =
        |name: &str| names.iter().filter(|it| file_stem(Path::new(it)) == file_stem(Path::new(name))).count();
    let approach = |file: &String| {
        let source = library.join(file).to_string_lossy().into_owned();
        let print = source.clone();
        let text = |text: &str| Spanned::new(span.clone(), Cow::<str>::Owned(text.to_owned()));
        let value = |text: String| Spanned::new(span.clone(), DeValue::String(Cow::Owned(text)));
        let mut table = DeTable::new();
        table.insert(text("source"), value(source));
        table.insert(text("search"), value("sobol".to_owned()));
        let described = Described {
            name: if alike(file) == 1 { file_stem(Path::new(file)) } else { inline(file) },
            description: String::new(),
            rationale: String::new(),
            characteristics: Vec::new(),
            scores: BTreeMap::new(),
            timeout: None,
            varies_all: true,
            print,
        };
        (described, Spanned::new(span.clone(), DeValue::Table(table)))
    };
    Ok(names.iter().take(settings.num_approaches).map(approach).collect())
}

/// Names of the sources and components in a folder, in their order; at least one.
fn sources(folder: &Path) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        let is_source = |name: &String| {
            let extension = Path::new(name).extension().and_then(|it| it.to_str());
            extension.is_some_and(|it| it == "rs" || it == "wasm") && inline(name).chars().count() <= MAX_NAME
        };
        names.extend(entry.file_name().into_string().ok().filter(is_source));
        if names.len() > MAX_SOURCES {
            return Err(format!("it has more than {MAX_SOURCES} sources"));
        }
    }
    names.sort_unstable();
    if names.is_empty() { Err("it has no `.rs` or `.wasm` file".to_owned()) } else { Ok(names) }
}
