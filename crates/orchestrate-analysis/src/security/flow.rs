//! The data-flow pass: follows values through one file, function by function, in the order of the code.
//!
//! It interprets shapes, not syntax. Branches are joined, constants folded, functions of the same
//! file followed into when outside data is handed to them. It does not follow data between files.
//! Depth and work are bounded; beyond the bounds values are unknown, never wrong.

use std::collections::{HashMap, HashSet};

use tree_sitter::Node;

use super::dialect::Dialect;
use super::report::Report;
use super::shape::{Shape, children, line_of, text_of};
use super::value::{Constant, Parts, Taint, Value};

/// Nesting beyond which values are unknown. Real code stays far below it.
const MAX_DEPTH: u32 = 120;
/// How many entries of one container are told apart.
const MAX_PARTS: usize = 64;

pub(super) type Frame<'t> = HashMap<&'t str, Value>;

/// The state of the pass over one file.
pub(super) struct Flow<'t> {
    pub(super) text: &'t str,
    pub(super) dialect: &'static Dialect,
    pub(super) report: Report<'t>,
    /// Functions and classes of the file by name; `None` where a name stands for several.
    pub(super) definitions: HashMap<&'t str, Option<Node<'t>>>,
    /// Names that stand for methods only.
    pub(super) methods: HashSet<&'t str>,
    pub(super) frames: Vec<Frame<'t>>,
    /// What the parameters of the next callback stand for.
    pub(super) seed: Option<Value>,
    pub(super) summaries: HashMap<usize, Value>,
    pub(super) following: Vec<usize>,
    pub(super) followed: usize,
    returns: Vec<Option<Value>>,
    /// Control has left the block that is looked at.
    pub(super) ended: bool,
    depth: u32,
    pub(super) copies: usize,
}

impl<'t> Flow<'t> {
    pub(super) fn new(
        text: &'t str,
        dialect: &'static Dialect,
        report: Report<'t>,
        definitions: HashMap<&'t str, Option<Node<'t>>>,
    ) -> Self {
        Self {
            text,
            dialect,
            report,
            definitions,
            methods: HashSet::new(),
            frames: vec![HashMap::new()],
            seed: None,
            summaries: HashMap::new(),
            following: Vec::new(),
            followed: 0,
            returns: Vec::new(),
            ended: false,
            depth: 0,
            copies: 0,
        }
    }

