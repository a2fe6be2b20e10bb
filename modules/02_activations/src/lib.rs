//! Module 02: activations.
