//! Texts with values in them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::Value as EngineValue;
use minijinja::machinery::ast::{Expr, Stmt};
use minijinja::machinery::parse;
use minijinja::value::Object;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::engine::{MAX_TEMPLATE, engine, message};
use super::parse::{Reader, range};
use super::problem::{ExpressionError, ExpressionProblem};
use super::read::Read;
use super::view::{json, view};
use crate::condition::{Facts, Reference};

/// A text with values in it, for example `Review {{ inputs.path }}`.
///
/// A template that is exactly one expression keeps the type of its value; any other gives a text.
/// It is read once, when it is made. Cloning shares.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template(Arc<Parts>);

struct Parts {
    source: Box<str>,
    reads: Vec<Read>,
    form: Form,
}

enum Form {
    /// Nothing in it is a value.
    Text,
    /// Exactly one field.
    Field(Reference),
    /// Exactly one expression.
    One(minijinja::Expression<'static, 'static>),
    /// Anything else.
    Mixed,
}

/// Why a template gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the template `{source_text}` gives nothing: {problem}")]
pub struct TemplateFailure {
    /// The template, shortened.
    pub source_text: String,
    /// What is missing or does not fit.
    pub problem: String,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`ExpressionError`] with every mistake that could be found.
    pub fn new(source: &str) -> Result<Self, ExpressionError> {
        let refuse = |problems| ExpressionError {
            source_text: source.to_owned(),
            problems,
        };
        if source.len() > MAX_TEMPLATE {
            let message = format!("it has {} bytes, {MAX_TEMPLATE} are allowed", source.len());
            return Err(refuse(vec![ExpressionProblem {
                at: 0..source.len(),
                message,
                hint: None,
            }]));
        }
        let mut reader = Reader::default();
        let form = read(source, &mut reader);
        match form {
            Some(form) if reader.problems.is_empty() => Ok(Self(Arc::new(Parts {
                source: source.into(),
                reads: reader.reads,
                form,
            }))),
            _ => Err(refuse(reader.problems)),
        }
    }

    /// Whether a text has anything in it that a template would replace.
    #[must_use]
    pub fn is_needed(text: &str) -> bool {
        ["{{", "{%", "{#"].iter().any(|sign| text.contains(sign))
    }

    /// The text.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The fields that it can read.
    pub fn reads(&self) -> impl Iterator<Item = &Reference> {
        self.0.reads.iter().map(|read| &read.field)
    }

    /// The fields that it can read, with their places in the text.
    #[must_use]
    pub fn reads_at(&self) -> &[Read] {
        &self.0.reads
    }

    /// Its value. A field alone is shared, not copied.
    ///
    /// # Errors
    /// [`TemplateFailure`] when a field is absent or does not fit what is done with it.
    pub fn value(&self, facts: &dyn Facts) -> Result<Arc<Value>, TemplateFailure> {
        let fail = |problem| TemplateFailure {
            source_text: self.source().chars().take(80).collect(),
            problem,
        };
        match &self.0.form {
            Form::Text => Ok(Arc::new(self.source().into())),
            Form::Field(field) => match facts.share(field) {
                Some(shared) => Ok(shared.into_value()),
                None => Err(fail(format!("`{field}` is absent"))),
            },
            Form::One(expression) => {
                let value = expression
                    .eval(self.names(facts))
                    .map_err(|it| message(&it));
                value.and_then(|it| json(&it)).map_err(fail)
            }
            Form::Mixed => {
                let text = engine()
                    .template_from_str(self.source())
                    .and_then(|it| it.render(self.names(facts)));
                let text = text.map_err(|error| fail(message(&error)))?;
                Ok(Arc::new(text.into()))
            }
        }
    }

    /// The fields that it reads, as one tree of names.
    fn names(&self, facts: &dyn Facts) -> EngineValue {
        let mut root = Names::default();
        for field in self.reads() {
            let path: Vec<&str> = field.segments().collect();
            // The text may say `previous` where the plan says `steps.previous`.
            let short = path
                .strip_prefix(&["steps"])
                .filter(|it| matches!(it.first(), Some(&("previous" | "round"))));
            let value = facts.share(field).map(view);
            for path in [Some(&*path), short].into_iter().flatten() {
                root.insert(path, value.clone());
            }
        }
        EngineValue::from_object(root)
    }
}

/// Names in names, down to values.
#[derive(Debug, Default)]
struct Names {
    value: Option<EngineValue>,
    inside: BTreeMap<Box<str>, Arc<Names>>,
}

impl Names {
    /// Puts a value at the end of a path; without one only the way to it is made, so that what is
    /// missing is its end.
    fn insert(&mut self, path: &[&str], value: Option<EngineValue>) {
        match path {
            [] => self.value = value.or(self.value.take()),
            [_] if value.is_none() => {}
            [first, rest @ ..] => {
                let inside = self.inside.entry((*first).into()).or_default();
                if let Some(inside) = Arc::get_mut(inside) {
                    inside.insert(rest, value);
                }
            }
        }
    }
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &EngineValue) -> Option<EngineValue> {
        let inside = self.inside.get(key.as_str()?)?;
        // A whole value holds its parts as well.
        Some(match &inside.value {
            Some(value) => value.clone(),
            None => EngineValue::from_dyn_object(inside.clone()),
        })
    }
}

