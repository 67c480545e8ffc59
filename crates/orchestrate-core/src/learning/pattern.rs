//! A pattern that has proven itself, and how well it answers a question.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::AgentConfiguration;
use crate::task::Context;

/// What a context and a pattern must share before the pattern is an answer.
const LEAST_RELEVANCE: f64 = 0.3;

/// Something that worked before, with the context in which it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pattern {
    /// Its name: letters, digits, `_`, `-` and `.`.
    pub id: String,
    /// Who contributed it.
    pub agent_id: String,
    /// What it is, for example `agent_composition`.
    pub pattern_type: String,
    /// One line for people.
    pub name: String,
    /// More for people; may be empty.
    #[serde(default)]
    pub description: String,
    /// Where it worked: compared with the context of a question.
    #[serde(default)]
    pub context: Context,
    /// The pattern itself.
    #[serde(default)]
    pub content: Value,
    /// How far it can be relied on, from 0 to 1.
    pub confidence: f64,
    /// How often it was used.
    #[serde(default)]
    pub usage_count: u64,
    /// How often that went well.
    #[serde(default)]
    pub success_count: u64,
    /// How often it did not.
    #[serde(default)]
    pub failure_count: u64,
    /// When it was first contributed.
    #[serde(default)]
    pub discovered_at: u64,
    /// When it was last used.
    #[serde(default)]
    pub last_used: Option<u64>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
}

impl Pattern {
    /// The id of the pattern that a composition becomes.
    #[must_use]
    pub fn id_of(configuration: &str) -> String {
        format!("orchestration_{configuration}")
    }

    /// A composition as a pattern. Its figures are those of the record at that moment.
    #[must_use]
    pub fn of(configuration: &AgentConfiguration) -> Self {
        let agents: Vec<&str> = configuration
            .agents
            .iter()
            .map(|seat| seat.template.as_str())
            .collect();
        let mut context = Context::new();
        context.insert(
            "task_pattern".to_owned(),
            configuration.task_pattern.clone().into(),
        );
        context.insert("strategy".to_owned(), configuration.strategy.clone().into());
        context.insert("agents".to_owned(), agents.clone().into());
        let seats = configuration.agents.iter().cloned().map(Context::from);
        let mut tags = configuration.tags.clone();
        if !tags.contains(&configuration.task_pattern) {
            tags.push(configuration.task_pattern.clone());
        }
        Self {
            id: Self::id_of(&configuration.id),
            agent_id: "meta_orchestrator".to_owned(),
            pattern_type: "agent_composition".to_owned(),
            name: format!(
                "{} for {}",
                configuration.strategy, configuration.task_pattern
            ),
            description: agents.join(", "),
            context,
            content: seats.map(Value::Object).collect(),
            confidence: configuration.success_rate,
            usage_count: configuration.usage_count,
            success_count: configuration.success_count,
            failure_count: configuration.failure_count,
            discovered_at: configuration.last_used.unwrap_or(configuration.created_at),
            last_used: configuration.last_used,
            tags,
        }
    }

    /// Successes per use, from 0 to 1; 0 without a use.
    #[must_use]
    pub fn success_rate(&self) -> f64 {
        match self.success_count + self.failure_count {
            0 => 0.0,
            uses => self.success_count as f64 / uses as f64,
        }
    }
}

/// A question to the library.
#[derive(Debug, Clone, PartialEq)]
pub struct PatternQuery {
    /// What is known of the situation; compared with the contexts of the patterns.
    pub context: Context,
    /// Words that the patterns are to have.
    pub tags: Vec<String>,
    /// Only patterns of this type.
    pub pattern_type: Option<String>,
    /// Only patterns that can be relied on so far, from 0 to 1.
    pub min_confidence: f64,
    /// How many answers at most.
    pub limit: usize,
}

impl Default for PatternQuery {
    fn default() -> Self {
        Self {
            context: Context::new(),
            tags: Vec::new(),
            pattern_type: None,
            min_confidence: 0.5,
            limit: 10,
        }
    }
}

