/** What `congvan relay user`, `serve` and `alerts` print, English. */
export const relayEn = {
  passwordOf: (name: string) => `password of ${name}`,
  account: 'account',
  language: 'language',
  scope: 'scope',
  everything: 'everything',
  tokenUntil: 'token until',
  accountAdded: 'account added',
  accountRemoved: 'account removed; its sessions and its token are void',
  passwordChanged: 'password changed; sessions of this account are ended',
  tokenRevoked: 'token revoked',
  tokenOnce: 'the token is shown this once; it is kept nowhere',
  noAccounts: 'there is no account yet; `congvan relay user add NAME` makes one',
  serves: 'serves pages and API',
  firstAccount: 'nobody can log in yet: `congvan relay user add NAME --role auditor`',
  timeStampLacks:
    'an evidence file was made without a time-stamp: the service of CONGVAN_TSA gave none',
  noTimeStamp:
    'evidence files from these pages cannot be checked any more once the certificate of this relay has run out: set CONGVAN_TSA to a time-stamp service',
  severity: 'severity',
  severities: { warning: 'warning', critical: 'critical' },
  since: 'since',
  until: 'until',
  about: 'about',
  whatToDo: 'what to do',
  noAlerts: 'no alert stands',
};

export type RelayTexts = typeof relayEn;

/** Their texts of `--help`. */
export const relayHelpEn = {
  commandTexts: {
    relayServe: "serve pages and API out of the relay's folder, without taking reports in",
    relayUser: 'who may log in at the pages and the API of the relay',
    relayUserAdd: 'add an account; the password is asked for',
    relayUserList: 'list the accounts',
    relayUserRemove: 'remove an account with its sessions and its token',
    relayUserPassword: 'change the password of an account; its sessions end',
    relayUserToken: 'give an account a new bearer token for scripts; the one before is void',
    relayAlerts: 'list what the relay has found wrong',
  },
  argumentTexts: { accountName: 'name of the account' },
  optionTexts: {
    http: 'serve pages and API at this address, such as 8443 or 0.0.0.0:8443; alone, a port is on 127.0.0.1',
    httpCertificate: 'certificate chain of the HTTP server, PEM; outside loopback it is needed',
    httpKey: 'its private key, PEM without a passphrase, readable for its owner alone',
    role: 'what the account sees: everything in its scope (auditor), the health of the relay too (operator), itself (agency)',
    scope: 'only this agency and those below it; for the role agency, the agency itself',
    accountLanguage: 'language of the pages',
    passwordFile:
      'file with the password in its first line; /dev/stdin reads it from standard input',
    tokenDays: 'days that the token is good for',
    revokeToken: 'void the token; give no new one',
    allAlerts: 'closed alerts too, newest first',
  },
};
