import { z } from 'zod'
import type { GraderConfig } from '../../policy/schema.ts'
import type { GraderKind } from '../grader.ts'
import { classifier } from './classifier/classifier.ts'
import { judge } from './judge/judge.ts'
import { moderation } from './moderation/moderation.ts'
import { pattern } from './pattern/pattern.ts'
import { toolTrace } from './tool-trace/tool-trace.ts'

/** Every kind of grader. The policy's schema and the documentation derive from this list. */
export const graderKinds: readonly GraderKind[] = [judge, pattern, toolTrace, moderation, classifier]

/** The configuration of any grader. */
export const graderConfigSchema = z.discriminatedUnion(
  'kind',
  graderKinds.map((entry) => entry.configSchema) as never,
) as unknown as z.ZodType<GraderConfig>
