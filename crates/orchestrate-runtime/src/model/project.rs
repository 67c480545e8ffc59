//! A request in the form of the client library, and its answer in ours.

use std::sync::Arc;

use genai::chat::{
    CacheControl, ChatMessage, ChatOptions, ChatRequest, ChatResponseFormat, ContentPart, JsonSpec,
    MessageContent, StreamEnd, Tool, ToolCall, ToolResponse, Usage,
};
use orchestrate_core::canonical;
use orchestrate_core::model::{
    CacheMark, Message, ModelRequest, StopReason, TokenUsage, ToolRequest,
};
use orchestrate_core::tool::ToolSpec;

use super::provider::{ProviderKind, ProviderSetup};

/// Providers admit only letters, digits, `_` and `-` in the name of a tool.
pub(super) fn tool_name(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let name = name.chars().map(|c| if allowed(c) { c } else { '_' });
    name.take(64).collect()
}

/// Our name of a tool that a provider names in its way; unknown names stay as they are.
fn our_name(name: String, tools: &[ToolSpec]) -> String {
    let known = tools.iter().find(|tool| tool_name(&tool.name) == name);
    known.map_or(name, |tool| tool.name.clone())
}

pub(super) fn request(request: &ModelRequest<'_>, kind: ProviderKind) -> ChatRequest {
    let messages = request.history.messages().into_iter();
    let messages: Vec<ChatMessage> = messages
        .flat_map(|part| match part {
            // Of several results in one message the client sends Ollama the first alone.
            Message::Results(exchanges) if kind == ProviderKind::Ollama => exchanges
                .into_iter()
                .map(|exchange| message(Message::Results(vec![exchange])))
                .collect(),
            part => vec![message(part)],
        })
        .collect();
    let tools = request.tools.iter().map(|tool| {
        Tool::new(tool_name(&tool.name))
            .with_description(tool.description.clone())
            .with_schema(tool.parameters.clone())
    });
    let chat = ChatRequest::new(messages).with_system(request.system);
    if request.tools.is_empty() {
        chat
    } else {
        chat.with_tools(tools)
    }
}

fn message(message: Message<'_>) -> ChatMessage {
    match message {
        Message::User(text) => ChatMessage::user(text.into_owned()),
        Message::Assistant { text, calls } => {
            let mut parts: Vec<ContentPart> = Vec::with_capacity(calls.len() + 1);
            let signatures = calls
                .iter()
                .flat_map(|call| call.signatures.iter().cloned());
            parts.extend(signatures.map(ContentPart::ThoughtSignature));
            // Some providers refuse a text of blanks, which says nothing anyway.
            if !text.trim().is_empty() {
                parts.push(ContentPart::Text(text.into_owned()));
            }
            parts.extend(
                calls
                    .into_iter()
                    .map(|call| ContentPart::ToolCall(tool_call(call))),
            );
            ChatMessage::assistant(MessageContent::from_parts(parts))
        }
        Message::Results(exchanges) => {
            let results = exchanges.into_iter().map(|exchange| {
                let content = if exchange.answer.failed {
                    format!("error: {}", exchange.answer.content)
                } else {
                    exchange.answer.content.clone()
                };
                ToolResponse::from_tool_call(&tool_call(&exchange.request), content)
            });
            ChatMessage::from(results.collect::<Vec<_>>())
        }
    }
}

fn tool_call(request: &ToolRequest) -> ToolCall {
    ToolCall {
        call_id: request.id.clone(),
        fn_name: tool_name(&request.name),
        fn_arguments: (*request.arguments).clone(),
        thought_signatures: (!request.signatures.is_empty()).then(|| request.signatures.clone()),
    }
}

