//! Echo server over the robot socket's own frame stream, for public WebSocket conformance suites.
//!
//! `cargo run -p workbot-actors --example echo -- [PORT [LINGER]]` prints the address it listens on. Text and
//! binary come back, pings are answered, close frames echoed, and every broken rule is answered with its
//! close code.
//!
//! A second argument is the time in milliseconds that the server reads on after its own close frame (default
//! 0). A suite wants the connection closed at once (RFC 6455 §7.1.1); a peer that still sends loses the close
//! frame then, because unread bytes reset the connection. Between 1 and 500 the server may never close: actix
//! adds the time to a clock that is up to 500 ms late and does not notice a deadline that has passed already.

use std::io::Write;
use std::num::ParseIntError;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, AsyncContext, StreamHandler};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, web};
use actix_web_actors::ws::{self, WebsocketContext, WsResponseBuilder};
use futures_util::stream;
use workbot_actors::robot::frames::{FrameEnd, FrameLimits, FrameStream, InboundBudget, InboundFrame};

/// Sends back what it receives; owns the frames until it has started.
struct EchoActor {
    frames: Option<FrameStream<web::Payload>>,
}

impl Actor for EchoActor {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        if let Some(frames) = self.frames.take() {
            context.add_stream(frames);
        }
    }
}

impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for EchoActor {
    /// Never called: the context's own decoder is fed a stream that never yields.
    fn handle(&mut self, _: Result<ws::Message, ws::ProtocolError>, _: &mut Self::Context) {}
}

impl StreamHandler<Result<InboundFrame, FrameEnd>> for EchoActor {
    fn handle(&mut self, item: Result<InboundFrame, FrameEnd>, context: &mut Self::Context) {
        match item {
            Ok(InboundFrame::Text(text)) => context.text(text),
            Ok(InboundFrame::Binary(bytes)) => context.binary(bytes),
            Ok(InboundFrame::Ping(bytes)) => context.pong(&bytes),
            Ok(InboundFrame::Pong(_)) => {}
            Ok(InboundFrame::Close(reason)) => context.close(reason),
            Err(end) => {
                if let Some(reason) = end.close_reason() {
                    context.close(Some(reason));
                }
            }
        }
    }

    fn finished(&mut self, context: &mut Self::Context) {
        context.stop();
    }
}

async fn echo(
    request: HttpRequest,
    payload: web::Payload,
    budget: web::Data<InboundBudget>,
) -> Result<HttpResponse, Error> {
    let limits = FrameLimits { accept_binary: true, ..FrameLimits::default() };
    let frames = FrameStream::new(payload, limits, Arc::clone(&budget));
    WsResponseBuilder::new(EchoActor { frames: Some(frames) }, &request, stream::pending()).start()
}

/// A number given on the command line, or zero.
fn number<N>(argument: Option<String>) -> std::io::Result<N>
where
    N: Default + FromStr<Err = ParseIntError>,
{
    argument.map_or(Ok(N::default()), |text| text.parse().map_err(std::io::Error::other))
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = number(arguments.next())?;
    let linger = Duration::from_millis(number(arguments.next())?);
    let budget = web::Data::new(InboundBudget::default());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(budget.clone())
            .route("/", web::get().to(echo))
            .route("/echo", web::get().to(echo))
    })
    // Read on after the close frame for up to this long: see the doc of the file.
    .client_disconnect_timeout(linger)
    .bind(("127.0.0.1", port))?;
    let mut output = std::io::stdout();
    for address in server.addrs() {
        writeln!(output, "listening on http://{address}")?;
    }
    output.flush()?;
    server.run().await
}
