//! Pure: who speaks in a chat, and what a model is told about it.
pub mod context;
pub mod prompt;
pub mod selection;

pub use context::{ContextLimits, Line, Speaker};
pub use prompt::{Prompt, PromptParts};
pub use selection::{ChosenBy, Persona, PersonaWish, Selection, select};
