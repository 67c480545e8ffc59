//! Secrets that are known by the document in which they stand: Kubernetes secrets and NuGet settings.

use std::ops::Range;

use super::allow;

/// A longer document is looked at only near the word that tells what it is, in bytes.
const NEAR: usize = 16 * 1024;
/// Shorter values say nothing.
const LEAST: usize = 8;

/// The first value of the `data` of a Kubernetes secret, which only looks encrypted. `word` is where its kind stands.
pub(super) fn kubernetes(text: &str, word: &Range<usize>) -> Option<Range<usize>> {
    let line = text.get(..word.start)?.rsplit('\n').next()?;
    // The kind of another thing, such as `kind: SecretStore`, or a comment.
    let rest = text.get(word.end..)?.trim_start_matches(['\'', '"']);
    if !line.trim().is_empty() || rest.starts_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    let before = text.floor_char_boundary(word.start.saturating_sub(NEAR));
    let start = text
        .get(before..word.start)?
        .rfind("\n---")
        .map_or(before, |at| before + at + 1);
    let after = text.floor_char_boundary((word.end + NEAR).min(text.len()));
    let end = text
        .get(word.end..after)?
        .find("\n---")
        .map_or(after, |at| word.end + at);
    let mut data: Option<usize> = None;
    let mut block = false;
    let mut at = start;
    for line in text.get(start..end)?.split_inclusive('\n') {
        let (offset, content) = (at, line.trim());
        at += line.len();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let depth = line.len() - line.trim_start().len();
        if content == "data:" {
            data = Some(depth);
            continue;
        }
        if data.is_some_and(|data| depth <= data) {
            data = None;
        }
        if data.is_none() {
            continue;
        }
        let value = if block {
            content
        } else {
            content
                .split_once(':')
                .map_or("", |(_, value)| value.trim())
        };
        block = matches!(value, "|" | ">" | "|-" | ">-");
        let value = value.trim_matches(['\'', '"']);
        if is_encoded(value)
            && let Some(found) = line.find(value)
        {
            return Some(offset + found..offset + found + value.len());
        }
    }
    None
}

fn is_encoded(value: &str) -> bool {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    value.len() > LEAST
        && value.len().is_multiple_of(4)
        && value.bytes().all(is_base64)
        && allow::entropy(value) > 2.0
}

/// The password of a NuGet source, in the file that holds it. `word` is where `<add key="` stands.
pub(super) fn nuget(path: &str, text: &str, word: &Range<usize>) -> Option<Range<usize>> {
    // Where names of files have no case, any spelling is read.
    if !path.to_ascii_lowercase().ends_with("nuget.config") {
        return None;
    }
    let line = text.get(word.end..)?.split('\n').next()?;
    let (key, rest) = line.split_once('"')?;
    let key = key.to_ascii_lowercase();
    if !matches!(key.as_str(), "password" | "cleartextpassword") {
        return None;
    }
    let (gap, rest) = rest.split_once("value=\"")?;
    let (value, _) = rest.split_once('"')?;
    let is_variable = value.starts_with('%') && value.ends_with('%');
    if !gap.trim().is_empty() || value.len() < LEAST || is_variable || allow::entropy(value) <= 1.0
    {
        return None;
    }
    let start = word.end + key.len() + 1 + gap.len() + "value=\"".len();
    Some(start..start + value.len())
}

#[cfg(test)]
mod tests {
    use crate::secrets::check;

    fn found(path: &str, text: &str) -> Vec<(u32, u32, String)> {
        let found = check(path, text, false);
        found
            .into_iter()
            .map(|it| (it.line, it.column, it.rule_id))
            .collect()
    }

    fn is_found(path: &str, text: &str, line: u32, column: u32, rule: &str) {
        assert_eq!(
            found(path, text),
            [(line, column, rule.to_owned())],
            "{text}"
        );
    }

    #[test]
    fn the_data_of_a_kubernetes_secret_is_found_wherever_its_kind_stands() {
        let rule = "secrets.kubernetes-secret";
        let value = "c29tZSB2YWx1ZSBvZiBvdXJz";
        is_found(
            "a.yaml",
            &format!("kind: Secret\ndata:\n  # why\n  one: {value}\n"),
            4,
            8,
            rule,
        );
        is_found(
            "a.yaml",
            &format!("data:\n\tone: '{value}'\nkind: \"Secret\"\n"),
            2,
            8,
            rule,
        );
        is_found(
            "a.yaml",
            &format!("kind: Secret\ndata:\n  one: |\n    {value}\n"),
            4,
            5,
            rule,
        );
    }

    #[test]
    fn what_is_no_kubernetes_secret_is_left_alone() {
        let value = "c29tZSB2YWx1ZSBvZiBvdXJz";
        for text in [
            format!("kind: ConfigMap\ndata:\n  one: {value}\n"),
            format!("kind: SecretStore\ndata:\n  one: {value}\n"),
            format!("kind: Secret\n---\ndata:\n  one: {value}\n"),
            format!("# kind: Secret\ndata:\n  one: {value}\n"),
            "kind: Secret\ndata:\n  one: ''\n  two: {{ two }}\n  three: ${THREE}\n".to_owned(),
            format!("kind: Secret\ndata:\nmetadata:\n  one: {value}\n"),
        ] {
            assert_eq!(found("a.yaml", &text), [], "{text}");
        }
    }

    #[test]
    fn passwords_of_nuget_sources_are_found_in_their_file_only() {
        let line = |value: &str| format!("<add key=\"ClearTextPassword\" value=\"{value}\" />\n");
        let found = |path, value| found(path, &line(value)).len();
        assert_eq!(found("NuGet.Config", "Correct-Horse7"), 1);
        assert_eq!(found("src/NuGet.CONFIG", "Correct-Horse7"), 1);
        assert_eq!(found("other.xml", "Correct-Horse7"), 0);
        assert_eq!(found("NuGet.Config", "%SOURCE_PASSWORD%"), 0);
        assert_eq!(found("NuGet.Config", "short"), 0);
    }
}
