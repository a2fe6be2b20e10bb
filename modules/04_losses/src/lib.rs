//! Module 04: losses.
