//! Pure: a picture as it came, base64, and whether it is kept.
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use workbot_schema::store::files::FileKind;

/// Largest picture that is kept, bytes.
pub const PICTURE_BYTES: usize = 16 * 1024 * 1024;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a picture is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureProblem {
    /// Not base64.
    #[error("不是有效的 base64")]
    Encoding,
    /// Larger than [`PICTURE_BYTES`].
    #[error("文件超过 16 MiB")]
    TooLarge,
    /// WebP: the chat program shows it to nobody.
    #[error("不支持 webp 图片，请转换为 png、jpeg 或 gif")]
    Webp,
}

/// The bytes of a picture; a `data:` prefix and white space are skipped.
pub fn decode(text: &str) -> Result<Vec<u8>, PictureProblem> {
    let content = match text.split_once(";base64,") {
        Some((prefix, content)) if prefix.starts_with("data:") => content,
        _ => text,
    };
    if content.len() / 4 * 3 > PICTURE_BYTES {
        return Err(PictureProblem::TooLarge);
    }
    let decoded = if content.bytes().any(|byte| byte.is_ascii_whitespace()) {
        let packed: Vec<u8> = content.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        LENIENT.decode(packed)
    } else {
        LENIENT.decode(content)
    };
    match decoded {
        Err(_not_base64) => Err(PictureProblem::Encoding),
        Ok(bytes) if bytes.len() > PICTURE_BYTES => Err(PictureProblem::TooLarge),
        Ok(bytes) if FileKind::sniff(&bytes) == FileKind::Webp => Err(PictureProblem::Webp),
        Ok(bytes) => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn table() {
        let png = b"\x89PNG\r\n\x1a\n....".to_vec();
        let plain = STANDARD.encode(&png);
        for (text, expected) in [
            (plain.clone(), Ok(png.clone())),
            (format!("data:image/png;base64,{plain}"), Ok(png.clone())),
            (plain.trim_end_matches('=').to_owned(), Ok(png.clone())),
            (plain.replacen("o", "o\r\n", 1), Ok(png)),
            (STANDARD.encode(b"RIFF\0\0\0\0WEBPVP8 "), Err(PictureProblem::Webp)),
            ("!!!".to_owned(), Err(PictureProblem::Encoding)),
            ("A".repeat(PICTURE_BYTES / 3 * 4 + 8), Err(PictureProblem::TooLarge)),
        ] {
            assert_eq!(decode(&text), expected);
        }
    }
}
