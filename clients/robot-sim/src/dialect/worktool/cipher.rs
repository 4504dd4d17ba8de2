//! The app's encryption, with the key that stands in its source.
use aws_lc_rs::cipher::{
    AES_128, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
    UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;

const KEY: &[u8; 16] = b"9876543210abcdef";
const IV: &[u8; 16] = b"0123456789abcdef";

/// Upper-case HEX of the encrypted text; none when the library fails.
pub(super) fn encrypt(text: &str) -> Option<String> {
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_128, KEY).ok()?).ok()?;
    let mut bytes = text.as_bytes().to_vec();
    key.less_safe_encrypt(&mut bytes, EncryptionContext::Iv128(FixedLength::from(IV))).ok()?;
    Some(hex::encode_upper(bytes))
}

/// The text behind HEX; none when it is none.
pub(super) fn decrypt(text: &str) -> Option<String> {
    let mut bytes = hex::decode(text).ok()?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_128, KEY).ok()?).ok()?;
    let clear = key.decrypt(&mut bytes, DecryptionContext::Iv128(FixedLength::from(IV))).ok()?;
    String::from_utf8(clear.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector() {
        let (clear, sealed) = (r#"[{"type":202}]"#, "21D65E1BB0DA6AA36C7C99D821B1DC00");
        assert_eq!(encrypt(clear).as_deref(), Some(sealed));
        assert_eq!(decrypt(sealed).as_deref(), Some(clear));
        assert_eq!((decrypt("zz"), decrypt("00")), (None, None));
    }
}
