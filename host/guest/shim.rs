//! The entry points of a strategy's component. Trusted: it owns the exports, so that the strategy's own file can be
//! compiled with `unsafe` forbidden.

use stratbox_sdk::__private::bindings::exports::stratbox::strategy::strategy as contract;
use stratbox_sdk::__private::{Slot, bindings, describe, init};
use strategy::StratboxStrategy;

static SLOT: Slot<StratboxStrategy> = Slot::new();

struct Component;

impl contract::Guest for Component {
    fn describe() -> contract::Manifest {
        describe::<StratboxStrategy>()
    }

    fn init(instruments: Vec<contract::Instrument>, parameters: Vec<contract::Parameter>) -> Result<(), String> {
        SLOT.set(init(instruments, parameters)?);
        Ok(())
    }

    fn on_bar(bar: contract::Bar) {
        SLOT.with(|instance| instance.on_bar(bar));
    }

    fn on_fill(fill: contract::Fill) {
        SLOT.with(|instance| instance.on_fill(fill));
    }

    fn finish() {
        SLOT.with(|instance| instance.finish());
    }
}

bindings::export_component!(Component with_types_in bindings);
