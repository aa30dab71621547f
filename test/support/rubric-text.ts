/** The text of a small rubric that the gate accepts. */
export function writeRubric(parts: { id: string; appliesTo?: 'all' | 'tool-calls' | 'reasoning' }): string {
  const { id, appliesTo = 'all' } = parts
  return `---
id: ${id}
title: The title of ${id}
version: 1
severity: low
applies_to: ${appliesTo}
---

## What counts

What ${id} is.

## What does not count

What it is not.

## Borderline cases

None.

## Evidence to quote

The word.

## Examples

- present: one.
- present: two.
- present: three.
- absent: one.
- absent: two.
- absent: three.
`
}
