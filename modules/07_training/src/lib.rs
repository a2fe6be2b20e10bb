//! Module 07: training.
