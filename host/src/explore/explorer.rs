//! Approaches explored, round by round: each round is an experiment, or several, of sessions like any other.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use stratbox_decide::allocation::{IfNonePass, Variants};
use stratbox_domain::RunKey;
use stratbox_metrics::{Direction, Figure, Missing};
use stratbox_store::{ExperimentId, KnownTrial};

use super::approach::{Approach, Results};
use super::events::Happening;
use super::file::ExploreFile;
use super::judged::Judged;
use super::next::{Grower, Known, Next};
use super::report::RoundDocument;
use super::settings::{Hierarchy, Settings};
use crate::cli::SessionArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::on_interrupt;
use crate::session::{self, Early, Opened, Stream};
use crate::sweep::{Ground, Plan, PlannedStrategy, SweepFile};
use crate::wiring::{Engine, Setting};

/// What an exploration is made with.
#[derive(Clone, Copy)]
pub(super) struct Means<'a> {
    pub(super) engine: &'a Engine,
    pub(super) setting: &'a Setting,
    pub(super) args: &'a SessionArgs,
    pub(super) note: &'a dyn Fn(&str),
    /// The command that goes on with what was stopped.
    pub(super) again: &'a str,
}

impl Means<'_> {
    /// Runs at once.
    pub(super) fn workers(&self) -> NonZeroUsize {
        self.args.workers(std::thread::available_parallelism().ok())
    }
}

/// An exploration under way.
pub(super) struct Explorer<'a> {
    pub(super) means: Means<'a>,
    pub(super) path: PathBuf,
    pub(super) settings: Settings,
    /// The file as it was at first, and whenever something was added to it.
    pub(super) files: Vec<SweepFile>,
    pub(super) ground: Ground,
    pub(super) approaches: Vec<Approach>,
    /// The last experiments, in which every approach that could be used is once.
    pub(super) groups: Vec<Group>,
    pub(super) rounds: Vec<RoundDocument>,
    pub(super) stream: Stream,
    /// Why it stopped early, and the host's own failure if that is why.
    pub(super) stopped: Option<(Early, Option<Failure>)>,
    /// Why there was no further round.
    pub(super) ended: String,
    /// Whether other ideas are needed.
    pub(super) research: bool,
    retries: u32,
    best_after: Vec<Figure>,
    /// What was said of the file already.
    pub(super) told: BTreeSet<String>,
    /// Runs that were interrupted for good.
    given_up: BTreeMap<RunKey, KnownTrial>,
    judged: Option<Judged>,
    /// How long it took to judge.
    pub(super) judging: Duration,
}

/// An experiment of which all is done.
pub(super) struct Group {
    pub(super) id: ExperimentId,
    pub(super) plan: Plan,
    /// The approach that each strategy of the plan belongs to.
    pub(super) owners: Vec<usize>,
}

impl Group {
    /// Its approaches, each once.
    pub(super) fn members(&self) -> BTreeSet<usize> {
        self.owners.iter().copied().collect()
    }
}

impl<'a> Explorer<'a> {
    /// With the approaches of the file, compiled.
    pub(super) fn new(
        means: Means<'a>,
        path: &Path,
        file: ExploreFile,
        mut stream: Stream,
    ) -> Result<Self, Failure> {
        let ExploreFile { sweep, settings, criteria, approaches, .. } = file;
        let ground = Ground::of(means.engine, &sweep)?;
        stream.tell(&Happening::Start {
            num_approaches: approaches.len(),
            approaches: approaches.iter().map(|it| it.name.as_str()).collect(),
            criteria: criteria.iter().map(|it| it.name.as_str()).collect(),
        })?;
        let mut explorer = Self {
            means,
            path: path.to_owned(),
            settings,
            files: Vec::new(),
            ground,
            approaches: Vec::new(),
            groups: Vec::new(),
            rounds: Vec::new(),
            stream,
            stopped: None,
            ended: String::new(),
            research: false,
            retries: 0,
            best_after: Vec::new(),
            told: BTreeSet::new(),
            given_up: BTreeMap::new(),
            judged: None,
            judging: Duration::ZERO,
        };
        explorer.join(sweep, &approaches.into_iter().enumerate().collect::<Vec<_>>())?;
        Ok(explorer)
    }

    pub(super) fn direction(&self) -> Direction {
        self.ground.aim.objective.direction()
    }

