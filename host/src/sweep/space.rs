//! What a sweep file says about one strategy's parameters, checked against the strategy, to a space of variants.

use std::collections::BTreeMap;
use std::ops::Range as Span;

use stratbox_domain::{Axis, AxisValues, Cube, ParamKind, ParamSpec, ParamValue, Params, Space, SpaceError};
use stratbox_search::{Method, SearchError, Settings};
use toml::Spanned;

use super::Aim;
use super::file::{Entry, SweepFile};
use super::plan::{Points, Search};
use super::sampled::{MOST, Sampled, SamplerSettings};
use super::values::{Range, Scalar, Values};
use crate::failure::Failure;
use crate::render::text::inline;
use crate::strategy::Strategy;

/// Resolves one `[[strategy]]`. The space has every parameter of the strategy, so that a point is complete; it is `None`
/// for a strategy without parameters, which has one variant.
pub(super) fn resolve(
    file: &SweepFile,
    entry: &Spanned<Entry>,
    strategy: &Strategy,
    aim: &Aim,
) -> Result<(Search, Points), Failure> {
    let resolver = Resolver { file, entry, strategy };
    let search = resolver.search()?;
    resolver.check_names()?;
    let axes = strategy.manifest.parameters.iter().map(|spec| resolver.axis(spec, &search));
    let axes: Vec<Axis> = axes.collect::<Result<_, _>>()?;
    if axes.is_empty() && search == Search::Grid {
        return Ok((search, Points::One));
    }
    if entry.get_ref().params.is_empty() {
        let known: Vec<String> = axes.iter().map(|axis| format!("`{}`", axis.name)).collect();
        let problem = format!("no parameter is named: give at least one of {} a value", known.join(", "));
        return Err(file.at(entry.span(), problem));
    }
    let space = match &search {
        Search::Grid => Space::grid(axes),
        Search::Random { samples, seed } => Space::random(axes, *samples, *seed),
        Search::Sampled(settings) => {
            let settings = resolver.enqueue(settings, &axes)?;
            let sampled = Sampled::new(axes, &aim.directions(), &settings).map_err(|error| match error {
                SearchError::Space(error) => resolver.explain(&error),
                SearchError::Settings(error) => resolver.stray(error.field, &error),
                error => file.at(entry.span(), error),
            })?;
            return Ok((Search::Sampled(settings), Points::Sampled(Box::new(sampled))));
        }
    };
    space.map(|space| (search, Points::Computed(space))).map_err(|error| resolver.explain(&error))
}

struct Resolver<'a> {
    file: &'a SweepFile,
    entry: &'a Spanned<Entry>,
    strategy: &'a Strategy,
}

