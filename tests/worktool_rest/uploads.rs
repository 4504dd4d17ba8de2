//! Files the phone sends for command 509.
use serde_json::Value;

use super::{Bench, client};
use crate::on_both;
use crate::support::database::Backend;

on_both!(files_are_kept);

async fn upload(bench: &Bench, query: &str, content_type: &str, body: Vec<u8>) -> (u16, Value) {
    let request = client()
        .post(format!("{}/fileUpload/upload?{query}", bench.server.url()))
        .header("content-type", content_type)
        .body(body);
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

fn form(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--okhttp-1\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"log.txt\"\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
        content.len()
    );
    [head.as_bytes(), content, b"\r\n--okhttp-1--\r\n"].concat()
}

async fn files_are_kept(backend: Backend) {
    let bench = Bench::start(backend).await;
    let kind = "multipart/form-data; boundary=okhttp-1";
    let link = format!("robotId={}", bench.link);
    let content = [b"2023-11-23 \r\n--okhttp\r\n".to_vec(), vec![0xff; 3_000_000]].concat();
    let (status, answer) = upload(&bench, &link, kind, form("file", &content)).await;
    assert_eq!((status, &answer["code"]), (200, &Value::from(200)), "{answer}");
    let name = answer["data"].as_str().unwrap();
    assert!(name.ends_with(".bin"), "{name}");
    let kept = bench.server.database().folder().join("data/files").join(name.get(..2).unwrap()).join(name);
    assert_eq!(std::fs::read(kept).unwrap(), content);
    let rows = bench.server.database().sql("SELECT text AS value FROM robot_logs WHERE kind = 'file'");
    assert_eq!(rows, [name]);
    let db = bench.server.database().open().await;
    let asked = vec![name.to_owned(), "other.bin".to_owned()];
    let named = workbot_schema::retention::list_named_files(&db, asked).await.unwrap();
    assert!(named.len() == 1 && named.contains(name), "the janitor must leave it alone: {named:?}");
    let (_status, answer) = upload(&bench, &link, kind, form("file", b"RIFF\0\0\0\0WEBPVP8 ")).await;
    assert!(answer["data"].as_str().unwrap().ends_with(".webp"), "{answer}");

    let (status, answer) = upload(&bench, &link, kind, form("other", b"x")).await;
    assert_eq!((status, &answer["code"]), (200, &Value::from(500)), "{answer}");
    let (status, _answer) = upload(&bench, &link, kind, b"nonsense".to_vec()).await;
    assert_eq!(status, 400);
    let (status, _answer) = upload(&bench, &link, "application/json", b"{}".to_vec()).await;
    assert_eq!(status, 400);
    let (status, answer) = upload(&bench, "robotId=wtunknown", kind, form("file", b"x")).await;
    assert_eq!((status, answer["message"].as_str()), (200, Some("机器人编号不存在")));
    let (status, answer) = upload(&bench, &link, kind, vec![b'x'; 17 << 20]).await;
    assert_eq!((status, answer["error"].as_str()), (413, Some("payload_too_large")));
}
