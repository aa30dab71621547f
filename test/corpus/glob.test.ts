import { describe, expect, it } from '@jest/globals'
import { compileGlob, isGlob } from '../../src/corpus/glob.ts'

describe('a pattern of paths', () => {
  it.each([
    ['*.jsonl', ['a.jsonl', 'a b.jsonl'], ['a.json', 'a.jsonl.gz', 'x/a.jsonl', '.a.jsonl']],
    ['a?.jsonl', ['a1.jsonl', 'aä.jsonl', 'a🙂.jsonl'], ['a.jsonl', 'a12.jsonl', 'a/.jsonl']],
    ['data/*/x.gz', ['data/1/x.gz'], ['data/x.gz', 'data/1/2/x.gz', 'data/.1/x.gz']],
    [
      '**/*.parquet',
      ['a.parquet', 'x/a.parquet', 'x/y/a.parquet'],
      ['.x/a.parquet', 'x/.y/a.parquet', 'a.gz'],
    ],
    ['data/**', ['data/a', 'data/x/y'], ['data', 'data/.a', 'other/a', 'data/']],
    ['data/**/a.gz', ['data/a.gz', 'data/x/y/a.gz'], ['data/xa.gz', 'a.gz']],
    ['{a,b/c}.gz', ['{a,b/c}.gz'], ['a.gz']],
    ['*.{jsonl,jsonl.gz}', ['a.jsonl', 'a.jsonl.gz'], ['a.jsonl.zst', 'a.{jsonl,jsonl.gz}']],
    ['{a,b}{1,2}', ['a1', 'b2'], ['ab', 'a', '12']],
    ['a+(b).c[1]*', ['a+(b).c[1]', 'a+(b).c[1]2'], ['aab.c1', 'a+(b)xc[1]']],
    ['.hidden/*', ['.hidden/a'], ['hidden/a', '.hidden/.a']],
    ['***', ['a'], ['a/b', '.a']],
  ])('%s', (pattern, fitting, others) => {
    const fits = compileGlob(pattern)
    expect(fitting.filter((path) => !fits(path))).toEqual([])
    expect(others.filter((path) => fits(path))).toEqual([])
  })

  it('is told from a path', () => {
    expect(['*', 'a?', '{a,b}'].every(isGlob)).toBe(true)
    expect(['a', 'a/b.jsonl.gz', 'a[1]', 'ä-_.,}'].some(isGlob)).toBe(false)
  })
})