impl Resolver<'_> {
    fn search(&self) -> Result<Search, Failure> {
        let Entry { search: method, samples, seed, enqueue, .. } = self.entry.get_ref();
        if let Some(first) = enqueue.first()
            && *method == Method::Grid
        {
            let problem = "`enqueue` is for a search that draws: a grid has all its points anyway";
            return Err(self.file.at(first.span(), problem));
        }
        let settings = self.settings();
        settings.validate().map_err(|error| self.stray(error.field, &error))?;
        if let Some(seed) = seed
            && *method == Method::Grid
        {
            let problem =
                "`seed` is for `search = \"random\"` and others that draw: a grid has no use for it";
            return Err(self.file.at(seed.span(), problem));
        }
        let seed = seed.as_ref().map_or(0, |seed| *seed.get_ref());
        Ok(match (method, &samples) {
            (Method::Grid, _) => Search::Grid,
            (Method::Random, Some(samples)) if enqueue.is_empty() => {
                Search::Random { samples: *samples.get_ref(), seed }
            }
            _ => {
                if let Some(samples) = samples.as_ref().filter(|samples| *samples.get_ref() > MOST) {
                    let problem = format!(
                        "`samples` is `{}`: a search by `{}` has at most {MOST}",
                        samples.get_ref(),
                        method.as_str()
                    );
                    return Err(self.file.at(samples.span(), problem));
                }
                Search::Sampled(SamplerSettings { settings, seed, enqueued: Vec::new() })
            }
        })
    }

    fn settings(&self) -> Settings {
        let it = self.entry.get_ref();
        Settings {
            method: it.search,
            samples: it.samples.as_ref().map(|it| *it.get_ref()),
            scramble: it.scramble.as_ref().map(|it| *it.get_ref()),
            startup: it.startup.as_ref().map(|it| *it.get_ref()),
            gamma: it.gamma.as_ref().map(|it| *it.get_ref()),
            candidates: it.candidates.as_ref().map(|it| *it.get_ref()),
            batch: it.batch.as_ref().map(|it| *it.get_ref()),
        }
    }

    /// A setting of the search that makes no sense, where it is written.
    fn stray(&self, field: &str, problem: &dyn std::fmt::Display) -> Failure {
        let it = self.entry.get_ref();
        let span = match field {
            "samples" => it.samples.as_ref().map(Spanned::span),
            "scramble" => it.scramble.as_ref().map(Spanned::span),
            "startup" => it.startup.as_ref().map(Spanned::span),
            "gamma" => it.gamma.as_ref().map(Spanned::span),
            "candidates" => it.candidates.as_ref().map(Spanned::span),
            "batch" => it.batch.as_ref().map(Spanned::span),
            _ => None,
        };
        self.file.at(span.unwrap_or_else(|| self.entry.span()), problem)
    }

    /// The points that are tried first: what they leave out has its default.
    fn enqueue(&self, settings: &SamplerSettings, axes: &[Axis]) -> Result<SamplerSettings, Failure> {
        let point = |written: &Spanned<BTreeMap<String, Spanned<Scalar>>>| {
            let mut point: Params = self.strategy.defaults().collect();
            for (name, value) in written.get_ref() {
                let spec = self.strategy.parameter(name);
                let spec = spec.map_err(|failure| self.file.at(value.span(), failure.message))?;
                point.insert(name.clone(), self.accept(spec, &value.get_ref().0, value.span())?);
            }
            point.retain(|name, _| axes.iter().any(|axis| axis.name == *name));
            let cube = Cube::new(axes.to_vec()).map_err(|error| self.explain(&error))?;
            cube.accept(&point)
                .map_err(|error| self.file.at(written.span(), format_args!("`enqueue`: {error}")))
        };
        let enqueued = self.entry.get_ref().enqueue.iter().map(point).collect::<Result<_, _>>()?;
        Ok(SamplerSettings { enqueued, ..settings.clone() })
    }

    fn check_names(&self) -> Result<(), Failure> {
        self.entry.get_ref().params.keys().try_for_each(|name| {
            let found = self.strategy.parameter(name.get_ref()).map(|_| ());
            found.map_err(|failure| self.file.at(name.span(), failure.message))
        })
    }

    fn axis(&self, spec: &ParamSpec, search: &Search) -> Result<Axis, Failure> {
        let values = match self.entry.get_ref().params.get(spec.name.as_str()) {
            None => AxisValues::List(vec![spec.kind.default_value()]),
            Some(written) => match written.get_ref() {
                Values::Fixed(value) => AxisValues::List(vec![self.accept(spec, value, written.span())?]),
                Values::List(values) => {
                    let accept =
                        |value: &Spanned<Scalar>| self.accept(spec, &value.get_ref().0, value.span());
                    AxisValues::List(values.iter().map(accept).collect::<Result<_, _>>()?)
                }
                Values::Range(range) => self.range(spec, range, search)?,
            },
        };
        Ok(Axis { name: spec.name.clone(), values })
    }

    fn range(&self, spec: &ParamSpec, range: &Range, search: &Search) -> Result<AxisValues, Failure> {
        let uniform = *search != Search::Grid && range.step.is_none();
        if let Some(scale) = range.scale.as_ref().filter(|_| !uniform) {
            let problem = format!(
                "parameter `{}`: `scale` is for a search that draws from a range without `step`",
                spec.name
            );
            return Err(self.file.at(scale.span(), problem));
        }
        let scale = range.scale.as_ref().map(|scale| (*scale.get_ref()).into()).unwrap_or_default();
        match &spec.kind {
            ParamKind::Integer { min, max, step, .. } => {
                let min = integer(self.bound(spec, &range.min)?.as_ref(), *min);
                let max = integer(self.bound(spec, &range.max)?.as_ref(), *max);
                let step = integer(self.step(spec, &range.step)?.as_ref(), *step);
                Ok(match uniform {
                    true => AxisValues::UniformInteger { min, max, scale },
                    false => AxisValues::IntegerRange { min, max, step },
                })
            }
            ParamKind::Number { min, max, step, .. } => {
                let min = number(self.bound(spec, &range.min)?.as_ref(), *min);
                let max = number(self.bound(spec, &range.max)?.as_ref(), *max);
                let step = number(self.step(spec, &range.step)?.as_ref(), *step);
                Ok(match uniform {
                    true => AxisValues::UniformNumber { min, max, scale },
                    false => AxisValues::NumberRange { min, max, step },
                })
            }
            ParamKind::Boolean { .. } => {
                self.no_bounds(spec, range)?;
                Ok(AxisValues::List([false, true].map(ParamValue::Boolean).to_vec()))
            }
            ParamKind::Choice { choices, .. } => {
                self.no_bounds(spec, range)?;
                Ok(AxisValues::List(choices.iter().cloned().map(ParamValue::Text).collect()))
            }
        }
    }

    /// A bound of a range; it must be a value of the parameter itself.
    fn bound(
        &self,
        spec: &ParamSpec,
        written: &Option<Spanned<Scalar>>,
    ) -> Result<Option<ParamValue>, Failure> {
        let accept = |value: &Spanned<Scalar>| self.accept(spec, &value.get_ref().0, value.span());
        written.as_ref().map(accept).transpose()
    }

    /// A step is a distance: of the parameter's type, but not within its bounds.
    fn step(
        &self,
        spec: &ParamSpec,
        written: &Option<Spanned<Scalar>>,
    ) -> Result<Option<ParamValue>, Failure> {
        let Some(written) = written else { return Ok(None) };
        let value = &written.get_ref().0;
        let (kind, what) = match spec.kind {
            ParamKind::Integer { .. } => {
                let kind = ParamKind::Integer { min: 1, max: i64::MAX, step: 1, default: 1 };
                (kind, "a whole number greater than zero")
            }
            _ => {
                let kind =
                    ParamKind::Number { min: f64::MIN_POSITIVE, max: f64::MAX, step: 1.0, default: 1.0 };
                (kind, "a number greater than zero")
            }
        };
        ParamSpec { kind, ..spec.clone() }.accept(value).map(Some).map_err(|_| {
            let value = quoted(value);
            let problem = format!("parameter `{}`: `step` is `{value}`: it must be {what}", spec.name);
            self.file.at(written.span(), problem)
        })
    }

    fn no_bounds(&self, spec: &ParamSpec, range: &Range) -> Result<(), Failure> {
        let written = [("min", &range.min), ("max", &range.max), ("step", &range.step)];
        match written.into_iter().find_map(|(name, value)| Some((name, value.as_ref()?))) {
            None => Ok(()),
            Some((key, value)) => {
                let problem = format!(
                    "parameter `{}` has no `{key}`: it takes {}; `{{}}` means all of them",
                    spec.name,
                    spec.kind.allowed()
                );
                Err(self.file.at(value.span(), problem))
            }
        }
    }

    fn accept(&self, spec: &ParamSpec, value: &ParamValue, span: Span<usize>) -> Result<ParamValue, Failure> {
        spec.accept(value).map_err(|error| match (&spec.kind, value) {
            (
                ParamKind::Integer { .. } | ParamKind::Number { .. } | ParamKind::Boolean { .. },
                ParamValue::Text(_),
            ) => {
                let (name, value, allowed) = (&spec.name, quoted(value), spec.kind.allowed());
                let problem =
                    format!("parameter `{name}`: `{value}` is text: it takes {allowed}, without quotes");
                self.file.at(span, problem)
            }
            _ => self.file.at(span, error),
        })
    }

    /// A space that makes no sense, at the line of the parameter that is to blame.
    fn explain(&self, error: &SpaceError) -> Failure {
        let entry = self.entry.get_ref();
        let blamed = match error {
            SpaceError::Axis { name, problem } => {
                let written = entry.params.keys().find(|key| key.get_ref() == name);
                written.map(|key| (key.span(), format!("parameter `{name}`: {problem}")))
            }
            _ => None,
        };
        let (span, problem) = blamed.unwrap_or_else(|| (self.entry.span(), error.to_string()));
        self.file.at(span, problem)
    }
}

/// A value as it is written: text in its quotes, which tell `"3"` from `3`.
fn quoted(value: &ParamValue) -> String {
    match value {
        ParamValue::Text(text) => format!("\"{}\"", inline(text)),
        ParamValue::Boolean(_) | ParamValue::Integer(_) | ParamValue::Number(_) => value.to_string(),
    }
}

fn integer(value: Option<&ParamValue>, default: i64) -> i64 {
    if let Some(ParamValue::Integer(value)) = value { *value } else { default }
}

fn number(value: Option<&ParamValue>, default: f64) -> f64 {
    if let Some(ParamValue::Number(value)) = value { *value } else { default }
}
