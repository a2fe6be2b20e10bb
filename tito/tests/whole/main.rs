//! `tito` from outside: its manifests, its downloads, its screens.

mod server;

mod course;
mod fetch;
mod archives;
mod cli;
mod milestones;
