//! Hands a case in as its author would, and judges what came of it.

use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use stratbox_compiler::{Source, ToolLimits};
use stratbox_domain::{Limits, Manifest, Params, RunOutcome, VenuePolicy};

use super::case::{Bypassed, Case, Expected, Material, Told};
use super::honest::Honest;
use super::told::{Secrets, Words};
use super::verdict::Verdict;
use crate::backtest::{CompactOutcome, Conditions, Execution};
use crate::bars::Bars;
use crate::cli::Environment;
use crate::failure::{Failure, FailureKind};
use crate::key::RunKeys;
use crate::render;
use crate::run::RunReport;
use crate::runs::Run;
use crate::trace::Keeps;
use crate::wiring::{Code, Engine, Setting};
use crate::workshop;

/// What an attack's run may use: a hundred times what its control needs, and little enough to be over soon.
pub(super) const LIMITS: Limits = Limits {
    fuel: 200_000_000,
    fuel_per_bar: 200_000_000,
    memory_bytes: 64 << 20,
    wall_ms: 20_000,
    log_bytes: 64 << 10,
};
/// For what only the clock can end.
const BY_THE_CLOCK: Limits = Limits { fuel: 1 << 60, fuel_per_bar: 1 << 60, wall_ms: 2_000, ..LIMITS };
/// What compiling one source may take: the bombs among them use all of it.
const TOOLS_WALL: Duration = Duration::from_secs(10);
const TOOLS_CPU_SECONDS: u64 = 10;
/// What takes so much longer than its limit hangs. How late anything was is in the report: how late it may be depends on what
/// else the machine is doing.
const HANG: Duration = Duration::from_secs(5);

/// Everything that attacks are tried with.
pub(super) struct Harness {
    /// The installation as it is.
    engine: Engine,
    /// The same without the gate for sources.
    gateless: Engine,
    bars: Bars,
    honest: Honest,
    secrets: Secrets,
    tools: ToolLimits,
    /// The latest that anything ended after its limit.
    latest: Mutex<Duration>,
}

/// What is seen while something that was handed in is worked on.
#[derive(Default)]
struct Observed {
    words: Words,
    problems: Vec<String>,
    /// How long after its limit anything ended.
    late: Duration,
}

impl Harness {
    /// Starts the installation, and runs an honest strategy alone.
    pub(super) fn start(
        setting: &Setting,
        environment: &Environment,
        note: &dyn Fn(&str),
    ) -> Result<Self, Failure> {
        let tools = ToolLimits { wall: TOOLS_WALL, cpu_seconds: TOOLS_CPU_SECONDS, ..setting.tools };
        let setting = Setting { tools, ..setting.clone() };
        let engine = Engine::start(&setting, note)?;
        // It has nothing to say that has not been said.
        let gateless = Engine::start(&Setting { gate: None, ..setting.clone() }, &|_| {})?;
        let bars = sample(&engine)?;
        let honest = Honest::new(&engine, &bars)?;
        let secrets = Secrets::gather(&setting, environment, engine.sysroot())?;
        Ok(Self { engine, gateless, bars, honest, secrets, tools, latest: Mutex::default() })
    }

