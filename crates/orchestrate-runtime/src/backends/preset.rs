//! How a program takes its work and gives its answer, with the known coding agents ready to use.

use std::time::Duration;

/// How a program is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// A JSON document on standard input; JSON or text comes back.
    Json,
    /// The words of the task on standard input; JSON or text comes back.
    Text,
}

/// A program that runs agents.
#[derive(Debug, Clone)]
pub struct ProgramSetup {
    /// What users call it.
    pub name: String,
    /// The program and its arguments; `{prompt}` in one of them stands for the words of the task.
    pub argv: Vec<String>,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// Names of variables that it is given beside the usual ones, for example that of its key.
    pub variables: Vec<String>,
    /// Where in its JSON the answer stands, as a JSON pointer; the whole of it without one.
    pub answer_at: Option<String>,
    /// Longest time of one attempt; the agent's own limit holds beside it.
    pub timeout: Duration,
}

/// A coding agent that is known: how it is called without a person, by its maker's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// Gemini CLI.
    Gemini,
    /// Aider.
    Aider,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Claude, Self::Codex, Self::Gemini, Self::Aider];

    /// The word that users write.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::Aider => "aider",
        }
    }

    /// The preset of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == name)
    }

    /// The program as it is called.
    #[must_use]
    pub fn setup(self) -> ProgramSetup {
        let (argv, variables, answer_at): (&[&str], &[&str], Option<&str>) = match self {
            Self::Claude => (
                &["claude", "-p", "--output-format", "json"],
                &["ANTHROPIC_API_KEY", "CLAUDE_CONFIG_DIR"],
                Some("/result"),
            ),
            Self::Codex => (
                &["codex", "exec", "-"],
                &["OPENAI_API_KEY", "CODEX_HOME"],
                None,
            ),
            Self::Gemini => (
                &["gemini", "--output-format", "json"],
                &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
                Some("/response"),
            ),
            Self::Aider => (
                &[
                    "aider",
                    "--yes-always",
                    "--no-auto-commits",
                    "--message",
                    "{prompt}",
                ],
                &["OPENAI_API_KEY", "ANTHROPIC_API_KEY"],
                None,
            ),
        };
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        ProgramSetup {
            name: self.as_str().to_owned(),
            argv: owned(argv),
            protocol: Protocol::Text,
            variables: owned(variables),
            answer_at: answer_at.map(str::to_owned),
            timeout: Duration::from_secs(1800),
        }
    }
}
