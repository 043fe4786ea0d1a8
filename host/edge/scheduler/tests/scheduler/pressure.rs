//! Results that are not stored yet hold up new work.

use stratbox_orchestrator::{Settings, Statistics, Stopping, Waiting};

use crate::support::{Entry, LONG, Ledger, Shop, done, in_batches, settings};

/// Nothing runs although there is something to do, because too much is not stored.
fn is_held_up(statistics: &Statistics) -> bool {
    statistics.running == 0 && statistics.queued > 0 && statistics.waiting == Some(Waiting::Backlog)
}

#[test]
fn no_more_is_settled_than_may_wait_to_be_stored_and_what_was_out_then() {
    let (backlog, workers, most) = (20, 2, 4);
    let shop = Shop::new();
    let mut ledger = Ledger::new(&[1_000]);
    ledger.asks_first(|entry| {
        if let Entry::Watch(statistics) = entry
            && is_held_up(&statistics)
        {
            shop.control.drain();
        }
        Ok(())
    });
    let settings = Settings { backlog, ..in_batches(workers, most) };
    let statistics = shop.run(settings, LONG, &mut ledger, done).expect("it stops");
    let most = backlog + (workers * most) as u64 - 1;
    assert!((backlog..=most).contains(&statistics.settled.total()), "{statistics:?}");
    assert_eq!(
        (statistics.unstored, statistics.stopping),
        (ledger.settled.len() as u64, Some(Stopping::Drained))
    );
}

#[test]
fn work_goes_on_when_somebody_says_that_it_is_stored() {
    let (mut settled, mut held_up) = (0, 0);
    let shop = Shop::new();
    let mut ledger = Ledger::new(&[50]);
    ledger.asks_first(|entry| {
        match entry {
            Entry::Settle(_) => settled += 1,
            Entry::Watch(statistics) if is_held_up(&statistics) => {
                held_up += 1;
                shop.control.stored(std::mem::take(&mut settled));
            }
            _ => {}
        }
        Ok(())
    });
    let statistics =
        shop.run(Settings { backlog: 10, ..settings(1) }, LONG, &mut ledger, done).expect("it runs");
    assert_eq!(ledger.tasks(), ledger.all());
    drop(ledger);
    assert_eq!((statistics.stopping, held_up), (None, 4));
}
