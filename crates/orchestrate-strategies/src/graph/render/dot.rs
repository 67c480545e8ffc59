//! Graphviz.

use super::drawing::{Drawing, Shape};

pub(super) fn render(drawing: &Drawing) -> String {
    let mut out = String::from(
        "digraph plan {\n  rankdir=LR;\n  node [fontname=\"sans-serif\", fontsize=11];\n  edge [fontname=\"sans-serif\", fontsize=9];\n",
    );
    for (i, shown) in drawing.boxes.iter().enumerate() {
        let label = if shown.note.is_empty() {
            shown.label.clone()
        } else {
            format!("{}\n{}", shown.label, shown.note)
        };
        let shape = match shown.shape {
            Shape::Terminal => "oval",
            Shape::Work => "box",
            Shape::Choice => "diamond",
            Shape::Person => "house",
            Shape::Call => "component",
            Shape::Joint => "point",
        };
        out.push_str(&format!(
            "  n{i} [shape={shape}, label={}];\n",
            quoted(&label)
        ));
    }
    for arrow in &drawing.arrows {
        let style = if arrow.back {
            ", style=dashed, constraint=false"
        } else {
            ""
        };
        out.push_str(&format!(
            "  n{} -> n{} [label={}{style}];\n",
            arrow.from,
            arrow.to,
            quoted(&arrow.label)
        ));
    }
    out.push_str("}\n");
    out
}

fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}
