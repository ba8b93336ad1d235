import { BusError } from '../errors.ts';
import { CLAIMS_INBOX_PREFIX } from '../permission/user.ts';
import { type ConnectOptions, messageOf, openConnection } from './connection.ts';

const CLAIMS_SUBJECT = '$SYS.REQ.CLAIMS.UPDATE';
const CLAIMS_TIMEOUT_MS = 5_000;
/** A server says nothing at all of an account that it does not know. */
const LOOKUP_TIMEOUT_MS = 1_000;

/** The credentials are of a user in the system account. */
export type ClaimsOptions = Pick<ConnectOptions, 'servers' | 'credentials' | 'tls'>;

export interface AccountUpdate {
  readonly publicKey: string;
  readonly jwt: string;
}

/** Reads and changes the accounts of a running server. */
export interface ClaimsConnection extends AsyncDisposable {
  /** The JWT of an account as the server has it; `undefined` where it does not know or does not say. */
  read(publicKey: string): Promise<string | undefined>;
  /**
   * Gives the server a new or changed account; its resolver keeps it on disk.
   *
   * @throws {@link BusError} `BUS_REQUEST_REFUSED` or `BUS_REQUEST_UNANSWERED`.
   */
  update(account: AccountUpdate): Promise<void>;
}

/** @throws {@link BusError} `BUS_CONNECT_FAILED`. */
export async function openClaims(options: ClaimsOptions): Promise<ClaimsConnection> {
  const { nats, close } = await openConnection(options, 'claims update', CLAIMS_INBOX_PREFIX);
  return {
    read: async (publicKey) => {
      const subject = `$SYS.REQ.ACCOUNT.${publicKey}.CLAIMS.LOOKUP`;
      const request = nats.request(subject, '', { timeout: LOOKUP_TIMEOUT_MS });
      const text = await request.then(
        (answer) => answer.string(),
        () => '',
      );
      return text === '' ? undefined : text;
    },
    update: async ({ publicKey, jwt }) => {
      const details = { account: publicKey };
      let text: string;
      try {
        text = (await nats.request(CLAIMS_SUBJECT, jwt, { timeout: CLAIMS_TIMEOUT_MS })).string();
      } catch (cause) {
        const message = `no answer to an account: ${messageOf(cause)}`;
        throw new BusError('BUS_REQUEST_UNANSWERED', message, { cause, details });
      }
      if (/"code"\s*:\s*200/.test(text)) return;
      throw new BusError('BUS_REQUEST_REFUSED', `the broker refused an account: ${text}`, {
        details,
      });
    },
    [Symbol.asyncDispose]: close,
  };
}

/** One account to one server; errors as those of {@link openClaims} and its `update`. */
export async function pushAccountClaims(options: ClaimsOptions & AccountUpdate): Promise<void> {
  await using claims = await openClaims(options);
  await claims.update(options);
}
