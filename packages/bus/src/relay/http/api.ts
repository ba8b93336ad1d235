import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';

import { AtOnce, EVIDENCE_AT_ONCE } from './at-once.ts';
import { describeDocument } from './documents.ts';
import type { EntityTags } from './entity-tag.ts';
import * as parameters from './parameters.ts';
import { notFound } from './problem.ts';
import { type ProblemResponse, registerPublications } from './publication-routes.ts';
import * as schemas from './schemas.ts';
import { requireViewer } from './session.ts';
import type { FiguresSource, ViewerSource } from './source.ts';

export interface ApiOptions {
  readonly source: FiguresSource;
  readonly tags: EntityTags;
}

const problem = (description: string): ProblemResponse => ({
  description,
  content: { 'application/problem+json': { schema: schemas.problem } },
});
const problems = {
  400: problem('A parameter is wrong; `parameter` names it'),
  401: problem('Not logged in'),
  404: problem('Nothing here, or nothing that the caller may see'),
  429: problem('Too many requests'),
  503: problem('Figures are being added up anew, or the relay is needed and not there'),
};
const NOT_MODIFIED = z.null().describe('As the `ETag` sent');

/** Each is made and signed anew. */
const EVIDENCE_PER_MINUTE = 10;
const EVIDENCE_TYPE = 'application/vnd.etsi.asic-e+zip';
const EVIDENCE = {
  description: 'ASiC-E, signed by the relay',
  content: { [EVIDENCE_TYPE]: { schema: z.unknown() } },
};

function described(operationId: string, summary: string) {
  return { operationId, summary };
}

/** Ends a request whose caller has the answer already. */
function unlessUnchanged(tags: EntityTags) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    if (await tags.answerUnchanged(request, reply)) return reply;
    return undefined;
  };
}

/** `/api/v1`: figures and lists as JSON, each limited to what its caller may see. */
export function registerApi(app: FastifyInstance, { source, tags }: ApiOptions): void {
  const api = app.withTypeProvider<ZodTypeProvider>();
  const of = (request: FastifyRequest): ViewerSource => source.for(requireViewer(request));
  // Before parameters are looked at: nobody who is not logged in learns what there is.
  api.addHook('onRequest', async (request) => void requireViewer(request));
  const preHandler = unlessUnchanged(tags);
  const operation = <T extends z.ZodType, Q extends z.ZodType>(
    operationId: string,
    summary: string,
    answer: T,
    querystring: Q,
  ) => ({
    schema: {
      operationId,
      summary,
      querystring,
      response: { 200: answer, 304: NOT_MODIFIED, ...problems },
    },
    preHandler,
  });

  api.get(
    '/figures',
    operation('figures', 'Figures of a period', schemas.figuresAnswer, parameters.figuresQuery),
    (request) => of(request).figures(parameters.toFiguresRequest(request.query)),
  );
  api.get(
    '/breakdown',
    operation(
      'breakdown',
      'Figures, one row each',
      schemas.breakdownPage,
      parameters.breakdownQuery,
    ),
    (request) => of(request).breakdown(parameters.toBreakdownRequest(request.query)),
  );
  api.get(
    '/deliveries',
    operation('deliveries', 'Deliveries', schemas.deliveriesPage, parameters.deliveriesQuery),
    (request) => of(request).deliveries(parameters.toDeliveriesRequest(request.query)),
  );
  api.get(
    '/gaps',
    operation('gaps', 'Numbers that no record names', schemas.gapsPage, parameters.gapsQuery),
    (request) => of(request).gaps(parameters.toGapsRequest(request.query)),
  );
  api.get(
    '/agencies',
    operation(
      'agencies',
      'Agencies and their standing',
      schemas.agenciesPage,
      parameters.agenciesQuery,
    ),
    (request) => of(request).agencies(parameters.toAgenciesRequest(request.query)),
  );
  registerSingles(app, { source, tags });
}

/** One agency, one document, and what is about the caller or the relay. */
function registerSingles(app: FastifyInstance, { source, tags }: ApiOptions): void {
  const api = app.withTypeProvider<ZodTypeProvider>();
  const of = (request: FastifyRequest): ViewerSource => source.for(requireViewer(request));
  const preHandler = unlessUnchanged(tags);
  api.get(
    '/agencies/:code',
    {
      preHandler,
      schema: {
        ...described('agency', 'One agency'),
        params: parameters.agencyParams,
        querystring: parameters.agencyQuery,
        response: { 200: schemas.agencyAnswer, 304: NOT_MODIFIED, ...problems },
      },
    },
    (request) => {
      const { code: agency } = request.params;
      const { as_of, rows } = of(request).agencies({ agency, period: request.query.period });
      const [row] = rows;
      if (row === undefined) throw notFound();
      return { as_of, agency: row };
    },
  );
  api.get(
    '/register',
    {
      preHandler,
      schema: {
        ...described('register', 'Numbers of an outgoing register, and how each counts'),
        querystring: parameters.registerQuery,
        response: { 200: schemas.registerPage, 304: NOT_MODIFIED, ...problems },
      },
    },
    (request) => of(request).register(parameters.toRegisterRequest(request.query)),
  );
  api.get(
    '/documents/:idOrNumber',
    {
      preHandler,
      schema: {
        ...described('documents', 'The track of a document, by its id or by number and notation'),
        params: parameters.documentParams,
        querystring: parameters.documentsQuery,
        response: { 200: schemas.documentsAnswer, 304: NOT_MODIFIED, ...problems },
      },
    },
    (request) => {
      const { idOrNumber } = request.params;
      const narrowing = parameters.toNarrowing(request.query);
      const { documents, hasMore } = of(request).documents(idOrNumber, narrowing);
      if (documents.length === 0 && !hasMore) throw notFound();
      return { documents: documents.map(describeDocument), more: hasMore };
    },
  );
  registerEvidence(app, source);
  registerPublications(app, { source, tags, problems });
  registerConditions(app, source);
  registerStatements(app, { source, tags });
  registerProcess(app, source);
}

