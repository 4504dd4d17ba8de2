//! The only way WorkBot calls addresses given by users: judged by the address policy before the call and at connect
//! time, no redirect, no proxy, no cookie, bounded in time and in bytes.
use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response};
use tokio::time::{Instant, timeout};
use workbot_schema::class::Class;

use super::address_policy::{AddressError, AddressPolicy};
use crate::kernel::clock::millis;

/// Longest wait for a name to resolve, a connection and its TLS handshake together.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Most bytes read of an answer's body, unless configured otherwise.
pub const BODY_LIMIT_BYTES: usize = 64 * 1024;
/// Most idle connections kept per host.
const IDLE_PER_HOST: usize = 8;
/// Shorter than the 5 s after which the usual platforms close an idle connection, so that no call meets a dying one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// Longest error text kept, in characters.
const ERROR_TEXT_CHARS: usize = 300;

/// Resolves a name to addresses, without judging them.
pub type Lookup = fn(String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Why a client cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum HttpClientError {
    /// No TLS configuration, neither with the system's certificates nor with the built-in ones.
    #[error("build http client: {0}")]
    Build(#[source] reqwest::Error),
    /// The crypto provider lacks the protocol versions asked for.
    #[error("configure tls: {0}")]
    Tls(#[source] rustls::Error),
}

impl HttpClientError {
    /// Class of the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Build(_) | Self::Tls(_) => Class::Permanent,
        }
    }
}

/// Why a call brought no complete answer. Texts never hold the URL, which may carry keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Refused by the address policy, before the call or for the resolved address.
    #[error("{0}")]
    Address(#[from] AddressError),
    /// A header name or value that cannot be sent.
    #[error("header {name} cannot be sent")]
    Header {
        /// Its name.
        name: String,
    },
    /// The call was not over within its budget, whatever part of it was late.
    #[error("no complete answer within {budget_ms} ms")]
    TimedOut {
        /// The budget.
        budget_ms: u64,
    },
    /// No connection: name, network, refusal or TLS.
    #[error("connect: {0}")]
    Connect(String),
    /// The connection failed during the call, or what came is not HTTP.
    #[error("call: {0}")]
    Transport(String),
}

impl CallError {
    /// Class of the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Address(error) => error.class(),
            Self::Header { .. } => Class::Bug,
            Self::TimedOut { .. } | Self::Connect(_) | Self::Transport(_) => Class::Transient,
        }
    }
}

/// An answer, whatever its status; redirects (3xx) are answers too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, when there was a readable one.
    pub content_type: Option<String>,
    /// `Retry-After` as it was written, when there was a readable one.
    pub retry_after: Option<String>,
    /// The body, up to the limit.
    pub body: Bytes,
    /// Whether the body went on.
    pub is_cut: bool,
}

/// What came of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallOutcome {
    /// From the start of the call to its end, in milliseconds.
    pub duration_ms: u64,
    /// The answer, or why there is none.
    pub result: Result<CallAnswer, CallError>,
}

impl CallOutcome {
    /// Status answered.
    pub fn status(&self) -> Option<u16> {
        self.result.as_ref().ok().map(|answer| answer.status)
    }

    /// Body answered, empty when there is none.
    pub fn body(&self) -> &[u8] {
        self.result.as_ref().map_or(&[], |answer| &answer.body)
    }

    /// Class of the error when there was no answer.
    pub fn class(&self) -> Option<Class> {
        self.result.as_ref().err().map(CallError::class)
    }

    /// Text of the error when there was no answer.
    pub fn error_text(&self) -> Option<String> {
        self.result.as_ref().err().map(ToString::to_string)
    }
}

/// The shared client; a clone uses the same connections.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: Client,
    policy: AddressPolicy,
    lookup: Lookup,
    answer_bytes: usize,
}

impl HttpClient {
    /// A client that resolves names with the system's resolver.
    pub fn new(policy: AddressPolicy) -> Result<Self, HttpClientError> {
        Self::with_lookup(policy, system_lookup)
    }

    /// A client that resolves names with `lookup`; the policy judges what it returns all the same.
    pub fn with_lookup(policy: AddressPolicy, lookup: Lookup) -> Result<Self, HttpClientError> {
        // A bare machine has no certificate store; the client must work there too.
        let client = match builder(policy, lookup).build() {
            Ok(client) => client,
            Err(error) => {
                log::warn!(error:% = chain_text(&error); "system certificates unavailable, using the built-in ones");
                let tls = built_in_tls()?;
                let built = builder(policy, lookup).tls_backend_preconfigured(tls).build();
                built.map_err(HttpClientError::Build)?
            }
        };
        Ok(Self { client, policy, lookup, answer_bytes: BODY_LIMIT_BYTES })
    }

    /// The same client that reads at most `answer_bytes` of an answer's body.
    pub fn with_answer_bytes(self, answer_bytes: usize) -> Self {
        Self { answer_bytes, ..self }
    }

    /// The policy this client judges by.
    pub fn policy(&self) -> AddressPolicy {
        self.policy
    }

