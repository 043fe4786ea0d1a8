//! The command line.

use std::fmt;

/// How the figures are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Human,
    Json,
}

/// A command line that this program does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UsageError {
    NotQuick,
    NoFormat,
    UnknownFormat(String),
    UnknownArgument(String),
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotQuick => f.write_str(
                "this program has the quick benchmarks only: add `--quick`, or run all of them with `cargo xtask bench` \
                 or `cargo bench -p stratbox-bench`",
            ),
            Self::NoFormat => f.write_str("`--format` needs a value: `human` or `json`"),
            Self::UnknownFormat(value) => write!(f, "`--format` is `{value}`: it must be `human` or `json`"),
            Self::UnknownArgument(argument) => {
                write!(f, "there is no argument `{argument}`: `--quick [--format human|json]` is all")
            }
        }
    }
}

/// Reads a command line, without the program's name.
pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Format, UsageError> {
    let (mut quick, mut format) = (false, Format::Human);
    while let Some(argument) = args.next() {
        match argument.as_str() {
            "--quick" => quick = true,
            "--format" => format = parse_format(args.next().as_deref())?,
            _ => return Err(UsageError::UnknownArgument(argument)),
        }
    }
    if quick { Ok(format) } else { Err(UsageError::NotQuick) }
}

fn parse_format(value: Option<&str>) -> Result<Format, UsageError> {
    match value {
        Some("human") => Ok(Format::Human),
        Some("json") => Ok(Format::Json),
        Some(other) => Err(UsageError::UnknownFormat(other.to_owned())),
        None => Err(UsageError::NoFormat),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Format, UsageError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_figures_are_for_people_unless_json_is_asked_for() {
        assert_eq!(parsed("--quick"), Ok(Format::Human));
        assert_eq!(parsed("--quick --format human"), Ok(Format::Human));
        assert_eq!(parsed("--format json --quick"), Ok(Format::Json));
    }

    #[test]
    fn without_quick_it_says_where_the_full_benchmarks_are() {
        assert_eq!(parsed("--format json"), Err(UsageError::NotQuick));
        let message = parsed("").unwrap_err().to_string();
        assert!(
            message.contains("`cargo xtask bench`") && message.contains("`cargo bench -p stratbox-bench`")
        );
    }

    #[test]
    fn what_it_does_not_know_is_refused_by_name() {
        let refusal = |line| parsed(line).unwrap_err().to_string();
        assert!(refusal("--quick --fast").contains("`--fast`"));
        assert!(refusal("--quick --format xml").contains("`xml`"));
        assert_eq!(parsed("--quick --format"), Err(UsageError::NoFormat));
    }
}
