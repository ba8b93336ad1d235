import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

import type { Attachment } from '../documents.ts';
import { AgentError } from '../errors.ts';
import { invalid } from '../request-text.ts';
import type { LongWork } from './seal.ts';
import type { PackageSource } from './source.ts';

/** A file to pack, with what its content was when the request was checked. */
export interface SurveyedFile {
  readonly name: string;
  readonly mediaType: string;
  readonly source: PackageSource;
  readonly bytes: number;
  /** SHA-256, lower hex. */
  readonly sha256: string;
}

/**
 * Reads every attachment once: size and digest tell a repeat of the same request from another one,
 * and packing fails when the content is not the same any more.
 *
 * @throws {@link AgentError} `AGENT_REQUEST_INVALID` for a file that cannot be read.
 */
export async function surveyAttachments(
  attachments: readonly Attachment[],
  work: LongWork = {},
): Promise<SurveyedFile[]> {
  const surveyed: SurveyedFile[] = [];
  for (const attachment of attachments) {
    const { name, mediaType } = attachment;
    const source = 'bytes' in attachment ? attachment.bytes : { path: attachment.path };
    surveyed.push({ name, mediaType, source, ...(await survey(name, source, work)) });
  }
  return surveyed;
}

async function survey(
  name: string,
  source: PackageSource,
  { signal }: LongWork,
): Promise<Pick<SurveyedFile, 'bytes' | 'sha256'>> {
  const hash = createHash('sha256');
  if (source instanceof Uint8Array) {
    return { bytes: source.length, sha256: hash.update(source).digest('hex') };
  }
  await requireRegularFile(name, source.path);
  let bytes = 0;
  const options = { highWaterMark: 1024 * 1024, ...(signal && { signal }) };
  for await (const chunk of createReadStream(source.path, options)) {
    if (!(chunk instanceof Uint8Array)) continue;
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function requireRegularFile(name: string, path: string): Promise<void> {
  let isFile: boolean;
  try {
    isFile = (await stat(path)).isFile();
  } catch (cause) {
    throw new AgentError('AGENT_REQUEST_INVALID', `${name}: ${path} cannot be read`, {
      cause,
      details: { field: 'attachments', path },
    });
  }
  if (!isFile) throw invalid('attachments', `${name}: ${path} is not a file`);
}
