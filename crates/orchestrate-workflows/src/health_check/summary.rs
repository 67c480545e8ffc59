//! A check in one or two sentences.

use super::overall::{NEEDED_SHARE, Overall};

/// The grade with what it stands on, or why there is none.
pub(super) fn summary(overall: &Overall, not_measured: &[&str]) -> String {
    let share = percent(overall.share);
    let range = overall.range;
    let open = match not_measured {
        [] => String::new(),
        names => format!(
            " With {} measured as well it would lie between {:.1} and {:.1}.",
            names.join(" and "),
            range.least,
            range.most
        ),
    };
    match (overall.grade, overall.score) {
        (Some(grade), Some(score)) => format!(
            "Grade {}: {score:.1} of 100, with {share} of the weight measured.{open}",
            grade.as_str()
        ),
        (_, Some(score)) => format!(
            "No grade: {share} of the weight was measured, and a grade needs {}. What was measured \
             comes to {score:.1} of 100.{open}",
            percent(NEEDED_SHARE)
        ),
        (_, None) => "No grade: nothing was measured.".to_owned(),
    }
}

/// A share in whole percent.
fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}
