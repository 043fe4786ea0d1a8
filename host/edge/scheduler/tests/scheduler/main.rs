//! What the shell around the orchestrator does, told from outside: a work that only says how it went, a book that only
//! writes down what it was told, and real threads between them.

mod asking;
mod attempts;
mod ending;
mod failing;
mod pressure;
mod settling;
mod silence;
mod support;
