//! Where in a scenario's text something stands.

/// A place in a scenario's text. Cheap to clone.
#[derive(Clone, Default, Debug)]
pub struct Location;
