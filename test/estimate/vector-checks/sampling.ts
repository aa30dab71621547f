import { z } from 'zod'
import { postStratify } from '../../../src/sample/post-stratify.ts'
import { type Check, nameList, number } from './check.ts'

const poststratSchema = z.object({ sample: z.array(number), target: z.array(number), cap: number })

export const checks: Record<string, Check> = {
  poststrat: (vector) => {
    const request = poststratSchema.parse(vector.args)
    const [weights, designEffect] = z.tuple([z.array(number), number]).parse(vector.expected)
    const names = [...request.sample.map((_, index) => `weight ${index}`), 'design effect']
    const found = postStratify(request)
    return {
      actual: nameList(names, [...found.weights, found.designEffect]),
      expected: nameList(names, [...weights, designEffect]),
    }
  },
}
