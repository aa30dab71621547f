import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  locateChunk
} from "./chunk-4BZEMAD2.js";
import {
  DEFAULT_PARSERS,
  assembleAsync,
  assembleLists,
  asyncGroupToRows,
  convert,
  convertWithDictionary,
  decompressPage,
  getMaxDefinitionLevel,
  getTreePath,
  parquetHeader,
  readDataPage,
  readDataPageV2,
  readPage,
  readRleBitPackedHybrid
} from "./chunk-WIG42ZVX.js";
import "./chunk-CASSF53E.js";

// src/corpus/readers/parquet-rows.ts
var ColumnRows = class {
  #schemaPath;
  #deepest;
  #wanted;
  #definition = [];
  #repetition = [];
  #values = [];
  /** Where each of the rows begins among the entries, and among the values. */
  #starts = [];
  #row = -1;
  /** `wanted`: rows, ascending, from 0 in the group. */
  constructor({ schemaPath }, wanted) {
    this.#schemaPath = schemaPath;
    this.#deepest = getMaxDefinitionLevel(schemaPath);
    this.#wanted = wanted;
  }
  /** How many rows went by. */
  get seen() {
    return this.#row + 1;
  }
  /** Takes the next page. Its first entries may be of the last row of the page before. */
  add({ definitionLevels = [], repetitionLevels, dataPage, convert: convert2 }) {
    const entries = definitionLevels.length || repetitionLevels.length || dataPage.length;
    const picked = [];
    const before = this.#values.length;
    let value = 0;
    for (let entry = 0; entry < entries; entry += 1) {
      const repetition = repetitionLevels[entry] ?? 0;
      if (repetition === 0) {
        this.#row += 1;
        if (this.#row === this.#wanted[this.#starts.length]) {
          this.#starts.push({ entry: this.#repetition.length, value: before + picked.length });
        }
      }
      const definition = definitionLevels[entry] ?? this.#deepest;
      const isWanted = this.#row === this.#wanted[this.#starts.length - 1];
      if (isWanted) {
        this.#repetition.push(repetition);
        this.#definition.push(definition);
      }
      if (definition < this.#deepest) continue;
      if (isWanted) picked.push(value);
      value += 1;
    }
    const kept = picked.length === dataPage.length ? dataPage : picked.map((index) => dataPage[index]);
    for (const one of convert2(kept)) this.#values.push(one);
  }
  /** The values of some of the wanted rows, those inside other fields in lists. */
  assemble({ start, end }) {
    const from = this.#starts[start];
    const to = this.#starts[end];
    const definition = this.#definition.slice(from?.entry, to?.entry);
    const repetition = this.#repetition.slice(from?.entry, to?.entry);
    return assembleLists(
      [],
      definition,
      repetition,
      this.#values.slice(from?.value, to?.value),
      this.#schemaPath
    );
  }
};

// src/corpus/readers/parquet-decode.ts
function decodeColumns(decoding, rows) {
  const { schema, group, read, compressors } = decoding;
  const parsers = { ...DEFAULT_PARSERS, ...decoding.parsers };
  return group.columns.flatMap(({ meta_data: chunk }) => {
    if (chunk === void 0) return [];
    const pathInSchema = chunk.path_in_schema;
    const schemaPath = getTreePath(schema, pathInSchema);
    const element = schemaPath.at(-1)?.element;
    if (element === void 0) throw new Error(`the schema has no ${pathInSchema.join(".")}`);
    const decoder = { ...chunk, pathInSchema, element, schemaPath, compressors, parsers };
    const kept = new ColumnRows(decoder, rows);
    for (const page of readPages(read(locateChunk(chunk)), decoder)) kept.add(page);
    if (kept.seen !== Number(group.num_rows)) {
      throw new Error(`${pathInSchema.join(".")} has ${kept.seen} rows of ${group.num_rows}`);
    }
    return [{ pathInSchema, rows: kept }];
  });
}
async function assembleRows(decoded, { schema, parsers }, some) {
  const asyncColumns = decoded.map(({ pathInSchema, rows }) => ({
    pathInSchema,
    data: Promise.resolve({ data: [rows.assemble(some)], skipped: 0 })
  }));
  const size = some.end - some.start;
  const group = { groupStart: 0, groupRows: size, selectStart: 0, selectEnd: size, asyncColumns };
  return asyncGroupToRows(assembleAsync(group, schema, parsers), 0, size, void 0, "object");
}
function* readPages(bytes, decoder) {
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
  let dictionary;
  while (reader.offset < bytes.length) {
    const header = parquetHeader(reader);
    if (header.type === "DICTIONARY_PAGE") {
      const { data } = readPage(reader, header, decoder, void 0, void 0, 0);
      dictionary = data && convert(data, decoder);
    } else yield readDataOf(reader, { header, decoder, dictionary });
  }
}
function readDataOf(reader, request) {
  const { header, decoder, dictionary } = request;
  const { buffer, byteOffset } = reader.view;
  const packed = new Uint8Array(buffer, byteOffset + reader.offset, header.compressed_page_size);
  reader.offset += header.compressed_page_size;
  const { data_page_header: first, data_page_header_v2: second } = header;
  const page = first === void 0 ? readDataPageV2(packed, countNulls(packed, header, decoder), decoder) : readDataPage(
    decompressPage(packed, header.uncompressed_page_size, decoder.codec, decoder.compressors),
    first,
    decoder
  );
  const encoding = first?.encoding ?? second?.encoding ?? "PLAIN";
  return { ...page, convert: (values) => convertWithDictionary(values, dictionary, encoding, decoder) };
}
function countNulls(packed, header, { schemaPath }) {
  const { data_page_header_v2: second } = header;
  const deepest = getMaxDefinitionLevel(schemaPath);
  if (second === void 0 || deepest < 2) return header;
  const start = packed.byteOffset + second.repetition_levels_byte_length;
  const view = new DataView(packed.buffer, start, second.definition_levels_byte_length);
  const levels = new Array(second.num_values);
  const width = 32 - Math.clz32(deepest);
  readRleBitPackedHybrid({ view, offset: 0 }, width, levels, second.definition_levels_byte_length);
  const nulls = levels.filter((level) => level < deepest).length;
  return { ...header, data_page_header_v2: { ...second, num_nulls: nulls } };
}
export {
  assembleRows,
  decodeColumns
};
