//! Pure: which addresses given by users WorkBot calls, judged when the address is saved, before every call and again
//! for every resolved address at connect time.
use std::net::IpAddr;

use url::{Host, Url};
use workbot_schema::class::Class;

use super::address_range::{AddressKind, classify};

/// Longest address accepted, in bytes.
pub const MAX_URL_BYTES: usize = 2_048;

/// `error` of the API answer (status 422) for every `AddressError`.
pub const FORBIDDEN_CODE: &str = "callback_address_forbidden";

/// Names of cloud metadata services, refused whatever they resolve to.
const METADATA_NAMES: &[&str] = &[
    "instance-data",
    "instance-data.ec2.internal",
    "metadata",
    "metadata.azure.internal",
    "metadata.goog",
    "metadata.google.internal",
    "metadata.tencentyun.com",
];

/// Top-level names that exist only inside one machine or one network (RFC 6761, RFC 6762, RFC 8375 and habit).
const OWN_NETWORK_SUFFIXES: &[&str] = &[
    "corp",
    "home",
    "home.arpa",
    "intranet",
    "internal",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "private",
];

/// The rule itself, a value of the configuration.
///
/// With `allow_private` the machine itself and private networks may be called (self-hosting, tests). Metadata
/// services, link-local, multicast, documentation and reserved addresses stay refused always: nothing that answers
/// callbacks lives there, and what does answer gives out credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AddressPolicy {
    /// Whether loopback and private addresses may be called (`callbacks.allow_private`).
    pub allow_private: bool,
}

/// Why an address is refused; the caller mends it by giving another one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Over `MAX_URL_BYTES`, as given or once normalised.
    #[error("address has {bytes} bytes, the limit is {MAX_URL_BYTES}")]
    TooLong {
        /// Length found.
        bytes: usize,
    },
    /// Not an absolute URL, or one with white space or control characters.
    #[error("address is not a valid url")]
    Malformed,
    /// Neither http nor https.
    #[error("address scheme {scheme} is not http or https")]
    Scheme {
        /// Scheme found.
        scheme: String,
    },
    /// No host in it.
    #[error("address has no host")]
    NoHost,
    /// A user name or password in front of the host.
    #[error("address carries a user name or password")]
    Userinfo,
    /// A name that belongs to this machine, this network or a metadata service.
    #[error("host name {host} is refused by the address policy")]
    Name {
        /// Name in lower case, without a final dot.
        host: String,
    },
    /// An address of a refused kind, literal or resolved.
    #[error("address {address} is refused by the address policy ({kind:?})")]
    Address {
        /// The address.
        address: IpAddr,
        /// What it is.
        kind: AddressKind,
    },
}

impl AddressError {
    /// Class of the failure: the caller's, always; trying again without a change is useless.
    pub fn class(&self) -> Class {
        match self {
            Self::TooLong { .. }
            | Self::Malformed
            | Self::Scheme { .. }
            | Self::NoHost
            | Self::Userinfo
            | Self::Name { .. }
            | Self::Address { .. } => Class::Caller,
        }
    }

    /// Chinese sentence with the way out, for the API answer.
    pub fn message(&self) -> String {
        match self {
            Self::TooLong { .. } => format!("地址过长，最多 {MAX_URL_BYTES} 字节，请缩短后重试"),
            Self::Malformed => "地址格式不正确，请填写完整的 http:// 或 https:// 地址".to_owned(),
            Self::Scheme { scheme } => format!("不支持 {scheme} 协议，请使用 http 或 https 地址"),
            Self::NoHost => "地址缺少主机名，请填写完整的 http:// 或 https:// 地址".to_owned(),
            Self::Userinfo => "地址中不能包含用户名或密码，请改用查询参数或签名校验".to_owned(),
            Self::Name { host } => {
                format!(
                    "不允许使用内部主机名 {host}，请填写公网可访问的地址；自建环境可开启 callbacks.allow_private"
                )
            }
            Self::Address { address, kind } if kind.is_own_network() => format!(
                "不允许使用{} {address}，请填写公网可访问的地址；自建环境可开启 callbacks.allow_private",
                kind.label()
            ),
            Self::Address { address, kind } => {
                format!("不允许使用{} {address}，请填写公网可访问的地址", kind.label())
            }
        }
    }
}

