//! Calls and health as rows: every call with what was asked and answered, secrets masked.
use serde_json::json;
use workbot_schema::ai_calls::{AiCall, AiCallLog, AiCallStatus, AiPurpose};
use workbot_schema::ai_models::health::{HealthCheck, HealthStatus};
use workbot_schema::batch::Record;
use workbot_schema::ids::{AiCallId, MessageId, PersonaId, RobotUuid, RunId, SessionId, TemplateId};

use super::clients::Completion;
use super::failure::Failure;
use super::health::Evidence;
use super::prompt::Prompt;
use super::slot::Ended;
use super::spec::ModelSpec;
use super::turn::Role;
use crate::journal::JournalHandle;

/// Longest text kept of what was asked or answered, in characters.
const TEXT_CHARS: usize = 32_000;
/// What stands in place of a secret.
const MASK: &str = "***";
/// How the keys of the usual services begin.
const KEY_PREFIXES: &[&str] = &["sk-", "Bearer ", "app-", "pat_"];
/// Fewest letters behind such a beginning that make a key.
const KEY_LETTERS: usize = 12;

/// Why a model is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallTag {
    /// What for.
    pub purpose: AiPurpose,
    /// Whose budget pays.
    pub robot: Option<RobotUuid>,
    /// The run that asks.
    pub run_id: Option<RunId>,
    /// Its conversation.
    pub session_id: Option<SessionId>,
    /// The message that is answered.
    pub message_id: Option<MessageId>,
    /// Who speaks.
    pub persona_id: Option<PersonaId>,
    /// How many models were asked in the turn so far, this one included.
    pub tries: i32,
}

impl CallTag {
    /// A call that belongs to no robot.
    pub fn bare(purpose: AiPurpose) -> Self {
        Self {
            purpose,
            robot: None,
            run_id: None,
            session_id: None,
            message_id: None,
            persona_id: None,
            tries: 1,
        }
    }
}

/// Writes calls and health into the journal's line of logs; clone freely.
#[derive(Clone)]
pub struct Recorder {
    journal: JournalHandle,
}

impl Recorder {
    /// A recorder over the journal.
    pub fn new(journal: JournalHandle) -> Self {
        Self { journal }
    }

    /// Notes a call.
    pub(super) fn called(
        &self,
        spec: &ModelSpec,
        prompt: &Prompt,
        tag: &CallTag,
        made: &Result<Completion, Failure>,
        ended: Ended,
    ) {
        self.journal.log(Record::AiCall(Box::new(call(spec, prompt, tag, made, ended))));
    }

    /// Counts one use of a template.
    pub(super) fn template_used(&self, template: &str) {
        self.journal.log(Record::TemplateUsed(TemplateId::from(template)));
    }

    /// Notes how a model is.
    pub(super) fn health(&self, spec: &ModelSpec, status: HealthStatus, evidence: &Evidence) {
        let Some(checked_at) = evidence.checked_at else { return };
        let check = HealthCheck {
            id: 0,
            model_id: spec.id.clone(),
            status,
            response_time: evidence.response_ms.map(|ms| i32::try_from(ms).unwrap_or(i32::MAX)),
            error_message: evidence.error.as_deref().map(|error| mask(error, &spec.key)),
            checked_at,
        };
        self.journal.log(Record::Health(Box::new(check)));
    }
}

