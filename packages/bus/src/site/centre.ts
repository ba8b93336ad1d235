import { connectCentre } from '../broker/centre-connection.ts';
import type { LocalOperator } from '../operator/operator.ts';
import { mintCentreCredentials } from './credentials.ts';
import { keepCentralFiles } from './files/central.ts';

export interface CentreOptions {
  readonly servers: string | readonly string[];
  readonly operator: LocalOperator;
  /** What goes wrong while nobody waits for an answer. */
  readonly onError?: (error: Error) => void;
  readonly now?: () => Date;
}

/** What the centre of a federated plan needs besides its streams. */
export interface CentreService extends AsyncDisposable {
  close(): Promise<void>;
}

/**
 * Runs the service at the centre: it lets go of the chunks that their site has dropped. Without it
 * they stay until they are too old; nothing else depends on it.
 *
 * @throws {@link BusError} `BUS_CONNECT_FAILED`.
 */
export async function openCentre(options: CentreOptions): Promise<CentreService> {
  const now = options.now ?? (() => new Date());
  const credentials = await mintCentreCredentials(options.operator, now());
  const connection = await connectCentre({ servers: options.servers, credentials });
  const stopKeeping = keepCentralFiles({
    connection,
    onError: (error) => {
      if (connection.status() === 'connected') options.onError?.(error);
    },
  });
  const close = async (): Promise<void> => {
    await stopKeeping();
    await connection.close();
  };
  return { close, [Symbol.asyncDispose]: close };
}
