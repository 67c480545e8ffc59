//! What expressions and templates mean, and what is said of mistakes in them.

use std::borrow::Cow;
use std::sync::Arc;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Expression, Template};
use crate::condition::{Facts, Reference, Shared};

fn facts() -> Value {
    json!({
        "inputs": {"min": 80, "name": "core", "flag": true},
        "context": {"version": "1.2.0", "nothing": null},
        "steps": {
            "scan": {"success": true, "confidence": 0.9, "output": {
                "coverage": 72.5,
                "findings": [{"severity": "high", "title": "a"}, {"severity": "low", "title": "b"}],
                "a.b": 1,
            }},
        },
        "item": "src",
        "index": 2,
    })
}

fn check(text: &str, holds: bool, expect: Expect) {
    let mut diagnostics = Vec::new();
    let expression = Expression::new(text).unwrap_or_else(|error| panic!("{error}"));
    let found = expression.holds(&facts(), &mut diagnostics);
    assert_eq!(found, holds, "{text}: {diagnostics:?}");
    expect.assert_eq(&diagnostics.join("\n"));
}

#[test]
fn values_are_compared_within_their_kinds() {
    check("steps.scan.output.coverage < inputs.min", true, expect![""]);
    check("inputs.min == 80.0 and inputs.flag", true, expect![""]);
    check("1 < inputs.min <= 80", true, expect![""]);
    check("context.nothing is none", true, expect![""]);
    check(
        "context.nothing == none and context.nothing is defined",
        true,
        expect![""],
    );
    check(
        "steps.scan.output.findings | selectattr('severity', 'eq', 'high') | length > 0",
        true,
        expect![""],
    );
    check("steps.scan.output['a.b'] == 1", true, expect![""]);
    check(
        "steps.scan.output.findings[0].title == 'a'",
        true,
        expect![""],
    );
    check(
        "steps.scan.output.findings[index - 1].severity in ['low']",
        true,
        expect![""],
    );
    check("context.version is matching('^1[.]')", true, expect![""]);
    check("item ~ '/' ~ inputs.name == 'src/core'", true, expect![""]);
    check(
        "(steps.scan.output.missing | default(0)) == 0",
        true,
        expect![""],
    );
    check(
        "inputs.min < 'a'",
        false,
        expect!["a number cannot be ordered with a text"],
    );
    check(
        "not (inputs.min < 'a')",
        true,
        expect!["a number cannot be ordered with a text"],
    );
}

#[test]
fn what_is_absent_is_false_and_told() {
    check(
        "steps.scan.output.missing > 1",
        false,
        expect!["`steps.scan.output.missing` is absent"],
    );
    check(
        "steps.scan.output.missing != 1",
        true,
        expect!["`steps.scan.output.missing` is absent"],
    );
    check("steps.scan.output.missing is defined", false, expect![""]);
    check(
        "inputs.absent.deep + 1 > 0 or inputs.flag",
        true,
        expect!["`inputs.absent.deep` is absent"],
    );
    check(
        "inputs.name | length + 'x' > 3",
        false,
        expect!["tried to use + operator on unsupported types number and string"],
    );
}

#[test]
fn only_true_and_false_count() {
    check("inputs.name", false, expect!["a text is not true or false"]);
    check(
        "inputs.min and inputs.flag",
        false,
        expect!["a number is not true or false"],
    );
    check("inputs.flag if inputs.flag else false", true, expect![""]);
}

fn refused(text: &str, expect: Expect) {
    let error = Expression::new(text).unwrap_err();
    let all: Vec<String> = error
        .problems
        .iter()
        .map(|it| {
            format!(
                "{:?} {} ({})",
                it.at,
                it.message,
                it.hint.clone().unwrap_or_default()
            )
        })
        .collect();
    expect.assert_eq(&all.join("\n"));
}

