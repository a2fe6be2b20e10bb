//! Module 03: layers.