    /// How long after its limit the latest attack ended.
    pub(super) fn latest(&self) -> Duration {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The installation.
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether this code, made anew, is the honest strategy that it was.
    pub(super) fn is_honest(&self, code: &Code) -> Result<bool, Failure> {
        self.honest.is_the_same(&self.engine, &self.bars, code)
    }

    /// Tries one case.
    pub(super) fn try_case(&self, case: &Case) -> Verdict {
        let untried = Verdict::untried(case.name.to_owned(), case.class(), case.expected.to_string());
        let started = Instant::now();
        let ((came_of_it, evidence, mut problems, took), disturbed) =
            self.honest.beside(&self.engine, &self.bars, || {
                let (came_of_it, evidence, problems) = self.attack(case);
                (came_of_it, evidence, problems, started.elapsed())
            });
        problems.extend(disturbed);
        problems.extend(self.control(case).err());
        untried.judged(came_of_it, evidence, &problems, took)
    }

    /// What came of it, what shows that, and what was wrong.
    fn attack(&self, case: &Case) -> (String, String, Vec<String>) {
        let limits = limits_of(case);
        let (told, mut problems) = self.hand_in(case, &self.engine, limits);
        let (came_of_it, mut evidence) = (told.came_to(), told.evidence());
        if !told.is(&case.expected) {
            problems.push(unexpected("", &case.expected.to_string(), &told));
        }
        if let Expected::Source { bypassed, .. } = case.expected {
            let (told, more) = self.hand_in(case, &self.gateless, limits);
            evidence += &format!("; without the gate: {}", told.evidence());
            problems.extend(more.into_iter().map(|problem| format!("without the gate: {problem}")));
            let (as_it_must, expected) = match bypassed {
                Bypassed::Component(rules) => (told.is(&Expected::Component(rules)), "reject-component"),
                Bypassed::Compile => (told.is(&Expected::Compile), "reject-compile"),
                Bypassed::Harmless => (ended_by_itself(&told), "an end of its own"),
            };
            if !as_it_must {
                problems.push(unexpected("without the gate ", expected, &told));
            }
        }
        (came_of_it, evidence, problems)
    }

    /// Hands the attack in: what its author is told, and what was wrong with that.
    fn hand_in(&self, case: &Case, engine: &Engine, limits: Limits) -> (Told, Vec<String>) {
        let mut seen = Observed::default();
        let told = match self.run_to_the_end(case.attack, engine, limits, &mut seen) {
            Ok(told) => told,
            Err(failure) => {
                seen.words.failure(&failure);
                if failure.kind == FailureKind::Environment {
                    seen.problems.push(format!("an error of ours: {}", failure.message));
                }
                Told::Refused(failure)
            }
        };
        seen.problems.extend(self.secrets.problems(&seen.words, &case.attack.bytes()));
        seen.problems.extend(case.also.and_then(|also| also(&told).err()));
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        *latest = latest.max(seen.late);
        (told, seen.problems)
    }

    fn run_to_the_end(
        &self,
        material: Material,
        engine: &Engine,
        limits: Limits,
        seen: &mut Observed,
    ) -> Result<Told, Failure> {
        let (code, params) = self.prepare(material, engine, seen)?;
        let mut runs = Vec::new();
        for _ in 0..2 {
            runs.push(self.run(engine, &code, &params, limits, seen)?);
        }
        let [first, second] = [0, 1].map(|index| fingerprint(&runs[index]));
        let is_clocked = |run: &Execution| matches!(run.outcome, RunOutcome::Interrupted(_));
        // Where the clock strikes is no property of the strategy.
        if first != second && !runs.iter().all(is_clocked) {
            seen.problems.push("two runs in fresh processes differ".to_owned());
        }
        let execution = runs.swap_remove(0);
        let report = self.report(engine, &code, params, limits, execution);
        seen.words.report(&report);
        Ok(Told::Ran { outcome: report.outcome, fuel: report.fuel, log: report.log.unwrap_or_default() })
    }

    /// A strategy to its machine code and the parameters that it has when nobody says anything.
    fn prepare(
        &self,
        material: Material,
        engine: &Engine,
        seen: &mut Observed,
    ) -> Result<(Code, Params), Failure> {
        let component = match material {
            Material::Source(text) => {
                let source = Source::new("attack.rs", text());
                let compiled = seen.within("compiling it", self.tools.wall, || engine.compile(&source))?;
                seen.words.human(render::text::block(&render::diagnostics(&compiled.diagnostics)));
                compiled.component
            }
            Material::Component(bytes) => bytes(),
        };
        seen.within("making machine code of it", workshop::WALL, || {
            let code = engine.link(&component)?;
            let manifest = engine.describe(&code)?;
            Ok((code, manifest))
        })
        .map(|(code, manifest)| {
            seen.words.own(&manifest);
            (code, defaults(&manifest))
        })
    }

    /// One run in a fresh process.
    fn run(
        &self,
        engine: &Engine,
        code: &Code,
        params: &Params,
        limits: Limits,
        seen: &mut Observed,
    ) -> Result<Execution, Failure> {
        let runs = engine.runs(conditions(&self.bars, limits), &self.bars)?;
        runs.ready(code)?;
        let limit = Duration::from_millis(limits.wall_ms);
        let key = self.keys(engine, code, &limits).of(params);
        let run = Run::new(code, || (params.clone(), key));
        seen.within("its run", limit, || runs.one(run, Keeps::log(true)))
    }

    /// The same without the attack, after it.
    fn control(&self, case: &Case) -> Result<(), String> {
        let mut seen = Observed::default();
        let ran = self
            .prepare(case.control, &self.engine, &mut seen)
            .and_then(|(code, params)| self.run(&self.engine, &code, &params, limits_of(case), &mut seen));
        let problem = match ran {
            Ok(Execution { outcome: RunOutcome::Completed(_), .. }) => return Ok(()),
            Ok(Execution { outcome: RunOutcome::Faulted(fault), .. }) => {
                format!("fault ({}): {}", fault.label, fault.message)
            }
            Ok(Execution { outcome: RunOutcome::Interrupted(reason), .. }) => reason.label().to_owned(),
            Err(failure) => Told::Refused(failure).evidence(),
        };
        Err(format!("the control did not complete: {problem}"))
    }

    fn keys(&self, engine: &Engine, code: &Code, limits: &Limits) -> RunKeys {
        let (bars, venue) = (&self.bars.summary.digest, VenuePolicy::default());
        RunKeys::new(code.identity(), bars, &venue, limits, engine.version([code]))
    }

    fn report(
        &self,
        engine: &Engine,
        code: &Code,
        params: Params,
        limits: Limits,
        execution: Execution,
    ) -> RunReport {
        let venue = VenuePolicy::default();
        let keys = self.keys(engine, code, &limits);
        RunReport {
            trials: None,
            whole: None,
            strategy: "attack".to_owned(),
            source: "attack.rs".to_owned(),
            run_key: keys.of(&params),
            params,
            data: self.bars.summary.clone(),
            venue,
            limits,
            engine: engine.version([code]).to_owned(),
            outcome: execution.outcome,
            fuel: execution.fuel,
            wall_seconds: 0.0,
            log: Some(execution.log),
            isolation: engine.walls(),
        }
    }
}

impl Observed {
    /// Does something that has a time limit of its own, which it must keep.
    fn within<T>(&mut self, what: &str, limit: Duration, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = work();
        let took = started.elapsed();
        self.late = self.late.max(took.saturating_sub(limit));
        if took > limit + HANG {
            let (took, limit) = (took.as_secs_f64(), limit.as_secs_f64());
            self.problems.push(format!("{what} took {took:.2} s, which must end after {limit} s"));
        }
        result
    }
}

impl Material {
    /// What is handed in.
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Source(text) => text().into_bytes(),
            Self::Component(bytes) => bytes(),
        }
    }
}

