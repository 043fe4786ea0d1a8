//! What the scheduler promises: the rule of retries, and the pool that obeys it, with batches of any size.

mod batches;
mod pool;
mod retry;
mod support;
