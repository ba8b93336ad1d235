import { join } from 'node:path';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import type { HomeLayout } from '../home/layout.ts';
import type { DemoTexts } from '../messages/demo/en.ts';
import { demoTextsOf } from '../messages/demo/index.ts';
import { untilStopped } from '../running/until-stopped.ts';
import { plannedDocument, ALTERED, SHOWN } from './scenario.ts';
import { expectedFigures } from './expected-figures.ts';
import { type CheckedFigures, countFigures, type DemoFigures, findDeviations } from './figures.ts';
import { collectFigures } from './outcome/collect-figures.ts';
import { exportFiles } from './outcome/export-files.ts';
import {
  renderFigures,
  renderFiles,
  renderQuarantine,
  renderShare,
  renderTracking,
  renderUsage,
  type RenderContext,
} from './outcome/render.ts';
import { play } from './play/play.ts';
import type { Post } from './play/post.ts';
import { createReporter } from './reporter.ts';
import { startWorld } from './world/start-world.ts';
import type { DemoContext, World } from './world/world.ts';

export interface DemoOptions {
  readonly layout: HomeLayout;
  readonly json: boolean;
  /** Leaves everything running until Ctrl-C. */
  readonly keep: boolean;
}

/**
 * Builds the demo's world, plays the scenario and shows what came of it.
 *
 * @throws {@link CliError} `CLI_DEMO_FAILED` when something does not happen or a figure is wrong,
 *   `CLI_GIVEN_UP` at Ctrl-C. Nothing keeps running in any case.
 */
export async function runDemo(cli: Cli, options: DemoOptions): Promise<void> {
  const startedMs = performance.now();
  const texts = demoTextsOf(cli.language);
  const reporter = createReporter(cli.io);
  const stop = cli.stopSignal();
  const context: DemoContext = { texts, reporter, signal: stop, now: cli.now, env: cli.env };
  cli.io.err(`${texts.title}\n`);
  reporter.act(texts.actBuild);
  try {
    await using world = await startWorld(context, options.layout);
    const post = await play(world, context);
    const { usage } = await showOutcome(cli, options, { world, post, context, startedMs });
    if (options.keep) {
      cli.io.err(`\n${texts.keeps}\n${usage}${texts.endsWith}\n`);
      await Promise.race([untilStopped(cli), failureOf(world.signal, stop)]);
    }
    const stopping = reporter.start(texts.stopping);
    await world[Symbol.asyncDispose]();
    stopping.done(texts.stopped);
  } catch (error) {
    reporter.breakOff();
    throw explain(error, stop, texts, options.layout.root);
  }
}

/** What went wrong, and where to look: an error's own `hint` goes before that of its code. */
function explain(error: unknown, stop: AbortSignal, texts: DemoTexts, root: string): unknown {
  if (stop.aborted) {
    const stopped = new CliError('CLI_GIVEN_UP', texts.stopped, { cause: error });
    return Object.assign(stopped, { hint: texts.leftBehind(root) });
  }
  if (!(error instanceof CliError) || error.code !== 'CLI_DEMO_FAILED') return error;
  return Object.assign(error, { hint: texts.lookIntoLogs(root) });
}

interface Played {
  readonly world: World;
  readonly post: Post;
  readonly context: DemoContext;
  readonly startedMs: number;
}

/** @returns how to go on in the demo's home. */
async function showOutcome(
  cli: Cli,
  options: DemoOptions,
  played: Played,
): Promise<{ usage: string }> {
  const { world, post, context, startedMs } = played;
  const { reporter, texts } = context;
  const exporting = reporter.start(texts.exporting);
  const exported = await exportFiles(world, join(world.layout.root, 'look'));
  exporting.done(texts.exported(exported.files.length, exported.folder));

  const checking = reporter.start(texts.check);
  const { figures, share } = collectFigures(world.layout.relay, world.agents(), periodOf(post));
  const result: DemoFigures = {
    ...figures,
    files: exported.files,
    elapsed_ms: Math.round(performance.now() - startedMs),
  };
  if (options.json) cli.io.out(`${JSON.stringify(result)}\n`);
  requireExpected(figures, context);
  checking.done(texts.checked(countFigures(figures)));
  const render: RenderContext = { io: cli.io, texts, messages: cli.messages };
  const pdf = exported.documents[0]?.pdf ?? '';
  const usage = renderUsage(render, homeOf(world), ALTERED.to, pdf);
  if (options.json) return { usage };

  const shown = world.agent(plannedDocument(SHOWN).from).track(post.sent(SHOWN).documentId);
  cli.io.out(renderTracking(render, shown));
  cli.io.out(renderShare(render, share));
  cli.io.out(renderQuarantine(render, world.agents()));
  cli.io.out(renderFigures(render, result));
  cli.io.out(renderFiles(render, exported));
  if (!options.keep) cli.io.out(usage);
  return { usage };
}

/** The demo judges itself: what the databases hold must be what the scenario gives. */
function requireExpected(figures: CheckedFigures, { reporter, texts }: DemoContext): void {
  const deviations = findDeviations(figures, expectedFigures());
  if (deviations.length === 0) return;
  const lines = deviations.map(({ figure, expected, actual }) =>
    texts.deviation(figure, String(expected), String(actual)),
  );
  for (const line of lines) reporter.note(line);
  const message = `${texts.deviates(deviations.length)}: ${lines.join('; ')}`;
  throw new CliError('CLI_DEMO_FAILED', message, { details: { count: deviations.length } });
}

/** A run over midnight at the end of a month has documents in both. */
function periodOf(post: Post): string {
  const months = [...post.all().values()].map(({ issuedOn }) => issuedOn.slice(0, 7)).toSorted();
  return `${months[0] ?? ''}..${months.at(-1) ?? ''}`;
}

function homeOf(world: World): { root: string; passphraseFile: string } {
  return { root: world.layout.root, passphraseFile: world.passphraseFile };
}

async function failureOf(signal: AbortSignal, stop: AbortSignal): Promise<void> {
  await new Promise<void>((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      if (!stop.aborted) reject(signal.reason);
    });
  });
}