impl AddressPolicy {
    /// Judges an address before it is saved or called; the `Url` returned is the one to call, with a literal host in
    /// its normal form.
    pub fn check_url(&self, text: &str) -> Result<Url, AddressError> {
        check_length(text.len())?;
        // The parser drops tabs and line ends silently: what is stored would not be what is called.
        if text.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(AddressError::Malformed);
        }
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::EmptyHost => AddressError::NoHost,
            _ => AddressError::Malformed,
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AddressError::Scheme { scheme: url.scheme().to_owned() });
        }
        check_length(url.as_str().len())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Userinfo);
        }
        match url.host() {
            None => return Err(AddressError::NoHost),
            Some(Host::Ipv4(address)) => self.check_ip(IpAddr::V4(address))?,
            Some(Host::Ipv6(address)) => self.check_ip(IpAddr::V6(address))?,
            Some(Host::Domain(name)) => self.check_name(name)?,
        }
        Ok(url)
    }

    /// Judges a host without scheme and port; its address when it is a literal one.
    pub fn check_host(&self, host: &str) -> Result<Option<IpAddr>, AddressError> {
        let text = match host.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => format!("http://[{address}]/"),
            Ok(IpAddr::V4(_)) | Err(_) => format!("http://{host}/"),
        };
        let url = self.check_url(&text)?;
        if url.path() != "/" || url.port().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::Malformed);
        }
        Ok(match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => None,
        })
    }

    /// Judges a resolved or literal address.
    pub fn check_ip(&self, address: IpAddr) -> Result<(), AddressError> {
        match classify(address) {
            None => Ok(()),
            Some(kind) if self.allow_private && kind.is_own_network() => Ok(()),
            Some(kind) => Err(AddressError::Address { address, kind }),
        }
    }

    /// Judges a host name by itself; a harmless name still has its addresses judged at connect time.
    fn check_name(&self, name: &str) -> Result<(), AddressError> {
        let host = name.trim_end_matches('.').to_ascii_lowercase();
        if host.is_empty() {
            return Err(AddressError::NoHost);
        }
        let is_metadata = METADATA_NAMES.contains(&host.as_str());
        if is_metadata || (!self.allow_private && is_own_network_name(&host)) {
            return Err(AddressError::Name { host });
        }
        Ok(())
    }
}

