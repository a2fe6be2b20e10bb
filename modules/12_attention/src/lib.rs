//! Module 12 · Attention.
