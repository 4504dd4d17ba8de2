//! The production database: diesel-async connections in a deadpool, their drivers on one runtime of their own.
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig};
use futures_util::FutureExt;
use tokio::runtime::{Builder, Handle};

use super::tls::{self, TlsMode};
use super::{StoreError, StoreOptions, StoreResult};

const CONNECT: Duration = Duration::from_secs(3);
const WAIT: Duration = Duration::from_secs(3);
const READ: Duration = Duration::from_secs(5);
const WRITE: Duration = Duration::from_secs(20);

/// A pool of PostgreSQL connections.
#[derive(Clone)]
pub struct PostgresDb {
    pool: Pool<AsyncPgConnection>,
    address: Arc<tls::Address>,
    drivers: Handle,
}

impl PostgresDb {
    /// Makes the pool and proves that one connection works.
    pub async fn open(options: &StoreOptions) -> StoreResult<Self> {
        let address = Arc::new(tls::Address::parse(&options.url)?);
        let drivers = driver_runtime()?;
        let mut config = ManagerConfig::default();
        let (setup_address, setup_drivers) = (address.clone(), drivers.clone());
        config.custom_setup = Box::new(move |_url| {
            let (address, drivers) = (setup_address.clone(), setup_drivers.clone());
            async move { connect(&address, &drivers).await }.boxed()
        });
        let manager =
            AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(options.url.clone(), config);
        let pool = Pool::builder(manager)
            .max_size(usize::try_from(options.pool_size.max(2)).unwrap_or(8))
            .runtime(deadpool::Runtime::Tokio1)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(CONNECT))
            .recycle_timeout(Some(CONNECT))
            .build()
            .map_err(StoreError::pool)?;
        let db = Self { pool, address, drivers };
        drop(db.read().await?);
        Ok(db)
    }

    /// A connection for reads, within 3 s: proving pooled connections that are dead counts in.
    pub async fn read(&self) -> StoreResult<Object<AsyncPgConnection>> {
        match tokio::time::timeout(WAIT, self.pool.get()).await {
            Ok(got) => got.map_err(StoreError::pool),
            Err(_elapsed) => Err(StoreError::Unavailable("no connection within 3 s".to_owned())),
        }
    }

    /// A connection for writes; the same pool.
    pub async fn write(&self) -> StoreResult<Object<AsyncPgConnection>> {
        self.read().await
    }

    /// A connection outside the pool, for an advisory lock or a migration.
    pub async fn dedicated(&self) -> StoreResult<AsyncPgConnection> {
        connect(&self.address, &self.drivers).await.map_err(StoreError::pool)
    }
}

/// Ends a body that reads and that the database holds up for more than 5 s; its connection is thrown away with it.
pub async fn read<T, E>(body: impl Future<Output = Result<T, E>>) -> Result<T, E>
where
    E: From<StoreError>,
{
    in_time(READ, body).await
}

/// Ends a body that writes and that the database holds up for more than 20 s; its connection is thrown away with it.
pub async fn write<T, E>(body: impl Future<Output = Result<T, E>>) -> Result<T, E>
where
    E: From<StoreError>,
{
    in_time(WRITE, body).await
}

async fn in_time<T, E>(patience: Duration, body: impl Future<Output = Result<T, E>>) -> Result<T, E>
where
    E: From<StoreError>,
{
    match tokio::time::timeout(patience, body).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => {
            let secs = patience.as_secs();
            Err(StoreError::Unavailable(format!("no answer from the database within {secs} s")).into())
        }
    }
}

async fn connect(address: &tls::Address, drivers: &Handle) -> ConnectionResult<AsyncPgConnection> {
    let bad = |error: &dyn std::fmt::Display| ConnectionError::BadConnection(error.to_string());
    // The driver lives on its own runtime, so that a busy actor thread cannot stall everybody's queries.
    match &address.tls {
        TlsMode::Never => {
            let (client, driver) =
                tokio::time::timeout(CONNECT, address.config.connect(tokio_postgres::NoTls))
                    .await
                    .map_err(|elapsed| bad(&elapsed))?
                    .map_err(|error| bad(&describe(&error)))?;
            drivers.spawn(async move {
                if let Err(error) = driver.await {
                    log::debug!(error:% = error; "postgres connection ended");
                }
            });
            AsyncPgConnection::try_from(client).await
        }
        TlsMode::Rustls(connector) => {
            let (client, driver) =
                tokio::time::timeout(CONNECT, address.config.connect(connector.as_ref().clone()))
                    .await
                    .map_err(|elapsed| bad(&elapsed))?
                    .map_err(|error| bad(&describe(&error)))?;
            drivers.spawn(async move {
                if let Err(error) = driver.await {
                    log::debug!(error:% = error; "postgres connection ended");
                }
            });
            AsyncPgConnection::try_from(client).await
        }
    }
}

fn describe(error: &tokio_postgres::Error) -> String {
    use std::error::Error;
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// A thread that runs the drivers until the program ends.
fn driver_runtime() -> StoreResult<Handle> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| StoreError::Unavailable(format!("no runtime for database connections: {error}")))?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("postgres".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))
        .map_err(|error| StoreError::Unavailable(format!("no thread for database connections: {error}")))?;
    Ok(handle)
}
