//! Module 06: optimizers.
