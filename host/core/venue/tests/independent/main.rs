//! The venue and a second implementation of its rules do the same, on random bars, policies and orders.

mod simulator;
mod world;

use proptest::prelude::*;
use simulator::Simulator;
use stratbox_domain::{Fill, Order, Rejection, Side, VenueSummary};
use stratbox_venue::Venue;
use world::{Action, World, any_world};

/// What both are asked, in this order: they must answer alike.
struct Pair {
    venue: Venue,
    simulator: Simulator,
    ids: Vec<u64>,
    /// What is done in answer to fills, round and round.
    answers: Vec<Action>,
    next_answer: usize,
    rejections: Vec<Rejection>,
    closes: [f64; 3],
    fills: Vec<Fill>,
}

fn near(a: f64, b: f64, scale: f64) -> bool {
    a.to_bits() == b.to_bits() || (a - b).abs() <= 1e-9 * scale.max(a.abs())
}

fn same_fill(a: &Fill, b: &Fill) -> bool {
    let names = (a.order, a.instrument, a.time, a.side) == (b.order, b.instrument, b.time, b.side);
    let numbers = [(a.price, b.price), (a.quantity, b.quantity), (a.fee, b.fee), (a.position, b.position)];
    names && numbers.into_iter().all(|(a, b)| near(a, b, 1.0))
}

impl Pair {
    fn act(&mut self, action: &Action) {
        match action {
            Action::Send(order, group) => {
                let one_cancels =
                    group.and_then(|index| self.ids.get(index % self.ids.len().max(1)).copied());
                let order = Order { one_cancels, ..*order };
                self.send(order);
            }
            Action::Cancel(index) => {
                let Some(&id) = self.ids.get(index % self.ids.len().max(1)) else { return };
                // Of a bracket's three ids any.
                let id = id + (*index as u64) % 3;
                assert_eq!(self.venue.cancel(id), self.simulator.cancel(id), "cancelling {id}");
            }
            Action::AllIn(instrument, side) => self.all_in(*instrument, *side),
            Action::Close(instrument) => {
                let held = self.venue.quantity(*instrument);
                if held != 0.0 {
                    let side = if held > 0.0 { Order::sell } else { Order::buy };
                    self.send(side(*instrument, held.abs()));
                }
            }
        }
    }

    /// In whole lots of the largest size that there is.
    fn all_in(&mut self, instrument: u32, side: Side) {
        let close = self.closes[instrument as usize];
        let lots = (self.venue.account().buying_power / close / 10.0).floor();
        if close > 0.0 && lots > 0.0 {
            self.send(Order { side, ..Order::buy(instrument, lots * 10.0) });
        }
    }

    fn send(&mut self, order: Order) {
        let answer = self.venue.submit(order);
        assert_eq!(answer, self.simulator.submit(order), "{order:?}");
        match answer {
            Ok(id) => self.ids.push(id),
            Err(reason) => self.rejections.push(reason),
        }
    }

    fn answer(&mut self) {
        if !self.answers.is_empty() {
            let action = self.answers[self.next_answer % self.answers.len()].clone();
            self.next_answer += 1;
            self.act(&action);
        }
    }

    fn compare(&mut self) {
        let (account, (other, financing)) = (self.venue.account(), self.simulator.account());
        let scale = 1e6;
        let pairs = [
            (account.cash, other.cash),
            (account.equity, other.equity),
            (account.realised_pnl, other.realised_pnl),
            (account.unrealised_pnl, other.unrealised_pnl),
            (account.fees, other.fees),
            (account.buying_power, other.buying_power),
            (self.venue.financing(), financing),
        ];
        assert!(pairs.iter().all(|(a, b)| near(*a, *b, scale)), "{account:?}\n{other:?}\n{pairs:?}");
        for id in self.ids.iter().flat_map(|id| [*id, id + 1, id + 2]) {
            let (a, b) = (self.venue.open_quantity(id), self.simulator.open_quantity(id));
            assert!(near(a, b, 1.0), "order {id}: {a} and {b} are open");
        }
    }

