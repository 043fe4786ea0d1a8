use crate::CompileError;

/// Wraps a core module that was built against the contract into a component. What it is given may be a stranger's.
pub trait Componentize: Send + Sync {
    /// The component.
    ///
    /// # Errors
    /// [`CompileError::Rejected`] when the module cannot be one, other errors when that could not be found out.
    fn componentize(&self, name: &str, module: &[u8]) -> Result<Vec<u8>, CompileError>;
}

/// Wraps a module in this process, which should be confined if the module is a stranger's.
///
/// # Errors
/// Why the module cannot be a component.
pub fn componentize(module: &[u8]) -> Result<Vec<u8>, String> {
    wit_component::ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| format!("{error:#}"))
}
