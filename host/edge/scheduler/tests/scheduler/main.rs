//! What the scheduler promises: the rule of retries, and the pool that obeys it.

mod pool;
mod retry;
