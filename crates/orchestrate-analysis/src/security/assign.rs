//! Assignments in the data-flow pass: names, fields, container entries, patterns.

use std::rc::Rc;

use tree_sitter::Node;

use super::flow::Flow;
use super::shape::{Shape, children};
use super::value::{Constant, Parts, Value};

/// Methods that put their last argument into the receiver.
const MUTATORS: [&str; 17] = [
    "append",
    "add",
    "push",
    "extend",
    "insert",
    "update",
    "set",
    "put",
    "unshift",
    "write",
    "WriteString",
    "Write",
    "push_str",
    "setdefault",
    "appendleft",
    "arg",
    "Set",
];

impl<'t> Flow<'t> {
    pub(super) fn visit_assign(
        &mut self,
        targets: &[Node<'t>],
        values: &[Node<'t>],
        adds: bool,
    ) -> Value {
        // `a, b = f()`: one value for several targets.
        if let ([value], [_, _, ..]) = (values, targets) {
            let result = self.visit(*value);
            for target in targets {
                self.assign(*target, &result.clone().without_parts());
                (self.dialect.on_assign)(self, *target, *value, &result);
            }
            return result;
        }
        let mut last = Value::clean();
        for (at, target) in targets.iter().enumerate() {
            let Some(node) = values.get(at) else {
                self.assign(*target, &Value::clean());
                continue;
            };
            let mut value = self.visit(*node);
            if adds {
                let known = self.visit(*target);
                value = Value::built_from(&[known, value]);
            }
            (self.dialect.on_assign)(self, *target, *node, &value);
            self.assign(*target, &value);
            last = value;
        }
        // `let _ = f()`: a value without a target is looked at all the same.
        for node in values.iter().skip(targets.len()) {
            last = self.visit(*node);
        }
        last
    }

    /// Gives a target its value.
    pub(super) fn assign(&mut self, target: Node<'t>, value: &Value) {
        let mut open = vec![(target, value.clone())];
        while let Some((target, value)) = open.pop() {
            match self.shape(target) {
                Shape::Name if self.is_constant_pattern(target) => {}
                Shape::Name => self.bind(self.text(target), value),
                Shape::Member { object, .. } => {
                    if matches!(self.shape(object), Shape::Name) {
                        self.bind(self.text(target), value);
                    }
                }
                Shape::Index { object, index } => {
                    let key = self.visit(index).constant.unwrap_or(Constant::Nothing);
                    self.put_into(object, key, &value);
                }
                Shape::Collect(entries) => {
                    for (at, (key, entry)) in (0_i64..).zip(entries) {
                        let key = match key {
                            None => Constant::Number(at),
                            Some(key) => Constant::Text(self.text(key).into()),
                        };
                        let part = value.parts.as_ref().and_then(|parts| parts.get(&key));
                        let part = match (part, &key) {
                            (Some(part), _) => part.clone(),
                            // Destructuring `{ query }` of a request is reading `request.query`.
                            (None, Constant::Text(field)) => self.member(&value, field, target),
                            (None, _) => value.clone().without_parts(),
                        };
                        open.push((entry, part));
                    }
                }
                Shape::Skip | Shape::Constant(_) | Shape::Call { .. } => {}
                _ => {
                    let inner = value.without_parts();
                    open.extend(
                        children(target)
                            .into_iter()
                            .map(|child| (child, inner.clone())),
                    );
                }
            }
        }
    }

    /// In a pattern of Rust a capital letter begins a constant, as in `None`.
    fn is_constant_pattern(&self, target: Node<'_>) -> bool {
        self.dialect.separator == "::"
            && self
                .text(target)
                .starts_with(|c: char| c.is_ascii_uppercase())
            && target
                .parent()
                .is_some_and(|parent| parent.kind().ends_with("_pattern"))
    }

    /// Binds a name in the innermost frame.
    pub(super) fn bind(&mut self, name: &'t str, value: Value) {
        if let Some(frame) = self.frames.last_mut() {
            frame.insert(name, value);
        }
    }

    /// Puts a value under a key into the container that a name stands for.
    fn put_into(&mut self, container: Node<'t>, key: Constant, value: &Value) {
        if !matches!(self.shape(container), Shape::Name | Shape::Member { .. }) {
            return;
        }
        let name = self.text(container);
        let known = self
            .variable(name)
            .cloned()
            .unwrap_or_else(|| Value::named("?"));
        let mut parts: Parts = known.parts.as_deref().cloned().unwrap_or_default();
        let had_parts = known.parts.is_some();
        parts.insert(key, value.clone());
        let mut whole = known.or(&value.clone().derived());
        whole.parts = (had_parts && parts.len() <= 64).then(|| Rc::new(parts));
        self.bind(name, whole);
    }

    /// What a mutating method does to its receiver.
    pub(super) fn mutate(&mut self, receiver: Node<'t>, method: &str, arguments: &[Value]) {
        if !matches!(self.shape(receiver), Shape::Name) {
            return;
        }
        let name = self.text(receiver);
        match (method, arguments) {
            ("pop" | "shift", arguments) => {
                let first = arguments
                    .first()
                    .is_some_and(|at| at.constant == Some(Constant::Number(0)));
                if method == "shift" || first {
                    self.drop_first(name);
                }
            }
            ("set" | "put" | "Set", [key, value]) => {
                let key = key.constant.clone().unwrap_or(Constant::Nothing);
                self.put_into(receiver, key, value);
            }
            (method, [.., value]) if MUTATORS.contains(&method) => {
                let next = self.variable(name).and_then(|known| {
                    let parts = known.parts.as_ref()?;
                    let plain = method == "append" || method == "push";
                    plain.then(|| Constant::Number(i64::try_from(parts.len()).unwrap_or(0)))
                });
                self.put_into(receiver, next.unwrap_or(Constant::Nothing), value);
            }
            _ => {}
        }
    }

    fn drop_first(&mut self, name: &'t str) {
        let Some(known) = self.variable(name).cloned() else {
            return;
        };
        let Some(parts) = &known.parts else {
            return;
        };
        let shifted: Parts = parts
            .iter()
            .filter_map(|(key, value)| match key {
                Constant::Number(0) => None,
                Constant::Number(at) => Some((Constant::Number(at - 1), value.clone())),
                other => Some((other.clone(), value.clone())),
            })
            .collect();
        self.bind(
            name,
            Value {
                parts: Some(shifted.into()),
                ..known.clone()
            },
        );
    }
}

impl Value {
    /// The same value, its parts no longer told apart.
    pub(super) fn without_parts(self) -> Self {
        Self {
            parts: None,
            constant: None,
            ..self
        }
    }
}
