//! Just enough HTTP/1.1 to be called: request line, headers, content-length or chunked bodies, keep-alive.
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

use crate::error::SimError;

/// Header block and each body are capped; more ends the connection.
const HEAD_MAX: usize = 64 * 1024;
const BODY_MAX: usize = 32 * 1024 * 1024;

/// One request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpRequest {
    pub method: String,
    /// Path without the query.
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub keeps_alive: bool,
}

impl HttpRequest {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Reads the next request; `None` at an orderly end of the connection.
pub(crate) async fn read_request<R: AsyncRead + Unpin>(
    reader: &mut BufReader<R>,
) -> Result<Option<HttpRequest>, SimError> {
    let first = read_line(reader).await?;
    if first.is_empty() {
        return Ok(None);
    }
    let mut parts = first.split_whitespace();
    let (Some(method), Some(target), Some(version)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(malformed("request line"));
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = HttpRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        keeps_alive: version == "HTTP/1.1",
    };
    let mut head_bytes = first.len();
    loop {
        let line = read_line(reader).await?;
        if line.is_empty() {
            break;
        }
        head_bytes += line.len();
        if head_bytes > HEAD_MAX {
            return Err(malformed("header block too long"));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| malformed("header"))?;
        request.headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    if let Some(connection) = request.header("connection") {
        let asks_for = |word: &str| connection.to_ascii_lowercase().contains(word);
        request.keeps_alive = (request.keeps_alive && !asks_for("close")) || asks_for("keep-alive");
    }
    request.body = read_body(reader, &request).await?;
    Ok(Some(request))
}

/// Writes a whole response.
pub(crate) async fn write_response<W: AsyncWrite + Unpin>(
    writer: &mut W,
    status: u16,
    content_type: &str,
    body: &[u8],
) -> Result<(), SimError> {
    let reason = if status < 400 { "OK" } else { "Error" };
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    writer.write_all(&bytes).await.map_err(lost)?;
    writer.flush().await.map_err(lost)
}

async fn read_body<R: AsyncRead + Unpin>(
    reader: &mut BufReader<R>,
    request: &HttpRequest,
) -> Result<Vec<u8>, SimError> {
    let is_chunked =
        request.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    if is_chunked {
        return read_chunks(reader).await;
    }
    let length = match request.header("content-length") {
        None => 0,
        Some(text) => {
            text.parse::<usize>().map_err(|error| malformed(&format!("content-length: {error}")))?
        }
    };
    let mut body = Vec::new();
    append(reader, &mut body, length).await?;
    Ok(body)
}

async fn read_chunks<R: AsyncRead + Unpin>(reader: &mut BufReader<R>) -> Result<Vec<u8>, SimError> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader).await?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let length = usize::from_str_radix(digits, 16)
            .map_err(|error| malformed(&format!("chunk length: {error}")))?;
        append(reader, &mut body, length).await?;
        let end = read_line(reader).await?;
        if length == 0 {
            return Ok(body);
        }
        if !end.is_empty() {
            return Err(malformed("chunk end"));
        }
    }
}

async fn append<R: AsyncRead + Unpin>(
    reader: &mut BufReader<R>,
    body: &mut Vec<u8>,
    length: usize,
) -> Result<(), SimError> {
    if body.len().saturating_add(length) > BODY_MAX {
        return Err(malformed("body too long"));
    }
    let mut part = vec![0; length];
    reader.read_exact(&mut part).await.map_err(lost)?;
    body.append(&mut part);
    Ok(())
}

/// A line without its end; empty at the end of the stream, too.
async fn read_line<R: AsyncRead + Unpin>(reader: &mut BufReader<R>) -> Result<String, SimError> {
    let mut line = Vec::new();
    let mut limited = reader.take(u64::try_from(HEAD_MAX).unwrap_or(u64::MAX));
    limited.read_until(b'\n', &mut line).await.map_err(lost)?;
    let text = String::from_utf8(line).map_err(|error| malformed(&error.to_string()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn malformed(what: &str) -> SimError {
    SimError::Unexpected { wanted: "an HTTP request".into(), got: what.to_owned() }
}

fn lost(error: std::io::Error) -> SimError {
    SimError::Lost(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8]) -> Vec<Result<Option<HttpRequest>, SimError>> {
        let mut reader = BufReader::new(bytes);
        let mut requests = Vec::new();
        loop {
            let request = read_request(&mut reader).await;
            let is_last = !matches!(request, Ok(Some(_)));
            requests.push(request);
            if is_last {
                return requests;
            }
        }
    }

    #[tokio::test]
    async fn reads_lengths_chunks_and_what_follows() {
        let bytes = b"POST /a?x=1 HTTP/1.1\r\nContent-Length: 2\r\nX-Y: z\r\n\r\nhi\
            POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e\r\nde\r\n0\r\n\r\n\
            GET /c HTTP/1.1\r\nConnection: close\r\n\r\n";
        let requests: Vec<_> = read(bytes).await.into_iter().filter_map(Result::unwrap).collect();
        let shown: Vec<_> =
            requests.iter().map(|r| (r.path.as_str(), r.body.as_slice(), r.keeps_alive)).collect();
        assert_eq!(shown, [("/a", &b"hi"[..], true), ("/b", b"abcde", true), ("/c", b"", false)]);
        assert_eq!((requests[0].query.as_str(), requests[0].header("x-y")), ("x=1", Some("z")));
    }

    #[tokio::test]
    async fn refuses_what_it_does_not_understand() {
        for bytes in [
            "nonsense\r\n\r\n",
            "GET / HTTP/1.1\r\nbad\r\n\r\n",
            "POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\nx",
        ] {
            assert!(read(bytes.as_bytes()).await.pop().unwrap().is_err(), "{bytes}");
        }
    }
}
