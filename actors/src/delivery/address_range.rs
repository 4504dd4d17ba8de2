//! Pure: what kind of place an IP address is, the special-purpose registries of IANA (RFC 6890 and its successors)
//! as two tables.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Kind of an address that is not an ordinary public one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressKind {
    /// This machine: 127.0.0.0/8, ::1.
    Loopback,
    /// A private network: RFC 1918, RFC 4193 (fc00::/7).
    Private,
    /// Shared space behind a carrier's translator, also used by overlay networks (RFC 6598).
    CarrierShared,
    /// Benchmarking (RFC 2544), in practice the made-up addresses of local proxies.
    Benchmarking,
    /// Valid on one link only: 169.254.0.0/16, fe80::/10.
    LinkLocal,
    /// The instance metadata or agent service of a cloud, which hands out credentials.
    Metadata,
    /// 0.0.0.0/8 and ::, which reach this machine on many systems.
    Unspecified,
    /// A group of receivers.
    Multicast,
    /// Everybody on the link.
    Broadcast,
    /// For examples in documents only.
    Documentation,
    /// Not assigned for ordinary use: reserved, deprecated, discard or translation-only space.
    Reserved,
}

impl AddressKind {
    /// Chinese noun for the refusal sentence.
    pub fn label(self) -> &'static str {
        match self {
            Self::Loopback => "本机地址",
            Self::Private => "内网地址",
            Self::CarrierShared => "运营商共享地址",
            Self::Benchmarking => "测试网段地址",
            Self::LinkLocal => "链路本地地址",
            Self::Metadata => "云主机元数据地址",
            Self::Unspecified => "未指定地址",
            Self::Multicast => "组播地址",
            Self::Broadcast => "广播地址",
            Self::Documentation => "文档示例地址",
            Self::Reserved => "保留地址",
        }
    }

    /// Whether a self-hosted installation may call it when private addresses are allowed.
    pub fn is_own_network(self) -> bool {
        matches!(self, Self::Loopback | Self::Private | Self::CarrierShared | Self::Benchmarking)
    }
}

use AddressKind::{
    Benchmarking, Broadcast, CarrierShared, Documentation, LinkLocal, Loopback, Metadata, Multicast, Private,
    Reserved, Unspecified,
};

/// First match decides, so single services stand before the ranges that hold them.
const V4: &[([u8; 4], u32, AddressKind)] = &[
    ([100, 100, 100, 200], 32, Metadata), // Aliyun
    ([168, 63, 129, 16], 32, Metadata),   // Azure agent, inside public space
    ([169, 254, 0, 23], 32, Metadata),    // Tencent
    ([169, 254, 169, 254], 32, Metadata), // AWS, GCP, Azure, Huawei and most others
    ([169, 254, 170, 2], 32, Metadata),   // AWS container credentials
    ([169, 254, 170, 23], 32, Metadata),  // AWS pod identity
    ([192, 0, 0, 192], 32, Metadata),     // Oracle
    ([255, 255, 255, 255], 32, Broadcast),
    ([0, 0, 0, 0], 8, Unspecified),
    ([10, 0, 0, 0], 8, Private),
    ([100, 64, 0, 0], 10, CarrierShared),
    ([127, 0, 0, 0], 8, Loopback),
    ([169, 254, 0, 0], 16, LinkLocal),
    ([172, 16, 0, 0], 12, Private),
    ([192, 0, 0, 0], 24, Reserved),
    ([192, 0, 2, 0], 24, Documentation),
    ([192, 88, 99, 0], 24, Reserved),
    ([192, 168, 0, 0], 16, Private),
    ([198, 18, 0, 0], 15, Benchmarking),
    ([198, 51, 100, 0], 24, Documentation),
    ([203, 0, 113, 0], 24, Documentation),
    ([224, 0, 0, 0], 4, Multicast),
    ([240, 0, 0, 0], 4, Reserved),
];

/// As for version 4; what lies outside 2000::/3 and is not named here is reserved.
const V6: &[([u16; 8], u32, AddressKind)] = &[
    ([0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254], 128, Metadata), // AWS
    ([0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0023], 128, Metadata), // AWS pod identity
    ([0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254], 128, Metadata), // GCP
    ([0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe], 128, Metadata), // OpenStack
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, Unspecified),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, Loopback),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, Reserved), // protocol assignments, Teredo and ORCHID among them
    ([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32, Documentation),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, Documentation),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, Private),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, LinkLocal),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, Private), // site-local, deprecated but still routed inside old sites
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, Multicast),
];

/// Kind of an address, judged by the version 4 address inside it where there is one; `None` is an ordinary public
/// address.
pub fn classify(address: IpAddr) -> Option<AddressKind> {
    match address {
        IpAddr::V4(v4) => classify_v4(v4),
        IpAddr::V6(v6) => classify_v6(v6),
    }
}

fn classify_v4(address: Ipv4Addr) -> Option<AddressKind> {
    let bits = address.to_bits();
    V4.iter().find_map(|(network, length, kind)| {
        let mask = u32::MAX.checked_shl(32_u32.saturating_sub(*length)).unwrap_or(0);
        (bits & mask == u32::from_be_bytes(*network) & mask).then_some(*kind)
    })
}

