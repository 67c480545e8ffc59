//! What is asked for on the command line.

use std::time::Duration;

use super::family::{Extent, Family};
use super::stage::Kind;

/// The time of the short form, in seconds.
const SECONDS: u64 = 60;

/// Which families and cases are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    families: Vec<String>,
    pub(crate) kind: Kind,
    pub(crate) seed: u64,
    seconds: u64,
    long: bool,
    case: Option<u64>,
}

impl Options {
    /// # Errors
    /// What is not understood, and what there is.
    pub(crate) fn parse(words: &[String], families: &[Family]) -> Result<Self, String> {
        let mut options = Self {
            families: Vec::new(),
            kind: Kind::Sqlite,
            seed: 1,
            seconds: SECONDS,
            long: false,
            case: None,
        };
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .ok_or_else(|| format!("`{word}` wants a value"))
            };
            let number = |text: &str| {
                let number = text.parse::<u64>();
                number.map_err(|_| format!("`{word} {text}` is not a whole number"))
            };
            match word {
                "--long" => options.long = true,
                "--seed" => options.seed = number(value()?)?,
                "--seconds" => options.seconds = number(value()?)?,
                "--case" => options.case = Some(number(value()?)?),
                "--store" => {
                    let name = value()?;
                    let kind = Kind::of(name);
                    let unknown = || format!("no store `{name}`; there are: sqlite, file");
                    options.kind = kind.ok_or_else(unknown)?;
                }
                "--family" => {
                    let name = value()?;
                    if !families.iter().any(|family| family.name == name) {
                        return Err(format!("no family `{name}`; there are:{}", list(families)));
                    }
                    options.families.push(name.to_owned());
                }
                _ => {
                    return Err(format!(
                        "unknown option `{word}`; there are: --long, --seed, --seconds, --case, --family, --store"
                    ));
                }
            }
        }
        if options.case.is_some() && options.families.len() != 1 {
            return Err("`--case` is a case of one family; name it with `--family`".to_owned());
        }
        Ok(options)
    }

    /// The families that are wanted, in their order.
    pub(crate) fn chosen<'a>(&self, families: &'a [Family]) -> impl Iterator<Item = &'a Family> {
        let names = self.families.clone();
        families
            .iter()
            .filter(move |family| names.is_empty() || names.iter().any(|name| name == family.name))
    }

    /// Which cases of a family are run, when the shares of all families come to `shares`.
    pub(crate) fn extent(&self, family: &Family, shares: u32) -> Extent {
        match self.case {
            Some(case) => Extent::One(case),
            None if self.long => Extent::All,
            None => {
                Extent::Within(Duration::from_secs(self.seconds) * family.share / shares.max(1))
            }
        }
    }

    /// The command that does the same again.
    pub(crate) fn again(&self, family: &Family, case: Option<u64>) -> String {
        let case = match case {
            Some(case) => format!(" --case {case}"),
            None if self.long => " --long".to_owned(),
            None => String::new(),
        };
        let store = match self.kind {
            Kind::Sqlite => String::new(),
            other => format!(" --store {}", other.name()),
        };
        let (name, seed) = (family.name, self.seed);
        format!("cargo xtask faults --family {name}{store} --seed {seed}{case}")
    }
}

fn list(families: &[Family]) -> String {
    let line = |family: &Family| format!("\n  {:<9} {}", family.name, family.summary);
    families.iter().map(line).collect()
}
