import { describe, expect, it } from '@jest/globals'
import {
  convertOasst,
  followBestRank,
  type Node,
  type Tree,
  treeSchema,
} from '../../examples/real-data/convert-oasst.ts'
import { readJsonLines } from '../../examples/real-data/read-source.ts'
import { describeWithShared, sharedPath } from '../support/shared.ts'
import { alternates } from './real-data-files.ts'

function createNode(text: string, options: Partial<Node> = {}): Node {
  return { text, role: 'assistant', deleted: false, replies: [], ...options }
}

function createTree(replies: Node[]): Tree {
  return { message_tree_id: 'tree', prompt: createNode('question', { role: 'prompter', replies }) }
}

function readPath(tree: Tree): string[] {
  return followBestRank(tree.prompt).map((node) => node.text)
}

describe('the best-ranked path', () => {
  it('follows the lowest rank wherever it stands, down to a leaf', () => {
    const best = createNode('best', { rank: 0, replies: [createNode('thanks', { role: 'prompter' })] })
    const tree = createTree([createNode('second', { rank: 1 }), best, createNode('third', { rank: 2 })])
    expect(readPath(tree)).toEqual(['question', 'best', 'thanks'])
  })

  it('takes the first of equals, and a reply without a rank only when none has one', () => {
    const unranked = [createNode('one'), createNode('two', { rank: null })]
    expect(readPath(createTree(unranked))).toEqual(['question', 'one'])
    expect(readPath(createTree([...unranked, createNode('ranked', { rank: 7 })]))).toEqual([
      'question',
      'ranked',
    ])
    expect(
      readPath(createTree([createNode('first', { rank: 1 }), createNode('equal', { rank: 1 })])),
    ).toEqual(['question', 'first'])
  })

  it('passes over deleted replies', () => {
    const tree = createTree([createNode('gone', { rank: 0, deleted: true }), createNode('kept', { rank: 1 })])
    expect(readPath(tree)).toEqual(['question', 'kept'])
  })

  it('drops a last prompt that nobody answered, and a tree that nobody answered', () => {
    const thanked = createTree([
      createNode('answer', { replies: [createNode('thanks', { role: 'prompter' })] }),
    ])
    expect(convertOasst([thanked, createTree([])])).toEqual({
      conversations: [
        {
          id: 'oasst-tree',
          messages: [
            { role: 'user', content: 'question' },
            { role: 'assistant', content: 'answer' },
          ],
          metadata: { dataset: 'oasst-en-100' },
        },
      ],
      trailingPrompts: 1,
      unanswered: 1,
    })
  })
})

describeWithShared('the OpenAssistant converter', () => {
  const path = sharedPath('data/oasst-en100/en_100_tree.jsonl')
  const readTrees = () => readJsonLines({ path, schema: treeSchema })

  it('gives one conversation for each of the hundred trees', async () => {
    const { conversations, trailingPrompts, unanswered } = convertOasst(await readTrees())
    expect(new Set(conversations.map((conversation) => conversation.id)).size).toBe(100)
    expect({ trailingPrompts, unanswered }).toEqual({ trailingPrompts: 39, unanswered: 0 })
    expect(conversations.filter((conversation) => !alternates(conversation))).toEqual([])
  })

  it('has conversations of several turns', async () => {
    const { conversations } = convertOasst(await readTrees())
    const lengths = conversations.map((conversation) => conversation.messages.length)
    expect({
      one: lengths.filter((length) => length === 2).length,
      two: lengths.filter((length) => length === 4).length,
    }).toEqual({ one: 58, two: 42 })
  })

  it('keeps the words of its tree, message by message', async () => {
    const trees = await readTrees()
    const { conversations } = convertOasst(trees)
    conversations.forEach((conversation, index) => {
      let replies = trees[index] === undefined ? [] : [trees[index].prompt]
      for (const message of conversation.messages) {
        const match = replies.find((reply) => reply.text === message.content)
        expect(match?.role).toBe(message.role === 'user' ? 'prompter' : 'assistant')
        replies = match?.replies ?? []
      }
    })
  })
})
