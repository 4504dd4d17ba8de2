//! The robots of the demo that their flows answer for: a model for one of them, and what they answered as an operator sees it.
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::sleep;
use workbot_robot_sim::{Mode, ModelScript, ModelWire, Models, ModelsConfig, Rest, SimError};

use super::book::{Book, Way};
use super::{phones, show};

/// From one look to the next.
const LOOK: Duration = Duration::from_millis(300);
/// How long the scripted model thinks.
const THOUGHT: Duration = Duration::from_millis(150);

/// Starts a scripted model and gives it to the robots that their flows answer for, except the WorkTool phone's.
pub async fn give_model(admin: &Rest, desks: &[phones::Desk]) -> Result<Models, SimError> {
    let script = ModelScript::always(Mode::slow(THOUGHT));
    let models = Models::start(ModelsConfig { script, ..ModelsConfig::default() }).await?;
    let body = json!({"name": "演示模型", "provider": "custom", "modelId": "demo", "modelType": "chat",
        "capabilities": ["intent_recognition", "service_reply", "chat"], "isActive": true, "inDefaultChain": false,
        "apiEndpoint": models.base(ModelWire::OpenaiChat), "apiKey": "demo"});
    let made = admin.post("/api/ai/models", &body).await?.expect_ok()?.text("/id")?;
    for desk in desks.iter().filter(|desk| desk.way == Way::Flow) {
        let path = format!("/api/robots/{}", desk.robot_id);
        admin.put(&path, &json!({"aiModelId": made})).await?.expect_ok()?;
    }
    Ok(models)
}

/// Looks for answers, for ever.
pub async fn watch(admin: &Rest, desks: &[phones::Desk], book: &Mutex<Book>) {
    loop {
        for desk in desks.iter().filter(|desk| desk.way != Way::Platform) {
            let open = book.lock().unanswered(desk.way);
            if open.is_empty() && desk.way == Way::Flow {
                continue;
            }
            // While the server is away nothing is seen; the next look sees it.
            if let Ok(rows) = messages(admin, &desk.robot_id).await {
                rows.iter().for_each(|row| take(row, desk.way, book));
            }
        }
        sleep(LOOK).await;
    }
}

async fn messages(admin: &Rest, robot_id: &str) -> Result<Vec<Value>, SimError> {
    let page =
        admin.get(&format!("/api/monitor/messages?robotId={robot_id}&limit=200")).await?.expect_ok()?;
    let rows = page.envelope.data.get("list").and_then(Value::as_array);
    Ok(rows.cloned().unwrap_or_default())
}

/// One row of the list: which message it is, which command answers it, and what became of that.
fn take(row: &Value, way: Way, book: &Mutex<Book>) {
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut book = book.lock();
    match text("direction") {
        "in" => {
            if way == Way::Worktool {
                book.acked(text("content"), text("id"));
            }
            if !text("commandId").is_empty() {
                book.replied(text("id"), text("commandId"), "");
            }
        }
        // The platform may never be told the result of a WorkTool phone.
        "out" if way == Way::Worktool && text("status") == "sent" => {
            book.state(text("commandId"), "succeeded");
        }
        _ => return,
    }
    if let Some(answered) = book.story(text("commandId")) {
        show::answered(&answered);
    }
}
