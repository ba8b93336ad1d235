import { stat } from 'node:fs/promises';

import { MAX_SEALED_BYTES } from '@congvan/bus';
import { type FileSurvey, type LongWork, surveyBytes, surveyFile } from '@congvan/signer';

import type { Attachment } from '../documents.ts';
import { AgentError } from '../errors.ts';
import { invalid } from '../request-text.ts';
import { inSteps } from './progress.ts';
import type { PackageSource } from './source.ts';

/** A file to pack, with what its content was when the request was checked. */
export interface SurveyedFile extends FileSurvey {
  readonly name: string;
  readonly mediaType: string;
  readonly source: PackageSource;
}

/**
 * Reads every attachment once: size and digest tell a repeat of the same request from another one,
 * and packing fails when the content is not the same any more.
 *
 * @throws {@link AgentError} `AGENT_REQUEST_INVALID` for a file that cannot be read;
 *   `AGENT_PACKAGE_TOO_LARGE` before anything is read.
 */
export async function surveyAttachments(
  attachments: readonly Attachment[],
  work: LongWork = {},
): Promise<SurveyedFile[]> {
  await requireTotalSize(attachments);
  const nextFile = inSteps(work);
  const surveyed: SurveyedFile[] = [];
  for (const attachment of attachments) {
    const { name, mediaType } = attachment;
    if ('bytes' in attachment) {
      const { bytes: source } = attachment;
      surveyed.push({ name, mediaType, source, ...surveyBytes(source) });
    } else {
      const source = { path: attachment.path };
      const read = surveyFile(source.path, nextFile()).catch((cause: unknown) => {
        // What stopped the reading, or failed where its progress is shown, is not the file's fault.
        throw isSystemError(cause) ? unreadable(name, source.path, cause) : cause;
      });
      surveyed.push({ name, mediaType, source, ...(await read) });
    }
  }
  return surveyed;
}

async function requireTotalSize(attachments: readonly Attachment[]): Promise<void> {
  let bytes = 0;
  for (const attachment of attachments) {
    bytes += 'bytes' in attachment ? attachment.bytes.length : await sizeOfFile(attachment);
  }
  if (bytes <= MAX_SEALED_BYTES) return;
  throw new AgentError(
    'AGENT_PACKAGE_TOO_LARGE',
    `the attachments have ${bytes} bytes, at most ${MAX_SEALED_BYTES} can travel`,
    { details: { bytes, limit: MAX_SEALED_BYTES } },
  );
}

async function sizeOfFile({ name, path }: { name: string; path: string }): Promise<number> {
  const info = await stat(path).catch((cause: unknown) => {
    throw unreadable(name, path, cause);
  });
  // A pipe or a device would not give the same bytes a second time.
  if (!info.isFile()) throw invalid('attachments', `${name}: ${path} is not a file`);
  return info.size;
}

function isSystemError(cause: unknown): boolean {
  return cause instanceof Error && 'syscall' in cause;
}

function unreadable(name: string, path: string, cause: unknown): AgentError {
  return new AgentError('AGENT_REQUEST_INVALID', `${name}: ${path} cannot be read`, {
    cause,
    details: { field: 'attachments', path },
  });
}
