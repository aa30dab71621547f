#!/usr/bin/env node
import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  assembleAsync,
  asyncGroupToRows,
  readRowGroup
} from "./chunk-VHE2FNQX.js";
import "./chunk-FKG32RHE.js";
export {
  assembleAsync,
  asyncGroupToRows,
  readRowGroup
};
