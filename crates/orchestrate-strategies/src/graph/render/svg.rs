//! A self-contained picture: boxes in columns by their distance from the start.

use super::drawing::{Drawing, Shape, Shown};

const WIDTH: usize = 190;
const HEIGHT: usize = 44;
const GAP_X: usize = 60;
const GAP_Y: usize = 22;
const MARGIN: usize = 20;

struct Place {
    x: usize,
    y: usize,
}

pub(super) fn render(drawing: &Drawing) -> String {
    let columns = columns(drawing);
    let height = columns.iter().map(Vec::len).max().unwrap_or(1) * (HEIGHT + GAP_Y) - GAP_Y;
    let mut places: Vec<Place> = drawing.boxes.iter().map(|_| Place { x: 0, y: 0 }).collect();
    for (column, boxes) in columns.iter().enumerate() {
        let used = boxes.len() * (HEIGHT + GAP_Y) - GAP_Y;
        for (row, index) in boxes.iter().enumerate() {
            if let Some(place) = places.get_mut(*index) {
                *place = Place {
                    x: MARGIN + column * (WIDTH + GAP_X),
                    y: MARGIN + (height - used) / 2 + row * (HEIGHT + GAP_Y),
                };
            }
        }
    }
    let (w, h) = (
        2 * MARGIN + columns.len() * (WIDTH + GAP_X) - GAP_X,
        2 * MARGIN + height + GAP_Y,
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\" aria-label=\"plan\" font-family=\"sans-serif\" font-size=\"12\">\n"
    );
    out.push_str("<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#555\"/></marker></defs>\n");
    out.push_str(&format!(
        "<rect width=\"{w}\" height=\"{h}\" fill=\"#fff\"/>\n"
    ));
    for arrow in &drawing.arrows {
        if let (Some(from), Some(to)) = (places.get(arrow.from), places.get(arrow.to)) {
            out.push_str(&line(from, to, &arrow.label, arrow.back));
        }
    }
    for (shown, place) in drawing.boxes.iter().zip(&places) {
        out.push_str(&shape(shown, place));
    }
    out.push_str("</svg>\n");
    out
}

/// The boxes by their longest way from the start; arrows back do not count.
fn columns(drawing: &Drawing) -> Vec<Vec<usize>> {
    let mut column = vec![0usize; drawing.boxes.len()];
    // Boxes are made before what follows them, except where a graph's steps stand in another order,
    // so a few passes settle; each pass can only move boxes to the right, and the drawing has no circle.
    for _ in 0..drawing.boxes.len() {
        let mut moved = false;
        for arrow in drawing.arrows.iter().filter(|arrow| !arrow.back) {
            let next = column.get(arrow.from).copied().unwrap_or_default() + 1;
            if let Some(slot) = column.get_mut(arrow.to).filter(|slot| **slot < next) {
                *slot = next;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    let mut columns = vec![Vec::new(); column.iter().max().map_or(1, |last| last + 1)];
    for (index, place) in column.into_iter().enumerate() {
        if let Some(boxes) = columns.get_mut(place) {
            boxes.push(index);
        }
    }
    columns
}

fn line(from: &Place, to: &Place, label: &str, back: bool) -> String {
    let (x1, y1, x2, y2) = (from.x + WIDTH, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2);
    let (path, at) = if back {
        let low = from.y.max(to.y) + HEIGHT + GAP_Y / 2;
        let (x1, x2) = (from.x + WIDTH / 2, to.x + WIDTH / 2);
        (
            format!(
                "M{x1} {} C{x1} {low} {x2} {low} {x2} {}",
                from.y + HEIGHT,
                to.y + HEIGHT
            ),
            (x1.midpoint(x2), low + 6),
        )
    } else {
        let middle = x1.midpoint(x2);
        (
            format!("M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}"),
            (middle, y1.midpoint(y2).saturating_sub(4)),
        )
    };
    let dash = if back {
        " stroke-dasharray=\"4 3\""
    } else {
        ""
    };
    let text = if label.is_empty() {
        String::new()
    } else {
        format!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"10\" fill=\"#555\">{}</text>\n",
            at.0,
            at.1,
            escaped(&shortened(label, 34))
        )
    };
    format!(
        "<path d=\"{path}\" fill=\"none\" stroke=\"#555\"{dash} marker-end=\"url(#tip)\"/>\n{text}"
    )
}

fn shape(shown: &Shown, place: &Place) -> String {
    let (x, y, cx, cy) = (place.x, place.y, place.x + WIDTH / 2, place.y + HEIGHT / 2);
    let (fill, radius) = match shown.shape {
        Shape::Joint => {
            return format!(
                "<path d=\"M{x} {cy}H{}\" stroke=\"#555\"/><circle cx=\"{cx}\" cy=\"{cy}\" r=\"5\" fill=\"#555\"/>\n",
                x + WIDTH
            );
        }
        Shape::Terminal => ("#eee", HEIGHT / 2),
        Shape::Work => ("#e8f0fe", 6),
        Shape::Choice => ("#fff4d6", 14),
        Shape::Person => ("#fde7e9", HEIGHT / 2),
        Shape::Call => ("#e6f4ea", 0),
    };
    let title_y = if shown.note.is_empty() {
        cy + 4
    } else {
        cy - 3
    };
    let note = if shown.note.is_empty() {
        String::new()
    } else {
        format!(
            "<text x=\"{cx}\" y=\"{}\" text-anchor=\"middle\" font-size=\"10\" fill=\"#555\">{}</text>",
            cy + 12,
            escaped(&shortened(&shown.note, 34))
        )
    };
    format!(
        "<g><title>{full}</title><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"{radius}\" fill=\"{fill}\" stroke=\"#555\"/><text x=\"{cx}\" y=\"{title_y}\" text-anchor=\"middle\">{label}</text>{note}</g>\n",
        full = escaped(&format!("{} {}", shown.label, shown.note)),
        label = escaped(&shortened(&shown.label, 26)),
    )
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        text.to_owned()
    } else {
        text.chars().take(most - 1).chain(['…']).collect()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
