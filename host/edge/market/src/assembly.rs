//! Sources to a dataset: each is read and made into the bars that were asked for, and all are merged.

use std::path::Path;

use crate::adjust::{Actions, Adjustment, Factors};
use crate::cache;
use crate::chunk::{Chunk, ROWS};
use crate::dataset::{Dataset, Origin};
use crate::input::Form;
use crate::intake::{Facts, Out};
use crate::options::{Adjust, Partial, Stamp};
use crate::read;
use crate::resample::{Collected, Collector, Ends, LeftOut};
use crate::rules::{Rules, sound};
use crate::source::{self, Opened, Source};
use crate::span::Buckets;
use crate::spool::Spool;
use crate::timing::{Clock, Timing, human};
use crate::views::Views;
use crate::{MarketError, Place, Problem};

/// The dataset of some sources, from the cache if it is there.
pub(crate) fn open(sources: &[Source], cache_dir: &Path) -> Result<Dataset, MarketError> {
    if sources.is_empty() {
        return Err(MarketError::NoSources);
    }
    let opened = sources.iter().map(Opened::open).collect::<Result<Vec<_>, _>>()?;
    let key = source::digest(&opened, cache::FORMAT)?;
    let path = cache_dir.join(format!("{key}.arrow"));
    if let Ok(dataset) = cache::load(&path, &key) {
        return Ok(dataset);
    }
    let mut rules = Rules::default();
    let mut bars = Spool::new(cache_dir);
    let mut owners: Vec<usize> = Vec::new();
    let mut left_out = Vec::new();
    for (index, opened) in opened.iter().enumerate() {
        left_out.extend(prepare(opened, &mut rules, cache_dir, &mut |chunk| bars.append(chunk))?);
        owners.resize(rules.len(), index);
    }
    let tradable = rules.len() as u32;
    let mut timing = Timing::new(rules.instruments(), rules.clocks())?;
    let clocks = rules.clocks().to_vec();
    let mut views = views(&opened, &owners, &clocks, &mut rules)?;
    let failed =
        |source: Box<dyn std::error::Error + Send + Sync>| MarketError::Cache { path: path.clone(), source };
    std::fs::create_dir_all(cache_dir).map_err(|error| failed(error.into()))?;
    let mut writer = cache::Writer::new(cache_dir, tradable);
    let mut passed = Chunk::default();
    bars.replay(&mut |chunk| {
        if timing.matters() {
            let mut rows = chunk.instrument.iter().zip(&chunk.time);
            rows.try_for_each(|(owner, time)| timing.note(*owner, *time))?;
        }
        let Some(views) = &mut views else {
            return writer.append(chunk).map_err(|error| failed(error.into()));
        };
        passed.clear();
        views.pass(chunk, &mut passed)?;
        writer.append(&passed).map_err(|error| failed(error.into()))
    })?;
    timing.finish()?;
    if let Some(views) = &mut views {
        passed.clear();
        views.finish(&mut passed);
        writer.append(&passed).map_err(|error| failed(error.into()))?;
    }
    if writer.rows() == 0 {
        return Err(MarketError::NoBars);
    }
    for opened in &opened {
        opened.input.unchanged()?;
        opened.actions.iter().try_for_each(crate::input::Input::unchanged)?;
    }
    drop(bars);
    let instruments = rules.instruments().to_vec();
    let origin = Origin { clocks, left_out };
    writer.store(&path, &key, instruments, origin).and_then(|()| cache::load(&path, &key)).map_err(failed)
}

/// Reads a file and checks it to its last row, keeping nothing: how many bars it has, before anything is made of them.
///
/// # Errors
/// What [`Dataset::open`] would say of the file.
pub fn check_file(source: &Source) -> Result<u64, MarketError> {
    let opened = Opened::open(source)?;
    let facts = read_file(&opened, &mut Rules::default(), &mut |_, _| Ok(()))?;
    opened.input.unchanged()?;
    Ok(facts.rows)
}

