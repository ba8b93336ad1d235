import { SignerError } from '../errors.ts';
import type { RevocationReason } from '../x509/crl.ts';
import type { IssuingCa } from './ca-keys.ts';
import type { AuthorityIndex, IssuedCertificate, RevokedState } from './index-file.ts';
import { requireIssued } from './issue.ts';
import {
  type ListTools,
  issueCompleteCrl,
  issueDeltaCrl,
  issueRootCrl,
  renewLists,
} from './lists.ts';
import { type Change, filesOfIssuingCa } from './store.ts';

/** How a certificate is revoked. */
export interface RevokeOptions {
  /** Since when it counts as revoked; default now. It may lie in the past, not in the future. */
  readonly at?: Date;
  /** Since when the key is known or suspected to be in wrong hands (RFC 5280 §5.3.2). */
  readonly invalidSince?: Date;
  /** Which list tells of it; default the complete one. A delta is smaller and soon replaced. */
  readonly list?: 'complete' | 'delta';
}

/**
 * Revokes a certificate, or puts it on hold, and issues a list. One on hold can be revoked for good:
 * it then counts as revoked since it was put on hold. The serial number of an issuing CA revokes that
 * CA on the root's list.
 */
export async function revokeCertificate(
  tools: ListTools,
  serialNumber: string,
  reason: RevocationReason,
  options: RevokeOptions,
): Promise<void> {
  if (reason === 'removeFromCRL') {
    throw new SignerError('SIGNER_INPUT_INVALID', `'${reason}' is no reason to revoke`);
  }
  await tools.store.change(async (change) => {
    const revoked = readState(options, reason, change.now);
    const ca = tools.keys.all().find((one) => one.certificate.serialNumber === serialNumber);
    if (ca !== undefined) {
      await revokeIssuingCa(tools, change, ca, revoked);
      return;
    }
    const known = requireIssued(change.index, serialNumber);
    const isOnHold = known.revoked?.reason === 'certificateHold';
    if (known.revoked !== undefined && (!isOnHold || reason === 'certificateHold')) {
      // The command that revoked it may have died before it wrote the list.
      await renewLists(tools, change, 'due');
      throw alreadyRevoked(serialNumber);
    }
    const state = known.revoked === undefined ? revoked : { ...revoked, at: known.revoked.at };
    await record(change, serialNumber, state);
    const index = withEntry(change.index, { ...known, revoked: state });
    await publish(tools, change, known, index, options.list);
  });
}

/** Releases a certificate from hold: complete lists drop it, a delta says removeFromCRL. */
export async function releaseCertificate(
  tools: ListTools,
  serialNumber: string,
  options: Pick<RevokeOptions, 'list'>,
): Promise<void> {
  await tools.store.change(async (change) => {
    const known = requireIssued(change.index, serialNumber);
    if (known.revoked === undefined) {
      const message = `certificate ${serialNumber} is not on hold`;
      throw new SignerError('SIGNER_INPUT_INVALID', message);
    }
    if (known.revoked.reason !== 'certificateHold') throw alreadyRevoked(serialNumber);
    await change.record('release', { serialNumber });
    const entry = { ...known, revoked: undefined, releasedAt: change.now };
    await publish(tools, change, known, withEntry(change.index, entry), options.list);
  });
}

async function revokeIssuingCa(
  tools: ListTools,
  change: Change,
  { number, certificate }: IssuingCa,
  revoked: RevokedState,
): Promise<void> {
  const { serialNumber } = certificate;
  if (change.index.issuing[number - 1]?.revoked !== undefined) {
    await renewLists(tools, change, 'due');
    throw alreadyRevoked(serialNumber);
  }
  tools.keys.rootKey(); // before anything is written: without it nobody would be told
  await record(change, serialNumber, revoked);
  const issuing = change.index.issuing.map((state, at) =>
    at === number - 1 ? { ...state, revoked } : state,
  );
  await issueRootCrl(tools, change, { ...change.index, issuing });
}

function readState(
  { at, invalidSince }: RevokeOptions,
  reason: RevocationReason,
  now: Date,
): RevokedState {
  const since = at ?? now;
  if (since > now || (invalidSince !== undefined && invalidSince > now)) {
    throw new SignerError('SIGNER_INPUT_INVALID', 'revocation in the future');
  }
  return { at: since, reason, invalidSince };
}

function record(change: Change, serialNumber: string, state: RevokedState): Promise<void> {
  const { at: since, reason, invalidSince } = state;
  return change.record('revoke', { serialNumber, reason, since, invalidSince });
}

function withEntry(index: AuthorityIndex, entry: IssuedCertificate): AuthorityIndex {
  const certificates = index.certificates.map((other) =>
    other.serialNumber === entry.serialNumber ? entry : other,
  );
  return { ...index, certificates };
}

async function publish(
  tools: ListTools,
  change: Change,
  { issuingCa }: IssuedCertificate,
  index: AuthorityIndex,
  list: RevokeOptions['list'],
): Promise<void> {
  const ca = tools.keys.all()[issuingCa - 1];
  if (ca === undefined) {
    const message = `'${filesOfIssuingCa(issuingCa).certificate}' is missing`;
    throw new SignerError('SIGNER_AUTHORITY_DAMAGED', message);
  }
  const issue = list === 'delta' ? issueDeltaCrl : issueCompleteCrl;
  await issue(tools, change, ca, index);
}

function alreadyRevoked(serialNumber: string): SignerError {
  const message = `certificate ${serialNumber} is revoked already`;
  return new SignerError('SIGNER_AUTHORITY_ALREADY_REVOKED', message, {
    details: { serialNumber },
  });
}
