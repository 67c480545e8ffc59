//! Branches in the data-flow pass: each side starts from what held before, and what holds after is
//! what holds on every side that goes on.

use tree_sitter::Node;

use super::flow::{Flow, Frame};
use super::guard;
use super::shape::field;
use super::value::Value;

/// How many variables may be copied for branches in one file.
const MAX_COPIES: usize = 2_000_000;

impl<'t> Flow<'t> {
    pub(super) fn visit_if(
        &mut self,
        condition: Node<'t>,
        then: Option<Node<'t>>,
        otherwise: &[Node<'t>],
    ) -> Value {
        let truth = self.visit(condition).truth();
        match (truth, then) {
            (Some(true), Some(then)) => return self.visit(then),
            (Some(false), _) => return self.visit_all(otherwise),
            _ => {}
        }
        let facts = guard::facts(self, condition);
        let before = self.copy_frame();
        guard::assume(self, &facts, true);
        let outer = std::mem::replace(&mut self.ended, false);
        let first = then.map(|then| self.visit(then));
        let then_ended = std::mem::replace(&mut self.ended, false);
        let after_then = before.and_then(|before| self.swap_frame(before));
        guard::assume(self, &facts, false);
        let second = (!otherwise.is_empty()).then(|| self.visit_all(otherwise));
        let else_ended = self.ended;
        self.ended = outer || (then_ended && else_ended);
        match (then_ended, else_ended) {
            (true, _) => {}
            (false, true) => {
                if let Some(after_then) = after_then {
                    self.swap_frame(after_then);
                }
            }
            (false, false) => {
                if let Some(after_then) = after_then {
                    self.join_frame(after_then);
                }
            }
        }
        match (first, second) {
            (Some(first), Some(second)) => first.or(&second),
            (Some(value), None) | (None, Some(value)) => value,
            (None, None) => Value::clean(),
        }
    }

    pub(super) fn visit_loop(
        &mut self,
        target: Option<Node<'t>>,
        over: Option<Node<'t>>,
        body: &[Node<'t>],
    ) -> Value {
        let over = over.map(|over| self.visit(over));
        let before = self.copy_frame();
        if let (Some(target), Some(over)) = (target, over) {
            let element = Value {
                path: over.path.as_ref().map(|path| format!("{path}[]").into()),
                ..over.clone().derived()
            };
            self.assign(target, &element);
        }
        let ended = std::mem::replace(&mut self.ended, false);
        let value = self.visit_all(body);
        self.ended = ended;
        if let Some(before) = before {
            self.join_frame(before);
        }
        value
    }

    pub(super) fn visit_choice(&mut self, subject: Option<Node<'t>>, arms: &[Node<'t>]) -> Value {
        let subject = subject.map(|subject| self.visit(subject));
        let outer = std::mem::replace(&mut self.ended, false);
        let mut value: Option<Value> = None;
        let mut joined: Option<Frame<'t>> = self.copy_frame();
        let start = self.copy_frame();
        for arm in arms {
            if let Some(start) = &start {
                let fresh = start.clone();
                self.copies += fresh.len();
                self.swap_frame(fresh);
            }
            if let (Some(subject), Some(pattern)) = (&subject, field(*arm, "pattern")) {
                self.assign(pattern, &subject.clone().without_parts());
            }
            let result = self.visit(*arm);
            value = Some(match value {
                Some(known) => known.or(&result),
                None => result,
            });
            let arm_ended = std::mem::replace(&mut self.ended, false);
            if let (false, Some(so_far)) = (arm_ended, joined.take()) {
                self.join_frame(so_far);
                joined = self.copy_frame();
            }
        }
        if let Some(joined) = joined {
            self.swap_frame(joined);
        }
        self.ended = outer;
        value.unwrap_or_else(Value::clean)
    }

    /// A copy of the innermost frame, or nothing when too much was copied already.
    fn copy_frame(&mut self) -> Option<Frame<'t>> {
        let frame = self.frames.last()?;
        self.copies += frame.len();
        (self.copies <= MAX_COPIES).then(|| frame.clone())
    }

    fn swap_frame(&mut self, frame: Frame<'t>) -> Option<Frame<'t>> {
        let top = self.frames.last_mut()?;
        Some(std::mem::replace(top, frame))
    }

    fn join_frame(&mut self, other: Frame<'t>) {
        let Some(top) = self.frames.last_mut() else {
            return;
        };
        for (name, value) in other {
            match top.remove(name) {
                Some(own) => top.insert(name, own.or(&value)),
                None => top.insert(name, value),
            };
        }
    }
}
