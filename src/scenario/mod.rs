//! The scenario language.

pub mod duration;
pub mod model;
pub mod source;
