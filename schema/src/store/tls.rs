//! TLS to PostgreSQL by rustls: never plain text when the URL asks for it.
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use super::{StoreError, StoreResult};

/// Whether and how a connection is encrypted.
pub enum TlsMode {
    /// `sslmode=disable`, or none given.
    Never,
    /// `require`, `verify-ca` or `verify-full` (and `prefer`, where the server can): certificates and names are checked.
    Rustls(Box<MakeRustlsConnect>),
}

/// A PostgreSQL URL, understood.
pub struct Address {
    /// What the driver is given.
    pub config: tokio_postgres::Config,
    /// How the connection is made.
    pub tls: TlsMode,
}

impl Address {
    /// Reads a `postgres://` URL; `sslmode` and `sslrootcert` are read here because the driver does not know every value.
    pub fn parse(text: &str) -> StoreResult<Self> {
        let mut url =
            Url::parse(text).map_err(|error| StoreError::Url(format!("database.url is no URL: {error}")))?;
        let mut mode = "disable".to_owned();
        let mut root = None;
        let mut kept = Vec::new();
        for (key, value) in url.query_pairs() {
            match key.as_ref() {
                "sslmode" => mode = value.into_owned(),
                "sslrootcert" => root = Some(value.into_owned()),
                _ => kept.push((key.into_owned(), value.into_owned())),
            }
        }
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
        let mut config: tokio_postgres::Config =
            url.as_str().parse().map_err(|error| StoreError::Url(format!("database.url: {error}")))?;
        let tls = match mode.as_str() {
            "disable" | "allow" => {
                config.ssl_mode(tokio_postgres::config::SslMode::Disable);
                TlsMode::Never
            }
            "prefer" | "require" | "verify-ca" | "verify-full" => {
                config.ssl_mode(if mode == "prefer" {
                    tokio_postgres::config::SslMode::Prefer
                } else {
                    tokio_postgres::config::SslMode::Require
                });
                TlsMode::Rustls(Box::new(connector(root.as_deref())?))
            }
            other => {
                return Err(StoreError::Url(format!(
                    "database.url: sslmode={other} is unknown (disable, require, verify-ca, verify-full)"
                )));
            }
        };
        config.application_name("workbot");
        Ok(Self { config, tls })
    }
}

fn connector(root: Option<&str>) -> StoreResult<MakeRustlsConnect> {
    let mut roots = RootCertStore::empty();
    match root {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let bad = |error: &dyn std::fmt::Display| {
                StoreError::Url(format!("database.url: sslrootcert {path}: {error}"))
            };
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| bad(&error))? {
                roots.add(certificate.map_err(|error| bad(&error))?).map_err(|error| bad(&error))?;
            }
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Url(format!("TLS: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_understood() {
        let plain = |text: &str| matches!(Address::parse(text).unwrap().tls, TlsMode::Never);
        assert!(plain("postgres://a:b@localhost/x"));
        assert!(plain("postgres://a:b@localhost/x?sslmode=disable"));
        for mode in ["prefer", "require", "verify-ca", "verify-full"] {
            assert!(
                !plain(&format!("postgres://a:b@localhost/x?sslmode={mode}&connect_timeout=3")),
                "{mode}"
            );
        }
        assert!(Address::parse("postgres://localhost/x?sslmode=maybe").is_err());
        assert!(Address::parse("postgres://localhost/x?sslmode=require&sslrootcert=/nowhere.pem").is_err());
    }
}
