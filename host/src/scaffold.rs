//! `stratbox new`: a strategy to start from, as a crate of its own with tests and a sweep file.

use serde::Serialize;

use crate::cli::NewArgs;
use crate::failure::{Failure, shown};
use crate::render::Report;
use crate::wiring::{Setting, kit};

/// Rust's own words, and crates that a strategy's crate must not be confused with.
const RESERVED: &str = "abstract alloc as async await become box break const continue core crate do dyn else enum \
    extern false final fn for gen if impl in let loop macro match mod move mut override priv proc_macro pub ref \
    return self static std stratbox_sdk struct super test trait true try type typeof union unsafe unsized use \
    virtual where while yield";
/// Types that the new file uses, which its own must not be called.
const USED: &str =
    "Backtest Bar Broker Err Instrument None Ok Order Params Result Self Side Sma Some Strategy String Vec";
const MAX_NAME: usize = 64;
const SAMPLE: &str = "random-walk.csv";
/// Two years of trading days.
const SAMPLE_DAYS: usize = 504;

/// What was made.
#[derive(Serialize)]
pub(crate) struct NewReport {
    folder: String,
    files: Vec<String>,
    next_steps: Vec<String>,
}

pub(crate) fn create(args: &NewArgs, setting: &Setting, note: &dyn Fn(&str)) -> Result<NewReport, Failure> {
    let name = args.name.as_str();
    check_name(name)?;
    let parent = args.dir.clone().unwrap_or_default();
    let folder = parent.join(name);
    let (_, kit) = kit(setting, note)?;
    let sdk = kit.sdk_sources();
    let sdk = sdk.to_str().ok_or_else(|| {
        Failure::environment(format!(
            "the cache's path `{}` is not UTF-8, which a Cargo.toml must be",
            shown(&sdk)
        ))
        .hint("name another directory with `--cache DIR`")
    })?;
    let fill = |template: &str| fill(template, name);
    let files = [
        (format!("{name}.rs"), strategy(name)),
        ("Cargo.toml".to_owned(), fill(&manifest(sdk))),
        (format!("{name}.toml"), fill(include_str!("scaffold/sweep.toml.txt"))),
        (SAMPLE.to_owned(), random_walk()),
        (".gitignore".to_owned(), "/target\n".to_owned()),
    ];
    std::fs::create_dir(&folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::usage(format!("`{}` exists already", shown(&folder)))
            .hint("choose another name, or remove it first"),
        std::io::ErrorKind::NotFound => Failure::usage(format!("there is no directory `{}`", shown(&parent))),
        _ => Failure::write(&folder, &error),
    })?;
    for (file, content) in &files {
        let path = folder.join(file);
        std::fs::write(&path, content).map_err(|error| Failure::write(&path, &error))?;
    }
    let folder = shown(&folder);
    let steps = [
        format!("cd {folder}"),
        "cargo test".to_owned(),
        format!("stratbox run {name}.rs --data {SAMPLE} -p length=10"),
        format!("stratbox sweep {name}.toml"),
    ];
    Ok(NewReport { folder, files: files.map(|(file, _)| file).to_vec(), next_steps: steps.to_vec() })
}

/// The strategy to start from: an honest one, under this name.
pub(crate) fn strategy(name: &str) -> String {
    fill(include_str!("scaffold/strategy.rs.txt"), name)
}

fn fill(template: &str, name: &str) -> String {
    template.replace("{{name}}", name).replace("{{type}}", &type_name(name))
}

fn check_name(name: &str) -> Result<(), Failure> {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= MAX_NAME
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !is_plain {
        let name = crate::render::text::inline(name);
        return Err(Failure::usage(format!(
            "`{name}` cannot be a strategy's name: use up to {MAX_NAME} lowercase letters, digits and `_`, starting \
             with a letter"
        )));
    }
    if RESERVED.split_whitespace().any(|word| word == name) {
        return Err(Failure::usage(format!(
            "`{name}` cannot be a strategy's name: it means something in Rust"
        )));
    }
    Ok(())
}

/// `mean_reversion` to `MeanReversion`, and `order` to `OrderStrategy`.
fn type_name(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    let plain: String = name.split('_').map(word).collect();
    if USED.split_whitespace().any(|used| used == plain) { plain + "Strategy" } else { plain }
}

fn manifest(sdk: &str) -> String {
    // TOML's basic strings escape as JSON's do.
    let sdk = serde_json::Value::from(sdk).to_string();
    include_str!("scaffold/Cargo.toml.txt").replace("{{sdk}}", &sdk)
}

/// Daily bars that wander at random from 100, the same every time: something to try a strategy on, where none has an
/// edge.
pub(crate) fn random_walk() -> String {
    let mut uniform = stratbox_domain::uniform(1);
    let cents = |price: f64| (price * 100.0).round() / 100.0;
    let mut text = "date,open,high,low,close,volume\n".to_owned();
    let mut last = 100.0;
    let weekdays = jiff::civil::date(2022, 1, 3)
        .series(jiff::ToSpan::day(1))
        .filter(|day| day.weekday().to_monday_one_offset() <= 5)
        .take(SAMPLE_DAYS);
    for day in weekdays {
        let open: f64 = last;
        let close = cents(open * (1.0 + 0.03 * (uniform() - 0.5)));
        let (high, low) = (
            cents(open.max(close) * (1.0 + 0.005 * uniform())),
            cents(open.min(close) * (1.0 - 0.005 * uniform())),
        );
        let volume = (1e6 * uniform()).round();
        text += &format!("{day},{open:.2},{high:.2},{low:.2},{close:.2},{volume}\n");
        last = close;
    }
    text
}

impl Report for NewReport {
    fn human(&self) -> String {
        let steps: String = self.next_steps.iter().map(|step| format!("  {step}\n")).collect();
        format!("made {} with {}\n\nnext:\n{steps}", self.folder, self.files.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_crate_and_a_file_and_an_identifier() {
        for name in ["a", "mean_reversion", "x2"] {
            check_name(name).unwrap();
        }
        let long = "a".repeat(65);
        for name in ["", "2x", "_x", "Mean", "a-b", "../x", "a b", "naïve", "match", "yield", "std", &long] {
            assert_eq!(check_name(name).unwrap_err().exit(), crate::Exit::Usage, "{name}");
        }
    }

    #[test]
    fn types_are_named_in_camel_case() {
        assert_eq!(["a", "mean_reversion", "x__2y_"].map(type_name), ["A", "MeanReversion", "X2y"]);
        assert_eq!(["order", "self_"].map(type_name), ["OrderStrategy", "SelfStrategy"]);
    }

    #[test]
    fn the_sample_never_changes_and_is_made_of_weekdays() {
        let text = random_walk();
        assert_eq!(text, random_walk());
        assert_eq!(text.lines().count(), 505);
        assert!(text.lines().nth(1).unwrap().starts_with("2022-01-03,100.00,"), "{text}");
        assert!(!text.contains("2022-01-08"), "it is a Saturday");
    }
}
