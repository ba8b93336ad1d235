import {
  CONDITIONS,
  type Condition,
  type ConditionCode,
  type ConditionFacts,
  type StoredCondition,
} from './condition.ts';

/** The English words of a condition; the command has them in Vietnamese too. */
export function describeCondition(stored: StoredCondition): Condition {
  const { code, sinceMs, facts } = stored;
  const { detail, action } = TEXTS[code];
  return {
    code,
    severity: CONDITIONS[code].severity,
    since: new Date(sinceMs),
    detail: detail(facts),
    action,
    facts,
  };
}

interface Text {
  readonly detail: (facts: ConditionFacts) => string;
  readonly action: string | null;
}

const TEXTS: Readonly<Record<ConditionCode, Text>> = {
  BROKER_UNREACHABLE: {
    detail: (f) => `no broker answers at ${f['servers']}; next try at ${f['nextTry']}`,
    action: null,
  },
  OFFLINE_LONG: {
    detail: (f) =>
      `${f['days']} days without the broker; ${f['waiting']} messages are kept and leave when it is back`,
    action: 'check the line and the address of the broker; nothing has to be sent again',
  },
  CREDENTIALS_EXPIRED: {
    detail: (f) => `the broker refuses credentials that ended at ${f['expiredAt']}`,
    action:
      'ask the site for new credentials; the agent takes them up as soon as the file is there',
  },
  CREDENTIALS_EXPIRING: {
    detail: (f) => `the broker credentials end at ${f['expiresAt']}`,
    action: 'renew them before that day',
  },
  CREDENTIALS_REVOKED: {
    detail: (f) =>
      `the broker refuses the credentials of ${f['name']} though their time is not over`,
    action: 'ask the site whether they were revoked and why; only it can give new ones',
  },
  BROKER_CERTIFICATE_EXPIRED: {
    detail: (f) => `the certificate of the broker at ${f['servers']} ended at ${f['endedAt']}`,
    action:
      'check this clock first; if it is right, tell the operator of the site that the server needs a new certificate',
  },
  BROKER_UNTRUSTED: {
    detail: (f) =>
      `what answers at ${f['servers']} shows a certificate that is not trusted (${f['reason']})`,
    action:
      'compare the address in agent.json with the site; ask the site in person for its authority, never take what the line offers',
  },
  CERTIFICATE_REFUSED: {
    detail: (f) =>
      `the broker at ${f['servers']} refuses the TLS certificate of this agency (${f['reason']}); its end: ${f['ownEndsAt']}`,
    action:
      'ask the site for a new one: congvan agency enrol --replace there, congvan agent enrol here',
  },
  CLOCK_WRONG: {
    detail: (f) =>
      f['certificateFrom'] === undefined
        ? clockOffset(f)
        : `this clock is before the beginning of the server's certificate (${f['certificateFrom']}), at least ${f['offsetSeconds']} seconds behind`,
    action: 'set the clock (NTP); until then nothing new is numbered and signed',
  },
  DISK_FULL: {
    detail: (f) => `no room left in ${f['folder']}; nothing new is taken in`,
    action: 'make room on the disk; the agent goes on by itself',
  },
  DATABASE_LOCKED: {
    detail: (f) => `another process holds ${f['file']} for writing`,
    action: 'end the program that holds it; the agent goes on by itself',
  },
  DATABASE_FAILING: {
    detail: (f) => `the database answers ${f['error']}`,
    action: 'check the disk, then restore from the latest backup if it stays',
  },
  STREAM_FULL: {
    detail: (f) => `the broker's store is full (${f['error']}); what waits is kept and tried again`,
    action: 'tell the operator of the site: congvan bus doctor says what to do',
  },
  SITE_SERVICE_SILENT: {
    detail: (f) =>
      f['lastAnswer'] === 'never'
        ? 'the site service has not answered yet'
        : `the site service has not answered since ${f['lastAnswer']}`,
    action: 'tell the operator of the site that its service does not run',
  },
  DIRECTORY_STALE: {
    detail: (f) => `the copy of the directory was last refreshed at ${f['refreshedAt']}`,
    action: 'tell the operator of the site; known recipients are still served',
  },
  CERTIFICATE_EXPIRING: {
    detail: (f) => `the ${f['use']} certificate ends at ${f['expiresAt']}`,
    action: 'renew it before that day',
  },
  RESTORED: {
    detail: (f) =>
      `the relay has reports up to ${f['relayHas']}, this database up to ${f['here']}: an older copy`,
    action:
      'wait until the agent has learned what was used since; while the relay cannot be asked nothing is numbered',
  },
  SENDER_LIMITED: {
    detail: (f) => `${f['sender']} sent more bad messages today than are kept (${f['count']})`,
    action: 'look at congvan inbox --quarantine and tell that agency',
  },
  MESSAGES_HELD: {
    detail: (f) =>
      `${f['count']} messages cannot be judged yet, the oldest from ${f['sender']}: ${f['reason']}`,
    action: 'congvan inbox --held; bring new revocation lists into the trust folder if they lack',
  },
  DEAD_LETTERS: {
    detail: (f) => `${f['count']} messages were not delivered and wait for a person`,
    action: 'congvan outbox shows them; outbox retry ID or outbox give-up ID --reason',
  },
};

function clockOffset(f: ConditionFacts): string {
  return `this clock is ${Math.abs(Number(f['offsetSeconds']))} seconds ${Number(f['offsetSeconds']) > 0 ? 'behind' : 'ahead of'} the site's`;
}
