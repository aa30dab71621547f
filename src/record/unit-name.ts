import type { Arm } from '../ports.ts'

/** What names a unit: turn and arm. */
export function nameUnit(unit: { turn: string; arm: string }): string {
  return `${unit.turn}|${unit.arm}`
}

/** The turn and the arm of a unit's name. */
export function splitName(name: string): { turn: string; arm: Arm } {
  const end = name.lastIndexOf('|')
  return { turn: name.slice(0, end), arm: name.slice(end + 1) as Arm }
}