/// Something that speaks for a pattern.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    /// A key of the context has the same value.
    Context(String),
    /// A word that was asked for.
    Tag(String),
    /// It went well before: successes per use.
    SuccessRate(f64),
}

/// An answer of the library.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PatternMatch {
    /// The pattern.
    pub pattern: Pattern,
    /// How well it fits, from 0 to 1.
    pub relevance: f64,
    /// Why.
    pub factors: Vec<Factor>,
}

impl PatternQuery {
    /// The patterns that answer the question, the best first; equal ones by id.
    ///
    /// Relevance is half what share of the common keys of the context is equal, three tenths what
    /// share of the pattern's tags was asked for, and two tenths how often it went well. A pattern
    /// that shares neither a value nor a tag is no answer.
    #[must_use]
    pub fn answer(&self, patterns: impl IntoIterator<Item = Pattern>) -> Vec<PatternMatch> {
        let mut found: Vec<PatternMatch> = patterns
            .into_iter()
            .filter(|it| it.confidence >= self.min_confidence)
            .filter(|it| {
                self.pattern_type
                    .as_ref()
                    .is_none_or(|kind| *kind == it.pattern_type)
            })
            .filter_map(|it| self.weigh(it))
            .collect();
        found.sort_by(|a, b| {
            let relevance = b.relevance.total_cmp(&a.relevance);
            relevance.then_with(|| a.pattern.id.cmp(&b.pattern.id))
        });
        found.truncate(self.limit);
        found
    }

    fn weigh(&self, pattern: Pattern) -> Option<PatternMatch> {
        let mut factors = Vec::new();
        let mut common = 0_u32;
        for (key, value) in &self.context {
            if let Some(own) = pattern.context.get(key) {
                common += 1;
                if own == value {
                    factors.push(Factor::Context(key.clone()));
                }
            }
        }
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        let mut relevance = 0.5 * share(factors.len(), common as usize);
        let hits: Vec<&String> = self
            .tags
            .iter()
            .filter(|it| pattern.tags.contains(it))
            .collect();
        relevance += 0.3 * share(hits.len(), pattern.tags.len()).min(1.0);
        factors.extend(hits.into_iter().cloned().map(Factor::Tag));
        if factors.is_empty() {
            return None;
        }
        if pattern.usage_count > 0 {
            relevance += 0.2 * pattern.success_rate();
            factors.push(Factor::SuccessRate(pattern.success_rate()));
        }
        (relevance > LEAST_RELEVANCE).then_some(PatternMatch {
            pattern,
            relevance,
            factors,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::{AgentSeat, RunOutcome};
    use serde_json::json;

    fn proven(pattern: &str, successes: u32) -> Pattern {
        let agents = vec![AgentSeat::new("security_auditor", None)];
        let mut it = AgentConfiguration::composed(pattern, agents, "parallel");
        for k in 0..successes {
            it.record_outcome(RunOutcome::new(true, 80.0, k.into()).unwrap());
        }
        Pattern::of(&it)
    }

    #[test]
    fn an_answer_names_what_matched_and_strangers_are_no_answer() {
        let query = PatternQuery {
            context: serde_json::from_value(
                json!({"task_pattern": "release_prep", "language": "rust"}),
            )
            .unwrap(),
            tags: vec!["release_prep".into()],
            ..PatternQuery::default()
        };
        let found = query.answer([proven("release_prep", 4), proven("testing:simple", 4)]);
        let told: Vec<_> = found
            .iter()
            .map(|it| (&*it.pattern.name, it.relevance, &it.factors))
            .collect();
        let factors = vec![
            Factor::Context("task_pattern".into()),
            Factor::Tag("release_prep".into()),
            Factor::SuccessRate(1.0),
        ];
        assert_eq!(told, [("parallel for release_prep", 1.0, &factors)]);
    }

    #[test]
    fn what_cannot_be_relied_on_is_no_answer() {
        let query = PatternQuery {
            tags: vec!["release_prep".into()],
            min_confidence: 0.5,
            ..PatternQuery::default()
        };
        let mut weak = proven("release_prep", 4);
        weak.confidence = 0.4;
        assert!(query.answer([weak]).is_empty());
    }
}
