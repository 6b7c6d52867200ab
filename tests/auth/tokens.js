// @ts-check
/** Signs tokens in every way that a test needs, right and wrong, with keys made for the occasion. */
import { createHmac, generateKeyPairSync, sign as signWith } from "node:crypto";

/** @typedef {import("node:crypto").KeyObject} KeyObject */
/** @typedef {{ publicKey: KeyObject, privateKey: KeyObject }} Pair */

export const SECRET = "0123456789abcdef0123456789abcdef";
/** Keys that a deployment knows, by algorithm. @type {Record<string, Pair>} */
export const OURS = { RS256: rsa(), ES256: ec("P-256"), EdDSA: generateKeyPairSync("ed25519") };
/** Keys that it does not. @type {Record<string, Pair>} */
export const THEIRS = { RS256: rsa(), ES256: ec("P-256"), EdDSA: generateKeyPairSync("ed25519"), ES256K: ec("secp256k1"), ES384: ec("P-384") };

function rsa() {
  return generateKeyPairSync("rsa", { modulusLength: 2048 });
}

/** @param {string} namedCurve */
function ec(namedCurve) {
  return generateKeyPairSync("ec", { namedCurve });
}

/** The order of Ed25519's group, and of P-256's. */
const ED25519_L = 2n ** 252n + 27742317777372353535851937790883648493n;
const P256_N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** @param {string | Uint8Array} bytes */
export const encode = (bytes) => Buffer.from(bytes).toString("base64url");

/** A public key as it stands in a JWKS. @param {Pair} pair @param {string} [kid] */
export const jwk = ({ publicKey }, kid) => ({ ...publicKey.export({ format: "jwk" }), ...(kid === undefined ? {} : { kid }) });

/** @param {object[]} keys */
export const jwks = (keys) => JSON.stringify({ keys });

/** @param {bigint} number @param {number} bytes */
const big = (number, bytes) => Buffer.from(number.toString(16).padStart(bytes * 2, "0"), "hex");

/**
 * The ways to sign, by name. A way may need the signed text, or be a constant.
 * @type {Record<string, (signed: string) => Uint8Array>}
 */
export const WAYS = {
  secret: (signed) => hmac(signed, SECRET),
  "empty secret": (signed) => hmac(signed, ""),
  "secret cut": (signed) => hmac(signed, SECRET).subarray(0, 16),
  "secret, HS512": (signed) => createHmac("sha512", SECRET).update(signed).digest(),
  "public key as secret, PEM": (signed) => hmac(signed, String(OURS["RS256"]?.publicKey.export({ format: "pem", type: "spki" }))),
  "public key as secret, PEM of PKCS 1": (signed) => hmac(signed, String(OURS["RS256"]?.publicKey.export({ format: "pem", type: "pkcs1" }))),
  "public key as secret, DER": (signed) => hmac(signed, OURS["RS256"]?.publicKey.export({ format: "der", type: "spki" }) ?? ""),
  "public key as secret, JWK": (signed) => hmac(signed, JSON.stringify(jwk(/** @type {Pair} */ (OURS["RS256"]), "rsa"))),
  "public key as secret, modulus": (signed) => hmac(signed, Buffer.from(String(OURS["RS256"]?.publicKey.export({ format: "jwk" }).n), "base64url")),
  "public key as secret, Ed25519": (signed) => hmac(signed, Buffer.from(String(OURS["EdDSA"]?.publicKey.export({ format: "jwk" }).x), "base64url")),
  nothing: () => new Uint8Array(),
  "one byte": () => new Uint8Array(1),
  RS256: (signed) => signWith("sha256", Buffer.from(signed), /** @type {Pair} */ (OURS["RS256"]).privateKey),
  "RS256 with SHA-1": (signed) => signWith("sha1", Buffer.from(signed), /** @type {Pair} */ (OURS["RS256"]).privateKey),
  "RS256 with PSS": (signed) => signWith("sha256", Buffer.from(signed), { key: /** @type {Pair} */ (OURS["RS256"]).privateKey, padding: 6 }),
  "RS256 by another": (signed) => signWith("sha256", Buffer.from(signed), /** @type {Pair} */ (THEIRS["RS256"]).privateKey),
  "RS256 zeros": () => new Uint8Array(256),
  ES256: (signed) => raw(signed, OURS["ES256"]),
  "ES256 in DER": (signed) => signWith("sha256", Buffer.from(signed), /** @type {Pair} */ (OURS["ES256"]).privateKey),
  "ES256 by another": (signed) => raw(signed, THEIRS["ES256"]),
  "ES256 over secp256k1": (signed) => raw(signed, THEIRS["ES256K"]),
  "ES256 over P-384": (signed) => raw(signed, THEIRS["ES384"]),
  "ES256 zeros": () => new Uint8Array(64),
  "ES256 r 0, s 1": () => Buffer.concat([big(0n, 32), big(1n, 32)]),
  "ES256 r 1, s 0": () => Buffer.concat([big(1n, 32), big(0n, 32)]),
  "ES256 r and s the order": () => Buffer.concat([big(P256_N, 32), big(P256_N, 32)]),
  "ES256 ones": () => new Uint8Array(64).fill(0xff),
  "ES256 longer": (signed) => Buffer.concat([raw(signed, OURS["ES256"]), Buffer.alloc(1)]),
  EdDSA: (signed) => signWith(null, Buffer.from(signed), /** @type {Pair} */ (OURS["EdDSA"]).privateKey),
  "EdDSA by another": (signed) => signWith(null, Buffer.from(signed), /** @type {Pair} */ (THEIRS["EdDSA"]).privateKey),
  "EdDSA zeros": () => new Uint8Array(64),
  "EdDSA of the neutral point": () => Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]),
  "EdDSA with s + L": (signed) => {
    const signature = signWith(null, Buffer.from(signed), /** @type {Pair} */ (OURS["EdDSA"]).privateKey);
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`);
    return Buffer.concat([signature.subarray(0, 32), big(s + ED25519_L, 32).reverse()]);
  },
};

/** @param {string} signed @param {import("node:crypto").BinaryLike} secret */
function hmac(signed, secret) {
  return createHmac("sha256", secret).update(signed).digest();
}

/** ECDSA as JWS has it. @param {string} signed @param {Pair | undefined} pair */
function raw(signed, pair) {
  const { privateKey } = /** @type {Pair} */ (pair);
  return signWith("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
}

/** A token of these claims. @param {object} claims @param {string} alg @param {object} [header] @param {KeyObject} [key] */
export function token(claims, alg, header = {}, key) {
  const signed = `${encode(JSON.stringify({ alg, ...header }))}.${encode(JSON.stringify(claims))}`;
  if (key === undefined) return `${signed}.${encode(/** @type {(signed: string) => Uint8Array} */ (WAYS[alg === "HS256" ? "secret" : alg])(signed))}`;
  const how = alg === "ES256" ? { key, dsaEncoding: /** @type {const} */ ("ieee-p1363") } : key;
  return `${signed}.${encode(signWith(alg === "EdDSA" ? null : "sha256", Buffer.from(signed), how))}`;
}

/** @param {number} [seconds] */
export const soon = (seconds = 3_600) => Math.floor(Date.now() / 1_000) + seconds;
