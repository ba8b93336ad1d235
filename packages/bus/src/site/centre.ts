import { connectCentre } from '../broker/centre-connection.ts';
import type { TlsMaterial } from '../broker/tls-material.ts';
import type { StreamAdmin } from '../broker/stream-admin.ts';
import type { StreamPlan } from '../stream/plan.ts';
import { keepCentralFiles } from './files/central.ts';
import { watchSources } from './source-watch.ts';

export interface CentreOptions {
  readonly servers: string | readonly string[];
  /** Of {@link mintCentreCredentials}, or of the file that a plan holds. */
  readonly credentials: Uint8Array;
  /** For servers with TLS. */
  readonly tls?: TlsMaterial;
  /** The streams of the centre, as planned: their sources are watched. */
  readonly streams: readonly StreamPlan[];
  /** What goes wrong while nobody waits for an answer. */
  readonly onError?: (error: Error) => void;
}

/** What the centre of a federated plan needs besides its streams. */
export interface CentreService extends AsyncDisposable {
  close(): Promise<void>;
}

/**
 * Runs the service at the centre: it asks afresh for sources that stand still, puts back one that is
 * missing, and lets go of the chunks that their site has dropped. Without it chunks stay until they
 * are too old, and sources come back when the servers or a person see to them.
 *
 * @throws {@link BusError} `BUS_CONNECT_FAILED`.
 */
export async function openCentre(options: CentreOptions): Promise<CentreService> {
  const { servers, credentials, tls } = options;
  const secured = tls === undefined ? {} : { tls };
  const connection = await connectCentre({ servers, credentials, ...secured });
  const onError = (error: Error): void => {
    if (connection.status() === 'connected') options.onError?.(error);
  };
  const stopKeeping = keepCentralFiles({ connection, onError });
  const ensuring = ensureStreams(connection, options.streams, onError);
  const sources = watchSources({ admin: connection, streams: () => options.streams, onError });
  const close = async (): Promise<void> => {
    await stopKeeping();
    await ensuring;
    await sources.stop();
    await connection.close();
  };
  return { close, [Symbol.asyncDispose]: close };
}

/** What the plan of this home no longer knows is refused and stays: a newer one has put it there. */
async function ensureStreams(
  admin: Pick<StreamAdmin, 'ensureStream'>,
  plans: readonly StreamPlan[],
  onError: (error: Error) => void,
): Promise<void> {
  for (const plan of plans) {
    try {
      await admin.ensureStream(plan);
    } catch (error) {
      if (error instanceof Error) onError(error);
    }
  }
}
