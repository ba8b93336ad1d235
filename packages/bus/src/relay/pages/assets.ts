import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { FastifyInstance } from 'fastify';

const FOLDER = new URL('../../../assets/pages/', import.meta.url);
const FILES = {
  style: { name: 'pages.css', type: 'text/css; charset=utf-8' },
  icon: { name: 'icon.svg', type: 'image/svg+xml; charset=utf-8' },
} as const;

type AssetName = keyof typeof FILES;
const NAMES: readonly AssetName[] = ['style', 'icon'];

/** Serves the files of the pages; each address holds the file's hash, so that browsers keep it for good. */
export function registerAssets(app: FastifyInstance): Readonly<Record<AssetName, string>> {
  const serve = (asset: AssetName): string => {
    const { name, type } = FILES[asset];
    const content = readFileSync(new URL(name, FOLDER));
    const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
    const path = `/assets/${name.replace('.', `.${hash}.`)}`;
    app.get(path, { schema: { hide: true } }, async (_request, reply) =>
      reply.type(type).header('cache-control', 'public, max-age=31536000, immutable').send(content),
    );
    return path;
  };
  const [style, icon] = NAMES.map(serve);
  return { style: style ?? '', icon: icon ?? '' };
}
