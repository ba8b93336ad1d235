import type { Connection } from './connection.ts';

/**
 * Lets a request fail at once when its connection is lost, instead of after its time: what was
 * under way then may be answered to nobody.
 */
export type LossGuard = <T>(request: () => Promise<T>) => Promise<T>;

export function createLossGuard(connection: Connection): LossGuard {
  const underWay = new Set<(error: Error) => void>();
  connection.onStatus((status) => {
    if (status === 'connected') return;
    const lost = new Error('the connection was lost');
    for (const reject of underWay) reject(lost);
    underWay.clear();
  });
  return async <T>(request: () => Promise<T>): Promise<T> => {
    if (connection.status() !== 'connected') throw new Error('no connection to the broker');
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    underWay.add(reject);
    request().then(resolve, reject);
    try {
      return await promise;
    } finally {
      underWay.delete(reject);
    }
  };
}
