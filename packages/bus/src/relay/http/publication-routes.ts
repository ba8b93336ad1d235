import { Readable } from 'node:stream';

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';

import { AtOnce, FILES_AT_ONCE } from './at-once.ts';
import type { EntityTags } from './entity-tag.ts';
import * as parameters from './parameters.ts';
import { seesWhole } from './publications.ts';
import * as schemas from './publication-schemas.ts';
import { requireViewer } from './session.ts';
import type { FiguresSource, ViewerSource } from './source.ts';

export interface PublicationRoutesOptions {
  readonly source: FiguresSource;
  readonly tags: EntityTags;
  /** Descriptions of what goes wrong, as everywhere in the API. */
  readonly problems: Readonly<Record<number, ProblemResponse>>;
}

/** What goes wrong, as the OpenAPI document has it. */
export interface ProblemResponse {
  readonly description: string;
  readonly content: Readonly<Record<'application/problem+json', { readonly schema: z.ZodType }>>;
}

/** A publication of 15,000 agencies is some 10 MB. */
const FILES_PER_MINUTE = 10;
const NOT_MODIFIED = z.null().describe('As the `ETag` sent');
const ZIP = {
  description: 'ZIP file, with the names of an audit file',
  content: { 'application/zip': { schema: z.unknown() } },
};
const ONE = { params: parameters.publicationParams, querystring: parameters.publicationQuery };

/**
 * Signed months and corrections: which there are, each head, its sections, and the whole as a file.
 *
 * What is published stays as it is: only another revision changes an answer, and so its tag.
 */
export function registerPublications(
  app: FastifyInstance,
  { source, tags, problems }: PublicationRoutesOptions,
): void {
  const api = app.withTypeProvider<ZodTypeProvider>();
  const of = (request: FastifyRequest): ViewerSource => source.for(requireViewer(request));
  api.get(
    '/publications',
    {
      schema: {
        operationId: 'publications',
        summary: 'Signed months and corrections, newest first',
        response: { 200: schemas.publicationsAnswer, ...problems },
      },
    },
    (request, reply) => {
      void reply.header('cache-control', 'private, no-cache');
      return { publications: of(request).publications() };
    },
  );
  registerOne(app, { source, tags, problems });
}

function registerOne(
  app: FastifyInstance,
  { source, tags, problems }: PublicationRoutesOptions,
): void {
  const api = app.withTypeProvider<ZodTypeProvider>();
  const of = (request: FastifyRequest): ViewerSource => source.for(requireViewer(request));
  api.get(
    '/publications/:month',
    {
      schema: {
        operationId: 'publication',
        summary: 'The signed head of a publication; the newest revision unless told',
        ...ONE,
        response: { 200: schemas.signedPublication, 304: NOT_MODIFIED, ...problems },
      },
    },
    async (request, reply) => {
      const { month } = request.params;
      const { revision } = request.query;
      const signed = of(request).publication(month, revision);
      if (await tags.answerUnchanged(request, reply, signed.signature)) return reply;
      return signed;
    },
  );
  api.get(
    '/publications/:month/sections/:section',
    {
      schema: {
        operationId: 'publicationSection',
        summary: 'Rows of a section, as signed; with a scope those about it',
        params: parameters.sectionParams,
        querystring: parameters.sectionQuery,
        response: { 200: schemas.sectionPage, 304: NOT_MODIFIED, ...problems },
      },
    },
    async (request, reply) => {
      const asked = parameters.toSectionRequest(request.params, request.query);
      const { signature } = of(request).publication(asked.month, asked.revision);
      // Who belongs to a scope is a question of today's directory.
      const state = seesWhole(requireViewer(request)) ? signature : undefined;
      if (await tags.answerUnchanged(request, reply, state)) return reply;
      return of(request).publicationSection(asked);
    },
  );
  registerFile(app, { source, tags, problems });
}

function registerFile(
  app: FastifyInstance,
  { source, tags, problems }: PublicationRoutesOptions,
): void {
  const api = app.withTypeProvider<ZodTypeProvider>();
  const of = (request: FastifyRequest): ViewerSource => source.for(requireViewer(request));
  const atOnce = new AtOnce(FILES_AT_ONCE);
  api.get(
    '/publications/:month/file',
    {
      config: { rateLimit: { max: FILES_PER_MINUTE, timeWindow: '1 minute' } },
      schema: {
        operationId: 'publicationFile',
        summary: 'Head, signature and sections as one ZIP file; for who sees every agency',
        ...ONE,
        response: { 200: ZIP, 304: NOT_MODIFIED, ...problems },
      },
    },
    async (request, reply) => {
      const { month } = request.params;
      const { revision } = request.query;
      // Whether it may be had is settled before a tag is compared.
      const { name, pieces } = of(request).publicationFile(month, revision);
      const { signature } = of(request).publication(month, revision);
      if (await tags.answerUnchanged(request, reply, signature)) return reply;
      const file = await atOnce.hold(requireViewer(request), reply, () => Readable.from(pieces));
      return await reply
        .type('application/zip')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(file);
    },
  );
}
