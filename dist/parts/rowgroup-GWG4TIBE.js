import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  assembleAsync,
  asyncGroupToRows,
  readRowGroup
} from "./chunk-B7SCBCNX.js";
import "./chunk-CASSF53E.js";
export {
  assembleAsync,
  asyncGroupToRows,
  readRowGroup
};