/// Adds the views of all instruments; `None` if there are none.
fn views(
    opened: &[Opened<'_>],
    owners: &[usize],
    clocks: &[Clock],
    rules: &mut Rules,
) -> Result<Option<Views>, MarketError> {
    let mut all = Vec::new();
    for (index, owner) in owners.iter().enumerate() {
        let opened = &opened[*owner];
        let options = &opened.prepared.options;
        let symbol = rules.instruments()[index].symbol.clone();
        let mut buckets = Vec::new();
        for span in &options.views {
            let refuse = |problem| MarketError::Setting { path: opened.input.path.clone(), problem };
            if let Some(length) = clocks[index].length
                && length >= span.nanoseconds().unsigned_abs()
            {
                let long = human(length);
                return Err(refuse(format!(
                    "`{span}` is no slower view of `{symbol}`, whose bars are {long} long: choose a longer one"
                )));
            }
            clocks[index].check(&symbol)?;
            rules.add(format!("{symbol}@{span}")).map_err(|(_, problem)| refuse(problem.to_string()))?;
            buckets.push(Buckets::new(*span, opened.prepared.zone.clone(), session(opened)));
        }
        all.push(buckets);
    }
    Ok(all.iter().any(|buckets| !buckets.is_empty()).then(|| Views::new(rules.instruments(), clocks, all)))
}

fn session(opened: &Opened<'_>) -> i64 {
    opened.prepared.options.session.map_or(0, crate::options::TimeOfDay::nanoseconds)
}

/// Reads a file of whatever form.
pub(crate) fn read_file(opened: &Opened<'_>, rules: &mut Rules, out: Out<'_>) -> Result<Facts, MarketError> {
    let Opened { source, prepared, input, .. } = opened;
    match input.form {
        Form::Text | Form::Gzip | Form::Zstd => read::read(input, source, prepared, rules, out),
        #[cfg(feature = "parquet")]
        Form::Parquet => crate::parquet_file::read(input, source, prepared, rules, out),
        #[cfg(not(feature = "parquet"))]
        Form::Parquet => Err(MarketError::Format {
            path: input.path.clone(),
            problem: "is a Parquet file, and this program was built without them: build it with the feature `parquet`"
                .to_owned(),
        }),
    }
}

type Rows<'a> = &'a mut dyn FnMut(&Chunk) -> Result<(), MarketError>;

/// The bars of one source as they were asked for; which were left out. Of each instrument they are in the order of time.
fn prepare(
    opened: &Opened<'_>,
    rules: &mut Rules,
    dir: &Path,
    out: Rows<'_>,
) -> Result<Vec<LeftOut>, MarketError> {
    if opened.prepared.options.is_plain() {
        return read_file(opened, rules, &mut |chunk, _| out(chunk)).map(|_| Vec::new());
    }
    let mut raw_rules = Rules::default();
    let mut raw = Spool::new(dir);
    read_file(opened, &mut raw_rules, &mut |chunk, _| raw.append(chunk))?;
    let mut making = Making::new(opened, &raw_rules)?;
    if making.actions.is_some() {
        raw.replay(&mut |chunk| {
            making.look(chunk);
            Ok(())
        })?;
        making.decide()?;
    }
    let first = rules.len() as u32;
    for instrument in raw_rules.instruments() {
        let place = Place::Line { path: opened.input.path.clone(), line: 1 };
        let index = rules.add(instrument.symbol.clone()).map_err(|(column, problem)| {
            MarketError::invalid(place, column.names()[0].to_owned(), problem)
        })?;
        if let Some(clock) = rules.clock_mut(index) {
            clock.zone = opened.prepared.zone.changes().then(|| opened.prepared.zone.clone());
        }
    }
    let mut made = Chunk::default();
    raw.replay(&mut |chunk| {
        for row in 0..chunk.len() {
            making.make(chunk, row, first, rules, &mut made)?;
        }
        if made.len() >= ROWS {
            out(&made)?;
            made.clear();
        }
        Ok(())
    })?;
    let left_out = making.finish(first, rules, &mut made)?;
    out(&made)?;
    Ok(left_out)
}

/// What happens to an instrument's prices, while they pass by.
#[derive(Default)]
struct Passage {
    /// When something happens to them, and the last close before.
    moments: Vec<(i64, Option<f64>)>,
    at: usize,
    close: Option<f64>,
    factors: Option<Factors>,
    collector: Option<Collector>,
    /// When the last bar closes.
    closes: i64,
    ends: Ends,
}

/// Bars as they were asked for out of bars as they were read.
struct Making<'a> {
    opened: &'a Opened<'a>,
    raw: &'a Rules,
    actions: Option<Actions<'a>>,
    passages: Vec<Passage>,
}

