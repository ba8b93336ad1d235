import { VIETNAM_OFFSET_MS } from '../pdf/text.ts';

/**
 * `dd/MM/yyyy HH:mm:ss +07:00`, as Decree 30/2020/NĐ-CP shows the time of a signature: the clock of
 * Viet Nam, which has no summer time, whatever the zone of the machine is.
 */
export function formatStampTime(at: Date): string {
  const local = new Date(at.getTime() + VIETNAM_OFFSET_MS).toISOString();
  const date = `${local.slice(8, 10)}/${local.slice(5, 7)}/${local.slice(0, 4)}`;
  return `${date} ${local.slice(11, 19)} +07:00`;
}
