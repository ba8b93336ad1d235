/** Urgent documents have consumers of their own, so that a backlog of ordinary ones never delays them. */
export const LANES = ['urgent', 'normal'] as const;
export type Lane = (typeof LANES)[number];

/** edXML `Priority`: 0 Thường, 1 Khẩn, 2 Thượng khẩn, 3 Hỏa tốc, 4 Hỏa tốc hẹn giờ. */
export type Priority = 0 | 1 | 2 | 3 | 4;

export function laneOfPriority(priority: Priority): Lane {
  return priority === 0 ? 'normal' : 'urgent';
}
