//! The public items of one file, as its language defines public, and whether each is documented.

mod go;
mod item;
mod python;
mod rust;
mod script;

pub use item::{ItemKind, PublicItem, public_items};
pub use rust::opens_with_documentation;
