/**
 * SHA-224 (FIPS 180-4) of bytes that come piece by piece: the digest by which the server knows the
 * contents of files, and which browsers have none of.
 */

const START = [
  0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4,
];
const BLOCK = 64; // bytes
const LENGTH_AT = 56; // where in the last block the length stands

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUNDS = Int32Array.from(primes(64), (prime) => fraction(prime));

/** A digest under way. */
export class Sha224 {
  constructor() {
    this.state = Int32Array.from(START);
    this.words = new Int32Array(BLOCK);
    this.rest = new Uint8Array(BLOCK);
    this.held = 0;
    this.length = 0;
  }

  /** Take the next bytes. @param {Uint8Array} bytes */
  update(bytes) {
    this.length += bytes.length;
    let at = 0;
    if (this.held) {
      at = Math.min(BLOCK - this.held, bytes.length);
      this.rest.set(bytes.subarray(0, at), this.held);
      this.held += at;
      if (this.held < BLOCK) return;
      this.#blocks(this.rest, 0, BLOCK);
      this.held = 0;
    }
    const end = at + Math.floor((bytes.length - at) / BLOCK) * BLOCK;
    this.#blocks(bytes, at, end);
    this.rest.set(bytes.subarray(end));
    this.held = bytes.length - end;
  }

  /** The digest in hexadecimal, once all bytes are taken. */
  hex() {
    const { length } = this;
    const isLate = this.held >= LENGTH_AT;
    const padding = new Uint8Array((isLate ? 2 * BLOCK : BLOCK) - this.held);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, Math.floor(length / 2 ** 29));
    view.setUint32(padding.length - 4, (length % 2 ** 29) * 8);
    this.update(padding);
    const words = [...this.state.subarray(0, 7)];
    return words.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #blocks(bytes, start, end) {
    const { state, words: w } = this;
    let [h0, h1, h2, h3, h4, h5, h6, h7] = state;
    for (let at = start; at < end; at += BLOCK) {
      for (let i = 0, from = at; i < 16; i += 1, from += 4) {
        w[i] =
          (bytes[from] << 24) | (bytes[from + 1] << 16) | (bytes[from + 2] << 8) | bytes[from + 3];
      }
      for (let i = 16; i < 64; i += 1) {
        const x = w[i - 15];
        const y = w[i - 2];
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
      }
      let a = h0;
      let b = h1;
      let c = h2;
      let d = h3;
      let e = h4;
      let f = h5;
      let g = h6;
      let h = h7;
      for (let i = 0; i < 64; i += 1) {
        const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const t1 = (h + s1 + (g ^ (e & (f ^ g))) + ROUNDS[i] + w[i]) | 0;
        const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
        h = g;
        g = f;
        f = e;
        e = (d + t1) | 0;
        d = c;
        c = b;
        b = a;
        a = (t1 + t2) | 0;
      }
      h0 = (h0 + a) | 0;
      h1 = (h1 + b) | 0;
      h2 = (h2 + c) | 0;
      h3 = (h3 + d) | 0;
      h4 = (h4 + e) | 0;
      h5 = (h5 + f) | 0;
      h6 = (h6 + g) | 0;
      h7 = (h7 + h) | 0;
    }
    state.set([h0, h1, h2, h3, h4, h5, h6, h7]);
  }
}

function primes(count) {
  const found = [];
  for (let number = 2; found.length < count; number += 1) {
    if (found.every((prime) => number % prime)) found.push(number);
  }
  return found;
}

function fraction(prime) {
  // A double has 53 bits: two before the point, which leaves more than the 32 that are wanted.
  const root = Math.cbrt(prime);
  return Math.floor((root - Math.floor(root)) * 2 ** 32) | 0;
}
