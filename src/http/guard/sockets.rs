//! How many sockets one address may hold open, and how many of them without having registered a robot.
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dashmap::DashMap;

use crate::http::error::{ApiError, ApiResult, Limited};

#[derive(Debug, Clone, Copy, Default)]
struct Open {
    all: u32,
    unregistered: u32,
}

/// Open sockets by client address; an address without one is not kept.
pub struct SocketLimits {
    open: Arc<DashMap<IpAddr, Open>>,
    most: u32,
    most_unregistered: u32,
}

/// Come back after this when an address holds too many sockets.
const AGAIN: Duration = Duration::from_secs(10);

impl SocketLimits {
    /// 0 = no limit.
    pub fn new(most: u32, most_unregistered: u32) -> Self {
        Self { open: Arc::new(DashMap::new()), most, most_unregistered }
    }

    /// Counts a socket before its upgrade; 429 when the address has too many.
    pub fn admit(&self, address: IpAddr) -> ApiResult<SocketTicket> {
        let mut open = self.open.entry(address).or_default();
        let is_full = |count: u32, most: u32| most > 0 && count >= most;
        if is_full(open.all, self.most) || is_full(open.unregistered, self.most_unregistered) {
            return Err(ApiError::Limited(Limited::Sockets, AGAIN));
        }
        open.all += 1;
        open.unregistered += 1;
        Ok(SocketTicket { open: Arc::clone(&self.open), address, is_registered: AtomicBool::new(false) })
    }
}

/// Held as long as the socket is open.
#[must_use = "dropping the ticket says that the socket is closed"]
pub struct SocketTicket {
    open: Arc<DashMap<IpAddr, Open>>,
    address: IpAddr,
    is_registered: AtomicBool,
}

impl SocketTicket {
    /// The socket has proven to be a robot's.
    pub fn register(&self) {
        if !self.is_registered.swap(true, Ordering::AcqRel)
            && let Some(mut open) = self.open.get_mut(&self.address)
        {
            open.unregistered = open.unregistered.saturating_sub(1);
        }
    }
}

impl Drop for SocketTicket {
    fn drop(&mut self) {
        self.register();
        if let Some(mut open) = self.open.get_mut(&self.address) {
            open.all = open.all.saturating_sub(1);
        }
        self.open.remove_if(&self.address, |_address, open| open.all == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registering_makes_room_for_the_next() {
        let limits = SocketLimits::new(2, 1);
        let address = IpAddr::from([10, 0, 0, 1]);
        let first = limits.admit(address).unwrap();
        assert!(limits.admit(address).is_err());
        first.register();
        first.register();
        let second = limits.admit(address).unwrap();
        second.register();
        assert!(limits.admit(address).is_err());
        drop((first, second));
        assert!(limits.open.is_empty());
        let free = SocketLimits::new(0, 0);
        let all: Vec<_> = (0..1_000).map(|_| free.admit(address).unwrap()).collect();
        assert_eq!(all.len(), 1_000);
    }
}
