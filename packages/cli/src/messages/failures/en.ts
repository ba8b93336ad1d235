/** What is wrong, as a class (`title`), and the next step (`hint`). English. */
export const failuresEn = {
  usage: { title: 'wrong command line', hint: 'see the help of the command: add --help' },
  request: {
    title: 'wrong value',
    hint: 'correct the value named above; --help lists what is allowed',
  },
  agencyCode: {
    title: 'wrong agency code',
    hint: 'write the code as in Decision 20/2020/QĐ-TTg, level 1 first, such as H09.12.034; `congvan agency list` shows the known ones',
  },
  checkFile: {
    title: 'damaged file',
    hint: 'the file is damaged or of another kind; get it again from where it came',
  },
  fileKind: {
    title: 'wrong kind of file',
    hint: 'see with --help which files the command takes; for a file with its signature beside it, name the signature (.p7s)',
  },
  emptyFile: { title: 'empty file', hint: 'save the file again in the program that made it' },
  p12: {
    title: 'key file not usable',
    hint: 'name a P12 or PFX file that holds key and certificate; `congvan ca issue` makes one, and `openssl pkcs12` converts old ones',
  },
  brokenPdf: {
    title: 'damaged PDF',
    hint: 'get the file again, or print it into a new PDF; where nobody has signed yet, --repair of `congvan file sign` may mend it',
  },
  timeStamp: {
    title: 'no time-stamp',
    hint: 'check the address in --tsa or CONGVAN_TSA, or name a second service; nothing was written, and `congvan file sign --level B-B` does without',
  },
  revocationData: {
    title: 'no revocation data',
    hint: 'let the addresses named in the certificates be reached (no --offline), or put fresh lists into crls/ of the trust folder; check that its anchors/ holds the roots of signer and time-stamp service',
  },
  signFirst: { title: 'not signed', hint: 'sign the file first: `congvan file sign FILE`' },
  picture: {
    title: 'picture not usable',
    hint: 'give a PNG, best with a transparent background; save the picture again as PNG where needed',
  },
  sealedFile: {
    title: 'sealed file',
    hint: 'check --context letter by letter; if it is right, the file was changed or cut off: get it again from the sender',
  },
  notRecipient: {
    title: 'sealed for others',
    hint: 'name the P12 file of a recipient with --p12, or ask the sender to seal it for your certificate',
  },
  notPdf: {
    title: 'not a PDF',
    hint: 'give a PDF; `congvan send` takes other files with --attach',
  },
  printAgain: {
    title: 'unsuitable PDF',
    hint: 'open the file in a PDF reader, print it into a new PDF without passwords, forms or scripts, and take that',
  },
  tamperedPdf: {
    title: 'changed after signing',
    hint: 'nobody would accept it; get the file again from whoever signed it',
  },
  bundle: {
    title: 'enrolment bundle',
    hint: '`congvan agency add` writes bundles; --from names the folder of one',
  },
  site: {
    title: 'site',
    hint: 'a site is a province such as H09, or TW; `congvan bus up --detach --site SITE` adds one',
  },
  notSigned: {
    title: 'no such signature',
    hint: 'list the signatures of the file with `congvan file verify FILE`',
  },
  token: {
    title: 'token not usable',
    hint: 'put the token in, check its module and label, and see the guide to tokens in docs/how-to',
  },
  remoteSigning: {
    title: 'signing service',
    hint: 'get a new access token or ask the provider of the signing service',
  },
  pkiServer: {
    title: 'trust service not reachable or not willing',
    hint: 'check the address and the line, then try again',
  },
  lockedPdf: {
    title: 'no further signature allowed',
    hint: 'whoever signed the PDF closed it; ask for a copy that allows further signatures',
  },
  attachmentName: { title: 'bad file name', hint: 'give each file a different, plain name' },
  longerPassphrase: {
    title: 'passphrase too short',
    hint: 'choose a longer one; nothing was written',
  },
  fileMissing: { title: 'file not found', hint: 'check the path and the spelling' },
  fileRights: {
    title: 'file not readable',
    hint: 'check that it is a file and that you may read it',
  },
  writing: {
    title: 'cannot write',
    hint: 'check that the folder is there, your rights on it, and the free space; nothing half written was left behind',
  },
  restore: {
    title: 'damaged file',
    hint: 'restore the file from its backup; `congvan doctor` checks this home',
  },
  exists: {
    title: 'exists already',
    hint: 'nothing was overwritten; choose another name, or move the old one away yourself',
  },
  tooLarge: {
    title: 'too large',
    hint: 'make it smaller: scan with fewer dots, leave attachments out, or split it',
  },
  fileChanged: {
    title: 'file changed',
    hint: 'close the program that writes the file, wait until it is whole, and repeat the command',
  },
  passphrase: {
    title: 'wrong or missing passphrase',
    hint: 'type it at a terminal, or give --passphrase-file FILE or CONGVAN_PASSPHRASE_FILE (a PIN: --pin-file FILE or CONGVAN_PIN_FILE, of a CA token CONGVAN_CA_PIN_FILE); nothing was written',
  },
  keys: {
    title: 'key or certificate',
    hint: 'name another key, or let `congvan doctor` check the keys of this home; certificates come from `congvan ca issue` or your authority',
  },
  network: {
    title: 'network not readable',
    hint: 'write a network as ADDRESS/BITS, such as 10.1.0.0/16 or 2001:db8::/32',
  },
  operatorKeys: {
    title: "operator's keys",
    hint: "run this at the centre, where the operator's keys are (`congvan bus revoke`), or name their folder (`agency revoke --plan`); a site has only its signing key",
  },
  userKeyRevoked: {
    title: 'revoked key',
    hint: 'the agency makes a new key and is enrolled again; a revoked key never comes back',
  },
  revocationsFull: {
    title: 'too many revoked keys',
    hint: 'replace the signing key of the site; its agencies then need new credentials',
  },
  credentials: {
    title: 'credentials of the broker',
    hint: 'ask whoever runs the site for a new token (`congvan agency enrol CODE --replace`)',
  },
  chooseAgency: { title: 'agency not chosen', hint: 'add --agency CODE' },
  agentInit: {
    title: "agency's folder",
    hint: '`congvan agent init --from BUNDLE` sets up an agency; --home says where',
  },
  caInit: { title: 'no certificate authority', hint: '`congvan ca init` creates one' },
  relayInit: { title: 'no relay', hint: '`congvan relay init` sets one up' },
  siteDesk: {
    title: 'no enrolment desk',
    hint: 'set one up on the machine of the site service: `congvan site desk --url https://NAME:7443`',
  },
  enrolmentToken: {
    title: 'enrolment token not readable',
    hint: 'compare it with the paper or file it came on, group by group, or name the file; a new one comes from the registrar: `congvan agency enrol`',
  },
  enrolmentRefused: {
    title: 'enrolment refused',
    hint: 'the reason stands above; a token is good once and until it expires: ask the registrar for a new one (`congvan agency enrol CODE`)',
  },
  enrolmentDesk: {
    title: 'enrolment desk not reached',
    hint: 'check line, address and firewall and run the same command again, it goes on where it stopped; the desk runs with `congvan site run`',
  },
  startBus: {
    title: 'the bus does not answer',
    hint: 'on one machine start it with `congvan bus up --detach`; else check the network, and with TLS the certificate shown (--tls-p12), then repeat',
  },
  startSite: {
    title: 'the site service does not answer',
    hint: 'start it with `congvan site run`, then repeat',
  },
  natsServer: {
    title: 'nats-server',
    hint: 'install nats-server 2.9.10 or later: your system package, https://nats.io/download, or NATS_SERVER=PATH',
  },
  plan: {
    title: 'description of the bus',
    hint: 'correct the line named above; docs/how-to/run-a-country.md shows a whole description',
  },
  serverLog: {
    title: 'nats-server',
    hint: 'see the log in the bus folder; another program may use the port',
  },
  running: {
    title: 'runs already',
    hint: 'stop the other process first, take another port (--port), or leave it running: other commands work beside it',
  },
  makeRoom: {
    title: 'disk full',
    hint: 'make room on the disk and repeat the command; nothing was stored, no number was taken',
  },
  setClock: {
    title: 'clock wrong',
    hint: 'set the clock of this machine (NTP); the next minute the agent notices and the command works again',
  },
  restored: {
    title: 'older copy',
    hint: 'let `congvan agent run` work until `congvan agent status` no longer shows RESTORED: it learns from the relay which numbers are used',
  },
  again: { title: 'no answer', hint: 'repeat the command: what is done already is not done twice' },
  unknownRecipient: {
    title: 'recipient not in the directory',
    hint: '`congvan agency list` shows the directory; a running agent fetches what is new',
  },
  unsealableRecipient: {
    title: 'the recipient has no key to seal for',
    hint: 'ask the recipient to renew its keys, or to be enrolled again; `congvan agency show CODE` lists its certificates',
  },
  closedRecipient: {
    title: 'recipient is closed',
    hint: '`congvan agency show CODE` names its successor',
  },
  secret: {
    title: 'classified document',
    hint: 'state secrets never enter the bus; send it the way the law on state secrets prescribes',
  },
  idempotency: {
    title: 'key used before',
    hint: 'the same --key belongs to one request only; take a new key for a new document',
  },
  number: {
    title: 'register number',
    hint: '`congvan register list` shows the state of the number; `congvan register void` gives up a reserved one; send again with a new --key',
  },
  evidenceOf: {
    title: 'document not clear',
    hint: 'give the DocumentId, or number and notation, and with --from the code of the sender',
  },
  lookInbox: {
    title: 'document not found',
    hint: '`congvan inbox --state all` and `congvan register list` show the documents of this agency',
  },
  longerId: { title: 'id not clear', hint: 'type more characters of the id' },
  state: {
    title: 'not possible in this state',
    hint: '`congvan open ID` or `congvan track ID` shows the state',
  },
  upgrade: {
    title: 'written by a later version',
    hint: 'install the version that wrote it, or a later one',
  },
  relayUsers: { title: 'account', hint: '`congvan relay user list` shows the accounts' },
  publish: {
    title: 'not published',
    hint: '`congvan audit publications` lists what is; `congvan audit publish MONTH` publishes a month that is over',
  },
  otherRegistrar: {
    title: 'another registrar',
    hint: 'compare the fingerprint in --registrar, or registrar.crt of the trust folder, letter by letter with what the registrar told you by another way; if it is right, the file comes from somebody else',
  },
  figuresBuilt: {
    title: 'figures are being added up',
    hint: 'after an update the relay adds all figures up once, and its log says how far it is; after midnight or a change of the directory it takes moments: try again',
  },
  runRelay: {
    title: 'older database',
    hint: 'run `congvan relay run` once: it brings the file up to date',
  },
  trust: {
    title: 'trust',
    hint: 'the folder holds anchors/, intermediates/ and crls/ with certificates and lists, PEM or DER; for an agency they come with registrar.crt from the registrar',
  },
  directory: {
    title: 'directory',
    hint: 'restore the site folder from its backup; entries are never edited by hand',
  },
  directoryFork: {
    title: 'directory',
    hint: 'the folder was put back from an older copy and numbers were given again: see "Restore a site" in the guide to back-up and restore',
  },
  directoryCatchingUp: {
    title: 'directory',
    hint: 'wait until `congvan site run` has taken the entries back, which needs the line to the centre, then repeat; `congvan bus doctor` shows the line',
  },
  delegation: {
    title: 'delegation',
    hint: '`congvan agency show CODE` on the registrar shows its sites; the centre delegates with `congvan agency delegate`',
  },
  streams: {
    title: 'streams of the broker',
    hint: 'an operator must decide: the existing stream differs and changing it could lose documents',
  },
  filesIncomplete: {
    title: 'file not whole yet',
    hint: 'the sender is still uploading, or has given the file up; it goes on by itself when the rest is there',
  },
  filesFull: {
    title: 'no room for files',
    hint: 'the broker of the site is full: an operator makes room or widens the stream of files; sending goes on by itself then',
  },
  filesQuota: {
    title: 'too many large files under way',
    hint: 'room comes back when recipients confirm what was sent; an operator can raise the share of this agency',
  },
  lookCa: { title: 'certificate', hint: '`congvan ca list` shows the certificates issued' },
  lookDirectory: { title: 'agency', hint: '`congvan agency list` shows the directory' },
  report: {
    title: 'internal error',
    hint: 'please report this with the command, the version (`congvan --version`) and the text above',
  },
  none: { title: 'not possible', hint: '`congvan doctor` checks this installation' },
};

export type FailureTexts = typeof failuresEn;
export type HintName = keyof FailureTexts;
