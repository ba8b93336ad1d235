import { DEFINITIONS } from './definitions.ts';
import type { AuditManifest } from './format.ts';

/** What the file is and how to check it, for whoever opens it with an ordinary program. */
export function encodeReadme(
  manifest: Pick<AuditManifest, 'relay' | 'period' | 'exported_at' | 'records'>,
): Uint8Array {
  const { relay, period, exported_at: exportedAt, records } = manifest;
  const months = period.from === period.to ? period.from : `${period.from}..${period.to}`;
  const text = `CONGVAN AUDIT FILE
relay ${relay}, months ${months}, ${records} records, exported ${exportedAt}

This file holds everything that the published figures of these months come from: the signed
records of every agency from the first one on, in the order in which they arrived; the signed
directory; certificates and revocation lists; and the signed publications. To check it:

    congvan audit recompute FILE --trust FOLDER --registrar SHA256

FOLDER holds your own trust anchors (anchors/*.crt); SHA256 is the fingerprint of the registrar's
certificate, known to you from elsewhere. No network is used.

Tệp này chứa mọi dữ liệu làm nên số liệu đã công bố: toàn bộ bản ghi đã ký của các cơ quan theo thứ
tự nhận, danh bạ đã ký, chứng thư số, danh sách thu hồi và các lần công bố đã ký. Lệnh trên kiểm
tra tệp mà không cần mạng; FOLDER là các gốc tin cậy của bạn, SHA256 là vân tay chứng thư của nơi
đăng ký mà bạn biết từ nguồn khác.

PARTS
  manifest.json, manifest.p7s       every part with its SHA-256, signed by the relay
  definitions.json                  how each figure is counted, in words and as a formula
  publications/NNNNNN.json, .p7s    the head of each publication, signed by the relay
  publications/NNNNNN/*.jsonl       its figures, chains, contradictions and changes
  records/NNNNNN.csv, .bin          order, stored time and running hash; the signed records
  forks/NNNNNN.csv, .bin            second records of a number
  directory/NNNNNN.bin              signed directory entries in the order in which they were read
  registrar.crt, trust/             certificates, revocation lists, OCSP responses (DER)

FIGURES
${DEFINITIONS.map(({ field, formula, en, vi }) => `  ${field} = ${formula}\n    ${en}\n    ${vi}`).join('\n')}
`;
  return new TextEncoder().encode(text);
}
