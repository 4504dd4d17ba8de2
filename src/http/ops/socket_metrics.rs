//! What the sockets of robots count.
use std::sync::atomic::Ordering;

use super::metrics_page::MetricsPage;
use crate::http::state::AppState;

/// Writes it down.
pub fn sockets(state: &AppState, page: &mut MetricsPage) {
    let counters = &state.robot_sockets.counters;
    for (name, help, counter) in [
        ("workbot_socket_attached_total", "Sockets that got their robot.", &counters.attached),
        ("workbot_socket_unattached_total", "Sockets that did not get their robot.", &counters.unattached),
        ("workbot_socket_pushed_total", "Commands pushed.", &counters.pushed),
        ("workbot_socket_bad_frames_total", "Frames that were not understood.", &counters.bad_frames),
        (
            "workbot_socket_lost_reports_total",
            "Confirmations and results that were dropped or given up.",
            &counters.lost_reports,
        ),
        (
            "workbot_socket_merged_screens_total",
            "Screens of WorkTool phones over the limit, looked at later.",
            &counters.merged_screens,
        ),
        (
            "workbot_socket_untold_ends_total",
            "Ends of sockets the router was not told.",
            &counters.untold_ends,
        ),
    ] {
        page.count(name, help, counter.load(Ordering::Relaxed));
    }
}
