import { stat } from 'node:fs/promises';

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
 * @throws {@link AgentError} `AGENT_REQUEST_INVALID` for a file that cannot be read.
 */
export async function surveyAttachments(
  attachments: readonly Attachment[],
  work: LongWork = {},
): Promise<SurveyedFile[]> {
  const nextFile = inSteps(work);
  const surveyed: SurveyedFile[] = [];
  for (const attachment of attachments) {
    const { name, mediaType } = attachment;
    if ('bytes' in attachment) {
      const { bytes: source } = attachment;
      surveyed.push({ name, mediaType, source, ...surveyBytes(source) });
    } else {
      const source = { path: attachment.path };
      surveyed.push({
        name,
        mediaType,
        source,
        ...(await surveyPath(name, source.path, nextFile())),
      });
    }
  }
  return surveyed;
}

async function surveyPath(name: string, path: string, work: LongWork): Promise<FileSurvey> {
  try {
    // A pipe or a device would not give the same bytes a second time.
    if ((await stat(path)).isFile()) return await surveyFile(path, work);
  } catch (cause) {
    if (work.signal?.aborted === true) throw cause;
    throw new AgentError('AGENT_REQUEST_INVALID', `${name}: ${path} cannot be read`, {
      cause,
      details: { field: 'attachments', path },
    });
  }
  throw invalid('attachments', `${name}: ${path} is not a file`);
}
