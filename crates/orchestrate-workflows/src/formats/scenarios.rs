//! The report of scenarios as one picture: when each worked, how time grows, and how each metric went.
//!
//! It is a single SVG document without scripts, fonts or requests. Colours are never the only sign: every part has
//! its words, and what failed is hatched.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::scenarios::{Point, PortionReport, ScenarioReport, ScenariosReport, TimeOf};

const WIDTH: f64 = 860.0;
/// Where drawings begin and end.
const LEFT: f64 = 110.0;
const RIGHT: f64 = 830.0;
/// Height of the row of a scenario.
const ROW: f64 = 34.0;
/// Height of a drawing with axes.
const PLOT: f64 = 220.0;
/// Told apart by people who see few colours, and in print.
const COLOURS: [&str; 6] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00",
];
/// The signs of points, in turn.
const SIGNS: [&str; 3] = ["circle", "square", "diamond"];

/// The report as a picture.
#[must_use]
pub fn scenarios_svg(report: &ScenariosReport) -> String {
    let timeline = 70.0;
    let growth = timeline + 60.0 + ROW * report.scenarios.len() as f64;
    let mut next = growth + PLOT + 90.0;
    let metrics: BTreeSet<&String> = report
        .scenarios
        .iter()
        .flat_map(|it| it.metrics.keys())
        .collect();
    let plots: Vec<Markup> = metrics
        .iter()
        .map(|metric| {
            let top = next;
            next += PLOT + 90.0;
            quality(report, metric, top)
        })
        .collect();
    let height = next;
    let title = format!("Scenarios of {}", report.skill);
    let picture = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {WIDTH} {height}"))
            width=(WIDTH) height=(height) role="img" aria-label=(title)
            font-family="sans-serif" font-size="12" fill="#222" {
            defs {
                pattern id="failed" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect width="6" height="6" fill="#fff" {}
                    rect width="3" height="6" fill="#b00020" {}
                }
            }
            rect width=(WIDTH) height=(height) fill="#fff" {}
            (words(20.0, 28.0, 16, &title))
            (words(20.0, 48.0, 12, &report.summary))
            (when(report, timeline))
            (grows(report, growth))
            @for plot in plots { (plot) }
        }
    };
    let mut out = picture.into_string();
    out.push('\n');
    out
}

/// When each scenario worked.
fn when(report: &ScenariosReport, top: f64) -> Markup {
    let wall = report.parallel.wall_s.max(f64::MIN_POSITIVE);
    let x = |seconds: f64| LEFT + (RIGHT - LEFT) * (seconds / wall).clamp(0.0, 1.0);
    let bottom = top + 20.0 + ROW * report.scenarios.len() as f64;
    html! {
        (words(20.0, top + 8.0, 13, "When each scenario worked, in seconds"))
        @for (at, it) in report.scenarios.iter().enumerate() {
            @let y = top + 18.0 + ROW * at as f64;
            (words(20.0, y + 18.0, 12, &it.name))
            @for portion in &it.portions {
                @if let (Some(began), Some(ended)) = (portion.began_s, portion.ended_s) {
                    rect x=(place(x(began))) y=(place(y + 4.0)) width=(place((x(ended) - x(began)).max(1.0)))
                        height=(ROW - 10.0) stroke="#fff"
                        fill=(if portion.error.is_some() { "url(#failed)" } else { colour(at) }) {
                        title { (told(portion)) }
                    }
                }
            }
        }
        line x1=(LEFT) x2=(RIGHT) y1=(bottom) y2=(bottom) stroke="#888" {}
        @for tick in 0..=4 {
            @let seconds = wall * f64::from(tick) / 4.0;
            (centred(x(seconds), bottom + 16.0, &figure(seconds)))
        }
    }
}

