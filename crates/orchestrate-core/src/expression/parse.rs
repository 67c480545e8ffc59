//! From a text to a tree, with every mistake that can be found in it.
//!
//! The engine's own parser reads the text; it stops at the first mistake of form. Everything else,
//! such as names that mean nothing, is told at once.

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::machinery::ast::{
    BinOpKind, Call, CallArg, CompareOpKind, Expr, Filter, Test, UnaryOpKind,
};
use minijinja::machinery::{Span, Token, parse_expr, tokenize};

use super::engine::{FILTERS, FUNCTIONS, MAX_EXPRESSION, MAX_TOKENS, TESTS, message};
use super::problem::ExpressionProblem;
use super::read::Read;
use super::tree::{Arguments, Node, Operator, Relation, Yields};
use crate::condition::{Comparison, Pattern, Reference};
use crate::error::similar;

/// Reads expressions and keeps what is said of them.
#[derive(Debug, Default)]
pub(super) struct Reader<'s> {
    /// Names that the text gives itself.
    pub(super) locals: BTreeSet<&'s str>,
    pub(super) reads: Vec<Read>,
    pub(super) problems: Vec<ExpressionProblem>,
}

/// A condition in text form.
pub(super) fn condition(text: &str) -> (Option<Node>, Vec<Read>, Vec<ExpressionProblem>) {
    let mut reader = Reader::default();
    let node = reader.whole(text);
    if let Some(node) = &node {
        reader.wants_boolean(node, 0..text.len(), "a condition");
    }
    (node, reader.reads, reader.problems)
}

impl<'s> Reader<'s> {
    fn whole(&mut self, text: &'s str) -> Option<Node> {
        if text.len() > MAX_EXPRESSION {
            self.report(
                0..text.len(),
                format!("it has {} bytes, {MAX_EXPRESSION} are allowed", text.len()),
                None,
            );
            return None;
        }
        if text.trim().is_empty() {
            self.report(0..text.len(), "there is no expression", None);
            return None;
        }
        if text.contains("{{") {
            let hint = "write the expression alone, without `{{` and `}}`";
            self.report(
                0..text.len(),
                "a condition is no template",
                Some(hint.into()),
            );
            return None;
        }
        if !self.is_short(text, true) {
            return None;
        }
        match parse_expr(text) {
            Ok(expression) => Some(self.node(&expression)),
            Err(error) => {
                self.syntax(text, &error);
                None
            }
        }
    }

    /// Whether no expression of a text is so long that reading it could take the stack.
    pub(super) fn is_short(&mut self, text: &'s str, is_expression: bool) -> bool {
        let mut count = 0usize;
        for token in tokenize(
            text,
            is_expression,
            minijinja::syntax::SyntaxConfig::default(),
        ) {
            let Ok((token, span)) = token else {
                // The parser says it better.
                return true;
            };
            count += 1;
            if matches!(
                token,
                Token::VariableEnd | Token::BlockEnd | Token::TemplateData(_)
            ) {
                count = 0;
            }
            if count > MAX_TOKENS {
                let message = format!("the expression has more than {MAX_TOKENS} words and signs");
                self.report(range(span), message, None);
                return false;
            }
        }
        true
    }

    pub(super) fn syntax(&mut self, text: &str, error: &minijinja::Error) {
        let at = error.range().unwrap_or(text.len()..text.len());
        let hint = ["&&", "||", "===", "!"]
            .into_iter()
            .zip(["and", "or", "==", "not"])
            .find(|(sign, _)| {
                text.get(at.start..)
                    .is_some_and(|rest| rest.starts_with(sign))
            })
            .map(|(sign, word)| format!("write `{word}` instead of `{sign}`"));
        self.report(at, message(error), hint);
    }

    pub(super) fn report(
        &mut self,
        at: Range<usize>,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        self.problems.push(ExpressionProblem {
            at,
            message: message.into(),
            hint,
        });
    }

