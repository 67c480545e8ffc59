//! Data of every class, with and without noise: it is named so or undecided, and never as another class.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{Growth, Point, scaling};

/// The numbers of items that the usual scenarios measure.
fn sizes(base: f64) -> Vec<u64> {
    let shares = |times: f64| [0.3, 0.5, 0.7, 0.9, 1.0].map(|it| (base * times * it).ceil() as u64);
    [1.0, 3.0, 8.0].into_iter().flat_map(shares).collect()
}

/// How a class grows, from 0 to 1 over the measured numbers.
fn shape(growth: Growth, items: u64, most: u64, rate: f64) -> f64 {
    let (n, most) = (items as f64, most as f64);
    let x = n / most;
    match growth {
        Growth::Constant => 1.0,
        Growth::Logarithmic => n.ln() / most.ln(),
        Growth::Linear => x,
        Growth::Linearithmic => x * n.ln() / most.ln(),
        Growth::Quadratic => x * x,
        Growth::Cubic => x * x * x,
        Growth::Exponential => (rate * (x - 1.0)).exp(),
    }
}

fn points(sizes: &[u64], time: impl Fn(u64) -> f64) -> Vec<Point> {
    let point = |items: &u64| Point {
        items: *items,
        ms: time(*items),
        exact_to_ms: 0.0,
    };
    sizes.iter().map(point).collect()
}

#[track_caller]
fn check(points: &[Point], expected: Expect) {
    let it = scaling(points);
    let fit = it.fit.map_or_else(
        || "no curve".to_owned(),
        |fit| {
            format!(
                "{} {:.1} + {:.1}",
                fit.growth.as_str(),
                fit.fixed_ms,
                fit.growing_ms
            )
        },
    );
    expected.assert_eq(&format!("{:?}; {fit}; {}", it.growth, it.why));
}

#[test]
fn each_class_is_named_by_its_own_data() {
    for growth in Growth::ALL {
        let sizes = sizes(100.0);
        let of = |items| 20.0 + 4000.0 * shape(growth, items, 800, 12.0);
        assert_eq!(scaling(&points(&sizes, of)).growth, Some(growth));
    }
}

#[test]
fn the_curve_tells_what_is_fixed_and_what_grows() {
    check(
        &points(&sizes(100.0), |n| 50.0 + 0.5 * n as f64),
        expect![
            "Some(Linear); linear 50.0 + 400.0; of all classes only linear agrees with the points"
        ],
    );
    check(
        &points(&sizes(100.0), |_| 7.0),
        expect![
            "Some(Constant); constant 7.0 + 0.0; from 30 to 800 items time does not grow, or by less than 25 %"
        ],
    );
}

#[test]
fn what_lies_between_classes_or_cannot_be_told_is_undecided() {
    check(
        &points(&sizes(100.0), |n| (n as f64).powf(1.5)),
        expect![
            "None; quadratic 181.4 + 31561.4; undecided: times lie 27 % from the best curve, above 25 %"
        ],
    );
    check(
        &points(&sizes(100.0), |n| if n % 20 == 0 { 100.0 } else { 900.0 }),
        expect![
            "None; constant 111.8 + 0.0; undecided: times lie 64 % from the best curve, above 25 %"
        ],
    );
    check(
        &points(&sizes(4.0), |n| 10.0 + n as f64),
        expect![
            "None; linear 10.0 + 32.0; undecided: the points do not tell these apart: linear, linearithmic"
        ],
    );
}

#[test]
fn too_few_numbers_of_items_are_undecided() {
    check(&[], expect!["None; no curve; nothing was measured"]);
    check(
        &points(&[100, 100, 300, 800], |n| n as f64),
        expect![[
            r#"None; no curve; undecided: 3 different numbers of items from 100 to 800 were measured; it takes 5, the greatest at least 4 times the least"#
        ]],
    );
    check(
        &points(&[100, 110, 120, 130, 140, 150], |n| n as f64),
        expect![[
            r#"None; no curve; undecided: 6 different numbers of items from 100 to 150 were measured; it takes 5, the greatest at least 4 times the least"#
        ]],
    );
    let broken = [
        (0, 1.0),
        (10, 0.0),
        (10, -1.0),
        (10, f64::NAN),
        (10, f64::INFINITY),
    ];
    let broken = broken.map(|(items, ms)| Point {
        items,
        ms,
        exact_to_ms: 0.0,
    });
    assert_eq!(scaling(&broken).points, []);
}

#[test]
fn times_that_are_known_to_ticks_only_name_nothing_that_ticks_could_have_made() {
    let rounded = |n: u64| (10.0 * ((n as f64 / 80.0).round())).max(10.0);
    let mut points = points(&sizes(20.0), rounded);
    for point in &mut points {
        point.exact_to_ms = 10.0;
    }
    assert_eq!(scaling(&points).growth, None);
}

fn class() -> impl Strategy<Value = Growth> {
    prop::sample::select(Growth::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn prop_a_class_is_named_as_itself_or_not_at_all(
        growth in class(),
        base in 3.0..300.0_f64,
        most_ms in 1.5..4.5_f64,
        fixed in 0.0..0.2_f64,
        rate in 3.0..25.0_f64,
        noise in 0.0..0.03_f64,
        chance in proptest::collection::vec(-1.7..1.7_f64, 15),
    ) {
        let sizes = sizes(base);
        let most = *sizes.last().unwrap();
        let most_ms = 10_f64.powf(most_ms);
        let mut points = points(&sizes, |n| most_ms * (fixed + shape(growth, n, most, rate)));
        for (point, chance) in points.iter_mut().zip(&chance) {
            point.ms *= 1.0 + noise * chance;
        }
        let told = scaling(&points);
        prop_assert!(told.growth.is_none_or(|it| it == growth), "{:?} as {:?}", growth, told);
        if let Some(named) = told.growth {
            prop_assert_eq!(told.candidates, vec![named]);
        }
    }

    #[test]
    fn prop_whatever_was_measured_gives_an_answer_with_a_reason(
        measured in proptest::collection::vec((0..2000_u64, -1e3..1e9_f64, 0.0..20.0_f64), 0..40),
    ) {
        let point = |(items, ms, exact_to_ms)| Point { items, ms, exact_to_ms };
        let points: Vec<Point> = measured.into_iter().map(point).collect();
        let told = scaling(&points);
        prop_assert!(!told.why.is_empty());
        if let Some(fit) = &told.fit {
            prop_assert!(fit.fixed_ms.is_finite() && fit.growing_ms.is_finite() && fit.error.is_finite());
            prop_assert!(fit.r_squared.is_none_or(|it| (0.0..=1.0).contains(&it)));
        }
        prop_assert_eq!(told.growth.is_some(), told.candidates.len() == 1 && told.why.find("undecided").is_none());
    }

    /// The order in which portions ended, and which scenario they were of, does not matter.
    #[test]
    fn prop_the_order_of_points_does_not_matter(by in 0..15_usize, base in 3.0..100.0_f64) {
        let points = points(&sizes(base), |n| 5.0 + (n as f64).powi(2));
        let mut turned = points.clone();
        turned.rotate_left(by);
        prop_assert_eq!(scaling(&points), scaling(&turned));
    }
}
