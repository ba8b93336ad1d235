import type { Page } from '../figures/types.ts';
import { homePaths } from '../home.ts';
import { openRelayReader } from '../reader.ts';
import { AlertStore } from '../storage/alert-store.ts';
import { openDatabaseForReading } from '../storage/database.ts';
import { listAlerts } from './ledger.ts';
import type { AlertRow, AlertsRequest } from './types.ts';

/**
 * Alerts out of a relay's folder, whether or not the relay runs.
 *
 * @throws {@link BusError} as `openRelayReader`.
 */
export function readAlerts(home: string, request: AlertsRequest = {}): Page<AlertRow> {
  using reader = openRelayReader(home);
  const db = openDatabaseForReading(homePaths(home).database);
  try {
    return listAlerts(new AlertStore(db), reader.asOf(), request);
  } finally {
    db.close();
  }
}
