import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  parquetRead,
  parquetReadAsync,
  parquetReadColumn,
  parquetReadObjects,
  rowIndex
} from "./chunk-FOXXGTQX.js";
import "./chunk-B7SCBCNX.js";
import "./chunk-CASSF53E.js";
export {
  parquetRead,
  parquetReadAsync,
  parquetReadColumn,
  parquetReadObjects,
  rowIndex
};
