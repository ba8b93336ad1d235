import type { SubIndication } from '@congvan/signer';

/** What `congvan file` and `congvan package` print, English. */
export const filesEn = {
  chooseSigner: 'name the key to sign with: --p12, --token or --remote',
  oneSigner: 'only one of --p12, --token and --remote can be given',
  remoteNeeds: '--remote needs --credential and --access-token-file',
  tsaNeeded: (level: string) =>
    `level ${level} needs a time-stamp: name a service with --tsa or CONGVAN_TSA`,
  notForSigning: (who: string) =>
    `the certificate of '${who}' is not for signing documents: no verifier will accept the signature`,
  notInForce: (who: string, from: string, to: string) =>
    `the certificate of '${who}' is good from ${from} to ${to} only`,
  forPdfOnly: (option: string, file: string) => `${option} is for PDFs, and '${file}' is none`,
  notStampable: (file: string) => `'${file}' is no PDF; a stamp needs a page to stand on`,
  levelOfDetached: (level: string) =>
    `a detached signature can have level B-B or B-T here, not ${level}`,
  pictureNeeded: (form: string) => `the ${form} stamp shows a picture: name it with --picture`,
  numberNeeded: 'the appendix stamp shows number and notation: name them with --number',
  copyFormNeeded: 'the stamp of a copy names the form of copy: give it with --copy-form',
  placeNeeded: (form: string): string =>
    form === 'agency'
      ? 'say where the seal goes: --beside FIELD (the personal signature), --rect or --corner'
      : 'say where the signature goes: --rect or --corner',
  widthNeeded:
    'the picture does not say how large it is on paper: give --picture-width in millimetres',
  wantedCodeNumber: 'number and notation are wanted, as 15/QĐ-UBND',
  wantedPage: 'first, last or the number of a page is wanted',
  wantedRect: 'LEFT,BOTTOM,WIDTH,HEIGHT in points are wanted, as 300,120,140,90',
  keyOf: (file: string) => `the key in '${file}'`,
  pinOf: (what: string) => `the token '${what}'`,
  pinOfRemote: (what: string) => `the remote key '${what}'`,
  otpOfRemote: (what: string) => `one-time password '${what}'`,
  pinStates: {
    low: 'the token is near to locking its PIN: a wrong one was given before',
    'last-try': 'this is the last try before the token locks its PIN',
    locked: 'the token has locked its PIN',
  },
  contentNeeded: (file: string) =>
    `'${file}' holds a signature alone: name what it signs with --content`,
  serviceNeeded: 'name a time-stamp service with --tsa or CONGVAN_TSA',
  wantedTsa: (given: string) => `'${given}' is no http or https address of a time-stamp service`,
  trustNeeded: (level: string) =>
    `level ${level} needs to know whom to trust: name the folder with --trust`,
  notExtendable: (file: string) => `'${file}' is no PDF; only the signatures of a PDF are extended`,
  sealedKind: (file: string) => `'${file}' is sealed: open it with \`congvan file unseal\``,
  stopped: 'stopped before the end; nothing was written',
  notSent: 'stopped before the end; the document was not sent',
  wroteUnder: 'written',
  context: 'context',
  signedAs: 'signed by',
  level: 'level',
  provenAt: 'proven at',
  timeStamp: 'time-stamp',
  timeStampOf: (who: string) => `by ${who}`,
  chain: 'chain',
  revision: 'revision',
  revisionOf: (number: number, bytes: number) => `${number} (${bytes} bytes)`,
  widget: 'shown',
  widgetOn: (page: number, percent: string) => `page ${page}, ${percent} % of it`,
  certified: 'certified',
  certifiedAs: (level: number) => `DocMDP P=${level}`,
  recipients: 'recipients',
  offlineNote: 'revocation data is missing; without --offline it would be fetched',
  fetchFailed: (what: string) => `not fetched: ${what}`,
  tsaFailed: (what: string) => `time-stamp service passed over: ${what}`,
  waitingForSigner: 'waiting for the approval on the signing device…',
  sealing: 'sealing',
  verifying: 'checking',
  unsealing: 'opening',
  mediaType: 'media type',
  assertions: { signature: 'signature', timestamp: 'time-stamp' },
  indications: {
    'TOTAL-PASSED': 'valid',
    INDETERMINATE: 'cannot be decided',
    'TOTAL-FAILED': 'not valid',
  },
  meaning: 'meaning',
  subIndications: {
    FORMAT_FAILURE:
      'the file or signature does not follow its format, or was changed in a way no signature allows',
    HASH_FAILURE: 'the content is not what was signed',
    SIG_CRYPTO_FAILURE: 'the signature value is wrong',
    REVOKED: 'the certificate was revoked before the proven time of the signature',
    REVOKED_NO_POE: 'the certificate was revoked, and nothing proves that the signature is older',
    REVOKED_CA_NO_POE:
      'the certificate of an issuing authority was revoked, and nothing proves that the signature is older',
    NOT_YET_VALID: 'the certificate was not valid yet',
    EXPIRED: 'the certificate had expired before the proven time of the signature',
    OUT_OF_BOUNDS_NO_POE:
      'the certificate has expired, and nothing proves that the signature is older',
    TIMESTAMP_ORDER_FAILURE: 'the times of the time-stamps contradict each other',
    SIG_CONSTRAINTS_FAILURE:
      'a part that such a signature must have is missing, or somebody should look at what came later',
    CHAIN_CONSTRAINTS_FAILURE: 'the certificate may not be used for this',
    CRYPTO_CONSTRAINTS_FAILURE: 'an algorithm or key is too weak or not known',
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE:
      'an algorithm is too weak today, and nothing proves that the signature is older',
    NO_SIGNING_CERTIFICATE_FOUND: 'the certificate of the signer is not at hand',
    NO_CERTIFICATE_CHAIN_FOUND: 'the certificate does not lead to anyone you trust',
    SIGNED_DATA_NOT_FOUND: 'what was signed is not at hand',
    TRY_LATER: 'no fresh information says whether a certificate was revoked',
    NO_SIGNATURE: 'the file holds no signature',
  } satisfies Readonly<Record<SubIndication | 'NO_SIGNATURE', string>>,
  certificateStates: {
    anchor: 'trusted',
    good: 'good',
    revoked: 'revoked',
    unknown: 'unknown',
    'not-checked': 'not checked',
  },
};

export type FileTexts = typeof filesEn;
