//! The ordered end: first nobody claims, later every socket is closed.
use std::sync::atomic::Ordering;

use actix::Handler;

use super::{CloseRobots, RouterActor, StopClaims};
use crate::kernel::{Posted, post};
use crate::robot::orders::{CloseCause, RobotOrder};

impl RouterActor {
    /// Gives an order to every connected robot; how many took it.
    fn order_all(&self, order: RobotOrder) -> usize {
        let mut taken = 0;
        self.parts.directory.visit(|entry| {
            if let Some(socket) = entry.socket()
                && post(&socket.orders, order).is_ok()
            {
                taken += 1;
            }
        });
        taken
    }
}

impl Handler<Posted<StopClaims>> for RouterActor {
    type Result = usize;

    fn handle(&mut self, posted: Posted<StopClaims>, _ctx: &mut Self::Context) -> usize {
        let (StopClaims, _handling) = posted.open(self.now_ms());
        self.parts.is_stopping.store(true, Ordering::Release);
        self.order_all(RobotOrder::StopClaiming)
    }
}

impl Handler<Posted<CloseRobots>> for RouterActor {
    type Result = usize;

    fn handle(&mut self, posted: Posted<CloseRobots>, _ctx: &mut Self::Context) -> usize {
        let (CloseRobots, _handling) = posted.open(self.now_ms());
        self.parts.is_stopping.store(true, Ordering::Release);
        self.order_all(RobotOrder::Close(CloseCause::Restarting))
    }
}
