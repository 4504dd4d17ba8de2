use serde_json::json;

use super::*;

const DEADLINE: Duration = Duration::from_secs(20);

async fn models(config: ModelsConfig) -> (Models, reqwest::Client) {
    let client = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap();
    (Models::start(config).await.unwrap(), client)
}

fn openai(model: &str, text: &str) -> Value {
    json!({"model": model, "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": text}]})
}

async fn post(client: &reqwest::Client, url: String, body: &Value) -> (u16, Value) {
    let answer = client.post(url).json(body).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or(Value::Null))
}

#[tokio::test]
async fn every_wire_answers_in_its_form() {
    let (models, client) = models(ModelsConfig::default()).await;
    let base = |wire| models.base(wire);
    let (status, body) =
        post(&client, base(ModelWire::OpenaiChat) + "/chat/completions", &openai("a", "你好")).await;
    assert_eq!(status, 200);
    assert_eq!(body["choices"][0]["message"]["content"], "您好，关于“你好”，我来为您处理。");
    let claude = json!({"model": "b", "max_tokens": 9, "system": "\"intent\"",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "我要退款"}]}]});
    let (_, body) = post(&client, base(ModelWire::Claude) + "/v1/messages", &claude).await;
    assert!(body["content"][0]["text"].as_str().unwrap().contains("\"service\""), "{body}");
    let dify = json!({"query": "你好", "response_mode": "blocking", "user": "u", "inputs": {}});
    let (_, body) = post(&client, base(ModelWire::Dify) + "/chat-messages", &dify).await;
    assert!(body["answer"].as_str().unwrap().contains("你好"));
    assert_eq!((models.counters().calls, models.counters().intents, models.count("a")), (3, 1, 1));
    assert_eq!(models.calls()[1].asked.message(), "我要退款");
}

#[tokio::test]
async fn a_coze_chat_is_done_after_its_polls() {
    let (models, client) = models(ModelsConfig::default()).await;
    let base = models.base(ModelWire::Coze);
    let body = json!({"bot_id": "bot", "user_id": "u", "stream": false,
        "additional_messages": [{"role": "user", "content": "你好", "content_type": "text"}]});
    let (_, created) = post(&client, format!("{base}/v3/chat"), &body).await;
    let id = created["data"]["id"].as_str().unwrap();
    let query = format!("conversation_id=conversation&chat_id={id}");
    let mut states = Vec::new();
    for _ in 0..2 {
        let url = format!("{base}/v3/chat/retrieve?{query}");
        let chat: Value = client.get(url).send().await.unwrap().json().await.unwrap();
        states.push(chat["data"]["status"].as_str().unwrap().to_owned());
    }
    assert_eq!(states, ["in_progress", "completed"]);
    let url = format!("{base}/v3/chat/message/list?{query}");
    let listed: Value = client.get(url).send().await.unwrap().json().await.unwrap();
    assert!(listed["data"][1]["content"].as_str().unwrap().contains("你好"));
    assert_eq!(models.counters().calls, 1);
}

#[tokio::test]
async fn models_fail_as_scripted() {
    let config = ModelsConfig { key: Some("k".into()), ..ModelsConfig::default() };
    let (models, client) = models(config).await;
    let url = models.base(ModelWire::OpenaiChat) + "/chat/completions";
    assert_eq!(post(&client, url.clone(), &openai("a", "x")).await.0, 401);
    models.set_script(
        "a",
        ModelScript::list([Mode::Status(500), Mode::TooMany(7), Mode::NoCredit], Mode::Garbage),
    );
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let answer = client.post(&url).bearer_auth("k").json(&openai("a", "x")).send().await.unwrap();
        let wait = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        statuses.push((answer.status().as_u16(), wait));
    }
    assert_eq!(statuses, [(500, None), (429, Some("7".into())), (402, None), (200, None)]);
    models.set_mode("a", Mode::Hang);
    let hanging =
        client.post(&url).bearer_auth("k").json(&openai("a", "x")).timeout(Duration::from_millis(200));
    assert!(hanging.send().await.unwrap_err().is_timeout());
    models.wait_count("a", 6, DEADLINE).await.unwrap();
    assert_eq!(models.counters().unauthorised, 1);
}
