//! What people and programs read about a run: text and JSON.
//!
//! This room knows how things are shown. It decides nothing about them.

mod action;
mod answer;
mod json;
mod outcome;
mod text;

pub use json::{invalid_json, result_json};
pub use outcome::Outcome;
pub use text::{styled_text, text};
