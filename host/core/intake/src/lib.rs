//! What is checked of a stranger's work before any tool sees it.
//!
//! Two checks, both pure: [`source`] reads a strategy's text and answers with the line and the reason, for good messages;
//! [`component`] measures a component's shape, without trusting a byte of it, before the engine sees it. Neither is a wall
//! on its own: whatever they refuse must be harmless all the same.

pub mod component;
pub mod source;
