//! From imports to modules of the project. What leads elsewhere is other people's code and is left out.

mod edges;
mod go;
mod python;
mod rust;
mod script;

pub(super) use edges::{Edge, directory, edges};
