import { rm } from 'node:fs/promises';

import { type Decryptor, SignerError } from '@congvan/signer';

import type { AgentCore } from '../core.ts';
import { AgentError } from '../errors.ts';
import { type OpenedPackage, type PackageFault, openPackage } from '../package/seal.ts';
import type { PackageSource, WrittenPackage } from '../package/source.ts';
import { type DocumentCheckContext, checkDocument } from './check-document.ts';
import type { CheckedMessage, OpenedDelivery, ShownDelivery } from './check-message.ts';
import type { Held } from './judge.ts';

type Quarantined = Extract<CheckedMessage, { kind: 'quarantine' }>;

/**
 * Opens the sealed content of a delivery with one of the agency's keys, and checks the files.
 *
 * What is in memory is opened in memory; a file is opened into a file of the packages' folder, which
 * is on disk before this returns.
 *
 * @returns held when the own key cannot be used: that is not the sender's fault.
 */
export async function openDelivery(
  core: AgentCore,
  shown: ShownDelivery,
  sealed: PackageSource,
  context: DocumentCheckContext,
  signal?: AbortSignal,
): Promise<OpenedDelivery | Quarantined | Held> {
  const decryptors = await openDecryptors(core);
  if (typeof decryptors === 'string') {
    return { kind: 'held', lacks: 'key', reason: decryptors, claim: shown.claim };
  }
  const opened = await openWithAny(core, shown, sealed, decryptors, signal);
  if ('finding' in opened) {
    await discard(core, opened.opened);
    return quarantineOf(shown, opened);
  }
  await using contents = opened.contents;
  const checked = await checkDocument(shown.shown, contents, shown.sender, context);
  if (!checked.accepted) {
    await discard(core, opened.container);
    return quarantineOf(shown, checked);
  }
  const { shown: _shown, ...rest } = shown;
  return { ...rest, kind: 'document', container: opened.container, checked };
}

/** What is refused must not fill the disk; a file that a row names is another delivery's too. */
async function discard(core: AgentCore, container: WrittenPackage | undefined): Promise<void> {
  if (container === undefined || container.source instanceof Uint8Array) return;
  const { sha256, source } = container;
  const isKept = [core.inbox, core.register].some((store) =>
    store.containerFiles().includes(sha256),
  );
  if (!isKept) await rm(source.path, { force: true });
}

async function openDecryptors(core: AgentCore): Promise<readonly Decryptor[] | string> {
  try {
    return await core.keys.openDecryptors();
  } catch (error) {
    const isOwnTrouble = error instanceof AgentError || error instanceof SignerError;
    if (isOwnTrouble) return `the encryption key cannot be used: ${error.message}`;
    throw error;
  }
}

/** The current key first; an older one where the content was sealed before a renewal. */
async function openWithAny(
  core: AgentCore,
  { delivery, shown }: ShownDelivery,
  source: PackageSource,
  decryptors: readonly Decryptor[],
  signal: AbortSignal | undefined,
): Promise<OpenedPackage | PackageFault> {
  const { packageDigest, sealed } = delivery;
  const { openPart } = shown;
  const folder = core.files.folders.packages;
  const options = { packageDigest, sealed, openPart, folder, ...(signal && { signal }) };
  let first: PackageFault | undefined;
  for (const decryptor of decryptors) {
    const opened = await openPackage(source, { ...options, decryptor });
    if (!('finding' in opened) || opened.finding !== 'SEAL_UNREADABLE') return opened;
    first ??= opened;
  }
  return first ?? { finding: 'SEAL_UNREADABLE', detail: 'there is no encryption key' };
}

function quarantineOf(
  shown: ShownDelivery,
  fault: Pick<Quarantined, 'finding' | 'detail'>,
): Quarantined {
  const { natsSubject, claim, hashMessage } = shown;
  const { finding, detail } = fault;
  return {
    kind: 'quarantine',
    finding,
    detail,
    claim,
    messageSha256: hashMessage(),
    natsSubject,
  };
}
