//! Imports: every recorded history becomes a scenario, and running that gives the history again.

mod bad_input;
mod corpus;
mod recorded;
