//! Keeps texts to a length: a tool that gives a whole log must not use up the agent's tokens.

use orchestrate_core::guard::{Guard, Subject, Verdict};

/// Cuts what tools give, and blocks answers that are longer than anybody reads.
#[derive(Debug, Clone, Copy)]
pub struct LengthGuard {
    /// Bytes of a tool's result that a model is told.
    pub tool_result: usize,
    /// Bytes of an answer.
    pub output: usize,
}

impl Default for LengthGuard {
    fn default() -> Self {
        Self {
            tool_result: 64 * 1024,
            output: 1 << 20,
        }
    }
}

impl Guard for LengthGuard {
    fn name(&self) -> &'static str {
        "length"
    }

    fn judge(&self, subject: Subject<'_>) -> Verdict {
        match subject {
            Subject::ToolResult { content, .. } if content.len() > self.tool_result => {
                let at = (0..=self.tool_result)
                    .rev()
                    .find(|at| content.is_char_boundary(*at));
                let head = content.get(..at.unwrap_or(0)).unwrap_or_default();
                let whole = content.len();
                Verdict::Rewrite {
                    with: format!("{head}\n(cut: {} of {whole} bytes)", self.tool_result).into(),
                    reason: format!("{whole} bytes are more than {}", self.tool_result),
                }
            }
            Subject::Output(value) => {
                let length = value.to_string().len();
                if length > self.output {
                    let reason =
                        format!("an answer of {length} bytes is longer than {}", self.output);
                    return Verdict::Block { reason };
                }
                Verdict::Pass
            }
            _ => Verdict::Pass,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn results_are_cut_and_answers_blocked() {
        let guard = LengthGuard {
            tool_result: 5,
            output: 10,
        };
        let verdict = guard.judge(Subject::ToolResult {
            tool: "t",
            content: "éééééé",
        });
        assert!(
            matches!(&verdict, Verdict::Rewrite { with, .. } if with == "éé\n(cut: 5 of 12 bytes)"),
            "{verdict:?}"
        );
        assert_eq!(
            guard.judge(Subject::ToolResult {
                tool: "t",
                content: "short"
            }),
            Verdict::Pass
        );
        assert!(matches!(
            guard.judge(Subject::Output(&json!("0123456789"))),
            Verdict::Block { .. }
        ));
        assert_eq!(
            guard.judge(Subject::Input("0123456789 0123456789")),
            Verdict::Pass
        );
    }
}
