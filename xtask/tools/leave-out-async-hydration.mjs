// Takes out of a WebAssembly module what `xtask/src/site/async_hydration.rs` says is never run.
// Usage: node leave-out-async-hydration.mjs <module> <where to write it>

import { readFileSync, writeFileSync } from "node:fs";
import binaryen from "binaryen";

// `…::hydrate_async` itself and the futures and closures it makes, in the names of both of Rust's manglings.
const CODE = /::hydrate_async(::<.*>)?(::\{\{?closure(#\d+)?\}\}?(::<.*>)?)*(::h[0-9a-f]{16})?$/;
// What drops those.
const DROP = /^core(\[[0-9a-f]+\])?::ptr::drop_(in_place|glue)(::)?<.*::hydrate_async/;

const [from, to] = process.argv.slice(2);
const module = binaryen.readBinary(readFileSync(from));
let left_out = 0;
for (let index = 0; index < module.getNumFunctions(); index++) {
  const reference = module.getFunctionByIndex(index);
  const { name, results } = binaryen.getFunctionInfo(reference);
  if (DROP.test(name) && results === binaryen.none) {
    binaryen.Function(reference).body = module.nop();
  } else if (CODE.test(name)) {
    binaryen.Function(reference).body = module.unreachable();
    left_out += 1;
  }
}
if (left_out === 0) {
  console.error(`${from} has no function named hydrate_async: were its names stripped, or has Leptos renamed it?`);
  process.exit(1);
}
writeFileSync(to, module.emitBinary());
console.log(`    left out ${left_out} functions of asynchronous hydration`);
