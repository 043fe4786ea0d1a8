//! The loop: inputs to the orchestrator, its actions to whom they concern.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel as queue, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use stratbox_orchestrator::{
    Action, Answer, Assigned, Decision, Input, Job, LeaseId, Millis, Orchestrator, Problem, Settings,
    Settled, Statistics, TaskId, WorkerId,
};

use crate::book::{Book, Expansion, Stopped, Tried};
use crate::resources;
use crate::seats::Seats;
use crate::worker::{Told, Work};

/// What reaches the loop, and when it was said: a loop that was held up must not take what waited for it for silence.
pub(crate) type Letter<O, E> = (Instant, Message<O, E>);

pub(crate) enum Message<O, E> {
    Input(Input),
    Failed(E),
    Drain,
    Halt,
    Started(WorkerId),
    Heartbeat(WorkerId),
    Answered {
        worker: WorkerId,
        lease: LeaseId,
        answers: Vec<Answer>,
        outputs: Vec<Option<O>>,
        micros: u64,
        failure: Option<(TaskId, E)>,
    },
    Panicked {
        tasks: Vec<Assigned>,
        message: String,
    },
}

/// Where others speak to the loop from.
pub struct Control<O, E>(Sender<Letter<O, E>>);

impl<O, E> Clone for Control<O, E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<O, E> Control<O, E> {
    /// Lets what runs finish, for as long as [`Setup::grace`] says, and starts nothing.
    pub fn drain(&self) {
        self.say(Message::Drain);
    }

    /// Ends what runs.
    pub fn halt(&self) {
        self.say(Message::Halt);
    }

    /// So many more settled tasks are durable.
    pub fn stored(&self, tasks: u64) {
        self.say(Message::Input(Input::Stored { tasks }));
    }

    /// What was settled cannot be kept, or the like: nothing is begun any more.
    pub fn fail(&self, error: E) {
        self.say(Message::Failed(error));
    }

    /// A task is not begun (again). It is settled as cancelled, unless its running attempt settles it otherwise, or has by now.
    pub fn cancel(&self, task: TaskId) {
        self.say(Message::Input(Input::CancelTask { task }));
    }

    /// Answers a question.
    pub fn decide(&self, decision: Decision) {
        self.say(Message::Input(Input::Decide(decision)));
    }

    fn say(&self, message: Message<O, E>) {
        // A loop that has ended needs no answer.
        drop(self.0.send((Instant::now(), message)));
    }
}

/// The loop's ear.
pub struct Inbox<O, E> {
    /// When time begins.
    pub(crate) begun: Instant,
    pub(crate) say: Sender<Letter<O, E>>,
    messages: Receiver<Letter<O, E>>,
}

/// A loop's ear, and what to speak into.
#[must_use]
pub fn channel<O, E>() -> (Control<O, E>, Inbox<O, E>) {
    let (say, messages) = queue();
    (Control(say.clone()), Inbox { begun: Instant::now(), say, messages })
}

/// How to go about it.
pub struct Setup {
    /// The orchestrator's.
    pub settings: Settings,
    /// How long what runs may go on after [`Control::drain`].
    pub grace: Duration,
}

/// Runs jobs until every task of them has a result, or nothing can go on, and returns when all threads are gone.
///
/// # Errors
/// Why it stopped early. Everything that had been settled was given to `book`.
///
/// # Panics
/// If `book` panics, with that panic, after the workers have ended.
pub fn run<W: Work, B: Book<Output = W::Output, Error = W::Error>>(
    setup: Setup,
    jobs: Vec<Job>,
    work: &W,
    book: &mut B,
    inbox: Inbox<W::Output, W::Error>,
) -> Result<Statistics, Stopped<W::Error>> {
    let Inbox { begun, say, messages } = inbox;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let (end, ended) = sync_channel(0);
        let sampler = say.clone();
        let watch = move || {
            let say = |sample| drop(sampler.send((Instant::now(), Message::Input(Input::Sampled(sample)))));
            resources::watch(&ended, || work.processes(), say);
        };
        let silence = setup.settings.silence;
        let mut shell = Shell {
            orchestrator: Orchestrator::new(setup.settings),
            work,
            book,
            seats: Seats::new(scope, work, say.clone(), &over),
            begun,
            silence,
            grace: setup.grace,
            now: 0,
            halt_at: None,
            finished: false,
            failing: false,
            halting: false,
            say,
            stopped: None,
            _sampler: end,
        };
        match thread::Builder::new().name("sampler".to_owned()).spawn_scoped(scope, watch) {
            Ok(_) => shell.begin(jobs),
            Err(error) => shell.stopped = Some(Stopped::Spawn(error)),
        }
        shell.attend(&messages);
        let statistics = shell.orchestrator.statistics();
        // What it holds keeps the threads alive.
        let stopped = shell.stopped;
        stopped.map_or(Ok(statistics), Err)
    })
}

