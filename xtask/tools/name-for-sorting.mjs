// Renames the functions of a WebAssembly module so that, sorted by name, those that are alike lie side by side: by what
// they are an instance of, then by size, then by content. `xtask/src/site/wasm.rs` says what that is good for.
// Usage: node name-for-sorting.mjs <module with a name section> <where to write it>

import { readFileSync, writeFileSync } from "node:fs";

// https://webassembly.github.io/spec/core/binary/modules.html, and the name section in its appendix.
const CUSTOM = 0;
const IMPORT = 2;
const CODE = 10;
const FUNCTION_NAMES = 1;

const [from, to] = process.argv.slice(2);
const bytes = readFileSync(from);
let at = 8;

function number() {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value >>> 0;
  }
}

function chunk() {
  const length = number();
  at += length;
  return bytes.subarray(at - length, at);
}

function encoded(value) {
  const out = [];
  do {
    out.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>>= 7;
  } while (value > 0);
  return Buffer.from(out);
}

const withLength = (content) => Buffer.concat([encoded(content.length), content]);

const names = new Map();
const bodies = [];
let imported = 0;
let nameSection;
while (at < bytes.length) {
  const start = at;
  const section = bytes[at++];
  const length = number();
  const end = at + length;
  if (section === IMPORT) {
    for (let left = number(); left > 0; left--) {
      chunk();
      chunk();
      if (bytes[at++] !== 0) throw new Error(`${from} imports something other than functions`);
      number();
      imported += 1;
    }
  } else if (section === CODE) {
    for (let left = number(); left > 0; left--) bodies.push(chunk());
  } else if (section === CUSTOM && chunk().toString() === "name") {
    nameSection = [start, end];
    while (at < end) {
      const kind = bytes[at++];
      const next = number() + at;
      for (let left = kind === FUNCTION_NAMES ? number() : 0; left > 0; left--) names.set(number(), chunk().toString());
      at = next;
    }
  }
  at = end;
}
if (!nameSection || bodies.length === 0) throw new Error(`${from} has no names: were they stripped?`);

/** `<alloc::vec::Vec<T> as Drop>::drop::h0123456789abcdef` and its like become one. */
const instanceOf = (name) => name.replace(/::h[0-9a-f]{16}$/, "").replace(/<.*>/, "<>");

const renamed = bodies.map((body, position) => {
  const index = imported + position;
  const size = String(body.length).padStart(8, "0");
  const key = `${instanceOf(names.get(index) ?? "")}|${size}|${body.subarray(0, 100).toString("hex")}|${index}`;
  return Buffer.concat([encoded(index), withLength(Buffer.from(key))]);
});
const subsection = withLength(Buffer.concat([encoded(renamed.length), ...renamed]));
const content = Buffer.concat([withLength(Buffer.from("name")), Buffer.from([FUNCTION_NAMES]), subsection]);
const section = Buffer.concat([Buffer.from([CUSTOM]), withLength(content)]);
writeFileSync(to, Buffer.concat([bytes.subarray(0, nameSection[0]), section, bytes.subarray(nameSection[1])]));
