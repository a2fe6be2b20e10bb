//! Module 01: tensor.