/// What one portion did, in words.
fn told(portion: &PortionReport) -> String {
    let did = portion.outcome.as_ref().map_or("under way", |it| it.word());
    let took = portion.took_ms;
    let took = took.map_or_else(String::new, |ms| format!(", {} ms", figure(ms)));
    format!("{}: {} items, {did}{took}", portion.step, portion.items)
}

/// The time of one invocation over its items, both by their logarithm.
fn grows(report: &ScenariosReport, top: f64) -> Markup {
    let of = report.growth_of;
    let time = |it: &PortionReport| match of {
        TimeOf::Processor => it.cpu_ms,
        TimeOf::Clock => it.took_ms,
    };
    let points: Vec<(usize, Vec<Point>)> = report
        .scenarios
        .iter()
        .enumerate()
        .map(|(at, it)| {
            let points = it.portions.iter().filter_map(|it| {
                Some(Point {
                    items: it.items,
                    ms: time(it).filter(|ms| *ms > 0.0)?,
                    exact_to_ms: 0.0,
                })
            });
            (at, points.collect())
        })
        .collect();
    let all = || points.iter().flat_map(|(_, it)| it);
    let items = range(all().map(|it| (it.items as f64).ln()));
    let times = range(all().map(|it| it.ms.ln()));
    let class = report.growth.map_or_else(
        || "not decided".to_owned(),
        |it| format!("{}, {}", it.as_str(), it.notation()),
    );
    let heading = format!(
        "How the {} of one invocation grows with its items: {class}",
        of.as_str()
    );
    let Some((items, times)) = items.zip(times) else {
        return html! {
            (words(20.0, top + 8.0, 13, &heading))
            (words(LEFT, top + 40.0, 12, "nothing was measured"))
        };
    };
    let plot = Axes { top, items, times };
    html! {
        (words(20.0, top + 8.0, 13, &heading))
        (plot.frame())
        @for share in [0.0, 0.5, 1.0] {
            @let (at_items, at_ms) = (items.at(share).exp(), times.at(share).exp());
            (centred(plot.x(items.at(share)), top + PLOT + 36.0, &format!("{at_items:.0}")))
            (before(LEFT - 8.0, plot.y(times.at(share)) + 4.0, &format!("{} ms", figure(at_ms))))
        }
        (centred((LEFT + RIGHT) / 2.0, top + PLOT + 54.0, "items"))
        @for (at, points) in &points {
            @for point in points {
                (sign(*at, plot.x((point.items as f64).ln()), plot.y(point.ms.ln()),
                    &format!("{} items: {} ms", point.items, figure(point.ms))))
            }
        }
        (legend(&report.scenarios, top))
    }
}

/// How one metric went from portion to portion.
fn quality(report: &ScenariosReport, metric: &str, top: f64) -> Markup {
    let lines: Vec<Vec<(f64, f64)>> = report
        .scenarios
        .iter()
        .map(|it| {
            let count = it.portions.len().max(1) as f64;
            let values = it.portions.iter().filter_map(|portion| {
                let value = *portion.metrics.get(metric)?;
                Some((f64::from(portion.number) / count, value))
            });
            values.collect()
        })
        .collect();
    let values = range(lines.iter().flatten().map(|(_, value)| *value));
    let heading = format!("{metric}, portion by portion");
    let Some(values) = values else {
        return html! {
            (words(20.0, top + 8.0, 13, &heading))
            (words(LEFT, top + 40.0, 12, "nothing was measured"))
        };
    };
    let items = Range {
        least: 0.0,
        most: 1.0,
    };
    let plot = Axes {
        top,
        items,
        times: values,
    };
    html! {
        (words(20.0, top + 8.0, 13, &heading))
        (plot.frame())
        @for share in [0.0, 0.5, 1.0] {
            (before(LEFT - 8.0, plot.y(values.at(share)) + 4.0, &figure(values.at(share))))
            (centred(plot.x(share), top + PLOT + 36.0, &format!("{:.0} %", 100.0 * share)))
        }
        (centred((LEFT + RIGHT) / 2.0, top + PLOT + 54.0, "portions of the scenario"))
        @for (at, line) in lines.iter().enumerate() {
            @let path = line.iter().map(|(x, y)| format!("{},{}", place(plot.x(*x)), place(plot.y(*y))));
            polyline fill="none" stroke=(colour(at)) points=(path.collect::<Vec<_>>().join(" ")) {}
            @for (x, y) in line {
                (sign(at, plot.x(*x), plot.y(*y), &figure(*y)))
            }
        }
        (legend(&report.scenarios, top))
    }
}

