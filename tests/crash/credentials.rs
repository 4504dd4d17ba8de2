//! Kills right after the answers that give out tokens.
use workbot_robot_sim::{Answer, Device};

use super::{carry_out, crash, numbered, submit};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::socket::Bare;

on_both!(after_activation, after_refresh);

async fn after_activation(backend: Backend) {
    let mut server = TestServer::start(backend).await;
    let codes = server.codes(3).await;
    for code in &codes {
        let device = Device::new(format!("device-{code}"));
        let robot = server.rest().activated(code, &device).await.unwrap();
        crash(&mut server, None).await;
        let rest = server.rest().with_token(&robot.token);
        let ids = submit(&rest, &robot, numbered("first", 1)).await;
        let phone = server.phone(&robot).await;
        let command = phone.next_command(SOON).await.unwrap();
        assert_eq!(command.id, ids[0]);
        carry_out(&phone, &rest, &command).await;
        let stranger = server.rest().activate(code, &Device::new("another")).await.unwrap();
        stranger.expect_error(409, "activation_code_bound").unwrap();
        let again = server.rest().activate(code, &device).await.unwrap().expect_status(200).unwrap();
        assert_eq!(again.text("/robotId").unwrap(), robot.robot_id, "the device is known");
    }
}

async fn after_refresh(backend: Backend) {
    let mut server = TestServer::start(backend).await;
    let robot = server.activated_robots(1).await.remove(0);
    let tokens = |answer: Answer| {
        let answer = answer.expect_ok().unwrap();
        (answer.text("/token").unwrap(), answer.text("/refreshToken").unwrap())
    };
    let mut held = (robot.token.clone(), robot.refresh_token.clone());
    for _ in 0..3 {
        let given = tokens(server.rest().refresh(&held.1).await.unwrap());
        crash(&mut server, None).await;
        for token in [&held.0, &given.0] {
            server.rest().with_token(token).heartbeat().await.unwrap().expect_ok().unwrap();
        }
        held = given;
    }
    // What was given out before the last kill is worth nothing twice: its second use ends the family.
    let next = tokens(server.rest().refresh(&held.1).await.unwrap());
    crash(&mut server, None).await;
    let mut socket = Bare::online(server.url(), &next.0).await;
    server.rest().refresh(&held.1).await.unwrap().expect_error(401, "token_reused").unwrap();
    assert_eq!(socket.close_code().await, 4001);
    crash(&mut server, None).await;
    server.rest().with_token(&next.0).heartbeat().await.unwrap().expect_status(401).unwrap();
    server.rest().refresh(&next.1).await.unwrap().expect_status(401).unwrap();
}