fn classify_v6(address: Ipv6Addr) -> Option<AddressKind> {
    let bits = address.to_bits();
    let named = V6.iter().find_map(|(network, length, kind)| {
        let mask = u128::MAX.checked_shl(128_u32.saturating_sub(*length)).unwrap_or(0);
        (bits & mask == Ipv6Addr::from(*network).to_bits() & mask).then_some(*kind)
    });
    if named.is_some() {
        return named;
    }
    match embedded_v4(address) {
        Some(Embedded { address, is_routable }) => {
            classify_v4(address).or((!is_routable).then_some(Reserved))
        }
        None => (address.segments()[0] & 0xe000 != 0x2000).then_some(Reserved),
    }
}

struct Embedded {
    address: Ipv4Addr,
    /// False for forms that no network routes, whatever address they hold.
    is_routable: bool,
}

/// The version 4 address a version 6 one stands for: mapped, compatible, translated, NAT64, 6to4, ISATAP.
fn embedded_v4(address: Ipv6Addr) -> Option<Embedded> {
    let last = |high: u16, low: u16| Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low));
    let (address, is_routable) = match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] => (last(high, low), true),
        [0, 0, 0, 0, 0, 0, high, low] => (last(high, low), false),
        [0, 0, 0, 0, 0xffff, 0, high, low] => (last(high, low), false),
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => (last(high, low), true),
        [0x2002, high, low, ..] => (last(high, low), true),
        [first, _, _, _, 0 | 0x0200, 0x5efe, high, low] => (last(high, low), first & 0xe000 == 0x2000),
        _ => return None,
    };
    Some(Embedded { address, is_routable })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_is_known_at_both_ends() {
        let table: &[(&str, Option<AddressKind>)] = &[
            ("0.0.0.0", Some(Unspecified)),
            ("0.255.255.255", Some(Unspecified)),
            ("1.0.0.0", None),
            ("9.255.255.255", None),
            ("10.0.0.0", Some(Private)),
            ("10.255.255.255", Some(Private)),
            ("11.0.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.0", Some(CarrierShared)),
            ("100.127.255.255", Some(CarrierShared)),
            ("100.128.0.0", None),
            ("100.100.100.200", Some(Metadata)),
            ("126.255.255.255", None),
            ("127.0.0.1", Some(Loopback)),
            ("127.255.255.255", Some(Loopback)),
            ("128.0.0.0", None),
            ("168.63.129.16", Some(Metadata)),
            ("169.253.255.255", None),
            ("169.254.0.23", Some(Metadata)),
            ("169.254.1.1", Some(LinkLocal)),
            ("169.254.169.254", Some(Metadata)),
            ("169.255.0.0", None),
            ("172.15.255.255", None),
            ("172.16.0.0", Some(Private)),
            ("172.31.255.255", Some(Private)),
            ("172.32.0.0", None),
            ("192.0.0.8", Some(Reserved)),
            ("192.0.2.1", Some(Documentation)),
            ("192.88.99.1", Some(Reserved)),
            ("192.167.255.255", None),
            ("192.168.0.0", Some(Private)),
            ("192.169.0.0", None),
            ("198.17.255.255", None),
            ("198.18.0.0", Some(Benchmarking)),
            ("198.19.255.255", Some(Benchmarking)),
            ("198.20.0.0", None),
            ("198.51.100.7", Some(Documentation)),
            ("203.0.113.7", Some(Documentation)),
            ("223.255.255.255", None),
            ("224.0.0.1", Some(Multicast)),
            ("239.255.255.255", Some(Multicast)),
            ("240.0.0.1", Some(Reserved)),
            ("255.255.255.254", Some(Reserved)),
            ("255.255.255.255", Some(Broadcast)),
            ("::", Some(Unspecified)),
            ("::1", Some(Loopback)),
            ("::2", Some(Unspecified)),
            ("::ffff:127.0.0.1", Some(Loopback)),
            ("::ffff:169.254.169.254", Some(Metadata)),
            ("::ffff:8.8.8.8", None),
            ("::10.0.0.1", Some(Private)),
            ("::8.8.8.8", Some(Reserved)),
            ("::ffff:0:10.0.0.1", Some(Private)),
            ("::ffff:0:8.8.8.8", Some(Reserved)),
            ("64:ff9b::a00:1", Some(Private)),
            ("64:ff9b::169.254.169.254", Some(Metadata)),
            ("64:ff9b::8.8.8.8", None),
            ("64:ff9b:1::8.8.8.8", Some(Reserved)),
            ("100::1", Some(Reserved)),
            ("2001::1", Some(Reserved)),
            ("2001:2::1", Some(Reserved)),
            ("2001:1ff:ffff::", Some(Reserved)),
            ("2001:200::1", None),
            ("2001:db8::1", Some(Documentation)),
            ("2002:7f00:1::", Some(Loopback)),
            ("2002:c0a8:101::1", Some(Private)),
            ("2002:808:808::1", None),
            ("2400:3200::1", None),
            ("2400:3200::5efe:192.168.1.1", Some(Private)),
            ("2400:3200::5efe:8.8.8.8", None),
            ("2606:4700:4700::1111", None),
            ("3fff::1", Some(Documentation)),
            ("4000::1", Some(Reserved)),
            ("5f00::1", Some(Reserved)),
            ("fc00::1", Some(Private)),
            ("fdff:ffff::1", Some(Private)),
            ("fd00:ec2::254", Some(Metadata)),
            ("fd20:ce::254", Some(Metadata)),
            ("fe80::1", Some(LinkLocal)),
            ("fe80::a9fe:a9fe", Some(Metadata)),
            ("febf::1", Some(LinkLocal)),
            ("fec0::1", Some(Private)),
            ("ff02::1", Some(Multicast)),
        ];
        for (text, expected) in table {
            assert_eq!(classify(text.parse().unwrap()), *expected, "{text}");
        }
    }
}
