import type { Messages } from './en.ts';
import { auditVi } from './audit/vi.ts';
import { caVi } from './ca/vi.ts';
import { conditionsVi } from './conditions/vi.ts';
import { transfersVi } from './transfers/vi.ts';
import { doctorVi } from './doctor/vi.ts';
import { SENTENCES_VI } from './failures/sentences-vi.ts';
import { filesVi } from './files/vi.ts';
import { enrolmentVi } from './enrolment/vi.ts';
import { evidenceVi } from './evidence/vi.ts';
import { failuresVi } from './failures/vi.ts';
import { helpVi } from './help/vi.ts';
import { relayVi } from './relay/vi.ts';
import { statsVi } from './stats/vi.ts';
import { planVi } from './plan/vi.ts';
import { findingsVi, textVi } from './text/vi.ts';

const USAGE_ERRORS: Readonly<Record<string, (named: string) => string>> = {
  'commander.unknownCommand': (named) => `không có lệnh '${named}'`,
  'commander.unknownOption': (named) => `không có tùy chọn '${named}'`,
  'commander.missingArgument': (named) => `thiếu tham số '${named}'`,
  'commander.missingMandatoryOptionValue': (named) => `thiếu tùy chọn bắt buộc '${named}'`,
  'commander.optionMissingArgument': (named) => `tùy chọn '${named}' thiếu giá trị`,
  'commander.excessArguments': () => 'thừa tham số',
  'commander.conflictingOption': (named) => `tùy chọn '${named}' không dùng cùng tùy chọn kia được`,
  'commander.invalidArgument': (named) => `giá trị của '${named}' không hợp lệ`,
};

export const vi: Messages = {
  language: 'vi',
  help: helpVi,
  text: textVi,
  failures: failuresVi,
  conditions: conditionsVi,
  doctor: doctorVi,
  files: filesVi,
  audit: auditVi,
  evidence: evidenceVi,
  ca: caVi,
  enrolment: enrolmentVi,
  plan: planVi,
  relay: relayVi,
  stats: statsVi,
  transfers: transfersVi,
  findings: findingsVi,
  sentence: (code, details) =>
    Object.hasOwn(SENTENCES_VI, code) ? SENTENCES_VI[code]?.(details) : undefined,
  usageError: (code, named) =>
    Object.hasOwn(USAGE_ERRORS, code) ? USAGE_ERRORS[code]?.(named) : undefined,
};