/// A single label is only ever completed by the search list of the own network.
fn is_own_network_name(host: &str) -> bool {
    !host.contains('.')
        || OWN_NETWORK_SUFFIXES
            .iter()
            .any(|suffix| host.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.')))
}

fn check_length(bytes: usize) -> Result<(), AddressError> {
    if bytes > MAX_URL_BYTES { Err(AddressError::TooLong { bytes }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STRICT: AddressPolicy = AddressPolicy { allow_private: false };
    const OPEN: AddressPolicy = AddressPolicy { allow_private: true };

    #[test]
    fn ordinary_addresses_pass() {
        for text in [
            "https://api.third-party.com/callback",
            "http://api.third-party.com:8080/callback?key=1&a=%20b#part",
            "https://例子.测试网站.com/回调",
            "http://8.8.8.8/",
            "http://134744072/",
            "http://[2606:4700:4700::1111]:8443/x",
            "http://[::ffff:8.8.8.8]/",
            "HTTPS://API.THIRD-PARTY.COM/",
            "http://localhost.example.com/",
            "http://mylocalhost.com/",
        ] {
            STRICT.check_url(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
    }

    #[test]
    fn own_network_is_refused_in_every_spelling_and_allowed_on_request() {
        for text in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://127.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://017700000001/",
            "http://127.0.0.1./",
            "http://127.0.0.1:80/",
            "http:\\\\127.0.0.1\\",
            "http:127.0.0.1",
            "http:///127.0.0.1/",
            "http://%31%32%37.0.0.1/",
            "http://１２７.０.０.１/",
            "http://①②⑦.0.0.1/",
            "http://127。0。0。1/",
            "http://10.0.0.1/",
            "http://0xa000001/",
            "http://192.168.1.1/",
            "http://172.16.5.5/",
            "http://100.64.0.1/",
            "http://198.18.0.5/",
            "http://[::1]/",
            "http://[0:0:0:0:0:0:0:1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::127.0.0.1]/",
            "http://[2002:7f00:1::]/",
            "http://[2002:c0a8:101::]/",
            "http://[fc00::1]/",
            "http://[fd12:3456::1]/",
            "http://[fec0::1]/",
            "http://localhost/",
            "http://LOCALHOST:3000/",
            "http://localhost./",
            "http://a.localhost/",
            "http://printer.local/",
            "http://printer.local./",
            "http://db.internal/",
            "http://localhost.localdomain/",
            "http://nas.home.arpa/",
            "http://redis:6379/",
        ] {
            assert!(STRICT.check_url(text).is_err(), "{text}");
            OPEN.check_url(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
    }

    #[test]
    fn metadata_and_unusable_addresses_are_refused_always() {
        for text in [
            "http://169.254.169.254/latest/meta-data/",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://169.254.43518/",
            "http://[::ffff:169.254.169.254]/",
            "http://[::169.254.169.254]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://[2002:a9fe:a9fe::]/",
            "http://[fd00:ec2::254]/",
            "http://[fe80::a9fe:a9fe]/",
            "http://100.100.100.200/",
            "http://169.254.1.1/",
            "http://metadata.google.internal/",
            "http://METADATA.google.internal./",
            "http://metadata/",
            "http://metadata.tencentyun.com/",
            "http://0.0.0.0/",
            "http://0/",
            "http://[::]/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://192.0.2.1/",
            "http://[2001:db8::1]/",
            "http://240.0.0.1/",
            "http://[fe80::1]/",
            "http://[ff02::1]/",
        ] {
            for policy in [STRICT, OPEN] {
                let error = policy.check_url(text).expect_err(text);
                assert!(
                    matches!(error, AddressError::Address { .. } | AddressError::Name { .. }),
                    "{text}: {error}"
                );
            }
        }
    }

    #[test]
    fn other_faults_are_named() {
        let long = format!("https://a.com/{}", "x".repeat(MAX_URL_BYTES));
        let long_when_encoded = format!("https://a.com/{}", "回".repeat(600));
        type Check = fn(&AddressError) -> bool;
        let table: &[(&str, Check)] = &[
            ("", |e| *e == AddressError::Malformed),
            ("callback", |e| *e == AddressError::Malformed),
            ("/callback", |e| *e == AddressError::Malformed),
            (" https://a.com", |e| *e == AddressError::Malformed),
            ("https://a.com/b c", |e| *e == AddressError::Malformed),
            ("https://a.com/\nb", |e| *e == AddressError::Malformed),
            ("http://a.com:99999/", |e| *e == AddressError::Malformed),
            ("http://256.256.256.256/", |e| *e == AddressError::Malformed),
            ("http://[fe80::1%25eth0]/", |e| *e == AddressError::Malformed),
            ("http://", |e| *e == AddressError::NoHost),
            ("ftp://a.com/", |e| matches!(e, AddressError::Scheme { .. })),
            ("file:///etc/passwd", |e| matches!(e, AddressError::Scheme { .. })),
            ("gopher://127.0.0.1:6379/_x", |e| matches!(e, AddressError::Scheme { .. })),
            ("javascript:alert(1)", |e| matches!(e, AddressError::Scheme { .. })),
            ("http://user@a.com/", |e| *e == AddressError::Userinfo),
            ("http://user:secret@a.com/", |e| *e == AddressError::Userinfo),
            ("http://a.com@127.0.0.1/", |e| *e == AddressError::Userinfo),
            (&long, |e| matches!(e, AddressError::TooLong { .. })),
            (&long_when_encoded, |e| matches!(e, AddressError::TooLong { .. })),
        ];
        for (text, is_expected) in table {
            let error = STRICT.check_url(text).expect_err(text);
            assert!(is_expected(&error), "{text}: {error:?}");
            assert_eq!(error.class(), Class::Caller);
            assert!(!error.message().is_ascii(), "{text}");
        }
    }

    #[test]
    fn hosts_are_judged_like_the_addresses_they_stand_in() {
        assert_eq!(STRICT.check_host("smtp.example.com"), Ok(None));
        assert_eq!(STRICT.check_host("1.1.1.1"), Ok(Some(IpAddr::from([1, 1, 1, 1]))));
        for host in ["localhost", "127.0.0.1", "::1", "0x7f.1", "a.com/x", "a.com:25", "u@a.com", "", "a b"] {
            assert!(STRICT.check_host(host).is_err(), "{host}");
        }
    }

    proptest! {
        #[test]
        fn every_spelling_of_an_address_is_judged_alike(bits in any::<u32>()) {
            let [a, b, c, d] = bits.to_be_bytes();
            let (high, low) = (bits >> 16, bits & 0xffff);
            let expected = STRICT.check_ip(IpAddr::V4(bits.into())).is_ok();
            for host in [
                format!("{a}.{b}.{c}.{d}"),
                format!("{bits}"),
                format!("{bits:#x}"),
                format!("0{bits:o}"),
                format!("0{a:o}.{b:#x}.{}", bits & 0xffff),
                format!("[::ffff:{high:x}:{low:x}]"),
                format!("[64:ff9b::{high:x}:{low:x}]"),
                format!("[2002:{high:x}:{low:x}::1]"),
            ] {
                prop_assert_eq!(STRICT.check_url(&format!("http://{host}/")).is_ok(), expected, "{}", host);
            }
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,60}") {
            let _verdict = STRICT.check_url(&text);
        }
    }
}
