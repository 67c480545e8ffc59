//! A few of many: of every kind one first, so that what is tried differs.

use std::collections::BTreeMap;

use super::mutant::{Mutant, MutantKind};

/// At most so many, the kinds taking turns, in the order of the text within a kind.
pub(super) fn choose(all: Vec<Mutant>, most: usize) -> Vec<Mutant> {
    let mut kinds: BTreeMap<MutantKind, std::collections::VecDeque<Mutant>> = BTreeMap::new();
    for mutant in all {
        kinds.entry(mutant.kind).or_default().push_back(mutant);
    }
    let mut chosen = Vec::new();
    while chosen.len() < most {
        let before = chosen.len();
        for waiting in kinds.values_mut() {
            if chosen.len() < most {
                chosen.extend(waiting.pop_front());
            }
        }
        if chosen.len() == before {
            break;
        }
    }
    chosen
}
