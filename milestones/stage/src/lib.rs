//! The stage that milestones perform on.