impl<'a> Making<'a> {
    fn new(opened: &'a Opened<'a>, raw: &'a Rules) -> Result<Self, MarketError> {
        let options = &opened.prepared.options;
        let setting = |problem| MarketError::Setting { path: opened.input.path.clone(), problem };
        let names = || raw.instruments().iter().map(|instrument| instrument.symbol.as_str());
        for (symbol, clock) in names().zip(raw.clocks()) {
            if options.stamp == Stamp::Close || options.resample.is_some() {
                clock.check(symbol)?;
            }
            if options.stamp == Stamp::Close && clock.length.is_none() {
                return Err(setting(format!(
                    "`stamp` says that times are of closes, and the length of bars cannot be told from the only one of \
                     `{symbol}`: add rows, or write times of opens"
                )));
            }
            if let (Some(span), Some(length)) = (options.resample, clock.length)
                && length > span.nanoseconds().unsigned_abs()
            {
                return Err(setting(format!(
                    "bars of `{symbol}` are {} long, of which no bars of `{span}` can be made",
                    human(length)
                )));
            }
        }
        let wanted =
            options.adjust.filter(|adjust| matches!(adjust, Adjust::Splits | Adjust::SplitsAndDividends));
        let actions = match (&opened.actions, wanted) {
            (Some(input), Some(adjust)) => Some(Actions::read(input, &opened.prepared, adjust)?),
            _ => None,
        };
        if let Some(actions) = &actions {
            actions.check(&names().collect::<Vec<_>>())?;
        }
        let buckets =
            options.resample.map(|span| Buckets::new(span, opened.prepared.zone.clone(), session(opened)));
        let passage = |symbol: &str| Passage {
            moments: actions.iter().flat_map(|it| it.moments(symbol)).map(|moment| (moment, None)).collect(),
            collector: buckets.clone().map(Collector::new),
            ..Passage::default()
        };
        let passages = names().map(passage).collect();
        Ok(Self { opened, raw, actions, passages })
    }

    /// When a bar opened.
    fn opens(&self, instrument: usize, time: i64) -> i64 {
        match self.opened.prepared.options.stamp {
            Stamp::Open => time,
            Stamp::Close => self.raw.clocks()[instrument].open(time),
        }
    }

    /// Takes note of the closes before actions.
    fn look(&mut self, chunk: &Chunk) {
        for row in 0..chunk.len() {
            let instrument = chunk.instrument[row] as usize;
            let time = self.opens(instrument, chunk.time[row]);
            let passage = &mut self.passages[instrument];
            while let Some((moment, close)) = passage.moments.get_mut(passage.at)
                && *moment <= time
            {
                *close = passage.close;
                passage.at += 1;
            }
            passage.close = Some(chunk.ohlcv[row][3]);
        }
    }

    /// Turns them into factors.
    fn decide(&mut self) -> Result<(), MarketError> {
        let Some(actions) = &mut self.actions else { return Ok(()) };
        for (passage, instrument) in self.passages.iter_mut().zip(self.raw.instruments()) {
            let closes: Vec<Option<f64>> = passage.moments.iter().map(|(_, close)| *close).collect();
            actions.note(&instrument.symbol, &closes);
        }
        for (passage, instrument) in self.passages.iter_mut().zip(self.raw.instruments()) {
            passage.factors = Some(actions.factors(&instrument.symbol)?);
        }
        Ok(())
    }

