//! The learner's cycle, from outside: the binary, on a course of three small modules
//! (`tests/mini`) that builds in a moment.

mod learner;

mod whole_way;
mod judging;
mod nothing_lost;
mod crashes;
mod disks;
mod elsewhere;
mod surroundings;
mod saves;
