//! E-mail over SMTP, in plain, by STARTTLS or by TLS. The server's name is resolved by us and judged by the address policy; the
//! connection goes to the address that was judged, the certificate is checked for the name.
use std::net::IpAddr;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransport, Error as SmtpError};
use lettre::{AsyncTransport, Message, Tokio1Executor};

use super::config::{ChannelConfig, MailSecurity};
use super::{BUDGET, ChannelTools, SendError, Sending, Sent};
use crate::delivery::http_client::CallError;

/// Sends the notice to every receiver in one mail.
pub(super) async fn send(
    tools: &ChannelTools,
    config: &ChannelConfig,
    password: Option<String>,
    sending: &Sending,
) -> Result<Sent, SendError> {
    let ChannelConfig::Email { host, port, security, username, from, to, ca_certificate } = config else {
        return Err(SendError::Config("host".to_owned()));
    };
    let message = compose(from, to, sending)?;
    let addresses = tools.http.resolve(host).await.map_err(unresolved)?;
    let address = chosen(&addresses).ok_or_else(|| SendError::Later("name has no address".to_owned()))?;
    let tls = match security {
        MailSecurity::Plain => Tls::None,
        MailSecurity::Starttls => Tls::Required(tls(host, ca_certificate.as_deref())?),
        MailSecurity::Tls => Tls::Wrapper(tls(host, ca_certificate.as_deref())?),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.to_string())
        .port(*port)
        .tls(tls)
        .timeout(Some(BUDGET))
        .hello_name(hello(from));
    if let (Some(username), Some(password)) = (username, password) {
        builder = builder.credentials(Credentials::new(username.clone(), password));
    }
    let transport: AsyncSmtpTransport<Tokio1Executor> = builder.build();
    let answer = transport.send(message).await.map_err(|error| failed(&error))?;
    Ok(Sent::told(format!("邮件服务器已接收（{}），收件人 {} 个", answer.code(), to.len())))
}

fn compose(from: &str, to: &[String], sending: &Sending) -> Result<Message, SendError> {
    let mailbox =
        |text: &str| text.parse::<Mailbox>().map_err(|error| SendError::Config(format!("address: {error}")));
    let from = mailbox(from)?;
    let domain = from.email.domain().to_owned();
    let mut builder = Message::builder()
        .from(from)
        .subject(sending.notice.headline())
        // The same on every attempt, so that a mail that came twice is shown once.
        .message_id(Some(format!("<{}@{domain}>", sending.id)))
        .header(ContentType::TEXT_PLAIN);
    for receiver in to {
        builder = builder.to(mailbox(receiver)?);
    }
    builder.body(sending.notice.text()).map_err(|error| SendError::Config(format!("mail: {error}")))
}

/// How we introduce ourselves: servers want a name, and the sender's domain is one.
fn hello(from: &str) -> ClientId {
    let domain = from.parse::<Mailbox>().map(|from| from.email.domain().to_owned());
    ClientId::Domain(domain.unwrap_or_else(|_malformed| "workbot.invalid".to_owned()))
}

/// Machines without a way for IPv6 are common; an address that surely works comes first.
fn chosen(addresses: &[IpAddr]) -> Option<IpAddr> {
    addresses.iter().find(|address| address.is_ipv4()).or_else(|| addresses.first()).copied()
}

fn tls(host: &str, ca_certificate: Option<&str>) -> Result<TlsParameters, SendError> {
    let build = |store: CertificateStore| {
        let mut builder = TlsParameters::builder(host.to_owned()).certificate_store(store);
        if let Some(pem) = ca_certificate {
            builder = builder.add_root_certificate(Certificate::from_pem(pem.as_bytes())?);
        }
        builder.build()
    };
    // A bare machine has no certificate store.
    build(CertificateStore::Default)
        .or_else(|_no_store| build(CertificateStore::WebpkiRoots))
        .map_err(|error| SendError::Config(format!("tls: {}", chain(&error))))
}

fn unresolved(error: CallError) -> SendError {
    match error {
        CallError::Address(error) => SendError::Address(error.to_string()),
        other => SendError::Later(other.to_string()),
    }
}

fn failed(error: &SmtpError) -> SendError {
    let text = chain(error);
    // A certificate that does not fit, a wrong password and a refused receiver stay so.
    if error.is_permanent() || error.is_client() || error.is_tls() {
        SendError::Refused(text)
    } else {
        SendError::Later(text)
    }
}

/// All causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text.replace(['\r', '\n'], " ")
}
