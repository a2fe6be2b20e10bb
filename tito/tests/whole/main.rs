//! `tito` from outside: its manifests, its downloads, its screens.

mod server;
mod trip;

mod course;
mod fetch;
mod resume;
mod folder;
mod archives;
mod cli;
mod milestones;
