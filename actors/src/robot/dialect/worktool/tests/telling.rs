use super::*;
use crate::robot::dialect::worktool::admission::Rival;
use crate::robot::dialect::worktool::translation::awaits;

#[test]
fn old_ids_go_first_and_in_the_order_of_their_pushes() {
    let row = |id: &str, secs: i64, priority: i32, seq: i64| RobotCommand {
        sent_at: Some(Ts::new(chrono::DateTime::from_timestamp(secs, 0).unwrap())),
        priority,
        seq,
        ..text(id)
    };
    let mut rows = vec![row("late", 20, 5, 1), row("b", 10, 0, 4), row("a", 10, 0, 3), row("up", 10, 100, 9)];
    in_push_order(&mut rows);
    assert_eq!(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["up", "a", "b", "late"]);
}

#[test]
fn what_the_phone_tells() {
    let mut scene = Scene::new();
    let frame = json!({"socketType": 2, "messageId": "f", "list": [
        {"type": 301, "log": OPEN_APP}, {"type": 301, "log": "聊天: 群"}, {"type": 301, "log": "加入群聊: 群"},
        {"type": 302, "log": "执行异常"}, {"type": 101, "roomType": 1, "titleList": ["群"]}, {"type": 502, "friend": {"name": "小明"}},
        {"type": 503, "myInfo": {"name": "管家"}}, {"type": 506, "titleList": ["企业"]}, {"type": 999}]});
    let acts = scene.hear(&frame);
    let facts: Vec<_> = acts
        .iter()
        .filter_map(|act| match act {
            Act::Learn(fact) => Some(fact.as_ref().clone()),
            _ => None,
        })
        .collect();
    assert!(
        matches!(&facts[0], Fact::Login(device) if device.device.as_deref() == Some("Xiaomi M2012K11AC"))
    );
    assert_eq!(facts[1..3], [Fact::Joined("群".into()), Fact::NewFriend("小明".into())]);
    assert!(matches!(&facts[3], Fact::Me(me) if me.name.as_deref() == Some("管家")));
    assert_eq!(scene.store(acts), "learn, note log, learn, note error, look f, learn, learn, learn");
    let friends = json!({"socketType": 3, "messageId": "y", "list": [{"rawMsg": "{\"type\":507,\"nameList\":[\"甲\"]}"}]});
    assert!(
        matches!(scene.hear(&friends).first(), Some(Act::Learn(fact)) if **fact == Fact::Friends(vec!["甲".into()]))
    );
    for bare in [
        json!({"type": 11}),
        json!({"td": 1}),
        json!({"socketType": 1}),
        json!({"socketType": 3, "list": [{}]}),
    ] {
        assert!(scene.hear(&bare).is_empty(), "{bare}");
    }
}

#[test]
fn who_gets_the_robot() {
    use Verdict::{Admit, Refuse, Wait};
    let device = |name: &str| DeviceInfo { device: Some(name.into()), ..DeviceInfo::default() };
    let (mine, other) = (device("Xiaomi A"), device("HUAWEI B"));
    let rival = |device, last_frame_ms| Some(Rival { device, last_frame_ms });
    // Proof, line, rival, now: verdict.
    for (place, (proof, line, rival, now_ms, expected)) in [
        (None, Some(&mine), None, 9_000, Wait),
        (Some(1_000), None, None, 1_000, Admit),
        (Some(100_000), None, rival(Some(&mine), 89_999), 100_000, Admit),
        (Some(100_000), None, rival(Some(&mine), 99_000), 100_000, Wait),
        (Some(100_000), None, rival(Some(&mine), 99_000), 102_000, Admit),
        (Some(100_000), Some(&mine), rival(Some(&mine), 99_000), 100_000, Admit),
        (Some(100_000), Some(&other), rival(Some(&mine), 99_000), 100_000, Refuse),
        (Some(100_000), Some(&other), rival(Some(&mine), 89_999), 100_000, Admit),
        (Some(100_000), Some(&other), rival(None, 99_000), 100_000, Admit),
    ]
    .into_iter()
    .enumerate()
    {
        let mut admission = Admission::default();
        admission.note(&read(r#"{"socketType":2,"list":[]}"#).unwrap(), 0);
        if let Some(at_ms) = proof {
            admission.note(&read(r#"{"type":11}"#).unwrap(), at_ms);
        }
        if let Some(device) = line {
            admission.name(device.clone());
        }
        assert_eq!(admission.verdict(rival, now_ms), expected, "case {place}");
        assert_eq!(admission.next_tick_ms().is_some(), proof.is_some() && line.is_none(), "case {place}");
    }
}

#[test]
fn farewells() {
    for (cause, code, has_toast) in [
        (CloseCause::Replaced, 1000, Some("501013")),
        (CloseCause::Refused, 1000, Some("501000")),
        (CloseCause::Kicked, 1000, None),
        (CloseCause::Restarting, 1012, None),
    ] {
        let (toast, given) = farewell(cause);
        assert_eq!(given, code);
        assert_eq!(toast.is_some(), has_toast.is_some());
        assert!(toast.is_none_or(|toast| toast.contains(has_toast.unwrap_or_default())));
    }
    assert!(unknown_toast().contains("501011"));
    assert!(
        read("x").unwrap_err().is_garbage
            && !read(r#"{"socketType":2,"encryptType":1,"encryptedList":"A"}"#).unwrap_err().is_garbage
    );
    assert_eq!(ExecutionResult::default().verdict(), CommandState::Succeeded);
}

#[test]
fn after_a_restart_the_phone_still_has_what_it_had() {
    let mut scene = Scene::new();
    let row = |id: &str, command_type: i32, item: Value| Unfinished {
        id: CommandId::from(id),
        attempt: 1,
        command_type,
        awaits: awaits(command_type, &item.to_string(), scene.phone.device()),
    };
    let rows = vec![
        row("a", 203, json!({})),
        row("q", 503, json!({})),
        row("n", 236, json!({})),
        row("g", 512, json!({"groupName": "群"})),
    ];
    let acts = scene.phone.inherit(rows, 0);
    assert_eq!(scene.store(acts), "result q/1 0 wake", "its confirmation was all that was awaited");
    assert_eq!(scene.phone.held(), 2);
    let names: Vec<_> = scene.phone.unfinished().into_iter().map(|row| row.id.0).collect();
    assert_eq!(names, ["a", "g"]);
    let group = json!({"socketType": 2, "messageId": "x", "list": [{"type": 501, "groupName": "群", "nameList": ["甲"]}]});
    let acts = scene.hear(&group);
    assert_eq!(scene.store(acts), "result g/1 0 wake, learn");
}
