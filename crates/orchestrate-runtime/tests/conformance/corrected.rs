//! The mistakes of the system in the seeds, each with a test that names what is right.

use std::collections::BTreeSet;

use orchestrate_strategies::conformance::rows;

use crate::harness::check;

async fn holds(name: &str) {
    let mut rows = rows()
        .iter()
        .flat_map(|row| row.cases.iter().map(move |case| (row, case)));
    let (row, case) = rows.find(|(_, case)| case.name == name).unwrap();
    assert!(case.corrects.is_some(), "{name} corrects nothing");
    let wrong = check(row, case).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

macro_rules! corrected {
    ($($name:ident),+ $(,)?) => {
        const NAMES: &[&str] = &[$(stringify!($name)),+];
        $(
            #[tokio::test(start_paused = true)]
            async fn $name() {
                holds(stringify!($name)).await;
            }
        )+
    };
}

corrected! {
    a_failure_stops_the_line_unless_told_otherwise,
    a_majority_is_consensus_though_one_failed,
    participants_see_each_other_in_the_second_round,
    an_expert_rescues_a_failed_junior,
    a_threshold_to_ten_is_read_as_in_the_tutorial,
    a_failed_classifier_does_not_fail_the_run,
    what_there_is_at_the_limit_is_given,
    the_prefix_is_marked_and_no_hit_is_claimed,
    all_specialists_failing_is_not_success,
    an_unknown_specialist_is_a_failure_of_its_sub_task,
    specialists_delegate_further_down,
    invalid_is_not_valid,
    any_strategy_can_stand_in_a_branch,
    a_question_needs_a_yes_or_no,
    a_conditional_can_stand_in_a_conditional,
    the_default_is_named_too,
    what_is_mapped_is_seen_inside,
}

#[test]
fn every_correction_of_the_table_has_its_own_test() {
    let flagged = rows().iter().flat_map(|row| &row.cases);
    let flagged = flagged.filter(|case| case.corrects.is_some());
    let flagged: BTreeSet<&str> = flagged.map(|case| case.name.as_str()).collect();
    assert_eq!(flagged, NAMES.iter().copied().collect());
}
