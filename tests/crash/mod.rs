//! `kill -9` between every pair of steps: what was answered is there after a restart, once, and in order.
//!
//! The server has no kill points of its own: the phone withholds what would lead to the next step, the endpoint does not answer, or
//! the kill falls at random under load.
mod batches;
mod callbacks;
mod commands;
mod credentials;
mod load;
mod results;
mod worktool;

use std::time::Duration;

use serde_json::{Value, json};
use workbot_robot_sim::{Command, Identity, Outcome, Phone, Rest};

use crate::support::server::{SOON, TestServer};

/// Nothing comes: longer than the sweep and the endpoints take to find what nobody told them of.
const QUIET: Duration = Duration::from_secs(4);
/// Nothing comes on a socket, which is told at once.
const SILENCE: Duration = Duration::from_millis(400);

/// Ends the process and starts it again; the phone, if there is one, comes back when it is told to.
async fn crash(server: &mut TestServer, phone: Option<&Phone>) {
    server.kill().await;
    if let Some(phone) = phone {
        phone.wait_ended(SOON).await.unwrap();
    }
    server.restart().await;
}

/// Submits texts one after the other; their ids.
async fn submit(rest: &Rest, robot: &Identity, texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut ids = Vec::new();
    for text in texts {
        let answer = rest.send_text(&robot.robot_id, &["张三"], &text).await.unwrap().expect_ok().unwrap();
        ids.push(answer.text("/messageId").unwrap());
    }
    ids
}

/// The next commands, as they come.
async fn take(phone: &Phone, count: usize) -> Vec<Command> {
    let mut commands = Vec::new();
    for _ in 0..count {
        commands.push(phone.next_command(SOON).await.unwrap());
    }
    commands
}

/// Confirms and carries out.
async fn carry_out(phone: &Phone, rest: &Rest, command: &Command) {
    phone.ack(command).await.unwrap();
    phone.result(command, Outcome::success(command)).await.unwrap();
    wait_state(rest, &command.id, "succeeded").await;
}

async fn wait_state(rest: &Rest, id: &str, wanted: &str) -> Value {
    rest.wait_state(id, SOON, |state| state == wanted).await.unwrap()
}

fn ids_of(commands: &[Command]) -> Vec<String> {
    commands.iter().map(|command| command.id.clone()).collect()
}

fn states_of(record: &Value) -> Vec<&str> {
    record["history"].as_array().unwrap().iter().map(|entry| entry["state"].as_str().unwrap()).collect()
}

fn numbered(text: &str, count: usize) -> impl Iterator<Item = String> {
    (1..=count).map(move |number| format!("{text} {number}"))
}

/// A WorkTool item with a text.
fn item(text: &str) -> Value {
    json!({"type": 203, "titleList": ["张三"], "receivedContent": text})
}
