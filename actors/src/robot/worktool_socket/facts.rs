//! What a phone lets us know: kept, and told to third parties where they asked for it.
use actix::{ActorFutureExt, AsyncContext, WrapFuture};
use workbot_schema::batch::{Record, Write};
use workbot_schema::fields::Ts;
use workbot_schema::wire::friend_callback::FriendCallback;
use workbot_schema::wire::group_qrcode::GroupQrcodeCallback;
use workbot_schema::worktool::WorktoolFact;
use workbot_schema::worktool::contacts::ContactSource;
use workbot_schema::worktool::groups::GroupFacts;
use workbot_schema::worktool::phones::PhoneFacts;

use crate::robot::dialect::worktool::Fact;
use crate::robot::{Context, RobotActor};

impl RobotActor {
    /// Takes note of a fact here, and keeps it with the callback that tells of it in one write.
    pub(super) fn learn(&mut self, fact: Fact, ctx: &mut Context) {
        let Some(side) = &mut self.worktool else { return };
        match &fact {
            Fact::Me(info) => side.learn_names(info.name.as_deref(), info.show_name.as_deref()),
            Fact::ShowName(name) => side.learn_names(None, Some(name)),
            Fact::Login(device) => self.parts.phones.keep_device(self.login.entry.uuid, device.clone()),
            _ => {}
        }
        let told = self.told(&fact);
        let record = Record::Worktool { robot: self.login.entry.uuid, fact: Box::new(kept(fact)) };
        let mut write: Write = vec![record];
        write.extend(told);
        let written = self.parts.journal.write(write);
        ctx.spawn(written.into_actor(self).map(|outcome, actor, _ctx| {
            if let Err(error) = outcome {
                log::warn!(robot = actor.robot_id().as_str(), error:% = error; "what a phone told is not kept");
            }
        }));
    }

    /// The callback a fact makes.
    fn told(&self, fact: &Fact) -> Option<Record> {
        let profile = self.login.entry.profile();
        let now = Ts::new(self.parts.clock.now());
        let delivery = match fact {
            Fact::GroupQrcode(group, remark, qrcode) => {
                let remark = remark.as_deref().unwrap_or_default();
                GroupQrcodeCallback::new(&profile.robot, group, remark, qrcode, now).delivery(&profile, now)
            }
            Fact::NewFriend(name) => {
                FriendCallback::new(&profile.robot, name, "", now).delivery(&profile, now)
            }
            _ => None,
        };
        delivery.map(|delivery| Record::Delivery(Box::new(delivery)))
    }
}

/// What is kept of a fact.
fn kept(fact: Fact) -> WorktoolFact {
    match fact {
        Fact::Login(device) => {
            WorktoolFact::Phone(PhoneFacts { device: Some(device), ..PhoneFacts::default() })
        }
        Fact::Me(info) => WorktoolFact::Phone(info.into()),
        Fact::ShowName(name) => {
            WorktoolFact::Phone(PhoneFacts { show_name: Some(name), ..PhoneFacts::default() })
        }
        Fact::Corporations(names) => {
            WorktoolFact::Phone(PhoneFacts { corporations: Some(names), ..PhoneFacts::default() })
        }
        Fact::Group(group) => WorktoolFact::Group(group.into()),
        Fact::Joined(name) => WorktoolFact::Group(GroupFacts { name, ..GroupFacts::default() }),
        Fact::GroupQrcode(name, remark, qrcode) => {
            WorktoolFact::Group(GroupFacts { name, remark, qrcode: Some(qrcode), ..GroupFacts::default() })
        }
        Fact::NewFriend(name) => WorktoolFact::Contacts(vec![name], ContactSource::NewFriend),
        Fact::Friends(names) => WorktoolFact::Contacts(names, ContactSource::FriendList),
    }
}
