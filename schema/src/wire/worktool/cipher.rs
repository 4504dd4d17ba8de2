//! The app's transport encryption: AES-128-CBC with PKCS#7 and a key that is published in its source. Compatibility, no secrecy.
use aws_lc_rs::cipher::{
    AES_128, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
    UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;

/// The only key the app knows.
pub const PUBLISHED_KEY: &str = "9876543210abcdef";
const KEY: &[u8; 16] = b"9876543210abcdef";
const IV: &[u8; 16] = b"0123456789abcdef";

/// Why a text could not be turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// Odd length or other letters than 0–9 and A–F.
    #[error("no hexadecimal text")]
    NotHex,
    /// Another key, or cut off.
    #[error("cannot be decrypted")]
    Broken,
    /// The clear text is no UTF-8.
    #[error("the clear text is no UTF-8")]
    NotText,
}

/// The text as upper-case HEX, as the app writes it.
pub fn encrypt(text: &str) -> Result<String, CipherError> {
    let broken = |_unspecified| CipherError::Broken;
    let key = UnboundCipherKey::new(&AES_128, KEY).map_err(broken)?;
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).map_err(broken)?;
    let mut bytes = text.as_bytes().to_vec();
    key.less_safe_encrypt(&mut bytes, EncryptionContext::Iv128(FixedLength::from(IV))).map_err(broken)?;
    Ok(hex::encode_upper(bytes))
}

/// The text behind HEX of either case.
pub fn decrypt(text: &str) -> Result<String, CipherError> {
    let broken = |_unspecified| CipherError::Broken;
    let mut bytes = hex::decode(text.trim()).map_err(|_no_hex| CipherError::NotHex)?;
    if bytes.is_empty() || !bytes.len().is_multiple_of(KEY.len()) {
        return Err(CipherError::Broken);
    }
    let key = UnboundCipherKey::new(&AES_128, KEY).map_err(broken)?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(broken)?;
    let clear = key.decrypt(&mut bytes, DecryptionContext::Iv128(FixedLength::from(IV))).map_err(broken)?;
    String::from_utf8(clear.to_vec()).map_err(|_no_utf8| CipherError::NotText)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::*;

    #[test]
    fn published_vector_both_ways_and_either_case() {
        let (clear, sealed) = (r#"[{"type":202}]"#, "21D65E1BB0DA6AA36C7C99D821B1DC00");
        assert_eq!(encrypt(clear).as_deref(), Ok(sealed));
        assert_eq!(decrypt(sealed).as_deref(), Ok(clear));
        assert_eq!(decrypt(&sealed.to_lowercase()).as_deref(), Ok(clear));
    }

    #[test]
    fn what_is_no_cipher_text_is_refused() {
        for (text, error) in [
            ("", CipherError::Broken),
            ("2", CipherError::NotHex),
            ("21D", CipherError::NotHex),
            ("zz", CipherError::NotHex),
            ("21D65E", CipherError::Broken),
            ("00000000000000000000000000000000", CipherError::Broken),
        ] {
            assert_eq!(decrypt(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in any::<String>()) {
            assert_eq!(decrypt(&encrypt(&text).unwrap()).unwrap(), text);
        }

        #[test]
        fn nothing_panics(text in "[0-9a-fA-Fx]{0,80}") {
            drop(decrypt(&text));
        }
    }
}
