//! Mermaid flowcharts.

use super::drawing::{Drawing, Shape};

pub(super) fn render(drawing: &Drawing) -> String {
    let mut out = String::from("flowchart LR\n");
    for (i, shown) in drawing.boxes.iter().enumerate() {
        let label = quoted(&if shown.note.is_empty() {
            shown.label.clone()
        } else {
            format!("{}\n{}", shown.label, shown.note)
        });
        out.push_str(&match shown.shape {
            Shape::Terminal => format!("  n{i}([{label}])\n"),
            Shape::Work => format!("  n{i}[{label}]\n"),
            Shape::Choice => format!("  n{i}{{{label}}}\n"),
            Shape::Person => format!("  n{i}[/{label}\\]\n"),
            Shape::Call => format!("  n{i}[[{label}]]\n"),
            Shape::Joint => format!("  n{i}(( ))\n"),
        });
    }
    for arrow in &drawing.arrows {
        let line = if arrow.back { "-.->" } else { "-->" };
        let label = if arrow.label.is_empty() {
            String::new()
        } else {
            format!("|{}|", quoted(&arrow.label))
        };
        out.push_str(&format!("  n{} {line}{label} n{}\n", arrow.from, arrow.to));
    }
    out
}

/// Mermaid has no escapes inside quotes, only entities.
fn quoted(text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\n', "<br/>");
    format!("\"{text}\"")
}
