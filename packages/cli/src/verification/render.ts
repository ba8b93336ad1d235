import type { Indication } from '@congvan/signer';

import type { Cli } from '../context.ts';
import { renderFields } from '../terminal/table.ts';
import { formatTime } from '../terminal/time.ts';
import type { SignatureLine, TimeStampLine, VerificationReport } from './report.ts';

/** The report for people. */
export function renderReport(cli: Cli, file: string, report: VerificationReport): string {
  const { text, files } = cli.messages;
  const head = renderFields([
    [text.file, file],
    [text.result, verdictText(cli, report)],
    [files.meaning, meaningOf(cli, report)],
    [text.judgedAt, formatTime(report.at)],
    [text.packageDigest, report.packageDigest],
    [text.detail, report.signatures.length === 0 ? report.detail : null],
  ]);
  const lines = report.signatures.map((line, index) => renderSignature(cli, line, index + 1));
  return [head, ...lines].join('\n');
}

function renderSignature(cli: Cli, line: SignatureLine, number: number): string {
  const { text, files } = cli.messages;
  const { revision, revisionBytes, widget } = line;
  return renderFields([
    [
      `${line.kind === 'timestamp' ? files.timeStamp : text.signature} ${number}`,
      verdictText(cli, line),
    ],
    [files.meaning, meaningOf(cli, line)],
    [text.covers, line.kind === 'package' ? text.wholePackage : line.of],
    [text.field, line.fieldName],
    [files.level, line.level],
    [text.signedBy, line.signer],
    [text.claimedAt, line.claimedAt === null ? null : formatTime(line.claimedAt)],
    [files.provenAt, line.provenAt === null ? null : formatTime(line.provenAt)],
    ...line.timeStamps.map((one) => [files.timeStamp, timeStampText(cli, one)] as const),
    [
      files.revision,
      revision === null || revisionBytes === null
        ? null
        : files.revisionOf(revision, revisionBytes),
    ],
    [files.certified, line.docMdp === null ? null : files.certifiedAs(line.docMdp)],
    [
      files.widget,
      widget === null || widget.page === null
        ? null
        : files.widgetOn(widget.page, (widget.share * 100).toFixed(1)),
    ],
    [text.changesAfter, line.changesAfter.join('; ')],
    [text.warnings, line.warnings.join('; ')],
    [
      text.certificate,
      line.certificateSha256 === null ? null : `SHA-256 ${line.certificateSha256}`,
    ],
    ...line.certificates.map(
      (one) =>
        [
          files.chain,
          `${files.certificateStates[one.state]}: ${one.subjectText} (${one.detail})`,
        ] as const,
    ),
    [text.detail, line.detail],
  ]);
}

function timeStampText(cli: Cli, stamp: TimeStampLine): string {
  const { files } = cli.messages;
  const time = stamp.time === null ? '' : ` ${formatTime(stamp.time)}`;
  const who = stamp.tsa === null ? '' : ` ${files.timeStampOf(stamp.tsa)}`;
  const why = stamp.indication === 'TOTAL-PASSED' ? '' : `: ${stamp.detail}`;
  return `${verdictText(cli, stamp)}${time}${who}${why}`;
}

interface Verdict {
  readonly indication: Indication;
  readonly subIndication: string | null;
}

/** `TOTAL-PASSED: valid`, `INDETERMINATE (TRY_LATER): cannot be decided`. */
function verdictText(cli: Cli, { indication, subIndication }: Verdict): string {
  const why = subIndication === null ? '' : ` (${subIndication})`;
  return `${indication}${why}: ${cli.messages.files.indications[indication]}`;
}

/** The sub-indication in words; the detail of the library is English. */
function meaningOf(cli: Cli, { subIndication }: Verdict): string | null {
  const meanings: Readonly<Record<string, string>> = cli.messages.files.subIndications;
  return subIndication === null ? null : (meanings[subIndication] ?? null);
}
