import type { Finding } from '@congvan/bus';

import { type AuditTexts, auditEn } from './audit/en.ts';
import { type CaTexts, caEn } from './ca/en.ts';
import { type ConditionTexts, conditionsEn } from './conditions/en.ts';
import { type DoctorTexts, doctorEn } from './doctor/en.ts';
import { type EnrolmentTexts, enrolmentEn } from './enrolment/en.ts';
import { type EvidenceTexts, evidenceEn } from './evidence/en.ts';
import { type FailureTexts, failuresEn } from './failures/en.ts';
import { type FileTexts, filesEn } from './files/en.ts';
import { type HelpTexts, helpEn } from './help/en.ts';
import { type RelayTexts, relayEn } from './relay/en.ts';
import { type StatsTexts, statsEn } from './stats/en.ts';
import { type PlanTexts, planEn } from './plan/en.ts';
import { type TransferTexts, transfersEn } from './transfers/en.ts';
import { type Texts, findingsEn, textEn } from './text/en.ts';

/** Every text of the command in one language. A text that lacks does not compile. */
export interface Messages {
  readonly language: 'en' | 'vi';
  readonly help: HelpTexts;
  readonly text: Texts;
  readonly failures: FailureTexts;
  readonly conditions: ConditionTexts;
  readonly doctor: DoctorTexts;
  readonly files: FileTexts;
  readonly audit: AuditTexts;
  readonly evidence: EvidenceTexts;
  readonly ca: CaTexts;
  readonly enrolment: EnrolmentTexts;
  readonly plan: PlanTexts;
  readonly relay: RelayTexts;
  readonly stats: StatsTexts;
  readonly transfers: TransferTexts;
  readonly findings: Readonly<Record<Finding, string>>;
  /** A sentence for an error code of the packages below, made of its details; their own words are English. */
  sentence(code: string, details: Readonly<Record<string, string | number>>): string | undefined;
  /** A sentence for an error code of commander; `undefined` keeps commander's English. */
  usageError(code: string, named: string): string | undefined;
}

export const en: Messages = {
  language: 'en',
  help: helpEn,
  text: textEn,
  failures: failuresEn,
  conditions: conditionsEn,
  doctor: doctorEn,
  files: filesEn,
  audit: auditEn,
  evidence: evidenceEn,
  ca: caEn,
  enrolment: enrolmentEn,
  plan: planEn,
  relay: relayEn,
  stats: statsEn,
  transfers: transfersEn,
  findings: findingsEn,
  sentence: () => undefined,
  usageError: () => undefined,
};
