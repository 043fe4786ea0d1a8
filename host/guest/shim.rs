// The entry points of a strategy's component. Appended to a line that declares the author's file as the module
// `strategy`, with unsafe code forbidden in it; that module cannot reach anything in here, since all of it is private.
//
// They are compiled together with the strategy so that a bar reaches it in registers, without a call in between.
mod entry {
    use stratbox_sdk::__private::bindings::exports::stratbox::strategy::strategy as contract;
    use stratbox_sdk::__private::{Slot, bindings, describe, init};

    use crate::strategy::StratboxStrategy;

    // SAFETY: it is private to this module, which only has the exports below, and each uses it once, first thing. What they
    // call is the strategy and the SDK, and neither can name it.
    static SLOT: Slot<StratboxStrategy> = unsafe { Slot::new() };

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
}
