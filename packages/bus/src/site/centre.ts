import { connectCentre } from '../broker/centre-connection.ts';
import type { TlsMaterial } from '../broker/connection.ts';
import { keepCentralFiles } from './files/central.ts';

export interface CentreOptions {
  readonly servers: string | readonly string[];
  /** Of {@link mintCentreCredentials}, or of the file that a plan holds. */
  readonly credentials: Uint8Array;
  /** For servers with TLS. */
  readonly tls?: TlsMaterial;
  /** What goes wrong while nobody waits for an answer. */
  readonly onError?: (error: Error) => void;
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
  const { servers, credentials, tls } = options;
  const secured = tls === undefined ? {} : { tls };
  const connection = await connectCentre({ servers, credentials, ...secured });
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
