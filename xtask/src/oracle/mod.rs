//! `oracle`: our measures beside those of the tools that others trust, where they are installed.

mod compare;
mod complexity;
mod coverage;
mod documentation;
mod duplication;
mod hazards;
mod verb;

pub(crate) use verb::VERB;
