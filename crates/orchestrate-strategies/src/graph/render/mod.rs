//! Plans as pictures: a text tree, Mermaid, DOT and SVG. Pure: a plan in, a text out.

mod dot;
mod drawing;
mod mermaid;
mod svg;
mod text;

use orchestrate_core::plan::Plan;

use drawing::Drawing;

/// How a plan is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An indented tree for terminals.
    Text,
    /// A Mermaid flowchart for Markdown.
    Mermaid,
    /// Graphviz.
    Dot,
    /// A self-contained picture.
    Svg,
}

/// Draws a plan. The same plan gives the same text, which ends with a line break.
#[must_use]
pub fn render(plan: &Plan, format: Format) -> String {
    match format {
        Format::Text => text::render(plan),
        Format::Mermaid => mermaid::render(&Drawing::of(plan)),
        Format::Dot => dot::render(&Drawing::of(plan)),
        Format::Svg => svg::render(&Drawing::of(plan)),
    }
}
