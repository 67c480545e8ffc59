//! Cases of each suite: a family, files, and how much is to be found in them.

use std::fs;
use std::path::{Path, PathBuf};

use super::go_text::literals;

/// One case.
pub(super) struct Case {
    /// The rule that it is about, as the suite names it.
    pub(super) family: String,
    /// Its files by name.
    pub(super) files: Vec<(String, String)>,
    /// How many findings there should be; nought for a case that must stay silent.
    pub(super) expected: u64,
    /// Whether a part of it was made from a pattern, rather than written out in the suite.
    pub(super) made: bool,
}

/// Cases, and how many were left out because they are computed when the suite runs.
pub(super) struct Cases {
    pub(super) cases: Vec<Case>,
    pub(super) computed: usize,
}

pub(super) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))
}

/// The files of a directory with this ending, sorted.
pub(super) fn files(directory: &Path, ending: &str) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(directory)
        .map_err(|error| format!("cannot list `{}`: {error}", directory.display()))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    found.sort();
    if found.is_empty() {
        return Err(format!("no file `*{ending}` in `{}`", directory.display()));
    }
    Ok(found)
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The samples of gosec: `{[]string{`code`, …}, count, config}` in `testutils/*_samples.go`.
pub(super) fn gosec(root: &Path) -> Result<Cases, String> {
    let mut all = Cases {
        cases: Vec::new(),
        computed: 0,
    };
    for path in files(&root.join("testutils"), "_samples.go")? {
        let family = stem(&path).trim_end_matches("_samples").to_uppercase();
        let source = read(&path)?;
        let mut rest = source.as_str();
        while let Some((_, behind)) = rest.split_once("[]string{") {
            let (texts, end) = literals(behind);
            rest = behind.get(end..).unwrap_or_default();
            let count = rest.trim_start_matches(['}', ',', ' ', '\n', '\t']);
            let digits = count.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
            let count = count.get(..digits).and_then(|digits| digits.parse().ok());
            match (count, texts.iter().cloned().collect::<Option<Vec<_>>>()) {
                (Some(expected), Some(texts)) if !texts.is_empty() => all.cases.push(Case {
                    family: family.clone(),
                    files: (1..)
                        .zip(texts)
                        .map(|(number, it)| (format!("file{number}.go"), it.text))
                        .collect(),
                    expected,
                    made: false,
                }),
                _ => all.computed += 1,
            }
        }
    }
    Ok(all)
}

/// The last part of a path, if it is one that a file can have.
pub(super) fn file_name(path: Option<&str>) -> String {
    let name = path.and_then(|path| path.rsplit(['/', '\\']).next());
    name.filter(|name| !name.is_empty())
        .unwrap_or("case.cfg")
        .to_owned()
}

/// The cases of gitleaks that are written out, for where there is no Go: `tps` must be found, `fps` must not.
pub(super) fn gitleaks(root: &Path) -> Result<Cases, String> {
    let mut all = Cases {
        cases: Vec::new(),
        computed: 0,
    };
    for path in files(&root.join("cmd/generate/config/rules"), ".go")? {
        let source = read(&path)?;
        for (name, expected) in [("tps", 1), ("fps", 0)] {
            for opening in [
                format!("{name} := []string{{"),
                format!("{name} := map[string]string{{"),
            ] {
                let mut rest = source.as_str();
                while let Some((_, behind)) = rest.split_once(opening.as_str()) {
                    let (texts, end) = literals(behind);
                    rest = behind.get(end..).unwrap_or_default();
                    for text in texts {
                        match text {
                            Some(it) => all.cases.push(Case {
                                family: stem(&path),
                                files: vec![(file_name(it.key.as_deref()), it.text)],
                                expected,
                                made: false,
                            }),
                            None => all.computed += 1,
                        }
                    }
                }
            }
        }
    }
    Ok(all)
}

/// The examples of bandit, with the counts of its own functional tests.
pub(super) fn bandit(root: &Path) -> Result<Cases, String> {
    let tests = read(&root.join("tests/functional/test_functional.py"))?;
    let mut cases = Vec::new();
    let mut computed = 0;
    for path in files(&root.join("examples"), ".py")? {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let Some(expected) = expected(&tests, &name) else {
            computed += 1;
            continue;
        };
        let Ok(text) = fs::read_to_string(&path) else {
            computed += 1;
            continue;
        };
        cases.push(Case {
            family: stem(&path),
            files: vec![(name, text)],
            expected,
            made: false,
        });
    }
    Ok(Cases { cases, computed })
}

/// The cases of an OWASP Benchmark: `expectedresults-*.csv` names each with its kind, whether it is weak, and the number
/// of the weakness, which is the family here.
pub(super) fn owasp(root: &Path) -> Result<Cases, String> {
    let table = files(root, ".csv")?.pop().ok_or("no table of results")?;
    let mut all = Cases {
        cases: Vec::new(),
        computed: 0,
    };
    for line in read(&table)?.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [name, kind, weak, number, ..] = fields.as_slice() else {
            continue;
        };
        let file = format!("{name}.py");
        let Ok(text) = fs::read_to_string(root.join("testcode").join(&file)) else {
            all.computed += 1;
            continue;
        };
        all.cases.push(Case {
            family: format!("{number} {kind}"),
            files: vec![(file, text)],
            expected: u64::from(*weak == "true"),
            made: false,
        });
    }
    Ok(all)
}

/// The sum of the last `SEVERITY` counts before the first check of an example.
fn expected(tests: &str, name: &str) -> Option<u64> {
    let (before, _) = tests.split_once(&format!("self.check_example(\"{name}\""))?;
    let (_, counts) = before.rsplit_once("\"SEVERITY\": {")?;
    let (counts, _) = counts.split_once('}')?;
    counts
        .split(',')
        .filter_map(|pair| pair.split_once(':'))
        .map(|(_, count)| count.trim().parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::expected;

    #[test]
    fn counts_belong_to_the_check_behind_them() {
        let tests = "expect = {\n \"SEVERITY\": {\"LOW\": 1, \"HIGH\": 2},\n \"CONFIDENCE\": {\"LOW\": 9}}\nself.check_example(\"a.py\", expect)\nexpect = {\"SEVERITY\": {\"LOW\": 0}}\nself.check_example(\"b.py\", expect)";
        assert_eq!(expected(tests, "a.py"), Some(3));
        assert_eq!(expected(tests, "b.py"), Some(0));
        assert_eq!(expected(tests, "c.py"), None);
    }
}