    /// Addresses of a host that may be called, for protocols other than HTTP: the caller connects to one of them, not to the name.
    pub async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, CallError> {
        if let Some(address) = self.policy.check_host(host)? {
            return Ok(vec![address]);
        }
        let looked_up = timeout(CONNECT_TIMEOUT, (self.lookup)(host.to_owned())).await;
        let found = looked_up
            .map_err(|_elapsed| CallError::TimedOut { budget_ms: millis(CONNECT_TIMEOUT) })?
            .map_err(|error| CallError::Connect(error.to_string()))?;
        let resolver = PolicyResolver { policy: self.policy, lookup: self.lookup };
        resolver.filter(found).map_err(|error| match error.downcast_ref::<AddressError>() {
            Some(refused) => CallError::Address(refused.clone()),
            None => CallError::Connect(error.to_string()),
        })
    }

    /// Sends `body` as it is; the budget covers the whole call, from resolving the name to the last byte read.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&str, String)],
        body: Bytes,
        budget: Duration,
    ) -> CallOutcome {
        self.call(Method::POST, url, headers, Some(body), budget).await
    }

    /// Fetches; the budget covers the whole call as in `post`.
    pub async fn get(&self, url: &str, headers: &[(&str, String)], budget: Duration) -> CallOutcome {
        self.call(Method::GET, url, headers, None, budget).await
    }

    async fn call(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, String)],
        body: Option<Bytes>,
        budget: Duration,
    ) -> CallOutcome {
        let started_at = Instant::now();
        let result = match timeout(budget, self.exchange(method, url, headers, body)).await {
            Ok(result) => result,
            Err(_elapsed) => Err(CallError::TimedOut { budget_ms: millis(budget) }),
        };
        CallOutcome { duration_ms: millis(started_at.elapsed()), result }
    }

    async fn exchange(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, String)],
        body: Option<Bytes>,
    ) -> Result<CallAnswer, CallError> {
        // Literal addresses never reach the resolver: this is their only gate.
        let url = self.policy.check_url(url)?;
        let mut request = self.client.request(method, url).headers(header_map(headers)?);
        if let Some(body) = body {
            request = request.body(body);
        }
        read_answer(request.send().await.map_err(call_error)?, self.answer_bytes).await
    }
}

fn builder(policy: AddressPolicy, lookup: Lookup) -> reqwest::ClientBuilder {
    Client::builder()
        .user_agent(concat!("WorkBot/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .dns_resolver(PolicyResolver { policy, lookup })
}

fn built_in_tls() -> Result<rustls::ClientConfig, HttpClientError> {
    let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(versions.map_err(HttpClientError::Tls)?.with_root_certificates(roots).with_no_client_auth())
}

/// Reads until the end or the limit; dropping the rest closes the connection.
async fn read_answer(mut response: Response, limit_bytes: usize) -> Result<CallAnswer, CallError> {
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (content_type, retry_after) =
        (header(CONTENT_TYPE).map(str::to_owned), header(RETRY_AFTER).map(str::to_owned));
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(call_error)? {
        body.extend_from_slice(&chunk);
        if body.len() > limit_bytes {
            body.truncate(limit_bytes);
            return Ok(CallAnswer { status, content_type, retry_after, body: body.freeze(), is_cut: true });
        }
    }
    Ok(CallAnswer { status, content_type, retry_after, body: body.freeze(), is_cut: false })
}

fn header_map(headers: &[(&str, String)]) -> Result<HeaderMap, CallError> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let key = HeaderName::from_bytes(name.as_bytes()).ok();
        let (Some(key), Ok(value)) = (key, HeaderValue::from_bytes(value.as_bytes())) else {
            return Err(CallError::Header { name: (*name).to_owned() });
        };
        map.insert(key, value);
    }
    Ok(map)
}

fn call_error(error: reqwest::Error) -> CallError {
    let error = error.without_url();
    if let Some(refused) = find_address_error(&error) {
        return CallError::Address(refused.clone());
    }
    let text = chain_text(&error);
    if error.is_connect() { CallError::Connect(text) } else { CallError::Transport(text) }
}

fn find_address_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a AddressError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<AddressError>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// All causes in one line: the outermost alone says only "error sending request".
fn chain_text(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text.chars().take(ERROR_TEXT_CHARS).collect()
}

/// Resolver that hands on only addresses the policy allows, at the moment of connecting, so that a name cannot be
/// pointed elsewhere after it was judged.
#[derive(Clone, Copy)]
struct PolicyResolver {
    policy: AddressPolicy,
    lookup: Lookup,
}

impl fmt::Debug for PolicyResolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PolicyResolver").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Resolve for PolicyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = *self;
        Box::pin(async move {
            let found = (resolver.lookup)(name.as_str().to_owned()).await?;
            let allowed = resolver.filter(found)?;
            Ok::<Addrs, _>(Box::new(allowed.into_iter().map(|address| SocketAddr::new(address, 0))))
        })
    }
}

impl PolicyResolver {
    fn filter(&self, found: Vec<IpAddr>) -> Result<Vec<IpAddr>, Box<dyn Error + Send + Sync>> {
        let mut refused = None;
        let mut allowed = Vec::with_capacity(found.len());
        for address in found {
            match self.policy.check_ip(address) {
                Ok(()) => allowed.push(address),
                Err(error) => refused = Some(error),
            }
        }
        match refused {
            Some(error) if allowed.is_empty() => Err(error.into()),
            None if allowed.is_empty() => {
                Err(io::Error::new(io::ErrorKind::NotFound, "name has no address").into())
            }
            _ => Ok(allowed),
        }
    }
}

fn system_lookup(name: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
    Box::pin(async move {
        let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    })
}

#[cfg(test)]
#[path = "http_client_tests.rs"]
mod tests;