#[test]
fn mistakes_are_told_all_at_once_with_their_place() {
    refused(
        "stps.a.output.x > 1 and inputs.x | lenght == 3 and foo(1) and inputs.y is strng",
        expect![[r#"
            0..15 unknown name `stps` (possible: inputs, context, steps, results, run, item, index, previous, round, outputs) (did you mean `steps`?)
            35..41 unknown filter `lenght` (did you mean `length`?)
            51..57 unknown function `foo` (possible: dict, range)
            74..79 unknown test `strng` (did you mean `string`?)"#]],
    );
    refused(
        "inputs.a == ",
        expect!["9..11 unexpected end of input, expected expression ()"],
    );
    refused(
        "inputs.a && inputs.b",
        expect!["9..10 unexpected character (write `and` instead of `&&`)"],
    );
    refused(
        "inputs.a | length",
        expect![[
            r#"0..17 a condition must be true or false, and this is a number (compare it with something, for example `… > 0` or `… != ""`)"#
        ]],
    );
    refused(
        "'yes' and inputs.a",
        expect![[
            r#"0..5 both sides of `and` must be true or false, and this is a text (compare it with something, for example `… > 0` or `… != ""`)"#
        ]],
    );
    refused(
        "{{ inputs.a }}",
        expect![
            "0..14 a condition is no template (write the expression alone, without `{{` and `}}`)"
        ],
    );
    refused(
        "steps | length > 1",
        expect![
            "0..5 `steps` alone has no value (write `steps.<name>`, for example `steps.review.output`)"
        ],
    );
    refused(
        "steps.a.output.startswith('x')",
        expect![[
            r#"14..30 values have no methods, so no `startswith` (write `… is startingwith("…")`)"#
        ]],
    );
    refused(
        "inputs.a is matching('(')",
        expect!["12..25 `(` is no regular expression: unclosed group ()"],
    );
    refused(
        &format!("{} > 1", vec!["1"; 300].join(" + ")),
        expect!["800..801 the expression has more than 400 words and signs ()"],
    );
}

fn rendered(text: &str, expect: Expect) {
    let template = Template::new(text).unwrap_or_else(|error| panic!("{error}"));
    match template.value(&facts()) {
        Ok(value) => expect.assert_eq(&value.to_string()),
        Err(error) => expect.assert_eq(&format!("error: {error}")),
    }
}

#[test]
fn a_template_of_one_expression_keeps_its_type() {
    rendered("{{ inputs.min }}", expect!["80"]);
    rendered(
        "{{ steps.scan.output.findings }}",
        expect![[r#"[{"severity":"high","title":"a"},{"severity":"low","title":"b"}]"#]],
    );
    rendered("{{ inputs.min / 2 }}", expect!["40.0"]);
    rendered(
        "{{ steps.scan.output.findings | map(attribute='title') | list }}",
        expect![[r#"["a","b"]"#]],
    );
    rendered(" {{ inputs.min }}", expect![[r#"" 80""#]]);
    rendered("plain", expect![[r#""plain""#]]);
    rendered(
        "{% for it in steps.scan.output.findings if it.severity == 'high' %}- {{ it.title }} of {{ loop.length }}{% endfor %} {{ item }}",
        expect![[r#""- a of 1 src""#]],
    );
    rendered(
        "{{ steps.scan.output }}: {{ steps.scan.output.coverage }}",
        expect![[
            r#""{\"coverage\":72.5,\"findings\":[{\"severity\":\"high\",\"title\":\"a\"},{\"severity\":\"low\",\"title\":\"b\"}],\"a.b\":1}: 72.5""#
        ]],
    );
    rendered(
        "{{ inputs.absent }}",
        expect![[
            r#"error: the template `{{ inputs.absent }}` gives nothing: `inputs.absent` is absent"#
        ]],
    );
    rendered(
        "x {{ inputs.absent }}",
        expect![
            "error: the template `x {{ inputs.absent }}` gives nothing: `inputs.absent` is undefined"
        ],
    );
    rendered(
        "{{ range(1000000000) | list }}",
        expect![
            "error: the template `{{ range(1000000000) | list }}` gives nothing: range has too many elements"
        ],
    );
}

#[test]
fn what_is_no_text_is_written_as_json_in_every_text() {
    let list = "[true, ['a'], none, 'b', 1.5, {'k': 'v'}]";
    rendered(
        &format!("x {{{{ {list} }}}} {{{{ true }}}} {{{{ none }}}}"),
        expect![[r#""x [true,[\"a\"],null,\"b\",1.5,{\"k\":\"v\"}] true null""#]],
    );
    rendered(
        &format!("{{{{ {list} | string }}}}"),
        expect![[r#""[true,[\"a\"],null,\"b\",1.5,{\"k\":\"v\"}]""#]],
    );
    rendered(
        &format!("{{{{ {list} | join(', ') }}}}"),
        expect![[r#""true, [\"a\"], null, b, 1.5, {\"k\":\"v\"}""#]],
    );
    rendered("{{ ['a', 'b'] | join }}", expect![[r#""ab""#]]);
    rendered("{{ 'plain' | string }}", expect![[r#""plain""#]]);
}

#[test]
fn what_a_template_reads_is_known() {
    let template = Template::new(
        "{% set x = inputs.a %}{{ x }}{{ steps.b.output[inputs.c].d }}{{ previous.output }}",
    )
    .unwrap();
    let reads: Vec<String> = template.reads().map(ToString::to_string).collect();
    assert_eq!(
        reads,
        [
            "inputs.a",
            "steps.b.output",
            "inputs.c",
            "steps.previous.output"
        ]
    );
    let error =
        Template::new("{{ stepz.a }} {% set steps = 1 %} {{ inputs.a | nope }}").unwrap_err();
    assert_eq!(error.problems.len(), 3, "{error}");
}

/// Facts that count what is copied out of them.
struct SharedFacts(Arc<Value>);

impl Facts for SharedFacts {
    fn get(&self, field: &Reference) -> Option<Cow<'_, Value>> {
        Facts::get(&*self.0, field)
    }

    fn share(&self, field: &Reference) -> Option<Shared> {
        Shared::new(self.0.clone()).part(field.segments())
    }
}

#[test]
fn a_whole_output_is_shared_and_not_copied() {
    let output = Arc::new(json!({"large": [1, 2, 3]}));
    struct One(Arc<Value>);
    impl Facts for One {
        fn get(&self, _: &Reference) -> Option<Cow<'_, Value>> {
            Some(Cow::Borrowed(&self.0))
        }
        fn share(&self, _: &Reference) -> Option<Shared> {
            Some(Shared::new(self.0.clone()))
        }
    }
    let facts = One(output.clone());
    for text in ["{{ steps.a.output }}", "{{ steps.a.output | default(1) }}"] {
        let value = Template::new(text).unwrap().value(&facts).unwrap();
        assert!(Arc::ptr_eq(&value, &output), "{text}");
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(vec![
        "steps.scan.output.coverage",
        "inputs.min",
        "inputs.name",
        "item",
        "context.nothing",
        "1",
        "2.5",
        "'a'",
        "true",
        "none",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "and",
        "or",
        "not",
        "is",
        "in",
        "defined",
        "==",
        "<",
        ">=",
        "+",
        "-",
        "*",
        "//",
        "%",
        "~",
        "|",
        "length",
        "default(1)",
        "sort",
        "range(9)",
        ",",
        ":",
        "if",
        "else",
        ".x",
        "**",
    ]);
    proptest::collection::vec(word, 0..12).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn prop_any_expression_is_refused_or_has_a_result(text in any_text(), noise in "\\PC{0,20}") {
        for text in [text.clone(), noise.clone(), format!("{text} {noise}")] {
            match Expression::new(&text) {
                Ok(expression) => {
                    let (mut first, mut second) = (Vec::new(), Vec::new());
                    let holds = expression.holds(&facts(), &mut first);
                    let shared = SharedFacts(Arc::new(facts()));
                    // How values are kept changes nothing.
                    prop_assert_eq!(expression.holds(&shared, &mut second), holds);
                    prop_assert_eq!(first, second);
                    if let Ok(opposite) = Expression::new(&format!("not ({text})")) {
                        prop_assert_eq!(opposite.holds(&facts(), &mut Vec::new()), !holds);
                    }
                    let again: Expression = serde_json::from_str(&serde_json::to_string(&expression).unwrap()).unwrap();
                    prop_assert_eq!(again, expression);
                }
                Err(error) => prop_assert!(!error.problems.is_empty()),
            }
        }
    }

    #[test]
    fn prop_any_template_is_refused_gives_a_value_or_says_why_not(text in any_text(), noise in "\\PC{0,20}") {
        for text in [format!("{{{{ {text} }}}}"), format!("{noise}{{{{ {text} }}}}{{% if {text} %}}{noise}{{% endif %}}"), noise.clone()] {
            if let Ok(template) = Template::new(&text) {
                let _ = template.value(&facts());
            }
        }
    }
}

#[test]
fn lists_and_objects_stand_in_texts_as_json() {
    let facts = json!({"inputs": {"o": {"a": 1, "n": null, "t": true}, "l": [1, "y"]}});
    let template = Template::new("{{ inputs.o }} and {{ inputs.l }}, {{ inputs.l[1] }}").unwrap();
    let text = template.value(&facts).unwrap();
    assert_eq!(*text, json!(r#"{"a":1,"n":null,"t":true} and [1,"y"], y"#));
    let joined = Template::new("{{ ['is ' ~ inputs.o ~ inputs.l] }}").unwrap();
    let text = joined.value(&facts).unwrap();
    assert_eq!(*text, json!([r#"is {"a":1,"n":null,"t":true}[1,"y"]"#]));
}
