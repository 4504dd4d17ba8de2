//! `workbot serve`: the server.
use super::args::ServeArgs;
use super::error::CliError;
use super::output;
use crate::boot::server::ServerError;
use crate::boot::{logging, panics, server, shutdown};
use crate::settings::Settings;

/// Serves until SIGTERM or SIGINT. The first line on standard output says where.
pub async fn run(args: ServeArgs, settings: Settings) -> Result<(), CliError> {
    let data = settings.data_folder();
    data.ensure()?;
    logging::start(&settings.logging, &data)?;
    panics::log_panics();
    let signal = shutdown::on_signal().map_err(CliError::failed)?;
    let input_end = shutdown::on_input_end();
    let stop = async move {
        tokio::select! {
            name = signal => name,
            name = input_end, if args.until_input_ends => name,
        }
    };
    let on_bound = |address| {
        output::print_line(&format!("listening on http://{address}"))
            .map_err(|error| ServerError::Part(error.report()))
    };
    let on_open = || log::info!(version = env!("CARGO_PKG_VERSION"); "workbot serves");
    server::run(settings, on_bound, on_open, stop).await.map_err(CliError::failed)
}
