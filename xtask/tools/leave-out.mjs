// Takes out of a WebAssembly module what `xtask/src/site/left_out.rs` says is not needed.
// Usage: node leave-out.mjs <module> <where to write it>

import { readFileSync, writeFileSync } from "node:fs";
import binaryen from "binaryen";

// Names are kept: wasm-opt sorts by them.
binaryen.setDebugInfo(true);
const [from, to] = process.argv.slice(2);
const module = binaryen.readBinary(readFileSync(from));

const parts = [
  {
    // `…::hydrate_async` itself and the futures and closures it makes, in the names of both of Rust's manglings.
    what: "asynchronous hydration",
    name: /::hydrate_async(::<.*>)?(::\{\{?closure(#\d+)?\}\}?(::<.*>)?)*(::h[0-9a-f]{16})?$/,
    body: () => module.unreachable(),
  },
  {
    what: "what drops its futures",
    name: /^core(\[[0-9a-f]+\])?::ptr::drop_in_place(::)?<.*::hydrate_async/,
    results: binaryen.none,
    body: () => module.nop(),
  },
  {
    what: "the writing of floats",
    name: /^<f64 as (core(\[[0-9a-f]+\])?::fmt::Display>::fmt|zmij(\[[0-9a-f]+\])?::private::Sealed>::write_to_zmij_buffer)(::h[0-9a-f]{16})?$/,
    results: binaryen.i32,
    // Of the first it means that all went well, of the second that so many bytes were written.
    body: () => module.i32.const(0),
  },
];

// What JavaScript may call, were there ever an object of these classes.
const streams = /^(__wbg_)?intounderlying(bytesource|sink|source)_/;

const counts = parts.map(() => 0);
for (let index = 0; index < module.getNumFunctions(); index++) {
  const reference = module.getFunctionByIndex(index);
  const { name, results } = binaryen.getFunctionInfo(reference);
  const part = parts.findIndex((part) => part.name.test(name) && (part.results ?? results) === results);
  if (part !== -1) {
    binaryen.Function(reference).body = parts[part].body();
    counts[part] += 1;
  }
}

const exported = Array.from({ length: module.getNumExports() }, (_, index) => module.getExportByIndex(index));
const unwanted = exported.map((each) => binaryen.getExportInfo(each).name).filter((name) => streams.test(name));
unwanted.forEach((name) => module.removeExport(name));
parts.push({ what: "the browser's streams" });
counts.push(unwanted.length);

parts.forEach(({ what }, part) => {
  console.log(`    left out ${counts[part]} functions: ${what}`);
  if (counts[part] === 0) {
    console.error(`${from} has none: were its names stripped, or has a library renamed them?`);
    process.exitCode = 1;
  }
});
writeFileSync(to, module.emitBinary());
