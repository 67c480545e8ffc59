//! Calls in the data-flow pass: what is called, what its result is, and following into local functions.

use std::rc::Rc;

use tree_sitter::Node;

use super::dialect::last_segment;
use super::flow::{Flow, Frame};
use super::shape::{Argument, Shape, line_of};
use super::sink;
use super::value::{Constant, Taint, Uses, Value};

/// How deep local functions are followed into.
const MAX_FOLLOW: usize = 4;
/// How many calls are followed in one file.
const MAX_FOLLOWED: usize = 500;
/// Symbolic paths longer than this are forgotten.
const MAX_PATH: usize = 200;

/// An argument with its value.
#[derive(Debug, Clone)]
pub(super) struct Passed<'t> {
    pub(super) name: Option<&'t str>,
    pub(super) value: Value,
    pub(super) node: Node<'t>,
}

/// A call with everything that rules ask of it.
#[derive(Debug)]
pub(super) struct Call<'t> {
    pub(super) node: Node<'t>,
    /// The node of the called thing.
    pub(super) callee: Node<'t>,
    /// Its symbolic path; `?.name` for a method of something unknown.
    pub(super) path: Rc<str>,
    /// The object of a method call.
    pub(super) receiver: Option<(Node<'t>, Value)>,
    pub(super) arguments: Vec<Passed<'t>>,
}

impl<'t> Call<'t> {
    /// The name of the function or method.
    pub(super) fn name(&self) -> &str {
        last_segment(&self.path)
    }

    /// The positional argument at an index.
    pub(super) fn at(&self, index: usize) -> Option<&Passed<'t>> {
        self.arguments
            .iter()
            .filter(|argument| argument.name.is_none())
            .nth(index)
    }

    /// The keyword argument of a name.
    pub(super) fn keyword(&self, name: &str) -> Option<&Passed<'t>> {
        self.arguments
            .iter()
            .find(|argument| argument.name == Some(name))
    }

    /// The argument at an index or of a name.
    pub(super) fn argument(&self, index: usize, name: &str) -> Option<&Passed<'t>> {
        self.keyword(name).or_else(|| self.at(index))
    }

    /// Whether the path is one of these.
    pub(super) fn is(&self, paths: &[&str]) -> bool {
        paths.contains(&&*self.path)
    }
}