pub(super) fn options(request: &ModelRequest<'_>, setup: &ProviderSetup) -> ChatOptions {
    let mut options = ChatOptions::default()
        .with_max_tokens(request.max_output_tokens)
        .with_capture_usage(true)
        .with_capture_content(true)
        .with_capture_tool_calls(true)
        .with_stream_header_timeout(setup.stall)
        .with_stream_read_timeout(setup.stall);
    if let Some(output) = request.output {
        options = options.with_response_format(match setup.kind {
            // For Ollama the library knows no more than "JSON".
            ProviderKind::Ollama => ChatResponseFormat::JsonMode,
            _ => JsonSpec::new(tool_name(&output.name), output.schema.clone()).into(),
        });
    }
    let mark = match request.cache {
        CacheMark::None => None,
        CacheMark::Short => Some(CacheControl::Ephemeral),
        CacheMark::Long => Some(CacheControl::Ephemeral1h),
    };
    match (mark, setup.kind) {
        (Some(mark), ProviderKind::Anthropic) => options.with_cache_control(mark),
        // OpenAI keeps prefixes by itself; a key of the prefix sends like requests to the same place.
        (Some(_), ProviderKind::OpenAi) => {
            options.with_prompt_cache_key(canonical::digest(&request.system.into()))
        }
        _ => options,
    }
}

/// What was used. The library counts what was read from or written into the cache as read too; here no
/// token is counted twice.
///
/// Some servers tell nothing, or figures that cannot be. What is not told is taken from the guess, because a
/// limit that counts nothing holds nothing.
pub(super) fn usage(told: Option<Usage>, guess: TokenUsage) -> TokenUsage {
    let told = told.unwrap_or_default();
    let count = |tokens: Option<i32>| u64::try_from(tokens?).ok();
    // Something was read in any case, and something was written if anything came.
    let read = count(told.prompt_tokens).filter(|&read| read > 0);
    let written = count(told.completion_tokens).filter(|&it| it > 0 || guess.output == 0);
    let estimated = read.is_none() || written.is_none();
    let output = written.unwrap_or(guess.output);
    let Some(read) = read else {
        return TokenUsage {
            output,
            estimated,
            ..guess
        };
    };
    let details = told.prompt_tokens_details.unwrap_or_default();
    let cache_read = count(details.cached_tokens).unwrap_or_default();
    let cache_write = count(details.cache_creation_tokens).unwrap_or_default();
    TokenUsage {
        input: read.saturating_sub(cache_read.saturating_add(cache_write)),
        output,
        cache_read,
        cache_write,
        estimated,
    }
}

/// What a call may have used, from the length of what was said.
pub(super) fn guess(request: &ModelRequest<'_>, text: &str, calls: &[ToolRequest]) -> TokenUsage {
    TokenUsage {
        input: request.input_estimate(),
        output: ModelRequest::output_estimate(text, calls),
        ..TokenUsage::default()
    }
}

pub(super) fn stop(end: &StreamEnd) -> Option<StopReason> {
    Some(match end.captured_stop_reason.as_ref()? {
        genai::chat::StopReason::Completed(_) | genai::chat::StopReason::StopSequence(_) => {
            StopReason::Completed
        }
        genai::chat::StopReason::MaxTokens(_) => StopReason::Length,
        genai::chat::StopReason::ToolCall(_) => StopReason::ToolCalls,
        genai::chat::StopReason::ContentFilter(_) => StopReason::Filtered,
        _ => StopReason::Other,
    })
}

/// The text and the calls of an answer.
pub(super) fn answer(content: MessageContent, tools: &[ToolSpec]) -> (String, Vec<ToolRequest>) {
    let (mut text, mut calls) = (String::new(), Vec::new());
    for part in content.into_parts() {
        match part {
            ContentPart::Text(more) => text.push_str(&more),
            ContentPart::ToolCall(call) => calls.push(ToolRequest {
                id: call.call_id,
                name: our_name(call.fn_name, tools),
                arguments: Arc::new(call.fn_arguments),
                signatures: call.thought_signatures.unwrap_or_default(),
            }),
            _ => {}
        }
    }
    (text, calls)
}
