//! A copy of a repository to run things in, so that nothing of the user's is changed or lost.
//!
//! What tests write, delete or commit happens in the copy, which is removed afterwards. Built and
//! installed things are not copied: installed packages are linked to, products of builds are made
//! anew, and the history is shared with the original, read only.

mod copy;
mod history;
mod packages;
mod placed;

pub(crate) use copy::WorkCopy;
pub(crate) use placed::Placed;
