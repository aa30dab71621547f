#!/usr/bin/env node
import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  createSkim,
  packSkimmed,
  skimLines
} from "./chunk-JXMJRRYT.js";
import "./chunk-FKG32RHE.js";

// src/corpus/corpus-thread-work.ts
import { createHash, hash } from "node:crypto";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
var workFile = import.meta.url;
var workMark = "checkpoint-gate corpus thread";
function createWork() {
  let whole = createHash("sha256");
  const skim = createSkim();
  return {
    update({ bytes }) {
      whole.update(bytes);
      return null;
    },
    finish() {
      const digest = whole.digest("hex");
      whole = createHash("sha256");
      return digest;
    },
    digestTexts({ prefix, texts, ends }) {
      const digests = Buffer.alloc(ends.length * 8);
      let start = 0;
      for (const [index, end] of ends.entries()) {
        digests.write(hash("sha256", prefix + texts.slice(start, end), "binary"), index * 8, 8, "binary");
        start = end;
      }
      return digests;
    },
    skimLines({ bytes, skims, updates }) {
      if (updates) whole.update(bytes);
      const { digests, found } = skimLines(bytes, skims ? skim : void 0);
      return { digests, packed: packSkimmed(found) };
    }
  };
}
if (!isMainThread && workerData === workMark) {
  const work = createWork();
  parentPort?.on("message", ({ kind, request }) => {
    parentPort?.postMessage(work[kind](request));
  });
}
export {
  workFile,
  workMark
};