fn call(
    spec: &ModelSpec,
    prompt: &Prompt,
    tag: &CallTag,
    made: &Result<Completion, Failure>,
    ended: Ended,
) -> AiCall {
    let (usage, output, failure) = match made {
        Ok(completion) => (completion.usage, completion.text.as_str(), None),
        Err(failure) => (failure.usage, failure.output.as_str(), Some(failure)),
    };
    let log = AiCallLog {
        seq: 0,
        id: AiCallId::generate(),
        run_id: tag.run_id.clone(),
        robot_uuid: tag.robot,
        session_id: tag.session_id.clone(),
        message_id: tag.message_id.clone(),
        model_id: Some(spec.id.clone()),
        provider: spec.provider.as_str().to_owned(),
        model_name: spec.model_name.clone(),
        purpose: tag.purpose,
        status: if failure.is_none() { AiCallStatus::Ok } else { AiCallStatus::Failed },
        error_class: failure.map(|failure| failure.kind.as_str().to_owned()),
        error: failure.map(|failure| mask(&failure.text, &spec.key)),
        tries: tag.tries,
        duration_ms: i64::try_from(ended.duration_ms).unwrap_or(i64::MAX),
        tokens_in: usage.tokens_in,
        tokens_out: usage.tokens_out,
        cost_micros: spec.price().cost(usage),
        created_at: ended.at,
        persona_id: tag.persona_id.clone(),
    };
    AiCall { log, input: mask(&cut(&input(prompt)), &spec.key), output: mask(&cut(output), &spec.key) }
}

/// What was asked, as JSON; of a picture only its size.
fn input(prompt: &Prompt) -> String {
    let role = |role| match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    let messages: Vec<_> = prompt
        .messages
        .iter()
        .map(|message| json!({"role": role(message.role), "content": message.text}))
        .collect();
    let mut input = json!({"system": prompt.system, "messages": messages, "maxTokens": prompt.max_tokens});
    if let Some(object) = input.as_object_mut() {
        if let Some(temperature) = prompt.temperature {
            object.insert("temperature".to_owned(), json!(temperature));
        }
        if let Some(image) = &prompt.image {
            object.insert("image".to_owned(), json!({"type": image.media_type, "bytes": image.bytes.len()}));
        }
    }
    input.to_string()
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS).collect()
}

/// The text without `key` and without anything that looks like a key: services like to repeat what they refuse.
pub fn mask(text: &str, key: &str) -> String {
    let mut masked = if key.len() >= 4 { text.replace(key, MASK) } else { text.to_owned() };
    for prefix in KEY_PREFIXES {
        if masked.contains(prefix) {
            masked = mask_prefixed(&masked, prefix);
        }
    }
    masked
}

fn mask_prefixed(text: &str, prefix: &str) -> String {
    let is_key_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_.*".contains(letter);
    let mut parts = text.split(prefix);
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|letter| !is_key_letter(letter)).unwrap_or(part.len());
        // `risk-` ends in `sk-` too.
        let is_word = masked.chars().last().is_some_and(|letter| letter.is_ascii_alphanumeric());
        masked.push_str(prefix);
        if end >= KEY_LETTERS && !is_word {
            masked.push_str(MASK);
            masked.push_str(part.get(end..).unwrap_or_default());
        } else {
            masked.push_str(part);
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::prompt::Picture;
    use super::super::turn::ChatMessage;
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let table = [
            ("Incorrect API key provided: my-own-key", "Incorrect API key provided: ***"),
            ("key sk-abcdefghijklmnop1234 refused", "key sk-*** refused"),
            ("sk-proj-abcdefghijkl", "sk-***"),
            ("Authorization: Bearer abcdef.ghijkl.mnopqr\n", "Authorization: Bearer ***\n"),
            ("a high risk-assessment-score of sk-1", "a high risk-assessment-score of sk-1"),
            ("nothing here", "nothing here"),
        ];
        for (text, masked) in table {
            assert_eq!(mask(text, "my-own-key"), masked);
        }
        assert_eq!(mask("a key of no length", ""), "a key of no length");
    }

    #[test]
    fn inputs_tell_of_pictures_only_their_size() {
        let prompt = Prompt {
            system: "s".to_owned(),
            messages: vec![ChatMessage::user("看图"), ChatMessage::assistant("好")],
            image: Some(Picture { media_type: "image/png", bytes: Bytes::from_static(b"secret picture") }),
            wants_json: false,
            temperature: Some(0.5),
            max_tokens: 9,
        };
        let shown: serde_json::Value = serde_json::from_str(&input(&prompt)).unwrap();
        assert_eq!(shown["image"], json!({"type": "image/png", "bytes": 14}));
        assert_eq!(shown["messages"][1], json!({"role": "assistant", "content": "好"}));
        assert!(!shown.to_string().contains("secret picture"));
    }
}
