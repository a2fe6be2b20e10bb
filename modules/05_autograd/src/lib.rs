//! Module 05: autograd.
