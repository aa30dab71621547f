import type { Cell } from './cell.ts'
import { listLimitCells } from './limit-cells.ts'
import { listTestCells } from './test-cells.ts'

/** Each cell of `npm run simulate`. */
export function listCells(): Cell[] {
  return [...listLimitCells(), ...listTestCells()]
}