    /// The source text of a node.
    pub(super) fn text(&self, node: Node<'_>) -> &'t str {
        text_of(self.text, node)
    }

    /// How a node looks to the pass.
    pub(super) fn shape(&self, node: Node<'t>) -> Shape<'t> {
        (self.dialect.shape)(node, self.text)
    }

    /// Looks at a node and everything in it; the result is its value.
    pub(super) fn visit(&mut self, node: Node<'t>) -> Value {
        if self.depth >= MAX_DEPTH {
            return Value::unknown();
        }
        self.depth += 1;
        let value = match self.shape(node) {
            Shape::Constant(constant) => Value::constant(constant),
            Shape::Piece => Value::constant(Constant::Text(self.text(node).into())),
            Shape::Name => self.lookup(self.text(node), node),
            Shape::Member { object, field } => self.visit_member(node, object, field),
            Shape::Index { object, index } => self.visit_index(node, object, index),
            Shape::Call { callee, arguments } => self.visit_call(node, callee, &arguments),
            Shape::Build(pieces) => self.visit_build(&pieces),
            Shape::Macro { name, tokens } => self.visit_macro(node, name, tokens),
            Shape::Binary {
                operator,
                left,
                right,
            } => self.visit_binary(operator, left, right),
            Shape::Any(nodes) => self.visit_any(&nodes),
            Shape::Harmless(nodes) => {
                self.visit_all(&nodes);
                Value::clean()
            }
            Shape::Collect(entries) => self.visit_collect(&entries),
            Shape::Function { body } => self.visit_function(node, body),
            Shape::Assign {
                targets,
                values,
                adds,
            } => self.visit_assign(&targets, &values, adds),
            Shape::If {
                first,
                condition,
                then,
                otherwise,
            } => {
                if let Some(first) = first {
                    self.visit(first);
                }
                self.visit_if(condition, then, &otherwise)
            }
            Shape::Loop { target, over, body } => self.visit_loop(target, over, &body),
            Shape::Choice { subject, arms } => self.visit_choice(subject, &arms),
            Shape::Return(nodes) => self.visit_return(node, &nodes),
            Shape::Exit(nodes) => {
                self.visit_all(&nodes);
                self.ended = true;
                Value::clean()
            }
            Shape::Import => {
                (self.dialect.import)(self, node);
                Value::clean()
            }
            Shape::Skip => Value::clean(),
            Shape::Block => self.visit_all(&children(node)),
        };
        self.depth -= 1;
        value
    }

    /// Visits one after another; the value is the last one's.
    pub(super) fn visit_all(&mut self, nodes: &[Node<'t>]) -> Value {
        let mut last = Value::unknown();
        for node in nodes {
            last = self.visit(*node);
        }
        last
    }

    fn visit_any(&mut self, nodes: &[Node<'t>]) -> Value {
        let mut nodes = nodes.iter();
        let Some(first) = nodes.next() else {
            return Value::unknown();
        };
        let mut value = self.visit(*first);
        for node in nodes {
            value = value.or(&self.visit(*node));
        }
        value
    }

    fn visit_build(&mut self, pieces: &[Node<'t>]) -> Value {
        let values: Vec<Value> = pieces.iter().map(|piece| self.visit(*piece)).collect();
        Value::built_from(&values)
    }

    /// The value that a name stands for.
    pub(super) fn lookup(&self, name: &'t str, node: Node<'_>) -> Value {
        if let Some(value) = self.variable(name) {
            return value.clone();
        }
        let separator = self.dialect.separator;
        if let Some((first, rest)) = name.split_once(separator) {
            let head = self.variable(first).and_then(|value| value.path.clone());
            return match head {
                Some(head) => self.at_path(format!("{head}{separator}{rest}"), node),
                None => self.at_path(name.to_owned(), node),
            };
        }
        if self.definitions.contains_key(name) && !self.methods.contains(name) {
            return Value::named(&format!("local:{name}"));
        }
        self.at_path(name.to_owned(), node)
    }

    /// A variable in the frames, innermost first.
    pub(super) fn variable(&self, name: &str) -> Option<&Value> {
        self.frames.iter().rev().find_map(|frame| frame.get(name))
    }

    /// What is known of a path without looking at variables.
    pub(super) fn at_path(&self, path: String, node: Node<'_>) -> Value {
        let mut value = match self.dialect.sources.get(&path) {
            Some(taint) => Value::tainted(taint, &short_name(&path), line_of(node)),
            None => Value::unknown(),
        };
        value.path = Some(path.into());
        value
    }

    fn visit_member(&mut self, node: Node<'t>, object: Node<'t>, field: Node<'t>) -> Value {
        if let Some(value) = self.variable(self.text(node)) {
            return value.clone();
        }
        let object = self.visit(object);
        self.member(&object, self.text(field), node)
    }

    /// What `object.field` is.
    pub(super) fn member(&self, object: &Value, field: &str, node: Node<'_>) -> Value {
        let part = object.parts.as_ref().and_then(|parts| {
            parts
                .get(&Constant::Text(field.into()))
                .filter(|_| !parts.contains_key(&Constant::Nothing))
        });
        if let Some(part) = part {
            return part.clone();
        }
        let path = format!("{}.{field}", object.path.as_deref().unwrap_or("?"));
        if object.taint > Taint::Unknown {
            return Value {
                path: Some(path.into()),
                ..object.clone().derived()
            };
        }
        let mut value = self.at_path(path, node);
        if object.taint == Taint::Clean && value.taint == Taint::Unknown {
            value.taint = Taint::Clean;
        }
        value
    }

    fn visit_index(&mut self, node: Node<'t>, object: Node<'t>, index: Node<'t>) -> Value {
        let object = self.visit(object);
        let index = self.visit(index);
        if let (Some(text), Some(Constant::Number(at))) = (object.text(), &index.constant) {
            let letter = usize::try_from(*at)
                .ok()
                .and_then(|at| text.chars().nth(at));
            return letter.map_or_else(Value::clean, |letter| {
                Value::constant(Constant::Text(letter.to_string().into()))
            });
        }
        if let (Some(parts), Some(key)) = (&object.parts, &index.constant)
            && !parts.contains_key(&Constant::Nothing)
            && let Some(part) = parts.get(key)
        {
            return part.clone();
        }
        let path = object.path.as_ref().map(|path| format!("{path}[]"));
        let mut value = match &path {
            Some(path) if object.taint <= Taint::Unknown => self.at_path(path.clone(), node),
            _ => object.clone().derived(),
        };
        if object.taint == Taint::Clean && value.taint == Taint::Unknown {
            value.taint = Taint::Clean;
        }
        value.path = path.map(Into::into);
        value
    }

    fn visit_macro(&mut self, node: Node<'t>, name: Node<'t>, tokens: Node<'t>) -> Value {
        let pieces: Vec<Value> = macro_pieces(tokens, self.text)
            .into_iter()
            .map(|piece| match piece {
                Ok(text) => Value::constant(Constant::Text(text.into())),
                Err(name) => self.lookup(name, node),
            })
            .collect();
        let path = self
            .lookup(self.text(name), node)
            .path
            .unwrap_or_else(|| "?".into());
        self.result_of_macro(&path, node, tokens, pieces)
    }

    fn visit_binary(&mut self, operator: &str, left: Node<'t>, right: Node<'t>) -> Value {
        let mut operands = vec![right];
        let mut left = left;
        // `a + b + c + ...` nests to the left; it is unrolled so that its length does not matter.
        if operator == "+" {
            while let Shape::Binary {
                operator: "+",
                left: further,
                right,
            } = self.shape(left)
            {
                operands.push(right);
                left = further;
            }
        }
        operands.push(left);
        let values: Vec<Value> = operands
            .iter()
            .rev()
            .map(|operand| self.visit(*operand))
            .collect();
        let numbers: Option<Vec<i64>> = values
            .iter()
            .map(|value| match value.constant {
                Some(Constant::Number(number)) => Some(number),
                _ => None,
            })
            .collect();
        if let Some(numbers) = numbers {
            return fold(operator, &numbers).map_or_else(Value::clean, Value::constant);
        }
        match operator {
            "+" => Value::built_from(&values),
            "==" | "===" | "!=" | "!==" => match values.as_slice() {
                [one, other] => match (&one.constant, &other.constant) {
                    (Some(one), Some(other)) => Value::constant(Constant::Truth(
                        (one == other) == operator.starts_with('='),
                    )),
                    _ => Value::clean(),
                },
                _ => Value::clean(),
            },
            // Text formatting in Python; arithmetic elsewhere, where a text operand does not occur.
            "%" if values
                .first()
                .is_some_and(|format| format.text().is_some() || format.built) =>
            {
                Value::built_from(&values)
            }
            "and" | "or" | "&&" | "||" | "??" => values
                .into_iter()
                .reduce(|one, other| one.or(&other))
                .unwrap_or_else(Value::unknown),
            "<" | ">" | "<=" | ">=" | "in" | "not in" | "is" | "is not" | "-" | "*" | "/"
            | "//" | "**" | "%" | "&" | "|" | "^" | "<<" | ">>" | "instanceof" => {
                let unknown = values.iter().any(|value| value.taint == Taint::Unknown);
                // Path libraries overload `/`.
                if operator == "/" && values.iter().any(|value| value.taint > Taint::Unknown) {
                    return Value::built_from(&values);
                }
                if operator == "/" && unknown {
                    Value::unknown()
                } else {
                    Value::clean()
                }
            }
            _ => Value::unknown(),
        }
    }

    fn visit_collect(&mut self, entries: &[(Option<Node<'t>>, Node<'t>)]) -> Value {
        let mut whole = Value::clean();
        let mut parts = Parts::new();
        for (at, (key, node)) in (0_i64..).zip(entries) {
            let key = match key {
                None => Constant::Number(at),
                Some(key) => self.key(*key),
            };
            let value = self.visit(*node);
            whole = whole.or(&Value {
                parts: None,
                ..value.clone()
            });
            if parts.len() < MAX_PARTS {
                parts.insert(key, value);
            } else {
                parts.insert(Constant::Nothing, value);
            }
        }
        Value {
            parts: Some(parts.into()),
            built: whole.built,
            constant: None,
            path: None,
            ..whole
        }
    }

    /// The key of an entry: a constant, or `Nothing` where it is not known.
    fn key(&mut self, node: Node<'t>) -> Constant {
        match self.shape(node) {
            Shape::Name | Shape::Skip => Constant::Text(self.text(node).into()),
            _ => self.visit(node).constant.unwrap_or(Constant::Nothing),
        }
    }

    pub(super) fn visit_function(&mut self, node: Node<'t>, body: Node<'t>) -> Value {
        let seed = self.seed.take();
        let mut frame: Frame<'t> = HashMap::new();
        for (name, mut value) in (self.dialect.parameters)(self, node) {
            if let Some(seed) = &seed
                && value.taint == Taint::Unknown
            {
                value = seed.clone();
            }
            frame.insert(name, value);
        }
        let value = self.run_body(frame, body);
        self.summaries.insert(node.id(), value);
        Value::clean()
    }

    /// Runs a function body in a frame of its own; the result is what it returns.
    pub(super) fn run_body(&mut self, frame: Frame<'t>, body: Node<'t>) -> Value {
        let ended = std::mem::replace(&mut self.ended, false);
        self.frames.push(frame);
        self.returns.push(None);
        let last = self.visit(body);
        let returned = self.returns.pop().flatten();
        self.frames.pop();
        self.ended = ended;
        // An arrow function's or a Rust block's value is its last expression.
        match returned {
            Some(value) if last.taint > value.taint => value.or(&last),
            Some(value) => value,
            None => last,
        }
    }

    fn visit_return(&mut self, node: Node<'t>, nodes: &[Node<'t>]) -> Value {
        let value = match nodes {
            [] => Value::clean(),
            nodes => self.visit_any(nodes),
        };
        (self.dialect.on_return)(self, node, &value);
        if let Some(returned) = self.returns.last_mut() {
            *returned = Some(match returned.take() {
                Some(known) => known.or(&value),
                None => value,
            });
        }
        self.ended = true;
        Value::clean()
    }
}

/// A path as a reader would name it.
fn short_name(path: &str) -> String {
    let name = path.trim_end_matches("()");
    name.rsplit_once('/')
        .map_or(name, |(_, name)| name)
        .to_owned()
}

fn fold(operator: &str, numbers: &[i64]) -> Option<Constant> {
    if operator == "+" {
        return numbers
            .iter()
            .try_fold(0_i64, |sum, number| sum.checked_add(*number))
            .map(Constant::Number);
    }
    let [left, right] = numbers else {
        return None;
    };
    Some(match operator {
        "-" => Constant::Number(left.checked_sub(*right)?),
        "*" => Constant::Number(left.checked_mul(*right)?),
        "/" | "//" => Constant::Number(left.checked_div(*right)?),
        "%" => Constant::Number(left.checked_rem(*right)?),
        "|" => Constant::Number(left | right),
        "&" => Constant::Number(left & right),
        "<<" => Constant::Number(left.checked_shl(u32::try_from(*right).ok()?)?),
        "<" => Constant::Truth(left < right),
        ">" => Constant::Truth(left > right),
        "<=" => Constant::Truth(left <= right),
        ">=" => Constant::Truth(left >= right),
        "==" | "===" => Constant::Truth(left == right),
        "!=" | "!==" => Constant::Truth(left != right),
        _ => return None,
    })
}

/// The pieces of a macro's tokens: literal text, or a name.
fn macro_pieces<'t>(tokens: Node<'t>, text: &'t str) -> Vec<Result<&'t str, &'t str>> {
    let mut pieces = Vec::new();
    let mut cursor = tokens.walk();
    let mut inside = 0_u32;
    loop {
        let node = cursor.node();
        let is_text = matches!(node.kind(), "string_literal" | "raw_string_literal");
        if is_text {
            let content = text_of(text, node)
                .trim_start_matches(['r', '#'])
                .trim_matches(['"', '#']);
            pieces.push(Ok(content));
            pieces.extend(inline_names(content).map(Err));
        } else if matches!(node.kind(), "identifier" | "self") {
            // A field or a path segment is not a variable.
            let before = text.get(..node.start_byte()).unwrap_or_default();
            let after = text.get(node.end_byte()..).unwrap_or_default();
            if !before.ends_with(['.', ':']) && !after.starts_with(['!', ':', '(']) {
                pieces.push(Err(text_of(text, node)));
            }
        }
        if !is_text && cursor.goto_first_child() {
            inside += 1;
            continue;
        }
        while inside > 0 && !cursor.goto_next_sibling() {
            cursor.goto_parent();
            inside -= 1;
        }
        if inside == 0 {
            return pieces;
        }
    }
}

/// The names in `{name}` and `{name:?}` of a format string.
fn inline_names(format: &str) -> impl Iterator<Item = &str> {
    format.split('{').skip(1).filter_map(|rest| {
        let end = rest.find([':', '}'])?;
        let name = rest.get(..end)?;
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        is_name.then_some(name)
    })
}