    /// One bar.
    fn make(
        &mut self,
        chunk: &Chunk,
        row: usize,
        first: u32,
        rules: &mut Rules,
        made: &mut Chunk,
    ) -> Result<(), MarketError> {
        let instrument = chunk.instrument[row];
        let index = instrument as usize;
        let time = self.opens(index, chunk.time[row]);
        let mut ohlcv = chunk.ohlcv[row];
        let passage = &mut self.passages[index];
        if let Some(factors) = &mut passage.factors
            && let Err(value) = factors.apply(time, &mut ohlcv)
        {
            return Err(self.impossible(index, time, &Problem::Unadjustable { value }));
        }
        let Some(collector) = &mut passage.collector else {
            let bar = crate::intake::bar(first + instrument, time, ohlcv);
            return self.add(index, &bar, rules, made);
        };
        let closed = std::mem::replace(&mut passage.closes, self.raw.clocks()[index].close(time));
        let collected = collector.add(time, &ohlcv);
        collector.check(time, passage.closes, &self.raw.instruments()[index].symbol)?;
        let Some(collected) = collected else { return Ok(()) };
        passage.ends.note(collector.buckets(), collected.bucket, closed);
        self.collected(index, &collected, first, rules, made)
    }

    /// The last buckets; which of them are left out.
    fn finish(
        &mut self,
        first: u32,
        rules: &mut Rules,
        made: &mut Chunk,
    ) -> Result<Vec<LeftOut>, MarketError> {
        let options = &self.opened.prepared.options;
        let mut left_out = Vec::new();
        for index in 0..self.passages.len() {
            let Passage { collector: Some(collector), ends, closes, .. } = &mut self.passages[index] else {
                continue;
            };
            let (last, buckets) = (collector.take(), collector.buckets().clone());
            if let Some(last) = last {
                ends.note(&buckets, last.bucket, *closes);
                if *closes >= last.bucket.end || ends.is_whole() || options.partial == Partial::Keep {
                    self.collected(index, &last, first, rules, made)?;
                } else {
                    let symbol = self.raw.instruments()[index].symbol.clone();
                    left_out.push(LeftOut { symbol, time: last.bucket.start, bars: last.bars });
                }
            }
            // What was asked for, where the smallest distance may be of a day's last bucket.
            if let Some(clock) = rules.clock_mut(first + index as u32)
                && clock.last.is_some()
            {
                clock.length = Some(buckets.span().nanoseconds().unsigned_abs());
                clock.buckets = Some(buckets);
            }
        }
        Ok(left_out)
    }

    fn collected(
        &self,
        index: usize,
        collected: &Collected,
        first: u32,
        rules: &mut Rules,
        made: &mut Chunk,
    ) -> Result<(), MarketError> {
        let time = collected.bucket.start;
        if !sound(&collected.ohlcv) {
            return Err(self.impossible(index, time, &Problem::NotFinite(collected.ohlcv[4])));
        }
        let bar = crate::intake::bar(first + index as u32, time, collected.ohlcv);
        self.add(index, &bar, rules, made)
    }

    fn add(
        &self,
        index: usize,
        bar: &stratbox_domain::Bar,
        rules: &mut Rules,
        made: &mut Chunk,
    ) -> Result<(), MarketError> {
        rules
            .tick(bar.instrument, bar.time)
            .map_err(|(_, problem)| self.impossible(index, bar.time, &problem))?;
        made.push(bar);
        Ok(())
    }

    /// What cannot be made of a bar.
    fn impossible(&self, index: usize, time: i64, problem: &Problem) -> MarketError {
        let symbol = &self.raw.instruments()[index].symbol;
        let problem = format!("the bar of `{symbol}` at `{}`: {problem}", crate::date::show(time));
        MarketError::Setting { path: self.opened.input.path.clone(), problem }
    }
}

/// What splits and dividends do to a source's bars.
pub(crate) fn adjustments(opened: &Opened<'_>, dir: &Path) -> Result<Vec<Adjustment>, MarketError> {
    let mut rules = Rules::default();
    let mut raw = Spool::new(dir);
    read_file(opened, &mut rules, &mut |chunk, _| raw.append(chunk))?;
    let mut making = Making::new(opened, &rules)?;
    raw.replay(&mut |chunk| {
        making.look(chunk);
        Ok(())
    })?;
    making.decide()?;
    let Some(actions) = &making.actions else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for instrument in rules.instruments() {
        all.extend(actions.adjustments(&instrument.symbol)?);
    }
    Ok(all)
}