/** Everything about one document in one signed file; made for each who asks. */
function registerEvidence(app: FastifyInstance, source: FiguresSource): void {
  const api = app.withTypeProvider<ZodTypeProvider>();
  const evidenceLimit = { max: EVIDENCE_PER_MINUTE, timeWindow: '1 minute' };
  const atOnce = new AtOnce(EVIDENCE_AT_ONCE);
  api.get(
    '/evidence/:idOrNumber',
    {
      config: { rateLimit: evidenceLimit },
      schema: {
        ...described('evidence', 'The evidence file of a document; for who sees all of it'),
        params: parameters.documentParams,
        querystring: parameters.documentsQuery,
        response: { 200: EVIDENCE, ...problems },
      },
    },
    async (request, reply) => {
      const { idOrNumber } = request.params;
      const narrowing = parameters.toNarrowing(request.query);
      const viewer = requireViewer(request);
      const { bytes, lacksTimeStamp } = await atOnce.hold(
        viewer,
        reply,
        async () => await source.for(viewer).evidence(idOrNumber, narrowing),
      );
      const name = lacksTimeStamp ? 'evidence-without-time-stamp.asice' : 'evidence.asice';
      if (lacksTimeStamp) void reply.header('congvan-time-stamp', 'unavailable');
      return await reply
        .type(EVIDENCE_TYPE)
        .header('cache-control', 'private, no-store')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(Buffer.from(bytes));
    },
  );
}

/** What is wrong, and who asks. */
function registerConditions(app: FastifyInstance, source: FiguresSource): void {
  const api = app.withTypeProvider<ZodTypeProvider>();
  const of = (request: FastifyRequest): ViewerSource => source.for(requireViewer(request));
  api.get(
    '/alerts',
    {
      schema: {
        ...described('alerts', 'What the relay has found wrong'),
        querystring: parameters.alertsQuery,
        response: { 200: schemas.alertsPage, ...problems },
      },
    },
    (request, reply) => {
      void reply.header('cache-control', 'private, no-cache');
      return of(request).alerts(parameters.toAlertsRequest(request.query));
    },
  );
  api.get(
    '/me',
    {
      schema: {
        ...described('me', 'Who asks'),
        response: { 200: schemas.me, 401: problems[401] },
      },
    },
    (request, reply) => {
      void reply.header('cache-control', 'no-store');
      const { name, role, scope, language } = requireViewer(request);
      return { name, role, scope, language };
    },
  );
}

/** What agencies said that cannot all be true, or said too late. */
function registerStatements(app: FastifyInstance, { source, tags }: ApiOptions): void {
  const api = app.withTypeProvider<ZodTypeProvider>();
  const of = (request: FastifyRequest): ViewerSource => source.for(requireViewer(request));
  const preHandler = unlessUnchanged(tags);
  api.get(
    '/contradictions',
    {
      preHandler,
      schema: {
        ...described('contradictions', 'Statements that contradict earlier ones, newest first'),
        querystring: parameters.contradictionsQuery,
        response: { 200: schemas.contradictionsPage, 304: NOT_MODIFIED, ...problems },
      },
    },
    (request) => of(request).contradictions(parameters.toContradictionsRequest(request.query)),
  );
  api.get(
    '/late',
    {
      preHandler,
      schema: {
        ...described('late', 'Reports stored over a day after the time they state, newest first'),
        querystring: parameters.statementsQuery,
        response: { 200: schemas.latePage, 304: NOT_MODIFIED, ...problems },
      },
    },
    (request) => of(request).late(parameters.toStatementsRequest(request.query)),
  );
}

/** How the relay itself is: its operators ask. */
function registerProcess(app: FastifyInstance, source: FiguresSource): void {
  const api = app.withTypeProvider<ZodTypeProvider>();
  const of = (request: FastifyRequest): ViewerSource => source.for(requireViewer(request));
  api.get(
    '/health',
    {
      schema: {
        ...described('health', 'The process of the relay; for operators'),
        response: { 200: schemas.health, ...problems },
      },
    },
    async (request, reply) => {
      void reply.header('cache-control', 'no-store');
      return await of(request).health();
    },
  );
  api.get(
    '/rejected',
    {
      schema: {
        ...described('rejected', 'Records that failed the check; for operators'),
        querystring: parameters.rejectedQuery,
        response: { 200: schemas.rejectedPage, ...problems },
      },
    },
    (request, reply) => {
      void reply.header('cache-control', 'no-store');
      return of(request).rejected(parameters.toRejectedRequest(request.query));
    },
  );
}
