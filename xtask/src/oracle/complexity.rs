//! Cyclomatic complexity, function by function.

use serde_json::Value;

use super::compare::{Figures, agreement, below};
use crate::measured::{list, number, text};
use crate::process::output;

fn ours(scanned: &Value, language: &str) -> Figures {
    let mut figures = Figures::new();
    for file in list(scanned, "/snapshot/files").filter(|file| text(file, "language") == language) {
        for function in list(file, "/functions") {
            let at = (text(file, "path").to_owned(), number(function, "line"));
            figures.insert(at, number(function, "cyclomatic"));
        }
    }
    figures
}

pub(super) fn radon(directory: &str, scanned: &Value) -> Result<String, String> {
    let printed = output("radon", &["cc", "--json", directory])?;
    let files: Value = serde_json::from_str(&printed).map_err(|error| error.to_string())?;
    let mut theirs = Figures::new();
    for (path, blocks) in files.as_object().into_iter().flatten() {
        let mut waiting: Vec<&Value> = list(blocks, "").collect();
        while let Some(block) = waiting.pop() {
            if text(block, "type") != "class" {
                let at = (below(directory, path), number(block, "lineno"));
                theirs.insert(at, number(block, "complexity"));
            }
            waiting.extend(list(block, "/closures"));
        }
    }
    agreement(&ours(scanned, "python"), &theirs)
}

pub(super) fn lizard(directory: &str, scanned: &Value) -> Result<String, String> {
    let printed = output("lizard", &["-l", "go", "--csv", directory])
        // It ends with a status of its own where functions are complex.
        .or_else(|why| {
            if why.contains("exit status: 1") {
                Ok(String::new())
            } else {
                Err(why)
            }
        })?;
    let mut theirs = Figures::new();
    for line in printed.lines() {
        let mut fields = fields(line);
        fields.reverse();
        // NLOC, CCN, tokens, parameters, length, location, file, function, long name, start, end.
        if let [
            _end,
            start,
            _long,
            _name,
            file,
            _location,
            _length,
            _parameters,
            _tokens,
            complexity,
            ..,
        ] = fields.as_slice()
            && let (Ok(start), Ok(complexity)) = (start.parse(), complexity.parse())
        {
            theirs.insert((below(directory, file), start), complexity);
        }
    }
    agreement(&ours(scanned, "go"), &theirs)
}

/// The fields of a line of comma-separated values; a field in quotes may hold commas.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => {
                if let Some(field) = fields.last_mut() {
                    field.push(c);
                }
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn commas_in_quotes_part_nothing() {
        assert_eq!(fields("1,\"a,b\",\"c\""), ["1", "a,b", "c"]);
    }
}
