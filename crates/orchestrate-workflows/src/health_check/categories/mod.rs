//! What a project's health is made of: a file for each category, and one list of them.

mod architecture;
mod by_rule;
mod category;
mod coverage;
mod documentation;
mod performance;
mod quality;
mod security;
#[cfg(test)]
mod tests;

pub(super) use category::{Category, Measured};

use super::mode::Mode;

/// All of them. The first five weigh as in the systems that this one comes from, which ran the sixth and
/// never scored it.
const CATEGORIES: [Category; 6] = [
    security::CATEGORY,
    coverage::CATEGORY,
    quality::CATEGORY,
    performance::CATEGORY,
    documentation::CATEGORY,
    architecture::CATEGORY,
];

/// The categories that a mode looks at.
pub(super) fn of_mode(mode: Mode) -> impl Iterator<Item = &'static Category> {
    CATEGORIES.iter().filter(move |it| it.from <= mode)
}