    fn wants_boolean(&mut self, node: &Node, at: Range<usize>, who: &str) {
        if let Yields::Other(kind) = node.yields() {
            self.report(
                at,
                format!("{who} must be true or false, and this is {kind}"),
                Some("compare it with something, for example `… > 0` or `… != \"\"`".into()),
            );
        }
    }

    fn boolean(&mut self, expression: &Expr<'s>, who: &str) -> Box<Node> {
        let node = self.node(expression);
        self.wants_boolean(&node, range(expression.span()), who);
        Box::new(node)
    }

    fn boxed(&mut self, expression: &Expr<'s>) -> Box<Node> {
        Box::new(self.node(expression))
    }

    pub(super) fn node(&mut self, expression: &Expr<'s>) -> Node {
        match expression {
            Expr::Const(it) => constant(&it.value),
            Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => self.field(expression),
            Expr::UnaryOp(it) => match it.op {
                UnaryOpKind::Not => Node::Not(self.boolean(&it.expr, "what `not` stands before")),
                UnaryOpKind::Neg => Node::Negative(self.boxed(&it.expr)),
            },
            Expr::BinOp(it) => self.binary(it.op, &it.left, &it.right),
            Expr::Compare(it) => {
                let first = self.boxed(&it.expr);
                let rest = it.ops.iter();
                let rest = rest.map(|part| (relation(part.op), self.node(&part.expr)));
                Node::Compare(first, rest.collect())
            }
            Expr::IfExpr(it) => Node::Choose {
                test: self.boolean(&it.test_expr, "what stands behind `if`"),
                then: self.boxed(&it.true_expr),
                otherwise: it.false_expr.as_ref().map(|it| self.boxed(it)),
            },
            Expr::Filter(it) => self.filter(it, range(expression.span())),
            Expr::Test(it) => self.test(it, range(expression.span())),
            Expr::Call(it) => self.call(it, range(expression.span())),
            Expr::Slice(it) => {
                let parts = [&it.start, &it.stop, &it.step];
                let of = self.boxed(&it.expr);
                Node::Slice(of, parts.map(|part| part.as_ref().map(|it| self.boxed(it))))
            }
            Expr::List(it) => Node::List(it.items.iter().map(|it| self.node(it)).collect()),
            Expr::Tuple(it) => Node::List(it.items.iter().map(|it| self.node(it)).collect()),
            Expr::Map(it) => {
                let pairs = it.keys.iter().zip(&it.values);
                Node::Map(pairs.map(|(k, v)| (self.node(k), self.node(v))).collect())
            }
        }
    }

    fn binary(&mut self, op: BinOpKind, left: &Expr<'s>, right: &Expr<'s>) -> Node {
        let compare = |by| Relation::By(by);
        let operator = match op {
            BinOpKind::ScAnd | BinOpKind::ScOr => {
                let word = if matches!(op, BinOpKind::ScAnd) {
                    "both sides of `and`"
                } else {
                    "both sides of `or`"
                };
                let (left, right) = (self.boolean(left, word), self.boolean(right, word));
                return if matches!(op, BinOpKind::ScAnd) {
                    Node::And(left, right)
                } else {
                    Node::Or(left, right)
                };
            }
            BinOpKind::Eq => return self.compare(left, compare(Comparison::Eq), right),
            BinOpKind::Ne => return self.compare(left, compare(Comparison::Ne), right),
            BinOpKind::Lt => return self.compare(left, compare(Comparison::Lt), right),
            BinOpKind::Lte => return self.compare(left, compare(Comparison::Lte), right),
            BinOpKind::Gt => return self.compare(left, compare(Comparison::Gt), right),
            BinOpKind::Gte => return self.compare(left, compare(Comparison::Gte), right),
            BinOpKind::In => return self.compare(left, Relation::In { wanted: true }, right),
            BinOpKind::Add => Operator::Add,
            BinOpKind::Sub => Operator::Subtract,
            BinOpKind::Mul => Operator::Multiply,
            BinOpKind::Div => Operator::Divide,
            BinOpKind::FloorDiv => Operator::WholeDivide,
            BinOpKind::Rem => Operator::Remainder,
            BinOpKind::Pow => Operator::Power,
            BinOpKind::Concat => Operator::Join,
        };
        Node::Arithmetic(operator, self.boxed(left), self.boxed(right))
    }

