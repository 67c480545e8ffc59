//! What is known of the calls that a step has made, and what that means for the next one.

use std::collections::BTreeMap;

use super::{CallIntent, CallKind, CallResult, CallStart};

/// Where what an agent heard of a session stands among the calls of a step: behind all that it can make.
pub const HEARD: u32 = u32::MAX;

/// The calls that a step has made, by their ordinals. At one place several can have been made: a tool that wants
/// to be allowed is called a second time, and that is another call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KnownCalls(BTreeMap<u32, Vec<Known>>);

#[derive(Debug, Clone, PartialEq)]
struct Known {
    intent: CallIntent,
    end: Option<CallResult>,
}

impl KnownCalls {
    /// What is known of a call that is about to be made; nothing when it has never been made. A model or an
    /// agent elsewhere that did not answer is asked again: that is what another attempt is for.
    #[must_use]
    pub fn start(&self, intent: &CallIntent) -> CallStart {
        let mut here = self.0.get(&intent.ordinal).into_iter().flatten();
        match here.find(|known| known.intent.digest == intent.digest) {
            None => CallStart::Fresh,
            Some(Known { end: None, .. }) => CallStart::InDoubt,
            Some(Known { end: Some(end), .. }) => {
                match end.success || intent.kind == CallKind::Tool {
                    true => CallStart::Recorded(end.clone()),
                    false => CallStart::Fresh,
                }
            }
        }
    }

    /// A call was begun. One that was never made at its place makes what is known of later ones worthless;
    /// what was heard came before all of them.
    pub fn begun(&mut self, intent: CallIntent) {
        let ordinal = intent.ordinal;
        let before = self.0.get_mut(&ordinal);
        let again = before.and_then(|here| {
            let at = here
                .iter()
                .position(|it| it.intent.digest == intent.digest)?;
            Some(here.remove(at))
        });
        if again.is_none() {
            let mut later = self.0.split_off(&ordinal.saturating_add(1));
            let heard = later.remove_entry(&HEARD);
            self.0.extend(heard);
        }
        let here = self.0.entry(ordinal).or_default();
        here.push(Known { intent, end: None });
    }

    /// The call that was begun last at a place has ended.
    pub fn ended(&mut self, ordinal: u32, result: CallResult) {
        if let Some(last) = self.0.get_mut(&ordinal).and_then(|here| here.last_mut()) {
            last.end = Some(result);
        }
    }

    /// The calls whose end nobody has seen.
    pub fn open(&self) -> impl Iterator<Item = &CallIntent> {
        let all = self.0.values().flatten();
        all.filter(|it| it.end.is_none()).map(|it| &it.intent)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::limits::Usage;
    use crate::tool::Effect;

    fn call(kind: CallKind, ordinal: u32, digest: &str) -> CallIntent {
        CallIntent {
            ordinal,
            kind,
            name: "look".to_owned(),
            digest: digest.to_owned(),
            effect: Effect::Write,
            most: Usage::default(),
        }
    }

    fn tool(ordinal: u32, digest: &str) -> CallIntent {
        call(CallKind::Tool, ordinal, digest)
    }

    fn result(success: bool) -> CallResult {
        CallResult {
            success,
            response: Arc::default(),
            usage: Usage::default(),
        }
    }

    fn made(known: &mut KnownCalls, intent: CallIntent) {
        let ordinal = intent.ordinal;
        known.begun(intent);
        known.ended(ordinal, result(true));
    }

    #[test]
    fn another_call_at_a_place_makes_later_ones_worthless_and_not_what_was_heard() {
        let mut known = KnownCalls::default();
        for ordinal in [HEARD, 0, 1] {
            made(&mut known, tool(ordinal, "a"));
        }
        let recorded = CallStart::Recorded(result(true));
        assert_eq!(known.start(&tool(1, "a")), recorded);
        assert_eq!(known.start(&tool(0, "b")), CallStart::Fresh);
        known.begun(tool(0, "b"));
        assert_eq!(known.start(&tool(0, "b")), CallStart::InDoubt);
        assert_eq!(known.start(&tool(1, "a")), CallStart::Fresh);
        assert_eq!(known.start(&tool(HEARD, "a")), recorded);
    }

    /// A tool wants to be allowed and is called again; neither call makes the other forgotten.
    #[test]
    fn both_calls_of_a_place_stay_known() {
        let mut known = KnownCalls::default();
        for intent in [tool(0, "a"), tool(0, "a, allowed"), tool(1, "b")] {
            made(&mut known, intent);
        }
        for intent in [tool(0, "a"), tool(0, "a, allowed"), tool(1, "b")] {
            assert_eq!(known.start(&intent), CallStart::Recorded(result(true)));
        }
    }

    #[test]
    fn who_did_not_answer_is_asked_again_and_a_tool_that_failed_is_not() {
        let mut known = KnownCalls::default();
        for (kind, expected) in [
            (CallKind::Model, CallStart::Fresh),
            (CallKind::Agent, CallStart::Fresh),
            (CallKind::Tool, CallStart::Recorded(result(false))),
        ] {
            known.begun(call(kind, 0, kind.as_str()));
            assert_eq!(
                known.start(&call(kind, 0, kind.as_str())),
                CallStart::InDoubt
            );
            assert_eq!(known.open().count(), 1);
            known.ended(0, result(false));
            assert_eq!(known.start(&call(kind, 0, kind.as_str())), expected);
            assert_eq!(known.open().count(), 0);
        }
    }
}