fn read<'s>(source: &'s str, reader: &mut Reader<'s>) -> Option<Form> {
    if !Template::is_needed(source) {
        return Some(Form::Text);
    }
    if !reader.is_short(source, false) {
        return None;
    }
    let parsed = match parse(
        source,
        "<template>",
        minijinja::syntax::SyntaxConfig::default(),
    ) {
        Ok(parsed) => parsed,
        Err(error) => {
            reader.syntax(source, &error);
            return None;
        }
    };
    let Stmt::Template(template) = &parsed else {
        return None;
    };
    names(&template.children, reader);
    statements(&template.children, reader);
    if !reader.problems.is_empty() {
        return None;
    }
    let [Stmt::EmitExpr(only)] = &*template.children else {
        return Some(Form::Mixed);
    };
    let text = source.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let text = text
        .trim_start_matches(['-', '+'])
        .trim_end_matches(['-', '+']);
    if let (Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_), [read]) =
        (&only.expr, &*reader.reads)
        && range(only.expr.span()).end == read.at.end
    {
        return Some(Form::Field(read.field.clone()));
    }
    match engine().compile_expression_owned(text.trim().to_owned()) {
        Ok(expression) => Some(Form::One(expression)),
        Err(error) => {
            reader.syntax(source, &error);
            None
        }
    }
}

/// The names that a template gives itself.
fn names<'s>(statements: &[Stmt<'s>], reader: &mut Reader<'s>) {
    for statement in statements {
        match statement {
            Stmt::ForLoop(it) => {
                target(&it.target, reader);
                reader.locals.insert("loop");
                names(&it.body, reader);
                names(&it.else_body, reader);
            }
            Stmt::IfCond(it) => {
                names(&it.true_body, reader);
                names(&it.false_body, reader);
            }
            Stmt::WithBlock(it) => {
                it.assignments
                    .iter()
                    .for_each(|(name, _)| target(name, reader));
                names(&it.body, reader);
            }
            Stmt::Set(it) => target(&it.target, reader),
            Stmt::SetBlock(it) => {
                target(&it.target, reader);
                names(&it.body, reader);
            }
            Stmt::AutoEscape(it) => names(&it.body, reader),
            Stmt::FilterBlock(it) => names(&it.body, reader),
            Stmt::Template(it) => names(&it.children, reader),
            Stmt::EmitExpr(_) | Stmt::EmitRaw(_) | Stmt::Do(_) => {}
        }
    }
}

fn target<'s>(expression: &Expr<'s>, reader: &mut Reader<'s>) {
    match expression {
        Expr::Var(name) if Reference::ROOTS.contains(&name.id) => {
            let message = format!("`{}` has a meaning of its own and cannot be set", name.id);
            reader.report(range(expression.span()), message, None);
        }
        Expr::Var(name) => {
            reader.locals.insert(name.id);
        }
        Expr::List(list) => list.items.iter().for_each(|it| target(it, reader)),
        Expr::Tuple(list) => list.items.iter().for_each(|it| target(it, reader)),
        _ => reader.report(range(expression.span()), "only names can be set", None),
    }
}

fn statements<'s>(all: &[Stmt<'s>], reader: &mut Reader<'s>) {
    for statement in all {
        match statement {
            Stmt::Template(it) => statements(&it.children, reader),
            Stmt::EmitExpr(it) => drop(reader.node(&it.expr)),
            Stmt::EmitRaw(_) => {}
            Stmt::ForLoop(it) => {
                reader.node(&it.iter);
                it.filter_expr.iter().for_each(|it| drop(reader.node(it)));
                statements(&it.body, reader);
                statements(&it.else_body, reader);
            }
            Stmt::IfCond(it) => {
                reader.node(&it.expr);
                statements(&it.true_body, reader);
                statements(&it.false_body, reader);
            }
            Stmt::WithBlock(it) => {
                it.assignments
                    .iter()
                    .for_each(|(_, it)| drop(reader.node(it)));
                statements(&it.body, reader);
            }
            Stmt::Set(it) => drop(reader.node(&it.expr)),
            Stmt::SetBlock(it) => {
                it.filter.iter().for_each(|it| drop(reader.node(it)));
                statements(&it.body, reader);
            }
            Stmt::AutoEscape(it) => statements(&it.body, reader),
            Stmt::FilterBlock(it) => {
                reader.node(&it.filter);
                statements(&it.body, reader);
            }
            Stmt::Do(_) => {
                reader.report(0..0, "`do` has no use here: nothing can be changed", None);
            }
        }
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Template").field(&self.source()).finish()
    }
}

impl TryFrom<String> for Template {
    type Error = ExpressionError;
    fn try_from(text: String) -> Result<Self, ExpressionError> {
        Self::new(&text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.source().to_owned()
    }
}

impl JsonSchema for Template {
    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": MAX_TEMPLATE,
            "description": "A text with values in it, for example `Review {{ inputs.path }}`; see `orchestrate help conditions`."
        })
    }
}
