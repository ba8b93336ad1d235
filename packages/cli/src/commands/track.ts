import type { DeliveryTrack, Sending, TrackedDocument } from '@congvan/node-agent';
import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand } from '../command.ts';
import type { Cli } from '../context.ts';
import { openDesk } from '../home/desk.ts';
import { noteAgent } from '../home/note-agent.ts';
import { printResult } from '../output.ts';
import { describePlace } from '../terminal/conditions.ts';
import { renderFields, renderTable } from '../terminal/table.ts';
import { formatDay, formatTime } from '../terminal/time.ts';

type NameOf = (status: string) => string;

/** `congvan track`: one sent document with every step of every delivery. */
export function trackCommand(cli: Cli): Command {
  return newCommand(cli, 'track', 'track')
    .addArgument(newArgument(cli, '<id>', 'trackId'))
    .action(async (id: string, _options: unknown, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const { nameOfStatus } = await import('@congvan/bus');
      await using agent = await openDesk(cli, globals);
      const tracked = agent.track(id);
      const { signedPdf, ...rest } = tracked;
      const pdf = await signedPdf?.();
      printResult(cli, globals, { ...rest, signedPdfBytes: pdf?.length ?? null }, () =>
        renderTracked(cli, tracked, (status) => nameOfStatus(status, cli.language)),
      );
      const waits = tracked.deliveries.some(({ sending }) => sending?.state === 'waiting');
      if (waits) noteAgent(cli, globals, agent);
    });
}

function renderTracked(cli: Cli, tracked: TrackedDocument, nameOf: NameOf): string {
  const { text } = cli.messages;
  const fields = renderFields([
    [text.number, `${tracked.codeNumber}/${tracked.codeNotation}`],
    [text.issuedOn, formatDay(tracked.issuedOn)],
    [text.documentType, tracked.documentType],
    [text.abstract, tracked.abstract],
    [text.urgency, text.priorities[tracked.priority]],
    [text.medium, text.media[tracked.medium]],
    [text.state, text.registerStates[tracked.state]],
    [text.voidReason, tracked.voidReason],
    [text.actor, tracked.actor],
    [text.paperTo, tracked.paperTo.join('; ')],
    [text.documentId, tracked.documentId],
    [text.packageDigest, tracked.packageDigest],
    [cli.messages.conditions.trace, tracked.traceId],
  ]);
  if (tracked.deliveries.length === 0) return fields;
  const table = renderTable(
    cli.io,
    [
      { title: text.to },
      { title: text.name },
      { title: text.mode },
      { title: text.state },
      { title: text.at },
      { title: text.incomingNumber },
      { title: text.reason },
    ],
    tracked.deliveries.flatMap((delivery) => deliveryRows(cli, delivery, nameOf)),
  );
  return `${fields}\n${table}`;
}

/** One line a step, the recipient named in the first. */
function deliveryRows(cli: Cli, delivery: DeliveryTrack, nameOf: NameOf): string[][] {
  const who = [delivery.to, delivery.toName, delivery.mode];
  if (delivery.steps.length === 0) return [[...who, ...describeSending(cli, delivery.sending)]];
  return delivery.steps.map((step, index) => [
    ...(index === 0 ? who : ['', '', '']),
    `${step.status} ${nameOf(step.status)}`,
    formatTime(step.at),
    step.incomingNumber ?? '',
    [step.reasonCode, step.reason].filter((part) => part !== null && part !== '').join(': '),
  ]);
}

/** State, time, incoming number and reason while no recipient has answered. */
function describeSending(cli: Cli, sending: Sending | null): string[] {
  const { text } = cli.messages;
  if (sending === null || sending.state === 'published') return [text.nothingHeard, '', '', ''];
  const { state, place, nextTryAt, outcome, note, lastError } = sending;
  if (state === 'waiting') {
    const queued = place === null ? '' : describePlace(cli, place);
    return [text.outboxStates.waiting, formatTime(nextTryAt), '', lastError ?? queued];
  }
  const reason = [outcome, note].filter((part) => part !== null).join(': ');
  return [text.outboxStates[state], '', '', reason];
}
