//! Pure: message templates: the variables in a text, filling them in, and choosing the text that answers.
//!
//! A variable is written `{{name}}`. What a value holds is text and never read as a template again.
pub mod book;
pub mod choice;
pub mod known;
pub mod rendering;
pub mod scanner;
pub mod variables;

pub use book::{Template, TemplateBook};
pub use choice::{Answer, Choice, Wish};
pub use known::ChatFacts;
pub use rendering::{Rendered, render};
pub use variables::{Validation, Variables, validate, variable_names};