/// From the least to the greatest of some numbers.
#[derive(Debug, Clone, Copy)]
struct Range {
    least: f64,
    most: f64,
}

impl Range {
    fn at(self, share: f64) -> f64 {
        self.least + share * (self.most - self.least)
    }

    fn share(self, value: f64) -> f64 {
        let width = self.most - self.least;
        if width > 0.0 {
            (value - self.least) / width
        } else {
            0.5
        }
    }
}

fn range(values: impl Iterator<Item = f64>) -> Option<Range> {
    values.fold(None, |range: Option<Range>, value| {
        let so_far = range.unwrap_or(Range {
            least: value,
            most: value,
        });
        Some(Range {
            least: so_far.least.min(value),
            most: so_far.most.max(value),
        })
    })
}

/// A drawing with its two axes.
#[derive(Debug)]
struct Axes {
    top: f64,
    items: Range,
    times: Range,
}

impl Axes {
    fn x(&self, value: f64) -> f64 {
        LEFT + 12.0 + (RIGHT - LEFT - 24.0) * self.items.share(value)
    }

    fn y(&self, value: f64) -> f64 {
        self.top + 20.0 + (PLOT - 12.0) - (PLOT - 24.0) * self.times.share(value)
    }

    fn frame(&self) -> Markup {
        html! {
            rect x=(LEFT) y=(self.top + 20.0) width=(RIGHT - LEFT) height=(PLOT) fill="none" stroke="#888" {}
        }
    }
}

fn legend(scenarios: &[ScenarioReport], top: f64) -> Markup {
    html! {
        @for (at, it) in scenarios.iter().enumerate() {
            @let y = top + 38.0 + 18.0 * at as f64;
            (sign(at, LEFT + 20.0, y - 4.0, &it.name))
            (words(LEFT + 32.0, y, 12, &it.name))
        }
    }
}

/// A point of a scenario, with a form of its own.
fn sign(at: usize, x: f64, y: f64, title: &str) -> Markup {
    let form = SIGNS.get(at % SIGNS.len()).copied().unwrap_or_default();
    html! {
        @match form {
            "square" => rect x=(place(x - 4.0)) y=(place(y - 4.0)) width="8" height="8" fill=(colour(at)) { title { (title) } },
            "diamond" => path d=(format!("M{} {}l5 5l-5 5l-5 -5z", place(x), place(y - 5.0))) fill=(colour(at)) { title { (title) } },
            _ => circle cx=(place(x)) cy=(place(y)) r="4.5" fill=(colour(at)) { title { (title) } },
        }
    }
}

fn words(x: f64, y: f64, size: u32, text: &str) -> Markup {
    html! { text x=(x) y=(y) font-size=(size) { (text) } }
}

fn centred(x: f64, y: f64, text: &str) -> Markup {
    html! { text x=(place(x)) y=(place(y)) text-anchor="middle" { (text) } }
}

fn before(x: f64, y: f64, text: &str) -> Markup {
    html! { text x=(place(x)) y=(place(y)) text-anchor="end" { (text) } }
}

fn colour(at: usize) -> &'static str {
    COLOURS.get(at % COLOURS.len()).copied().unwrap_or("#222")
}

/// A place in the picture, to a tenth of a point.
fn place(at: f64) -> String {
    format!("{at:.1}")
}

/// A number with as many places as tell something.
fn figure(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        it if it >= 100.0 => format!("{value:.0}"),
        it if it >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
