/**
 * What reading a relay's figures takes, and nothing of the running relay: a command that only asks
 * starts in a third of the time.
 */
export { type RelayConfig, readNodeKeyFile, readRelayConfig } from '../home.ts';
export { type RelayReader, openRelayReader } from '../reader.ts';
export { csvHeader, csvRows } from './csv.ts';
export {
  FLAT_COLUMNS,
  type FlatRow,
  type FlatTable,
  type FlatValue,
  flattenRow,
} from './flat-row.ts';
export type {
  AgencyStanding,
  AsOf,
  BreakdownKey,
  BreakdownRequest,
  BreakdownRow,
  DeliveriesRequest,
  DeliveryRow,
  FiguresAnswer,
  FiguresRequest,
  GapRow,
  Page,
  PageRequest,
  RelayFigures,
  Urgency,
} from './types.ts';
