//! Imports: every recorded history becomes a scenario, and running that gives the history again.

mod corpus;
mod recorded;
