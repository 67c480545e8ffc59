//! Kinds of findings, coarse enough that two tools that mean the same name the same.

/// A kind of finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Family {
    /// A weakness, by the number that stands for its kind in the Common Weakness Enumeration.
    Weakness(u16),
    /// A published vulnerability of a dependency.
    Advisory(String),
    /// A rule of our own that means the same.
    Rule(&'static str),
    /// Nothing that another tool would name.
    Own,
}

/// Numbers that tools use for one another; the first stands for all of a line.
const SAME: &[&[u16]] = &[
    &[78, 77, 88],
    &[89, 564],
    &[94, 95, 96],
    &[327, 326, 328, 916, 310],
    &[330, 331, 338],
    &[502],
    &[22, 23, 36, 73],
    &[79, 80, 116],
    &[918],
    &[295, 297, 322],
    &[798, 259, 321, 522, 312],
    &[377, 379, 378],
    &[611, 776, 827, 20],
    &[732, 276, 275, 280],
    &[605, 1327],
    &[601],
    &[90],
    &[643],
    &[943],
    &[1321],
];

impl Family {
    /// The kind that a number belongs to.
    pub(super) fn of_cwe(number: u16) -> Self {
        let line = SAME.iter().find(|line| line.contains(&number));
        Self::Weakness(
            line.and_then(|line| line.first())
                .copied()
                .unwrap_or(number),
        )
    }

    /// The kind of a rule of ruff. Its security rules are those of bandit, by the same numbers.
    pub(super) fn of_ruff(code: &str) -> Self {
        let number = match code {
            "S102" | "S307" => 94,
            "S103" => 732,
            "S104" => 605,
            "S105" | "S106" | "S107" => 798,
            "S108" | "S306" => 377,
            "S301" | "S302" | "S506" => 502,
            "S303" | "S304" | "S305" | "S324" | "S502" | "S503" | "S504" | "S505" => 327,
            "S311" => 330,
            "S308" | "S701" | "S702" | "S703" => 79,
            "S310" => 22,
            "S501" | "S507" => 295,
            "S602" | "S603" | "S604" | "S605" | "S606" | "S607" | "S609" => 78,
            "S608" | "S610" | "S611" => 89,
            "S312" | "S321" | "S401" | "S402" => 319,
            "S313" | "S314" | "S315" | "S316" | "S317" | "S318" | "S319" | "S320" => 611,
            "C901" | "PLR0912" | "PLR0915" => return Self::Rule("quality.complex-function"),
            "E722" => return Self::Rule("quality.bare-except"),
            _ => return Self::Own,
        };
        Self::of_cwe(number)
    }

    /// The kind of a rule of clippy.
    pub(super) fn of_clippy(lint: &str) -> Self {
        match lint {
            "clippy::cognitive_complexity" => Self::Rule("quality.complex-function"),
            "clippy::undocumented_unsafe_blocks" => Self::Rule("rust.unsafe-without-reason"),
            "clippy::unwrap_used" => Self::Rule("quality.unwrap"),
            "clippy::expect_used" => Self::Rule("quality.expect"),
            "clippy::panic" => Self::Rule("quality.panic"),
            _ => Self::Own,
        }
    }

    /// The kind of a rule of eslint.
    pub(super) fn of_eslint(rule: &str) -> Self {
        match rule {
            "no-eval"
            | "no-implied-eval"
            | "no-new-func"
            | "security/detect-eval-with-expression" => Self::of_cwe(94),
            "security/detect-child-process" => Self::of_cwe(78),
            "security/detect-non-literal-fs-filename" => Self::of_cwe(22),
            "complexity" => Self::Rule("quality.complex-function"),
            _ => Self::Own,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_that_mean_the_same_name_the_same() {
        assert_eq!(Family::of_cwe(88), Family::of_cwe(78));
        assert_eq!(Family::of_ruff("S602"), Family::of_cwe(78));
        assert_eq!(Family::of_ruff("S324"), Family::of_cwe(328));
        assert_ne!(Family::of_cwe(78), Family::of_cwe(89));
        assert_eq!(Family::of_cwe(4711), Family::Weakness(4711));
        assert_eq!(Family::of_ruff("F401"), Family::Own);
    }
}
