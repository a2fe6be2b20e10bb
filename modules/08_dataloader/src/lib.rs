//! Module 08: data loading.
