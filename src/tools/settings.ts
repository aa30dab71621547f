import { findEffect, matchesName, type ToolEffect, type ToolsPolicy } from '../policy/tools-policy.ts'
import type { ToolSource } from '../replay/completion.ts'

/** How tool calls are answered: a resolved policy. */
export type ToolSettings = ToolsPolicy

export { findEffect, type ToolEffect }

/**
 * What answers calls of a tool, in the order in which it is tried. `connector` only where policy says that the tool
 * writes nothing: what it says nothing of may write. `blocked` is left out, since it is what is left when nothing answers.
 */
export function listEnvironments(
  settings: Pick<ToolSettings, 'environments' | 'perTool'>,
  tool: string,
): ToolSource[] {
  const { environments, perTool } = settings
  const own = perTool.find((each) => each.environments !== null && matchesName(each.pattern, tool))
  const mayBeLive = findEffect(settings, tool) === 'reads'
  return (own?.environments ?? environments).filter(
    (source) => source !== 'blocked' && (source !== 'connector' || mayBeLive),
  )
}
