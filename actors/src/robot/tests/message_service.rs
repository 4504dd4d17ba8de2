use std::sync::atomic::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use workbot_schema::class::Class;
use workbot_schema::deliveries::{self, DeliveryFilter};
use workbot_schema::ids::MessageId;
use workbot_schema::messages::{self, Direction, Entrance, MessageReason, SessionMessage};
use workbot_schema::wire::inbound_message::InboundMessage;

use super::rig::Rig;
use crate::robot::message_service::MessageError;
use crate::robot::picture::PictureProblem;

fn message(text: &str) -> InboundMessage {
    InboundMessage {
        received_name: "仑哥".into(),
        room_type: 2,
        text_type: 1,
        spoken: text.into(),
        raw_spoken: text.into(),
        ..InboundMessage::default()
    }
}

#[actix::test]
async fn a_message_and_its_callback_are_one_write() {
    let rig = Rig::services().await;
    let entry = rig
        .scene
        .robot(|robot| {
            robot.settings.0.open_callback = 1;
            robot.settings.0.callback_url = Some("http://127.0.0.1:9/hook".into());
        })
        .await;
    let inbound = InboundMessage { app_message_id: Some("a".into()), ..message("x") };
    let first = rig.parts.messages.receive(&entry, inbound.clone(), Entrance::Rest).await.unwrap();
    let again = rig.parts.messages.receive(&entry, inbound, Entrance::Socket).await.unwrap();
    assert!(first.is_new && !again.is_new);
    assert_eq!(first.message_id, again.message_id);
    let row = messages::find(&rig.scene.db, first.message_id.clone()).await.unwrap().unwrap();
    assert_eq!(row.app_message_id.as_deref(), Some("a"));
    let filter = DeliveryFilter { message_id: Some(first.message_id), ..DeliveryFilter::default() };
    assert_eq!(deliveries::list(&rig.scene.db, filter, 0, 10).await.unwrap().0, 1);
}

async fn until_answered(rig: &Rig, id: MessageId) -> SessionMessage {
    let answered = async {
        loop {
            let row = messages::find(&rig.scene.db, id.clone()).await.unwrap().unwrap();
            if row.reason.is_some() {
                return row;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(crate::supervisor::scene::LONG, answered).await.unwrap()
}

#[actix::test]
async fn what_nobody_answers_says_so_and_the_rest_is_left_to_the_flow() {
    let rig = Rig::services().await;
    let entry = rig.scene.robot(|robot| robot.settings.0.reply_all = -1).await;
    let received = rig.parts.messages.receive(&entry, message("x"), Entrance::Rest).await.unwrap();
    let row = messages::find(&rig.scene.db, received.message_id).await.unwrap().unwrap();
    assert_eq!(row.reason, Some(MessageReason::ReadOnly));
    let entry = rig.robot().await;
    let received = rig.parts.messages.receive(&entry, message("x"), Entrance::Rest).await.unwrap();
    let row = until_answered(&rig, received.message_id).await;
    assert_eq!((row.reason, row.run_id.is_some()), (Some(MessageReason::QueuedOffline), true));
    let own = InboundMessage { is_from_self: true, ..message("y") };
    let received = rig.parts.messages.receive(&entry, own, Entrance::Socket).await.unwrap();
    let row = messages::find(&rig.scene.db, received.message_id).await.unwrap().unwrap();
    assert_eq!((row.direction, row.reason), (Direction::Out, None));
}

#[actix::test]
async fn pictures_are_stored_or_refused_by_entrance() {
    let rig = Rig::services().await;
    let entry = rig.robot().await;
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &vec![7; 100_000]].concat();
    let with = |text: &str, bytes: &[u8]| InboundMessage {
        file_base64: Some(STANDARD.encode(bytes)),
        ..message(text)
    };
    let received = rig.parts.messages.receive(&entry, with("a", &png), Entrance::Rest).await.unwrap();
    let row = messages::find(&rig.scene.db, received.message_id).await.unwrap().unwrap();
    assert_eq!(rig.parts.files.get(row.file_name.as_deref().unwrap()).await.unwrap(), png);
    let webp = b"RIFF\0\0\0\0WEBPVP8 ";
    let refused = rig.parts.messages.receive(&entry, with("b", webp), Entrance::Rest).await.unwrap_err();
    assert!(matches!(refused, MessageError::Picture { field: "fileBase64", problem: PictureProblem::Webp }));
    assert_eq!(refused.class(), Class::Caller);
    let kept = rig.parts.messages.receive(&entry, with("c", webp), Entrance::Socket).await.unwrap();
    let row = messages::find(&rig.scene.db, kept.message_id).await.unwrap().unwrap();
    assert_eq!(row.file_name, None);
    assert_eq!(rig.parts.messages.counters().lost_pictures.load(Ordering::Relaxed), 1);
}