    fn summary(&self, summary: &VenueSummary) {
        let counts = self.simulator.counts;
        let theirs =
            (summary.orders, summary.partial_fills, summary.expired, summary.dropped, summary.liquidations);
        assert_eq!(
            theirs,
            (counts.orders, counts.partial, counts.expired, counts.dropped, counts.liquidations)
        );
        let mut rejections = [0; Rejection::ALL.len()];
        self.rejections.iter().for_each(|reason| rejections[*reason as usize] += 1);
        assert_eq!(summary.rejections, rejections);
    }
}

/// Plays a world twice, one fill at a time, and compares after everything that happens.
fn play(world: &World) -> Pair {
    let mut pair = Pair {
        venue: Venue::with_increments(world.policy.clone(), world.increments.clone()),
        simulator: Simulator::new(world.policy.clone(), world.increments.clone()),
        ids: Vec::new(),
        answers: world.answers.clone(),
        next_answer: 0,
        rejections: Vec::new(),
        closes: [0.0; 3],
        fills: Vec::new(),
    };
    let mut equity = Vec::new();
    for (bar, actions) in &world.bars {
        let (ended, traded) = pair.venue.step(bar);
        equity.extend(ended);
        side_by_side(&mut pair, traded, |simulator, on_fill| simulator.bar(bar, on_fill));
        pair.closes[bar.instrument as usize] = bar.close;
        pair.compare();
        actions.iter().for_each(|action| pair.act(action));
        let traded = pair.venue.settle();
        side_by_side(&mut pair, traded, |simulator, on_fill| simulator.after_bar(on_fill));
        pair.compare();
    }
    equity.extend(pair.venue.close());
    pair.simulator.end();
    assert_eq!(equity.len(), pair.simulator.equity.len());
    assert!(equity.iter().zip(&pair.simulator.equity).all(|(a, b)| near(*a, *b, 1e6)), "{equity:?}");
    pair.summary(&pair.venue.summary());
    pair
}

/// Lets the simulator go through its part of a bar, with the venue going along fill by fill.
fn side_by_side(
    pair: &mut Pair,
    traded: bool,
    part: impl FnOnce(&mut Simulator, &mut dyn FnMut(&mut Simulator, Fill)),
) {
    let placeholder = Simulator::new(stratbox_domain::VenuePolicy::default(), Vec::new());
    let mut simulator = std::mem::replace(&mut pair.simulator, placeholder);
    let mut traded = traded;
    part(&mut simulator, &mut |simulator, fill| {
        assert!(traded, "the venue does not have {fill:?}");
        let last = pair.venue.last_fill().expect("it traded");
        assert!(same_fill(&last, &fill), "the venue says {last:?}, and the simulator {fill:?}");
        pair.fills.push(last);
        std::mem::swap(&mut pair.simulator, simulator);
        pair.answer();
        std::mem::swap(&mut pair.simulator, simulator);
        traded = pair.venue.resume();
    });
    assert!(!traded, "the simulator does not have {:?}", pair.venue.last_fill());
    pair.simulator = simulator;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_venue_does_what_its_rules_say(world in any_world()) {
        play(&world);
    }
}

/// Random worlds are of no use if nothing happens in them.
#[test]
fn the_worlds_have_everything_in_them() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut all = VenueSummary::default();
    let (mut fills, mut settled) = (0, 0);
    for _ in 0..300 {
        let world = any_world().new_tree(&mut runner).expect("there are worlds").current();
        let pair = play(&world);
        let summary = pair.venue.summary();
        fills += pair.fills.len();
        settled += usize::from(world.policy.optimistic().is_some() && !pair.fills.is_empty());
        all.partial_fills += summary.partial_fills;
        all.expired += summary.expired;
        all.dropped += summary.dropped;
        all.liquidations += summary.liquidations;
        all.rejections.iter_mut().zip(summary.rejections).for_each(|(all, one)| *all += one);
        all.financing += summary.financing.abs();
    }
    let counts = [all.partial_fills, all.expired, all.dropped, all.liquidations];
    assert!(
        fills > 1_000 && settled > 10 && counts.iter().all(|count| *count > 20),
        "{fills} {settled} {all:?}"
    );
    let met = Rejection::ALL.iter().filter(|reason| all.rejections[**reason as usize] > 0).count();
    // The run is never over here, every instrument is known, and every number is one.
    assert!(met >= 7 && all.financing > 0.0, "{all:?}");
}