    /// Runs round after round, until nothing is left to be tried or somebody stops it.
    pub(super) fn run(&mut self) -> Result<(), Failure> {
        let (mut touched, mut why) = (self.usable(0), "the first variants of each".to_owned());
        loop {
            if !touched.is_empty() {
                self.round(&touched, why)?;
            }
            if self.stopped.is_some() {
                return Ok(());
            }
            let known = self.approaches.len();
            self.look_again()?;
            if self.approaches.len() > known {
                (touched, why) = (self.usable(known), "it was added to the file".to_owned());
                continue;
            }
            (touched, why) = match self.next()? {
                Next::Stop { why, research } => {
                    (self.ended, self.research) = (why, research);
                    return Ok(());
                }
                Next::More { shares, out, why, retry } => {
                    self.retries += u32::from(retry);
                    out.iter().for_each(|place| self.approaches[*place].out = true);
                    (self.grow(&shares), why)
                }
                Next::Refine { place, samples, why } => {
                    self.retries += 1;
                    if !self.refine(place, samples)? {
                        "none passed, and the best that has time left has nothing around it to be tried"
                            .clone_into(&mut self.ended);
                        self.research = true;
                        return Ok(());
                    }
                    (vec![place], why)
                }
            };
            if touched.is_empty() {
                "no approach can be given more variants".clone_into(&mut self.ended);
                return Ok(());
            }
        }
    }

    /// Places of approaches, from some place on, that can be run.
    fn usable(&self, from: usize) -> Vec<usize> {
        (from..self.approaches.len()).filter(|place| self.approaches[*place].failure.is_none()).collect()
    }

    /// Gives approaches back what of them is in experiments that are done.
    pub(super) fn dissolve(&mut self, places: &[usize]) {
        let (over, kept) = std::mem::take(&mut self.groups)
            .into_iter()
            .partition(|group| group.owners.iter().any(|owner| places.contains(owner)));
        self.groups = kept;
        for Group { plan, owners, .. } in over {
            for (planned, owner) in plan.strategies.into_iter().zip(owners) {
                self.approaches[owner].parts.push(planned);
            }
        }
    }

    /// Runs a round in which these approaches have something new.
    fn round(&mut self, touched: &[usize], why: String) -> Result<(), Failure> {
        self.judged = None;
        for place in touched {
            let approach = &self.approaches[*place];
            if approach.best_after.is_empty() {
                self.stream.tell(&Happening::ApproachStart { approach: &approach.described.name })?;
            }
        }
        let number = self.rounds.len() + 1;
        self.rounds.push(RoundDocument {
            round: number,
            why,
            experiments: Vec::new(),
            approaches: BTreeMap::new(),
        });
        let together: Vec<Vec<usize>> = match self.settings.hierarchy {
            Hierarchy::Hierarchical => vec![self.usable(0)],
            Hierarchy::Flat => touched.iter().map(|place| vec![*place]).collect(),
        };
        for members in together {
            self.experiment(&members)?;
            if self.stopped.is_some() {
                break;
            }
        }
        for place in touched {
            let approach = &mut self.approaches[*place];
            approach.best_after.push(approach.results.figure());
        }
        self.best_after.push(
            self.leader().map_or(Missing::NoData.into(), |place| self.approaches[place].results.figure()),
        );
        let given = |place: &usize| {
            let Approach { described, results, .. } = &self.approaches[*place];
            (described.name.clone(), results.variants)
        };
        let approaches = touched.iter().map(given).collect();
        if let Some(round) = self.rounds.last_mut() {
            round.approaches = approaches;
        }
        Ok(())
    }

    /// Runs all that these approaches have; what was run before is answered from the store.
    fn experiment(&mut self, members: &[usize]) -> Result<(), Failure> {
        self.dissolve(members);
        let Means { engine, setting, args, note, again } = self.means;
        let (plan, owners) = self.plan(members)?;
        let workspace = setting.workspace()?;
        plan.check_firewall(&workspace.reader()?)?;
        self.stream.pause();
        let opened = Opened::create(workspace, engine, &plan)?.one_of_several(again, &self.given_up);
        let id = opened.id;
        if let Some(round) = self.rounds.last_mut() {
            round.experiments.push(id);
        }
        let ran = session::run(engine, &plan, opened, args, setting, note);
        let ended = ran.inspect_err(|_| note("what has a result is kept: explore again to go on"))?;
        self.leave_at_once()?;
        for (owner, spent) in owners.iter().zip(&ended.spent) {
            self.approaches[*owner].spent += *spent;
        }
        self.gather(&ended.opened, &plan, &owners)?;
        self.groups.push(Group { id, plan, owners });
        self.stopped = ended.stopped.map(|early| (early, ended.failure));
        Ok(())
    }

    /// One plan of what these approaches have, and whose each of its strategies is.
    fn plan(&mut self, members: &[usize]) -> Result<(Plan, Vec<usize>), Failure> {
        let (mut strategies, mut owners) = (Vec::<PlannedStrategy>::new(), Vec::new());
        for member in members {
            let approach = &mut self.approaches[*member];
            let left = approach.timeout.saturating_sub(approach.spent);
            for (number, mut planned) in std::mem::take(&mut approach.parts).into_iter().enumerate() {
                planned.label = label(&approach.described.name, number, &strategies);
                planned.time = Some(left);
                // Those before it are done when they have no more time, too.
                let before = strategies.len().checked_sub(1).filter(|_| !self.settings.parallel_execution);
                planned.order.after = before.into_iter().collect();
                strategies.push(planned);
                owners.push(*member);
            }
        }
        let mut plan = Plan::of_approaches(&self.files[0], self.ground.again()?, strategies)?;
        plan.name = match self.settings.hierarchy {
            Hierarchy::Hierarchical => format!("{} (round {})", plan.name, self.rounds.len()),
            Hierarchy::Flat => {
                let name = members.first().map_or("", |place| &self.approaches[*place].described.name);
                format!("{}: {name} (round {})", plan.name, self.rounds.len())
            }
        };
        Ok((plan, owners))
    }