/// Daily bars of two years that wander at random.
fn sample(engine: &Engine) -> Result<Bars, Failure> {
    let failed = |error: std::io::Error| Failure::environment(format!("cannot write the bars: {error}"));
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().map_err(failed)?;
    std::io::Write::write_all(&mut file, crate::scaffold::random_walk().as_bytes()).map_err(failed)?;
    let source = stratbox_market::Source {
        symbol: Some("WALK".to_owned()),
        ..stratbox_market::Source::new(file.path())
    };
    Bars::open(engine, &[source], (None, None))
}

/// Under what circumstances runs happen, but for their limits always the same.
pub(super) fn conditions(bars: &Bars, limits: Limits) -> Conditions {
    Conditions {
        bars: Arc::clone(&bars.source) as _,
        policy: Arc::new(VenuePolicy::default()),
        limits,
        periods_per_year: bars.periods_per_year,
        cancel: Arc::default(),
    }
}

/// Every parameter as it is when nobody says anything.
pub(super) fn defaults(manifest: &Manifest) -> Params {
    manifest.parameters.iter().map(|spec| (spec.name.clone(), spec.kind.default_value())).collect()
}

/// Everything that came of a run, to the bit.
pub(super) fn fingerprint(execution: &Execution) -> Vec<u8> {
    let Execution { outcome, fuel, log, .. } = execution;
    rmp_serde::to_vec(&(CompactOutcome::from(outcome), fuel, log))
        .expect("it passes between processes like this")
}

fn limits_of(case: &Case) -> Limits {
    match case.expected {
        Expected::Timeout => BY_THE_CLOCK,
        // What must run to its end must not be stopped by what stops the others soon.
        Expected::Nothing => {
            Limits { fuel: 10 * LIMITS.fuel, fuel_per_bar: 10 * LIMITS.fuel_per_bar, ..LIMITS }
        }
        _ => LIMITS,
    }
}

fn ended_by_itself(told: &Told) -> bool {
    matches!(told, Told::Ran { outcome: RunOutcome::Completed(_) | RunOutcome::Faulted(_), .. })
}

fn unexpected(route: &str, expected: &str, told: &Told) -> String {
    format!("{route}it must come to {expected}, and came to {}: {}", told.came_to(), told.evidence())
}
