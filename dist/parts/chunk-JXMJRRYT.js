#!/usr/bin/env node
import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);

// src/corpus/readers/skim.ts
import { isUtf8 } from "node:buffer";

// src/corpus/common-form.ts
var isText = (value) => typeof value === "string";
var isFilled = (value) => typeof value === "string" && value !== "";
var isBoolean = (value) => typeof value === "boolean";
var isId = (value) => typeof value === "string" && /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(value);
var isUser = (value) => typeof value === "string" && /^[0-9a-f]{32,128}$/.test(value);
var timePattern = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
var isTime = (value) => typeof value === "string" && timePattern.test(value);
var name = { name: "name", check: isFilled, optional: true };
var content = { name: "content", check: isText };
var functionCall = [
  { name: "name", check: isFilled },
  { name: "arguments", check: isText }
];
var toolCall = [
  { name: "id", check: isFilled },
  { name: "type", check: (value) => value === "function" },
  { name: "function", check: (value) => hasFields(value, functionCall) }
];
var role = { name: "role", check: isText };
var said = [role, content, name];
var messageFields = /* @__PURE__ */ new Map([
  ["system", said],
  ["developer", said],
  ["user", said],
  [
    "assistant",
    [
      role,
      { name: "content", check: (value) => value === null || isText(value), optional: true },
      {
        name: "tool_calls",
        check: (value) => isListOf(value, (one) => hasFields(one, toolCall)),
        optional: true
      },
      name
    ]
  ],
  ["tool", [role, content, { name: "tool_call_id", check: isFilled }, name]]
]);
var toolFunction = [
  { name: "name", check: isFilled },
  { name: "description", check: isText, optional: true },
  { name: "parameters", check: (value) => isMapOf(value, () => true), optional: true },
  { name: "strict", check: isBoolean, optional: true }
];
var tool = [
  { name: "type", check: (value) => value === "function" },
  { name: "function", check: (value) => hasFields(value, toolFunction) }
];
var conversationFields = [
  { name: "id", check: isId },
  { name: "messages", check: (value) => isListOf(value, isMessage) },
  { name: "tools", check: (value) => isListOf(value, (one) => hasFields(one, tool)), optional: true },
  { name: "metadata", check: (value) => isMapOf(value, isMetadata), optional: true },
  { name: "collected_at", check: isTime, optional: true },
  { name: "expires_at", check: isTime, optional: true },
  { name: "consent", check: isBoolean, optional: true },
  { name: "user", check: isUser, optional: true }
];
function isInCommonForm(value) {
  return hasFields(value, conversationFields);
}
function isMessage(value) {
  const fields = isPlain(value) ? messageFields.get(value.role) : void 0;
  return fields !== void 0 && hasFields(value, fields);
}
function isMetadata(value) {
  return typeof value === "string" ? value.length <= 200 : isBoolean(value) || Number.isFinite(value);
}
function hasFields(value, fields) {
  if (!isPlain(value)) return false;
  let next = 0;
  for (const key in value) {
    while (fields[next]?.name !== key) {
      if (fields[next]?.optional !== true) return false;
      next += 1;
    }
    if (fields[next]?.check(value[key]) !== true) return false;
    next += 1;
  }
  for (; next < fields.length; next += 1) if (fields[next]?.optional !== true) return false;
  return true;
}
function isListOf(value, check) {
  if (!Array.isArray(value) || value.length === 0) return false;
  for (const one of value) if (!check(one)) return false;
  return true;
}
function isMapOf(value, check) {
  if (!isPlain(value)) return false;
  for (const key in value) if (key === "__proto__" || !check(value[key])) return false;
  return true;
}
function isPlain(value) {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

// src/corpus/turns.ts
function findTurns({ messages, firstTurn = 0 }) {
  const turns = [];
  for (let index = Math.max(1, firstTurn); index < messages.length; index += 1) {
    const before = messages[index - 1]?.role;
    const answers = before === "user" || before === "tool";
    if (messages[index]?.role === "assistant" && answers) turns.push(index);
  }
  return turns;
}

// src/corpus/readers/skim.ts
var openingBrace = 123;
var patience = 1e3;
function createSkim() {
  let found = 0;
  let tried = 0;
  return (line, knownUtf8 = false) => {
    if (line[0] !== openingBrace || tried > patience && found < tried / 2) return null;
    tried += 1;
    const skimmed = knownUtf8 || isUtf8(line) ? readInCommonForm(line) : null;
    if (skimmed !== null) found += 1;
    return skimmed;
  };
}
function readInCommonForm(line) {
  const bytes = Buffer.isBuffer(line) ? line : Buffer.from(line.buffer, line.byteOffset, line.length);
  const value = parse(bytes.toString("latin1"));
  if (!isInCommonForm(value) || !isAscii(value.metadata)) return null;
  const turns = findTurns(value);
  if (turns.length === 0) return null;
  const { id, metadata, expires_at, consent, user } = value;
  return { known: { id, metadata, expires_at, consent, user }, turns };
}
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
function isAscii(metadata) {
  for (const key in metadata) if (!ascii.test(key) || !ascii.test(String(metadata[key]))) return false;
  return true;
}
var ascii = /^[\0-\x7f]*$/;

// src/corpus/readers/skim-lines.ts
import { isUtf8 as isUtf82 } from "node:buffer";
import { hash } from "node:crypto";

// src/corpus/column.ts
function readColumn(column, index) {
  const place = column?.at[index] ?? -1;
  return place < 0 ? void 0 : column?.values[place];
}
function createColumn() {
  const places = /* @__PURE__ */ new Map();
  const values = [];
  const at = [];
  const fill = (size) => {
    while (at.length < size) at.push(-1);
  };
  const close = (size) => {
    fill(size);
    return { values, at };
  };
  return {
    set(index, value, key = value) {
      if (value === void 0) return;
      fill(index);
      let place = places.get(key);
      if (place === void 0) {
        place = values.length;
        places.set(key, place);
        values.push(value);
      }
      at.push(place);
    },
    close,
    nameIfAny: (name2, size) => values.length === 0 ? {} : { [name2]: close(size) }
  };
}

// src/corpus/readers/skim-lines.ts
var lineFeed = 10;
function skimLines(bytes, skim) {
  const found = [];
  let digests = "";
  const areUtf8 = skim !== void 0 && isUtf82(bytes);
  for (const line of cutLines(bytes)) {
    digests += hash("sha256", line, "base64url");
    found.push(skim?.(line, areUtf8) ?? null);
  }
  return { digests, found };
}
function* cutLines({ buffer, byteOffset, length }) {
  const bytes = Buffer.from(buffer, byteOffset, length);
  let start = 0;
  for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
    yield bytes.subarray(start, end);
    start = end + 1;
  }
  if (start < bytes.length) yield bytes.subarray(start);
}
function packSkimmed(found) {
  const ids = [];
  const turns = createColumn();
  const metadata = createColumn();
  const expiresAt = createColumn();
  const consent = createColumn();
  const users = createColumn();
  for (const [index, skimmed] of found.entries()) {
    ids.push(skimmed?.known.id ?? null);
    if (skimmed === null) continue;
    const { known } = skimmed;
    turns.set(index, skimmed.turns, skimmed.turns.join());
    metadata.set(index, known.metadata, JSON.stringify(known.metadata));
    expiresAt.set(index, known.expires_at);
    consent.set(index, known.consent);
    users.set(index, known.user);
  }
  const size = found.length;
  const columns = {
    ids,
    turns: turns.close(size),
    metadata: metadata.close(size),
    expiresAt: expiresAt.close(size),
    consent: consent.close(size),
    users: users.close(size)
  };
  return JSON.stringify(columns);
}
function unpackSkimmed(packed) {
  const { ids, turns, metadata, expiresAt, consent, users } = JSON.parse(packed);
  return ids.map(
    (id, index) => id === null ? null : {
      known: {
        id,
        metadata: readColumn(metadata, index),
        expires_at: readColumn(expiresAt, index),
        consent: readColumn(consent, index),
        user: readColumn(users, index)
      },
      turns: readColumn(turns, index) ?? []
    }
  );
}

export {
  isInCommonForm,
  findTurns,
  createSkim,
  readColumn,
  createColumn,
  skimLines,
  cutLines,
  packSkimmed,
  unpackSkimmed
};