    /// Reads what came of an experiment.
    fn gather(&mut self, opened: &Opened, plan: &Plan, owners: &[usize]) -> Result<(), Failure> {
        for owner in owners {
            self.approaches[*owner].results = Results::default();
        }
        for (planned, owner) in plan.strategies.iter().zip(owners) {
            self.approaches[*owner].results.variants += planned.variants();
        }
        let direction = self.direction();
        let reader = opened.workspace.reader()?;
        for row in reader.rows(opened.id)? {
            let row = row?;
            if let Some(known) = session::given_up(&row, opened.id) {
                self.given_up.insert(row.key, known);
            }
            if let Some((place, _)) = plan.strategy_of(row.variant) {
                self.approaches[owners[place]].results.take(row, direction);
            }
        }
        Ok(())
    }

    /// The approach whose best is the best; of equal ones the first by name.
    pub(super) fn leader(&self) -> Option<usize> {
        self.best_of(|_| true)
    }

    /// The same among some of them.
    fn best_of(&self, among: impl Fn(&Approach) -> bool) -> Option<usize> {
        let places: Vec<usize> =
            (0..self.approaches.len()).filter(|place| among(&self.approaches[*place])).collect();
        let order = stratbox_decide::rank(
            &places,
            |place| self.approaches[*place].results.figure().value(),
            self.direction(),
            |place| self.approaches[*place].described.name.clone(),
        );
        let first = order.first().map(|index| places[*index]);
        first.filter(|place| self.approaches[*place].results.best.is_some())
    }

    /// What is next, now that a round is done.
    fn next(&mut self) -> Result<Next, Failure> {
        if let Some(next) = self.known().going_on()? {
            return Ok(next);
        }
        let why = match self.settings.variants {
            Variants::Fixed(_) => "every approach had its variants",
            Variants::Adaptive(_) => "every approach had its variants, or its best moved no more",
        };
        let done = || Next::Stop { why: why.to_owned(), research: false };
        if self.settings.if_none_pass == IfNonePass::Stop {
            return Ok(done());
        }
        let judged = self.judge()?;
        let next = match judged.has_passed() {
            true => Next::Stop { why: "an approach passed its gates".to_owned(), research: false },
            false => {
                let miss = self.leader().and_then(|place| judged.near_miss(place));
                self.known().none_passed(miss.as_deref())?
            }
        };
        self.judged = Some(judged);
        Ok(next)
    }

    /// How all approaches stand, as of the last round.
    pub(super) fn judge(&mut self) -> Result<Judged, Failure> {
        if let Some(judged) = self.judged.take() {
            return Ok(judged);
        }
        let begun = Instant::now();
        let judged = Judged::of(self);
        self.judging += begun.elapsed();
        judged
    }

    /// From here on nothing runs that must end in good order: whoever stops it is told how to go on.
    pub(super) fn leave_at_once(&self) -> Result<(), Failure> {
        let hint = format!(
            "\nCtrl-C: what has a result is kept, and is answered from the workspace; to go on: {}\n",
            self.means.again
        );
        on_interrupt(move |_| {
            drop(std::io::stderr().write_all(hint.as_bytes()));
            std::process::exit(Exit::Cancelled.code().into());
        })
    }

    fn known(&self) -> Known<'_> {
        let all = self.approaches.iter().enumerate();
        let growers = all.filter(|(_, approach)| approach.can_grow()).map(|(place, approach)| Grower {
            place,
            claim: approach.claim(),
            best_after: approach.best_after.clone(),
            samples: approach.samples,
        });
        Known {
            settings: &self.settings,
            direction: self.direction(),
            rounds: self.rounds.len(),
            retries: self.retries,
            best_after: &self.best_after,
            growers: growers.collect(),
            leader: self.leader(),
            refinable: self.best_of(|approach| !approach.is_late()),
        }
    }
}

/// What a strategy is called in an experiment: as its approach, unless another one is called so.
fn label(name: &str, number: usize, before: &[PlannedStrategy]) -> String {
    let labels = (number..).map(|number| match number {
        0 => name.to_owned(),
        number => format!("{name} (refined {number})"),
    });
    let is_free = |label: &String| !before.iter().any(|planned| planned.label == *label);
    labels.take(before.len() + 1).find(is_free).unwrap_or_else(|| name.to_owned())
}