impl<'t> Flow<'t> {
    pub(super) fn visit_call(
        &mut self,
        node: Node<'t>,
        callee: Node<'t>,
        arguments: &[Argument<'t>],
    ) -> Value {
        let (receiver, called) = match self.shape(callee) {
            Shape::Member { object, field } => {
                let value = self.visit(object);
                let member = match self.variable(self.text(callee)) {
                    Some(known) => known.clone(),
                    None => self.member(&value, self.text(field), callee),
                };
                (Some((object, value)), member)
            }
            _ => (None, self.visit(callee)),
        };
        let path = called.path.clone().unwrap_or_else(|| "?".into());
        let arguments = arguments
            .iter()
            .map(|argument| {
                if let Some((_, value)) = &receiver
                    && value.taint > Taint::Unknown
                    && matches!(self.shape(argument.value), Shape::Function { .. })
                {
                    self.seed = Some(value.clone().derived());
                }
                let value = self.visit(argument.value);
                self.seed = None;
                Passed {
                    name: argument.name,
                    value,
                    node: argument.value,
                }
            })
            .collect();
        let call = Call {
            node,
            callee,
            path,
            receiver,
            arguments,
        };
        let sunk = sink::check(self, &call);
        (self.dialect.on_call)(self, &call);
        let value = self.result(&call, &called, sunk);
        if let Some((receiver, _)) = &call.receiver {
            let values: Vec<Value> = call.arguments.iter().map(|a| a.value.clone()).collect();
            self.mutate(*receiver, call.name(), &values);
        }
        value
    }

    fn result(&mut self, call: &Call<'t>, called: &Value, sunk: bool) -> Value {
        let name = call.name();
        if let Some((_, receiver)) = &call.receiver
            && self.dialect.transparent.contains(&name)
        {
            return receiver.clone();
        }
        let mut value = self.result_value(call, called, sunk);
        if value.path.is_none() && call.path.len() < MAX_PATH {
            value.path = Some(format!("{}()", call.path).into());
        }
        value
    }

    fn result_value(&mut self, call: &Call<'t>, called: &Value, sunk: bool) -> Value {
        let receiver = call.receiver.as_ref().map(|(_, value)| value);
        if let Some(value) = (self.dialect.call_value)(call) {
            return value;
        }
        if let Some(uses) = self.dialect.cleaners.get(&call.path) {
            let whole = self.joined(call).derived();
            return if uses == Uses::ALL {
                Value::clean()
            } else {
                whole.made_safe(uses)
            };
        }
        if let Some(taint) = self.dialect.sources.get(&call.path) {
            return Value::tainted(taint, &call.path, line_of(call.node));
        }
        if self.dialect.builders.get(&call.path).is_some() {
            let mut pieces: Vec<Value> = receiver
                .filter(|value| {
                    value.taint == Taint::Clean || value.built || value.taint > Taint::Unknown
                })
                .cloned()
                .into_iter()
                .collect();
            pieces.extend(call.arguments.iter().map(|argument| argument.value.clone()));
            return Value::built_from(&pieces).without_parts();
        }
        if let Some(value) = self.follow(call) {
            return value;
        }
        if sunk {
            return Value::unknown();
        }
        if self.dialect.passes.get(&call.path).is_some() {
            return match call.arguments.as_slice() {
                [] => Value::unknown(),
                [one] => one.value.clone(),
                _ => self.joined(call).derived(),
            };
        }
        if let (Some(part), Some((_, receiver))) = (self.entry(call), &call.receiver)
            && receiver.parts.is_some()
        {
            return part;
        }
        match receiver {
            Some(receiver) if receiver.taint > Taint::Unknown => {
                let mut value = receiver.clone().derived();
                value.built |= called.built;
                value
            }
            Some(receiver) if receiver.taint == Taint::Clean && receiver.constant.is_some() => {
                let mut value = self.joined(call);
                value.through |= value.taint > Taint::Unknown;
                value.derived()
            }
            _ => {
                let whole = call
                    .arguments
                    .iter()
                    .fold(Value::clean(), |whole, argument| whole.or(&argument.value));
                if whole.taint > Taint::Unknown {
                    let mut whole = whole.derived();
                    whole.through = true;
                    whole
                } else {
                    Value::unknown()
                }
            }
        }
    }

    /// `container.get("key")`, `container.pop(0)`: the part of a container built in sight.
    fn entry(&self, call: &Call<'t>) -> Option<Value> {
        let (_, receiver) = call.receiver.as_ref()?;
        let parts = receiver.parts.as_ref()?;
        if !matches!(call.name(), "get" | "pop" | "shift" | "Get" | "at") {
            return None;
        }
        let key = match call.arguments.first() {
            Some(argument) => argument.value.constant.clone()?,
            None if call.name() == "shift" => Constant::Number(0),
            None => Constant::Number(i64::try_from(parts.len()).ok()? - 1),
        };
        if parts.contains_key(&Constant::Nothing) {
            return None;
        }
        parts.get(&key).cloned()
    }

    /// Receiver and arguments as one value.
    fn joined(&self, call: &Call<'t>) -> Value {
        let start = match &call.receiver {
            Some((_, receiver))
                if receiver.taint > Taint::Unknown || receiver.taint == Taint::Clean =>
            {
                receiver.clone()
            }
            _ => Value::clean(),
        };
        call.arguments
            .iter()
            .fold(start, |whole, argument| whole.or(&argument.value))
    }

    /// The result of a function of this file, followed into when outside data goes in.
    fn follow(&mut self, call: &Call<'t>) -> Option<Value> {
        let own = format!("{}.", self.dialect.receiver);
        let name = call
            .path
            .strip_prefix("local:")
            .or_else(|| call.path.strip_prefix(own.as_str()))?;
        let (_, definition) = self.definitions.get_key_value(name)?;
        let function = (*definition)?;
        let Shape::Function { body } = self.shape(function) else {
            return None;
        };
        let outside = call
            .arguments
            .iter()
            .any(|argument| argument.value.taint > Taint::Unknown);
        let may = self.following.len() < MAX_FOLLOW
            && self.followed < MAX_FOLLOWED
            && !self.following.contains(&function.id());
        if !outside || !may {
            return self.summaries.get(&function.id()).map(|summary| {
                let mut value = summary.clone().derived();
                // A summary was made with unknown parameters: its constants hold, its shape does not.
                value.built = false;
                if outside {
                    value = value.or(&self.joined(call).derived());
                    value.through = true;
                }
                value
            });
        }
        self.followed += 1;
        let mut frame: Frame<'t> = Frame::new();
        let parameters = (self.dialect.parameters)(self, function);
        let mut position = 0;
        for (name, default) in parameters {
            if name == self.dialect.receiver {
                frame.insert(name, default);
                continue;
            }
            let passed = call.argument(position, name);
            position += 1;
            frame.insert(name, passed.map_or(default, |passed| passed.value.clone()));
        }
        self.following.push(function.id());
        // The function sees the names of the file, not those of its caller.
        let inner = self.frames.split_off(1);
        let value = self.run_body(frame, body);
        self.frames.extend(inner);
        self.following.pop();
        Some(value.derived())
    }

    /// The result of a macro whose tokens gave these pieces.
    pub(super) fn result_of_macro(
        &mut self,
        path: &str,
        node: Node<'t>,
        tokens: Node<'t>,
        pieces: Vec<Value>,
    ) -> Value {
        let call = Call {
            node,
            callee: node,
            path: format!("{path}!").into(),
            receiver: None,
            arguments: pieces
                .into_iter()
                .map(|value| Passed {
                    name: None,
                    value,
                    node: tokens,
                })
                .collect(),
        };
        sink::check(self, &call);
        (self.dialect.on_call)(self, &call);
        let values: Vec<Value> = call.arguments.into_iter().map(|a| a.value).collect();
        if self.dialect.builders.get(&call.path).is_some() {
            Value::built_from(&values).without_parts()
        } else {
            values.iter().fold(Value::unknown(), Value::or).derived()
        }
    }
}
