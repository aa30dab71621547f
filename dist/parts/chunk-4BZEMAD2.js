import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);

// src/errors.ts
var GateError = class extends Error {
  code;
  where;
  remedy;
  constructor(problem) {
    super(problem.message, problem.cause === void 0 ? void 0 : { cause: problem.cause });
    this.name = "GateError";
    this.code = problem.code;
    this.where = problem.where;
    this.remedy = problem.remedy;
  }
};
function formatPlace(place) {
  const position = [place.file, place.line, place.line === void 0 ? void 0 : place.column].filter((part) => part !== void 0).join(":");
  return place.field === void 0 ? position : `${position} (${place.field})`;
}
function formatError(error) {
  const place = error.where === void 0 ? "" : `${formatPlace(error.where)}: `;
  return `${place}${error.message}
  → ${error.remedy}`;
}

// src/corpus/limits.ts
var mebibyte = 2 ** 20;
var corpusLimits = {
  row: 32 * mebibyte,
  unpackedRatio: 250,
  unpackedFree: 256 * mebibyte,
  rowGroup: 512 * mebibyte,
  footer: 64 * mebibyte
};
function formatBytes(bytes) {
  return bytes >= mebibyte ? `${Math.round(bytes / mebibyte)} MiB` : `${bytes} bytes`;
}

// src/corpus/readers/parquet-groups.ts
var joined = { gap: 2 ** 13, length: 2 ** 21 };
function planGroups(request) {
  const { file, metadata, columns, limits } = request;
  let row = 0;
  let position = 0;
  return metadata.row_groups.map((group) => {
    const rowStart = row;
    row += Number(group.num_rows);
    const place = { file, line: rowStart + 1 };
    const stretches = joinStretches(listChunks(group, columns));
    for (const { start, end } of stretches) {
      if (!(start >= position && end > start && Number.isSafeInteger(end))) throw refuseOrder(place);
      position = end;
    }
    const bytes = stretches.reduce((sum, { start, end }) => sum + end - start, 0);
    if (bytes > limits.rowGroup) throw refuseGroup(place, limits);
    return { metadata: group, rowStart, rowEnd: row, stretches };
  });
}
function listChunks(group, columns) {
  return group.columns.flatMap(({ meta_data: chunk }) => {
    if (chunk === void 0 || !columns.includes(chunk.path_in_schema[0] ?? "")) return [];
    return [locateChunk(chunk)];
  });
}
function locateChunk(chunk) {
  const start = Number(chunk.dictionary_page_offset || chunk.data_page_offset);
  return { start, end: start + Number(chunk.total_compressed_size) };
}
function joinStretches(chunks) {
  const stretches = [];
  for (const { start, end } of chunks.toSorted((a, b) => a.start - b.start)) {
    const last = stretches.at(-1);
    if (last !== void 0 && start <= last.end + joined.gap && end - last.start <= joined.length) {
      last.end = Math.max(last.end, end);
    } else stretches.push({ start, end });
  }
  return stretches;
}
function refuseOrder(place) {
  return new GateError({
    code: "corpus",
    message: "the row groups of the Parquet file do not lie one after the other, or its footer is damaged",
    where: place,
    remedy: "write the file anew, or transfer it again"
  });
}
function refuseGroup(place, limits) {
  return new GateError({
    code: "corpus",
    message: `the row group that begins at this row takes more than ${formatBytes(limits.rowGroup)}`,
    where: place,
    remedy: "write the file with smaller row groups (`row_group_size=10_000` in pyarrow)"
  });
}

export {
  GateError,
  formatPlace,
  formatError,
  corpusLimits,
  formatBytes,
  planGroups,
  locateChunk,
  refuseGroup
};
