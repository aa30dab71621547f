import type { RepositoryFiles } from '../ports.ts'
import type { SourceText } from './document.ts'

/** Reads every YAML and JSON file in a folder; none when the folder is not there. */
export async function readDocuments(request: {
  repository: RepositoryFiles
  sha: string
  folder: string
}): Promise<SourceText[]> {
  const { repository, sha, folder } = request
  const names = (await repository.list(sha, folder)) ?? []
  const paths = names.filter((name) => /\.(ya?ml|json)$/.test(name)).map((name) => `${folder}/${name}`)
  const texts = await Promise.all(
    paths.map(async (file) => ({ file, text: await repository.read(sha, file) })),
  )
  return texts.flatMap(({ file, text }) => (text === null ? [] : [{ file, text }]))
}
