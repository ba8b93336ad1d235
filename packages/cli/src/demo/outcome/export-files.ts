import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { codeToToken } from '@congvan/bus';
import type { IncomingDocument } from '@congvan/node-agent';
import { encodePem, listPdfSignatures, openAsicE } from '@congvan/signer';

import { CliError } from '../../errors.ts';
import { padNumber } from '../texts/text.ts';
import type { World } from '../world/world.ts';

/** One document as a recipient got it, laid out for other programs. */
export interface ExportedDocument {
  readonly pdf: string;
  readonly manifest: string;
  /** Detached CAdES signature over the manifest, DER. */
  readonly signature: string;
  readonly container: string;
}

export interface Exported {
  readonly folder: string;
  readonly rootCertificate: string;
  readonly documents: readonly ExportedDocument[];
  /** Every file, the certificates first. */
  readonly files: readonly string[];
}

/**
 * Writes certificates and, of each document that was accepted somewhere, what its first recipient
 * received: the signed PDF, the package, and manifest and signature out of it.
 */
export async function exportFiles(world: World, folder: string): Promise<Exported> {
  await mkdir(join(folder, 'ca'), { recursive: true });
  const certificates = await exportCertificates(world, join(folder, 'ca'));
  const documents: ExportedDocument[] = [];
  for (const document of firstCopies(world)) {
    const sent = await world.agent(document.from).track(document.documentId).signedPdf?.();
    documents.push(await exportDocument(document, sent, folder));
  }
  const files = documents.flatMap((one) => [one.pdf, one.manifest, one.signature, one.container]);
  const [rootCertificate = ''] = certificates;
  return { folder, rootCertificate, documents, files: [...certificates, ...files] };
}

/** In the order of arrival, each document once. */
function firstCopies(world: World): IncomingDocument[] {
  const rows = world
    .agents()
    .flatMap((agent) => agent.listInbox({ limit: 10_000 }).map((row) => ({ agent, row })))
    .toSorted((a, b) => a.row.receivedAt.getTime() - b.row.receivedAt.getTime());
  const copies = new Map(
    rows.toReversed().map(({ agent, row }) => [`${row.from} ${row.documentId}`, { agent, row }]),
  );
  return [...copies.values()].toReversed().map(({ agent, row }) => agent.openIncoming(row.id));
}

async function exportCertificates(world: World, folder: string): Promise<string[]> {
  const { rootCertificate, issuingCertificate } = world.authority;
  const root = join(folder, 'root.pem');
  const issuing = join(folder, 'issuing.pem');
  await writeFile(root, encodePem('CERTIFICATE', rootCertificate.der));
  await writeFile(issuing, encodePem('CERTIFICATE', issuingCertificate.der));
  return [root, issuing];
}

async function exportDocument(
  document: IncomingDocument,
  sent: Uint8Array | undefined,
  folder: string,
): Promise<ExportedDocument> {
  const { documentId } = document;
  const [main] = document.files;
  const pdf = await main?.bytes();
  if (pdf === undefined || listPdfSignatures(pdf).length === 0) {
    throw new CliError('CLI_DEMO_FAILED', `document ${documentId} holds no signed PDF`);
  }
  if (sent === undefined || Buffer.compare(pdf, sent) !== 0) {
    throw new CliError('CLI_DEMO_FAILED', `document ${documentId} did not arrive as it was sent`);
  }
  const { manifest, signature } = openAsicE(await document.container.bytes());
  const base = join(folder, fileName(document));
  const paths = {
    pdf: `${base}.pdf`,
    manifest: `${base}.manifest.xml`,
    signature: `${base}.manifest.p7s`,
    container: `${base}.asice`,
  };
  await writeFile(paths.pdf, pdf);
  await writeFile(paths.manifest, manifest);
  await writeFile(paths.signature, signature);
  await document.container.saveTo(paths.container);
  return paths;
}

/** `H09-21-001_01-BC-UBND`: letters that every shell and file system takes. */
function fileName(document: IncomingDocument): string {
  const { from, codeNumber, codeNotation } = document;
  const notation = codeNotation
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('Đ', 'D')
    .replaceAll('đ', 'd')
    .replaceAll(/[^\w.-]/gu, '-');
  return `${codeToToken(from)}_${padNumber(codeNumber)}-${notation}`;
}
