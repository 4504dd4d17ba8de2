//! Queries of channels.
use diesel::result::Error as DieselError;

use super::{ChannelChanges, NotificationChannel};
use crate::fields::Ts;
use crate::ids::ChannelId;
use crate::store::prelude::*;
use crate::tables::notification_channels;

crate::configurable!(
    notification_channels: NotificationChannel, ChannelId, ChannelChanges, group channel_type,
    versions crate::configuration::unversioned
);