/// What came with answers.
struct Answers<O> {
    worker: Option<WorkerId>,
    outputs: Vec<Option<O>>,
}

impl<O> Answers<O> {
    fn none() -> Self {
        Self { worker: None, outputs: Vec::new() }
    }

    fn tried(&mut self, task: TaskId, attempt: u32, answer: Option<usize>) -> Tried<O> {
        let output = answer.and_then(|place| self.outputs.get_mut(place)?.take());
        Tried { task, attempt, worker: self.worker, output }
    }
}

struct Shell<'scope, 'env, W: Work, B> {
    orchestrator: Orchestrator,
    work: &'env W,
    book: &'env mut B,
    seats: Seats<'scope, 'env, W>,
    begun: Instant,
    silence: Millis,
    grace: Duration,
    /// The time of what is being attended to.
    now: Millis,
    halt_at: Option<Millis>,
    finished: bool,
    /// Whether what is being attended to is the last: nothing is begun any more.
    failing: bool,
    /// Whether workers are killed because everything is to end.
    halting: bool,
    say: Sender<Letter<W::Output, W::Error>>,
    stopped: Option<Stopped<W::Error>>,
    _sampler: SyncSender<()>,
}

impl<'scope, 'env: 'scope, W: Work, B: Book<Output = W::Output, Error = W::Error>> Shell<'scope, 'env, W, B> {
    fn at(&self, moment: Instant) -> Millis {
        u64::try_from(moment.saturating_duration_since(self.begun).as_millis()).unwrap_or(u64::MAX)
    }

    fn begin(&mut self, jobs: Vec<Job>) {
        self.finished = jobs.is_empty();
        if let Some(sample) = resources::memory() {
            self.input(Input::Sampled(sample), &mut Answers::none());
        }
        // All at once: otherwise everything would be finished as soon as the first has nothing left to do.
        self.inputs(jobs.into_iter().map(Input::Submit).collect(), &mut Answers::none());
    }

    /// Until nothing is left that can go on.
    fn attend(&mut self, messages: &Receiver<Letter<W::Output, W::Error>>) {
        while !self.finished && self.stopped.is_none() {
            let (at, message) = match messages.try_recv() {
                Ok(letter) => letter,
                Err(_) => {
                    let patience = self.book.idle().min(self.patience());
                    match messages.recv_timeout(patience) {
                        Ok(letter) => letter,
                        Err(RecvTimeoutError::Timeout) => (Instant::now(), Message::Input(Input::Tick)),
                        // The loop holds a sender itself.
                        Err(RecvTimeoutError::Disconnected) => break,
                    }
                }
            };
            self.now = self.now.max(self.at(at));
            self.hear(message);
            if self.halt_at.is_some_and(|at| self.now >= at) {
                self.halt();
            }
            self.book.watch(&self.orchestrator.statistics());
        }
        if self.stopped.is_some() {
            self.seats.end();
        }
    }

    fn halt(&mut self) {
        (self.halt_at, self.halting) = (None, true);
        self.input(Input::Halt, &mut Answers::none());
    }

    /// How long nothing has to be done unless somebody says something.
    fn patience(&self) -> Duration {
        const LONGEST: Millis = 1_000;
        let at = [self.orchestrator.wake_at(), self.halt_at].into_iter().flatten().min();
        let now = self.now.max(self.at(Instant::now()));
        Duration::from_millis(at.map_or(LONGEST, |at| at.saturating_sub(now).clamp(1, LONGEST)))
    }

    fn hear(&mut self, message: Message<W::Output, W::Error>) {
        match message {
            Message::Input(input) => self.input(input, &mut Answers::none()),
            Message::Failed(error) => {
                self.stopped.get_or_insert(Stopped::Failed(None, error));
            }
            Message::Started(worker) => self.input(Input::Started { worker }, &mut Answers::none()),
            Message::Heartbeat(worker) => self.input(Input::Heartbeat { worker }, &mut Answers::none()),
            Message::Drain => {
                let grace = u64::try_from(self.grace.as_millis()).unwrap_or(u64::MAX);
                self.halt_at.get_or_insert(self.now.saturating_add(grace));
                self.input(Input::Drain, &mut Answers::none());
            }
            Message::Halt => self.halt(),
            Message::Answered { worker, lease, answers, outputs, micros, failure } => {
                self.book.answered(worker, answers.len(), Duration::from_micros(micros));
                self.seats.rest(worker);
                self.failing = failure.is_some();
                // An error in place of the first answer is no answer: it says nothing about the task.
                if !self.failing || !answers.is_empty() {
                    let mut from = Answers { worker: Some(worker), outputs };
                    self.input(Input::Answered { worker, lease, answers, micros }, &mut from);
                }
                if let Some((task, error)) = failure {
                    self.stopped.get_or_insert(Stopped::Failed(Some(task), error));
                }
            }
            Message::Panicked { tasks, message } => {
                let tasks = tasks.into_iter().map(|assigned| assigned.task).collect();
                self.stopped.get_or_insert(Stopped::Panicked { tasks, message });
            }
        }
    }

    /// Tells the orchestrator, and does what it says; `from` is what came with the answers in the input.
    fn input(&mut self, input: Input, from: &mut Answers<W::Output>) {
        self.inputs(VecDeque::from([input]), from);
    }

    /// As [`Self::input`], one after the other, and what has to be told about one after them.
    fn inputs(&mut self, mut inputs: VecDeque<Input>, from: &mut Answers<W::Output>) {
        let mut actions = Vec::new();
        while let Some(input) = inputs.pop_front() {
            self.orchestrator.handle(self.now, input, &mut actions);
            for action in actions.drain(..) {
                if let Some(input) = self.act(action, from) {
                    inputs.push_back(input);
                }
                if self.stopped.is_some() {
                    return;
                }
            }
        }
    }

    /// Does one thing; what has to be told about it.
    fn act(&mut self, action: Action, from: &mut Answers<W::Output>) -> Option<Input> {
        match action {
            Action::Expand { .. } | Action::Start { .. } | Action::Assign { .. } if self.failing => {}
            Action::Expand { job, at_most } => {
                let expanded = self.book.expand(job, at_most);
                let Expansion { tasks, answered, more } = self.kept(None, expanded)?;
                let nothing_to_do = tasks.is_empty() && more;
                let expanded = Input::Expanded { job, tasks, answered, more };
                if !nothing_to_do {
                    return Some(expanded);
                }
                // There may be a million of them that are answered: what others have to say comes in between.
                drop(self.say.send((Instant::now(), Message::Input(expanded))));
            }
            Action::Start { worker } => self.start(worker),
            Action::Kill { worker } => {
                if !self.halting {
                    self.book.worker(worker, true);
                }
                self.work.kill(worker);
                // What follows is about its tasks.
                from.worker = Some(worker);
            }
            Action::Assign { worker, lease, tasks } => self.assign(worker, lease, tasks),
            Action::Settle { task, attempt, answer, settled } => {
                let mut tried = from.tried(task, attempt, answer);
                if settled == Settled::OverBudget {
                    // It only became known with the answer of somebody.
                    tried.worker = None;
                }
                let kept = self.book.settle(tried, settled);
                self.kept(Some(task), kept);
            }
            Action::Retry { task, attempt, answer, cause, delay } => {
                let kept = self.book.retry(from.tried(task, attempt, answer), cause, delay);
                self.kept(Some(task), kept);
            }
            Action::JobFinished { job, ended } => {
                let finished = self.book.finished(job, ended);
                self.kept(None, finished);
            }
            Action::Ask { failed, settled } => return self.book.ask(failed, settled).map(Input::Decide),
            // It ended before it could be cancelled.
            Action::Refused { problem: Problem::Ended, .. } => {}
            Action::Refused { job, problem } => {
                self.stopped = Some(Stopped::Refused(job, problem.to_string()));
            }
            Action::Finished => self.finished = true,
            Action::JobReady { .. } | Action::Discard { .. } => {}
        }
        None
    }

    fn kept<T>(&mut self, task: Option<TaskId>, result: Result<T, W::Error>) -> Option<T> {
        result.map_err(|error| self.stopped.get_or_insert(Stopped::Failed(task, error))).ok()
    }

    /// Has a worker say that it is there.
    fn start(&mut self, worker: WorkerId) {
        if let Err(error) = self.seats.fill(worker) {
            self.stopped = Some(Stopped::Spawn(error));
            return;
        }
        self.book.worker(worker, false);
        self.seats.tell(worker, Told::Report);
    }

    fn assign(&mut self, worker: WorkerId, lease: LeaseId, tasks: Vec<Assigned>) {
        self.book.assigned(worker, tasks.len(), self.seats.rested(worker));
        self.seats.tell(worker, Told::Lease(lease, tasks));
        let late = self.at(Instant::now()).saturating_sub(self.now);
        if late > self.silence / 2 {
            // The orchestrator believes that the worker has had it for so long, and what others said meanwhile would
            // soon make it silent. The time that the loop was held up for has not passed.
            self.begun += Duration::from_millis(late);
        }
    }
}
