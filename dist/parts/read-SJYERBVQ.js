#!/usr/bin/env node
import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  parquetRead,
  parquetReadAsync,
  parquetReadColumn,
  parquetReadObjects,
  rowIndex
} from "./chunk-B5LPCYRH.js";
import "./chunk-VHE2FNQX.js";
import "./chunk-FKG32RHE.js";
export {
  parquetRead,
  parquetReadAsync,
  parquetReadColumn,
  parquetReadObjects,
  rowIndex
};
