use std::convert::Infallible;

use futures_util::stream::{self, BoxStream};
use proptest::prelude::*;

use super::*;

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const FINAL: u8 = 0x80;

/// A frame as a client sends it; `first` is the opcode with the final bit.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = vec![first];
    match payload.len() {
        length @ ..=125 => bytes.push(0x80 | u8::try_from(length).unwrap()),
        length @ ..=65_535 => {
            bytes.push(0xfe);
            bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            bytes.push(0xff);
            bytes.extend(u64::try_from(length).unwrap().to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

fn declared(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first, 0xff];
    bytes.extend(length.to_be_bytes());
    bytes.extend([0; 4]);
    bytes
}

fn limits() -> FrameLimits {
    FrameLimits {
        max_message_bytes: 100_000,
        max_fragments: 200,
        max_empty_fragments: 4,
        accept_binary: true,
    }
}

type Item = Result<InboundFrame, FrameEnd>;
type Frames = FrameStream<BoxStream<'static, Result<Bytes, Infallible>>>;

fn frames(chunks: Vec<Vec<u8>>, limits: FrameLimits, budget: &Arc<InboundBudget>) -> Frames {
    let payload = stream::iter(chunks.into_iter().map(|chunk| Ok(Bytes::from(chunk)))).boxed();
    FrameStream::new(payload, limits, Arc::clone(budget))
}

/// Everything the stream gives, polled again whenever it yielded.
fn drain(mut stream: Frames) -> Vec<Item> {
    let mut context = Context::from_waker(std::task::Waker::noop());
    let mut items = Vec::new();
    loop {
        match stream.poll_next_unpin(&mut context) {
            Poll::Ready(Some(item)) => items.push(item),
            Poll::Ready(None) => return items,
            Poll::Pending => {}
        }
    }
}

fn read(bytes: Vec<u8>) -> Vec<Item> {
    let budget = Arc::new(InboundBudget::default());
    let whole = drain(frames(vec![bytes.clone()], limits(), &budget));
    let single = drain(frames(bytes.iter().map(|byte| vec![*byte]).collect(), limits(), &budget));
    assert_eq!(whole, single, "byte by byte gives the same");
    assert_eq!(budget.held_bytes(), 0);
    whole
}

fn text(text: &str) -> Item {
    Ok(InboundFrame::Text(text.to_owned()))
}

fn fault(fault: ProtocolFault) -> Item {
    Err(FrameEnd::Protocol(fault))
}

#[test]
fn sequences_of_frames() {
    let gone = || Err(FrameEnd::PeerGone);
    let close = |payload: &[u8]| frame(FINAL | CLOSE, payload);
    let reason = |code: u16, text: Option<&str>| {
        Ok(InboundFrame::Close(Some(CloseReason { code: code.into(), description: text.map(str::to_owned) })))
    };
    let cases: Vec<(Vec<Vec<u8>>, Vec<Item>)> = vec![
        (vec![], vec![gone()]),
        (vec![frame(FINAL | TEXT, b"")], vec![text(""), gone()]),
        (vec![frame(FINAL | TEXT, "中文".as_bytes())], vec![text("中文"), gone()]),
        (
            vec![frame(FINAL | BINARY, b"\xff\0")],
            vec![Ok(InboundFrame::Binary(Bytes::from_static(b"\xff\0"))), gone()],
        ),
        (
            vec![frame(TEXT, b"\xe4"), frame(FINAL | PING, b"p"), frame(0, b"\xb8"), frame(FINAL, b"\xad!")],
            vec![Ok(InboundFrame::Ping(Bytes::from_static(b"p"))), text("中!"), gone()],
        ),
        (
            vec![frame(FINAL | PONG, &[7; 125])],
            vec![Ok(InboundFrame::Pong(Bytes::from_static(&[7; 125]))), gone()],
        ),
        (vec![frame(TEXT, b""), frame(0, b""), frame(FINAL, b"")], vec![text(""), gone()]),
        (vec![frame(FINAL, b"x")], vec![fault(ProtocolFault::ContinuationOfNothing)]),
        (vec![frame(0, b"x")], vec![fault(ProtocolFault::ContinuationOfNothing)]),
        (
            vec![frame(TEXT, b"a"), frame(FINAL | TEXT, b"b")],
            vec![fault(ProtocolFault::MessageInsideMessage)],
        ),
        (
            vec![frame(TEXT, b"a"), frame(FINAL, b"b"), frame(FINAL, b"c")],
            vec![text("ab"), fault(ProtocolFault::ContinuationOfNothing)],
        ),
        (vec![frame(FINAL | TEXT, b"\xff")], vec![Err(FrameEnd::InvalidUtf8)]),
        (vec![frame(TEXT, b"\xe4"), frame(FINAL, b"a")], vec![Err(FrameEnd::InvalidUtf8)]),
        (vec![frame(TEXT, b"a\xe4"), frame(FINAL, b"")], vec![Err(FrameEnd::InvalidUtf8)]),
        (vec![frame(TEXT, b"a\xff")], vec![Err(FrameEnd::InvalidUtf8)]),
        (vec![close(b""), frame(FINAL | TEXT, b"ignored")], vec![Ok(InboundFrame::Close(None))]),
        (vec![close(b"\x03\xe8")], vec![reason(1000, None)]),
        (vec![close(b"\x0f\xa9bye")], vec![reason(4009, Some("bye"))]),
        (vec![close(b"\x03")], vec![fault(ProtocolFault::ClosePayload)]),
        (vec![close(b"\x03\xed")], vec![fault(ProtocolFault::CloseCode(1005))]),
        (vec![close(b"\x13\x88")], vec![fault(ProtocolFault::CloseCode(5000))]),
        (vec![close(b"\x03\xe8\xff")], vec![Err(FrameEnd::InvalidUtf8)]),
        (vec![frame(TEXT, b"a"), close(b"")], vec![Ok(InboundFrame::Close(None))]),
    ];
    for (sent, expected) in cases {
        assert_eq!(read(sent.concat()), expected, "{sent:02x?}");
    }
}

#[test]
fn a_length_is_refused_by_its_header_alone() {
    let too_big = |bytes| vec![Err(FrameEnd::TooBig { bytes, limit: 100_000 })];
    assert_eq!(read(declared(FINAL | TEXT, 1 << 40)), too_big(1 << 40));
    assert_eq!(read(declared(BINARY, 100_001)), too_big(100_001));
    let accumulated = [frame(TEXT, &[b'a'; 60_000]), frame(0, &[b'a'; 40_001])].concat();
    assert_eq!(drain(frames(vec![accumulated], limits(), &Arc::default())), too_big(100_001));
    let exact = [frame(TEXT, &[b'a'; 60_000]), frame(FINAL, &[b'a'; 40_000])].concat();
    assert_eq!(
        drain(frames(vec![exact], limits(), &Arc::default())).first(),
        Some(&text(&"a".repeat(100_000)))
    );
}

#[test]
fn binary_is_refused_by_its_header_when_not_accepted() {
    let limits = FrameLimits { accept_binary: false, ..limits() };
    let items = drain(frames(vec![vec![BINARY, 0xfe, 255, 255, 0, 0, 0, 0]], limits, &Arc::default()));
    assert_eq!(items, vec![Err(FrameEnd::BinaryRefused)]);
}

#[test]
fn fragments_are_counted() {
    let message = |empty: usize, full: usize| {
        let mut bytes = frame(TEXT, b"a");
        bytes.extend(frame(0, b"").repeat(empty));
        bytes.extend(frame(0, b"a").repeat(full));
        bytes.extend(frame(FINAL, b""));
        bytes
    };
    let refused = vec![Err(FrameEnd::TooManyFragments)];
    assert_eq!(read(message(4, 0)).first(), Some(&text("a")));
    assert_eq!(read(message(5, 0)), refused);
    assert_eq!(read(message(0, 198)).first(), Some(&text(&"a".repeat(199))));
    assert_eq!(read(message(0, 199)), refused);
    let twice = [message(4, 0), message(4, 0)].concat();
    assert_eq!(read(twice).len(), 3, "counted anew for each message");
}

#[test]
fn sockets_share_the_budget_and_give_it_back() {
    let budget = Arc::new(InboundBudget::new(1_000));
    let pending = |length: usize| {
        let mut bytes = frame(FINAL | TEXT, &[b'a'; 900]);
        bytes.truncate(length);
        FrameStream::new(
            stream::iter([Ok::<_, Infallible>(Bytes::from(bytes))]).chain(stream::pending()).boxed(),
            limits(),
            Arc::clone(&budget),
        )
    };
    let mut context = Context::from_waker(std::task::Waker::noop());
    let mut header_only = pending(8);
    assert!(header_only.poll_next_unpin(&mut context).is_pending());
    assert_eq!(budget.held_bytes(), 0, "a declared length reserves nothing");
    let mut first = pending(808);
    assert!(first.poll_next_unpin(&mut context).is_pending());
    assert_eq!(budget.held_bytes(), 800);
    let mut second = pending(308);
    assert_eq!(second.poll_next_unpin(&mut context), Poll::Ready(Some(Err(FrameEnd::OverBudget))));
    assert_eq!(second.poll_next_unpin(&mut context), Poll::Ready(None));
    let mut whole = pending(908);
    assert!(matches!(whole.poll_next_unpin(&mut context), Poll::Ready(Some(Ok(InboundFrame::Text(_))))));
    drop(first);
    assert_eq!((budget.held_bytes(), budget.refusals()), (0, 1));
}

#[test]
fn a_poll_yields_after_a_bounded_number_of_frames() {
    let limits = FrameLimits { max_fragments: 1_000_000, ..limits() };
    let mut bytes = frame(TEXT, b"a");
    bytes.extend(frame(0, b"b").repeat(1_000));
    bytes.extend(frame(FINAL, b"c"));
    let mut stream = frames(vec![bytes], limits, &Arc::default());
    let mut context = Context::from_waker(std::task::Waker::noop());
    let mut yields = 0;
    while stream.poll_next_unpin(&mut context).is_pending() {
        yields += 1;
    }
    assert_eq!(yields, 1_002 / STEPS_PER_POLL);
}

#[test]
fn an_idle_socket_holds_little() {
    assert!(size_of::<FrameStream<actix_web::web::Payload>>() <= 320);
    let budget = Arc::new(InboundBudget::default());
    let chunks = [frame(TEXT, &[b'a'; 50_000]), frame(FINAL, &[b'a'; 50_000])];
    let payload = stream::iter(chunks.map(|chunk| Ok::<_, Infallible>(Bytes::from(chunk))));
    let mut stream =
        FrameStream::new(payload.chain(stream::pending()).boxed(), limits(), Arc::clone(&budget));
    let mut context = Context::from_waker(std::task::Waker::noop());
    assert!(stream.poll_next_unpin(&mut context).is_ready());
    assert!(stream.poll_next_unpin(&mut context).is_pending());
    assert_eq!((stream.decoder.held_bytes(), budget.held_bytes()), (0, 0));
    assert!(stream.chunk.is_empty());
}

/// A message as it goes over the wire: what it is, and where it is cut into fragments.
#[derive(Debug, Clone)]
enum Sent {
    Text(String, Vec<usize>),
    Binary(Vec<u8>, Vec<usize>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn sent() -> impl Strategy<Value = Sent> {
    let cuts = || prop::collection::vec(0..400_usize, 0..4);
    prop_oneof![
        ("\\PC{0,100}", cuts()).prop_map(|(text, cuts)| Sent::Text(text, cuts)),
        (prop::collection::vec(any::<u8>(), 0..400), cuts())
            .prop_map(|(bytes, cuts)| Sent::Binary(bytes, cuts)),
        prop::collection::vec(any::<u8>(), 0..=125).prop_map(Sent::Ping),
        prop::collection::vec(any::<u8>(), 0..=125).prop_map(Sent::Pong),
    ]
}

/// Cuts `bytes` at the given places, in any order and beyond the end as they may be.
fn cut(bytes: &[u8], places: &[usize]) -> Vec<Vec<u8>> {
    let mut places: Vec<usize> = places.iter().map(|place| (*place).min(bytes.len())).collect();
    places.sort_unstable();
    places.push(bytes.len());
    let mut start = 0;
    places.into_iter().map(|end| bytes[std::mem::replace(&mut start, end)..end].to_vec()).collect()
}

fn fragments(opcode: u8, bytes: &[u8], places: &[usize]) -> Vec<u8> {
    let pieces = cut(bytes, places);
    let last = pieces.len() - 1;
    let first_byte = |index| if index == 0 { opcode } else { 0 } | if index == last { FINAL } else { 0 };
    // A pong between any two fragments must change nothing.
    let between = frame(FINAL | PONG, b"");
    pieces
        .iter()
        .enumerate()
        .flat_map(|(index, piece)| [frame(first_byte(index), piece), between.clone()].concat())
        .collect()
}

impl Sent {
    fn wire(&self) -> Vec<u8> {
        match self {
            Self::Text(text, cuts) => fragments(TEXT, text.as_bytes(), cuts),
            Self::Binary(bytes, cuts) => fragments(BINARY, bytes, cuts),
            Self::Ping(bytes) => frame(FINAL | PING, bytes),
            Self::Pong(bytes) => frame(FINAL | PONG, bytes),
        }
    }

    fn received(&self) -> InboundFrame {
        match self {
            Self::Text(text, _) => InboundFrame::Text(text.clone()),
            Self::Binary(bytes, _) => InboundFrame::Binary(bytes.clone().into()),
            Self::Ping(bytes) => InboundFrame::Ping(bytes.clone().into()),
            Self::Pong(bytes) => InboundFrame::Pong(bytes.clone().into()),
        }
    }
}

fn is_filler(item: &Item) -> bool {
    matches!(item, Ok(InboundFrame::Pong(bytes)) if bytes.is_empty())
}

proptest! {
    #[test]
    fn any_chunks_give_the_same_messages(
        messages in prop::collection::vec(sent(), 0..8),
        places in prop::collection::vec(0..4_000_usize, 0..40),
    ) {
        let wire: Vec<u8> = messages.iter().flat_map(Sent::wire).collect();
        let budget = Arc::new(InboundBudget::default());
        let mut items = drain(frames(cut(&wire, &places), limits(), &budget));
        prop_assert_eq!(items.pop(), Some(Err(FrameEnd::PeerGone)));
        items.retain(|item| !is_filler(item));
        let mut expected: Vec<_> = messages.iter().map(|message| Ok(message.received())).collect();
        expected.retain(|item| !is_filler(item));
        prop_assert_eq!(items, expected);
        prop_assert_eq!(budget.held_bytes(), 0);
    }

    #[test]
    fn any_bytes_stay_within_the_bounds(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20),
        prefix in prop::collection::vec(sent(), 0..3),
        limit in 0..600_usize,
    ) {
        let budget = Arc::new(InboundBudget::new(limit));
        let limits = FrameLimits { max_message_bytes: 500, ..limits() };
        let mut decoder = Decoder::new(limits, Arc::clone(&budget));
        let wires = prefix.iter().map(Sent::wire).chain(chunks);
        'all: for wire in wires {
            let mut chunk = Bytes::from(wire);
            while !chunk.is_empty() {
                let step = decoder.step(&mut chunk);
                prop_assert!(decoder.held_bytes() <= 500.min(limit));
                prop_assert_eq!(decoder.held_bytes(), budget.held_bytes());
                if step.is_err() {
                    break 'all;
                }
            }
        }
        drop(decoder);
        prop_assert_eq!(budget.held_bytes(), 0);
    }

    #[test]
    fn damaged_frames_never_panic(
        message in sent(),
        place in 0..500_usize,
        byte in any::<u8>(),
        places in prop::collection::vec(0..600_usize, 0..10),
    ) {
        let mut wire = message.wire();
        if let Some(target) = wire.get_mut(place) {
            *target = byte;
        }
        let items = drain(frames(cut(&wire, &places), limits(), &Arc::default()));
        prop_assert!(!items.is_empty());
    }
}
