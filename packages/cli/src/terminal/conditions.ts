import type { Condition, Place } from '@congvan/node-agent';

import type { Cli } from '../context.ts';
import { safeText } from './safe-text.ts';
import { formatTime } from './time.ts';

/** One block a condition: code, since when, what it is and what to do. */
export function renderConditions(
  cli: Pick<Cli, 'messages'>,
  conditions: readonly Condition[],
): string {
  const { conditions: words } = cli.messages;
  return conditions
    .map((condition) => {
      const { code, since, facts } = condition;
      const { detail, action } = words.words(code, facts) ?? condition;
      const lines = [
        `${code}, ${words.since} ${formatTime(since)}`,
        `  ${safeText(inVietnam(detail))}`,
        ...(action === null ? [] : [`  ${cli.messages.text.hint}: ${safeText(action)}`]),
      ];
      return `${lines.join('\n')}\n`;
    })
    .join('');
}

/** The facts of a condition hold times as programs read them. */
function inVietnam(detail: string): string {
  return detail.replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/gu, (time) => formatTime(new Date(time)));
}

/** "queued, 214 ahead, about 3 min". */
export function describePlace(cli: Cli, place: Place): string {
  const { conditions: words } = cli.messages;
  if (place.ahead === 0) return words.next;
  const { ahead, aboutSeconds } = place;
  return words.ahead(ahead, aboutSeconds === null ? undefined : describeWait(cli, aboutSeconds));
}

function describeWait(cli: Cli, seconds: number): string {
  const { conditions: words } = cli.messages;
  if (seconds < 90) return words.seconds(Math.max(1, seconds));
  if (seconds < 90 * 60) return words.minutes(Math.round(seconds / 60));
  return words.hours(Math.round(seconds / 3_600));
}
