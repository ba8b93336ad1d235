import type { PlaceStatus, ServerStatus } from '@congvan/bus/plan';

import type { GlobalOptions } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { EXIT } from '../../exit-codes.ts';
import type { PlanTexts } from '../../messages/plan/en.ts';
import { printResult } from '../../output.ts';
import { type TlsOptions, openPlanFolder, tlsOfPlan } from '../../plan/plan-folder.ts';
import { presenceOf, renderPresence } from '../../running/site-presence.ts';
import { renderTable } from '../../terminal/table.ts';

/** `congvan bus status FOLDER`: servers and streams of a whole plan; exit code 7 when a place does not answer. */
export async function planStatus(
  cli: Cli,
  folder: string,
  options: TlsOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { inspectPlan } = await import('@congvan/bus/plan');
  const opened = await openPlanFolder(cli, folder);
  const tls = await tlsOfPlan(cli, globals, opened, options);
  const places = await inspectPlan({
    ...opened,
    now: cli.now,
    ...(tls === undefined ? {} : { tls }),
  });
  const presence = await presenceOf(cli, globals);
  printResult(cli, globals, { plan: opened.plan.name, places, presence }, () =>
    [renderStatus(cli, places), renderPresence(cli, presence)].join(''),
  );
  const silent = places.some(({ servers }) => servers.every(({ version }) => version === null));
  if (silent) cli.setExitCode(EXIT.notRunning);
}

function renderStatus(cli: Cli, places: readonly PlaceStatus[]): string {
  const { plan: texts, text } = cli.messages;
  const servers = renderTable(
    cli.io,
    [
      { title: texts.place },
      { title: texts.server },
      { title: texts.version },
      { title: text.state },
      { title: texts.store, align: 'right' },
      { title: texts.agencies, align: 'right' },
    ],
    places.flatMap(({ place, servers: own, agencyCount }) =>
      own.map(({ name, version, error, jetStream }) => [
        place,
        name,
        version ?? '',
        stateOf(texts, error, jetStream, name),
        jetStream === null ? '' : `${percentOf(jetStream.usedBytes, jetStream.maxBytes)} %`,
        agencyCount,
      ]),
    ),
  );
  const streams = renderTable(
    cli.io,
    [
      { title: texts.place },
      { title: texts.stream },
      { title: texts.messages, align: 'right' },
      { title: texts.fill, align: 'right' },
      { title: texts.sources },
    ],
    places.flatMap(({ place, streams: own }) =>
      own.map((stream) => [
        place,
        stream.name,
        stream.messageCount,
        `${percentOf(stream.bytes, stream.maxBytes)} %`,
        stream.sources
          .map(({ stream: source, lagCount, silentMs }) => {
            const heard = silentMs === null ? texts.never : `${Math.round(silentMs / 1000)} s`;
            return `${source}: ${lagCount}, ${heard}`;
          })
          .join('; '),
      ]),
    ),
  );
  return `${servers}\n${streams}`;
}

function stateOf(
  texts: PlanTexts,
  error: string | null,
  jetStream: ServerStatus['jetStream'],
  name: string,
): string {
  if (error !== null) return texts.notReached(error);
  if (jetStream === null) return texts.states.warn;
  return jetStream.leader === name ? texts.leads : texts.states.ok;
}

function percentOf(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.round((part / whole) * 100);
}
