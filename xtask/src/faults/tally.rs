//! What was done and found, counted by name in the order in which it was first counted.

/// Counts by name.
#[derive(Debug, Default)]
pub(crate) struct Tally(Vec<(String, u64)>);

impl Tally {
    pub(crate) fn count(&mut self, what: &str, more: u64) {
        match self.0.iter_mut().find(|(name, _)| name == what) {
            Some((_, count)) => *count += more,
            None => self.0.push((what.to_owned(), more)),
        }
    }

    pub(crate) fn of(&self, what: &str) -> u64 {
        let found = self.0.iter().find(|(name, _)| name == what);
        found.map_or(0, |(_, count)| *count)
    }

    pub(crate) fn line(&self) -> String {
        let all: Vec<String> = self
            .0
            .iter()
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        all.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stand_in_the_order_of_their_first_mention() {
        let mut tally = Tally::default();
        tally.count("kills", 1);
        tally.count("audits", 2);
        tally.count("kills", 2);
        assert_eq!(tally.line(), "3 kills, 2 audits");
        assert_eq!((tally.of("kills"), tally.of("images")), (3, 0));
    }
}