    fn compare(&mut self, left: &Expr<'s>, relation: Relation, right: &Expr<'s>) -> Node {
        let left = self.boxed(left);
        Node::Compare(left, vec![(relation, self.node(right))])
    }

    /// A field, or an item of something else.
    fn field(&mut self, expression: &Expr<'s>) -> Node {
        let at = start(expression)..range(expression.span()).end;
        let Some(path) = path(expression) else {
            return match expression {
                Expr::GetAttr(it) => {
                    let of = self.boxed(&it.expr);
                    Node::Item(of, Box::new(constant(&it.name.into())))
                }
                Expr::GetItem(it) => {
                    let of = self.boxed(&it.expr);
                    Node::Item(of, self.boxed(&it.subscript_expr))
                }
                _ => Node::Local,
            };
        };
        let root = path.first().map(String::as_str).unwrap_or_default();
        if self.locals.contains(root) {
            return Node::Local;
        }
        if !Reference::ROOTS.contains(&root) {
            let hint = match similar(root, Reference::ROOTS).first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("a text stands in quotes: `\"{root}\"`"),
            };
            let possible = Reference::ROOTS.join(", ");
            let message = format!("unknown name `{root}` (possible: {possible})");
            self.report(at, message, Some(hint));
            return Node::Local;
        }
        if root == "steps" && path.len() < 2 {
            let hint = "write `steps.<name>`, for example `steps.review.output`";
            self.report(at, "`steps` alone has no value", Some(hint.into()));
            return Node::Local;
        }
        // The last round and the present one are steps to the plan.
        let prefix = if matches!(root, "previous" | "round") {
            "steps."
        } else {
            ""
        };
        let field = Reference::new(format!("{prefix}{}", path.join(".")));
        self.reads.push(Read {
            field: field.clone(),
            at,
        });
        Node::Field(field)
    }

    fn filter(&mut self, it: &Filter<'s>, at: Range<usize>) -> Node {
        self.known("filter", it.name, FILTERS, &at);
        Node::Filter {
            name: it.name.into(),
            arguments: self.arguments(it.expr.as_ref(), &it.args, &at),
        }
    }

    fn test(&mut self, it: &Test<'s>, at: Range<usize>) -> Node {
        let sign = !it.name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !sign {
            self.known("test", it.name, TESTS, &at);
        }
        if let ("defined" | "undefined", []) = (it.name, &*it.args) {
            return Node::Defined {
                of: self.boxed(&it.expr),
                wanted: it.name == "defined",
            };
        }
        if it.name == "matching"
            && let [CallArg::Pos(Expr::Const(pattern))] = &*it.args
            && let Some(text) = pattern.value.as_str()
        {
            match Pattern::new(text) {
                Ok(pattern) => {
                    return Node::Matches {
                        of: self.boxed(&it.expr),
                        pattern,
                    };
                }
                Err(error) => self.report(at.clone(), error.to_string(), None),
            }
        }
        Node::Test {
            name: it.name.into(),
            arguments: self.arguments(Some(&it.expr), &it.args, &at),
        }
    }

    fn call(&mut self, it: &Call<'s>, at: Range<usize>) -> Node {
        let before = self.problems.len();
        let name = match &it.expr {
            Expr::Var(name) => {
                self.known("function", name.id, FUNCTIONS, &at);
                name.id
            }
            Expr::GetAttr(method) => {
                let near = similar(method.name, FILTERS.iter().chain(TESTS).copied());
                let hint = match (near.first(), method.name) {
                    (_, "startswith") => "write `… is startingwith(\"…\")`".to_owned(),
                    (_, "endswith") => "write `… is endingwith(\"…\")`".to_owned(),
                    (_, "filter") => "write `… | selectattr(\"key\", \"eq\", value)`".to_owned(),
                    (Some(near), _) if FILTERS.contains(near) => format!("write `… | {near}`"),
                    _ => "use a filter (`… | length`) or a test (`… is string`)".to_owned(),
                };
                let message = format!("values have no methods, so no `{}`", method.name);
                self.report(at.clone(), message, Some(hint));
                ""
            }
            _ => {
                self.report(at.clone(), "only functions can be called, by name", None);
                ""
            }
        };
        let is_known = self.problems.len() == before;
        let arguments = self.arguments(None, &it.args, &at);
        if is_known {
            Node::Call {
                name: name.into(),
                arguments,
            }
        } else {
            // What it would yield is not known, so nothing more is said of it.
            Node::Local
        }
    }

    fn known(&mut self, what: &str, name: &str, possible: &[&'static str], at: &Range<usize>) {
        if possible.contains(&name) {
            return;
        }
        let near = similar(name, possible.iter().copied());
        let hint = near.first().map(|near| format!("did you mean `{near}`?"));
        let hint = hint.unwrap_or_else(|| format!("possible: {}", possible.join(", ")));
        self.report(at.clone(), format!("unknown {what} `{name}`"), Some(hint));
    }

    fn arguments(
        &mut self,
        first: Option<&Expr<'s>>,
        rest: &[CallArg<'s>],
        at: &Range<usize>,
    ) -> Arguments {
        let mut arguments = Arguments::default();
        arguments.by_position.extend(first.map(|it| self.node(it)));
        for argument in rest {
            match argument {
                CallArg::Pos(it) => arguments.by_position.push(self.node(it)),
                CallArg::Kwarg(name, it) => {
                    let node = self.node(it);
                    arguments.by_name.push(((*name).into(), node));
                }
                CallArg::PosSplat(it) | CallArg::KwargSplat(it) => {
                    self.node(it);
                    self.report(at.clone(), "arguments cannot be spread with `*`", None);
                }
            }
        }
        arguments
    }
}

fn constant(value: &minijinja::Value) -> Node {
    // Whatever can be written as a constant can be written as JSON.
    Node::Constant(
        serde_json::to_value(value).unwrap_or_default(),
        value.clone(),
    )
}

fn relation(op: CompareOpKind) -> Relation {
    match op {
        CompareOpKind::Eq => Relation::By(Comparison::Eq),
        CompareOpKind::Ne => Relation::By(Comparison::Ne),
        CompareOpKind::Lt => Relation::By(Comparison::Lt),
        CompareOpKind::Lte => Relation::By(Comparison::Lte),
        CompareOpKind::Gt => Relation::By(Comparison::Gt),
        CompareOpKind::Gte => Relation::By(Comparison::Gte),
        CompareOpKind::In => Relation::In { wanted: true },
        CompareOpKind::NotIn => Relation::In { wanted: false },
    }
}

/// The segments of a path that is fixed: names and positions, no values.
fn path(expression: &Expr<'_>) -> Option<Vec<String>> {
    match expression {
        Expr::Var(it) => Some(vec![it.id.to_owned()]),
        Expr::GetAttr(it) => {
            let mut path = path(&it.expr)?;
            path.push(it.name.to_owned());
            Some(path)
        }
        Expr::GetItem(it) => {
            let Expr::Const(key) = &it.subscript_expr else {
                return None;
            };
            let segment = match key.value.as_str() {
                // A key with a dot in it cannot stand in a dotted path.
                Some(key) => Some(key.to_owned()).filter(|key| !key.contains('.'))?,
                None => key.value.as_usize()?.to_string(),
            };
            let mut path = path(&it.expr)?;
            path.push(segment);
            Some(path)
        }
        _ => None,
    }
}

/// Where a path begins: the parser's place of `a.b` is that of its end.
fn start(expression: &Expr<'_>) -> usize {
    match expression {
        Expr::GetAttr(it) => start(&it.expr),
        Expr::GetItem(it) => start(&it.expr),
        other => range(other.span()).start,
    }
}

pub(super) fn range(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}
