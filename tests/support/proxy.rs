//! A TCP proxy that can stall, cut and refuse, for what stands between the server and its database.
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What becomes of connections and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// They pass.
    Open,
    /// Nobody is cut off, nothing gets through: new connections are taken and stay silent.
    Stalled,
    /// Everybody is cut off, and nobody is let in.
    Refused,
}

#[derive(Debug, Clone, Copy)]
struct Order {
    line: Line,
    /// Connections made before the latest cut end.
    cuts: u64,
}

/// A proxy in front of one address; dropping it ends everything.
pub struct Proxy {
    address: SocketAddr,
    orders: Arc<watch::Sender<Order>>,
    listener: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
        self.set(Line::Refused);
    }
}

impl Proxy {
    /// Listens on a free port of this machine and leads to `target`.
    pub async fn start(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let orders = Arc::new(watch::channel(Order { line: Line::Open, cuts: 0 }).0);
        let listener = tokio::spawn(listen(listener, target, Arc::clone(&orders)));
        Self { address, orders, listener }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what becomes of connections, from now on.
    pub fn set(&self, line: Line) {
        self.orders.send_modify(|order| {
            order.line = line;
            order.cuts += u64::from(line == Line::Refused);
        });
    }

    /// Cuts every connection once; new ones are let in.
    pub fn cut(&self) {
        self.orders.send_modify(|order| order.cuts += 1);
    }
}

async fn listen(listener: TcpListener, target: String, orders: Arc<watch::Sender<Order>>) {
    while let Ok((client, _from)) = listener.accept().await {
        // A closed port and a connection that ends at once are the same to a database client.
        if orders.borrow().line != Line::Refused {
            tokio::spawn(lead(client, target.clone(), orders.subscribe()));
        }
    }
}

async fn lead(client: TcpStream, target: String, mut orders: watch::Receiver<Order>) {
    let cuts = orders.borrow().cuts;
    let mut ends = orders.clone();
    let lead = async {
        if orders.wait_for(|order| order.line == Line::Open).await.is_err() {
            return;
        }
        let Ok(server) = TcpStream::connect(target).await else { return };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::join!(
            pump(from_client, to_server, orders.clone()),
            pump(from_server, to_client, orders.clone())
        );
    };
    tokio::select! {
        () = lead => {}
        _cut = ends.wait_for(|order| order.cuts > cuts) => {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut orders: watch::Receiver<Order>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count) = from.read(&mut buffer).await {
        if orders.wait_for(|order| order.line == Line::Open).await.is_err() {
            return;
        }
        if count == 0 || to.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    // The other side may have gone already.
    drop(to.shutdown().await);
}
