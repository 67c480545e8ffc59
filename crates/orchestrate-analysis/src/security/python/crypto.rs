//! Weak hash functions, ciphers and keys.

use super::calls::is_false;
use super::rules;
use crate::security::call::Call;
use crate::security::flow::Flow;
use crate::security::sink::found;
use crate::security::value::Constant;

/// Looks at one call.
pub(super) fn check<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let not_for_security = call
        .keyword("usedforsecurity")
        .is_some_and(|argument| is_false(&argument.value));
    let path = &*call.path;
    let weak_hash = match path {
        "hashlib.md5" | "hashlib.sha1" | "hashlib.md4" => true,
        "crypt.crypt" | "crypt.mksalt" => call.arguments.iter().any(|argument| {
            ["METHOD_CRYPT", "METHOD_MD5", "METHOD_BLOWFISH"]
                .iter()
                .any(|method| flow.text(argument.node).ends_with(method))
        }),
        "hashlib.new" => call
            .argument(0, "name")
            .and_then(|argument| argument.value.text())
            .is_some_and(|name| {
                matches!(
                    name.to_ascii_lowercase().as_str(),
                    "md4" | "md5" | "sha" | "sha1"
                )
            }),
        _ => {
            (path.contains("Hash.MD") || path.contains("Hash.SHA.")) && call.name() == "new"
                || path.starts_with("cryptography.hazmat.primitives.hashes")
                    && matches!(call.name(), "MD5" | "SHA1")
        }
    };
    if weak_hash && !not_for_security {
        found(
            flow,
            &rules::WEAK_HASH,
            call.node,
            call.callee,
            rules::WEAK_HASH.severity,
        );
    }
    let weak_cipher = path.starts_with("Crypto.Cipher.") || path.starts_with("Cryptodome.Cipher.");
    let old = ["ARC2", "ARC4", "Blowfish", ".DES.", "DES3", "XOR", "CAST"]
        .iter()
        .any(|name| path.contains(name));
    let primitive = path.starts_with("cryptography.hazmat")
        && matches!(
            call.name(),
            "ARC4" | "Blowfish" | "IDEA" | "TripleDES" | "ECB" | "CAST5" | "SEED"
        );
    let ecb = weak_cipher
        && call
            .arguments
            .iter()
            .any(|argument| flow.text(argument.node).ends_with("MODE_ECB"));
    if primitive || ecb || (weak_cipher && old && call.name() == "new") {
        found(
            flow,
            &rules::WEAK_CIPHER,
            call.node,
            call.callee,
            rules::WEAK_CIPHER.severity,
        );
    }
    if matches!(call.name(), "generate_private_key" | "generate") {
        short_key(flow, call);
    }
}

fn short_key<'t>(flow: &mut Flow<'t>, call: &Call<'t>) {
    let path = &*call.path;
    let asymmetric = path.contains("rsa.")
        || path.contains("dsa.")
        || path.contains("RSA.")
        || path.contains("DSA.");
    let curve = call.arguments.iter().any(|argument| {
        let text = flow.text(argument.node).to_ascii_lowercase();
        ["secp192r1", "sect163k1", "sect163r2"]
            .iter()
            .any(|curve| text.contains(curve))
    });
    if curve {
        found(
            flow,
            &rules::KEY_SIZE,
            call.node,
            call.callee,
            rules::KEY_SIZE.severity,
        );
    }
    if !asymmetric {
        return;
    }
    let bits = ["key_size", "bits"]
        .iter()
        .find_map(|name| call.keyword(name))
        .or_else(|| call.at(usize::from(path.contains("rsa."))))
        .or_else(|| call.at(0));
    if let Some(Constant::Number(bits)) = bits.and_then(|argument| argument.value.constant.clone())
        && (256..2048).contains(&bits)
    {
        found(
            flow,
            &rules::KEY_SIZE,
            call.node,
            call.callee,
            rules::KEY_SIZE.severity,
        );
    }
}
