//! The cases of the table.

use orchestrate_strategies::conformance::rows;

use crate::harness::check;

#[tokio::test(start_paused = true)]
async fn every_case_of_the_table_holds() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in rows() {
        for case in &row.cases {
            wrong.extend(check(row, case).await);
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "{count} cases");
}
