use crate::ParamSpec;

/// What a strategy says about itself. All of it is the author's words: display text, bounded where it enters the host.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "host", derive(serde::Serialize, serde::Deserialize))]
pub struct Manifest {
    /// Name.
    pub name: String,
    /// The author's version.
    pub version: String,
    /// What it does.
    pub description: String,
    /// Its parameters, in the author's order.
    pub parameters: Vec<ParamSpec>,
}
