import type { AlertRow, AlertsRequest } from '../alerts/types.ts';
import type { FiguresScope, Page, RelayFigures } from '../figures/types.ts';
import type { Concerns, RelayQueries, TrackedDispatch } from '../queries.ts';
import type { MakeEvidence } from './link.ts';
import { Problem, notFound } from './problem.ts';
import { describeSigned, packPublication, readSection, seesWhole } from './publications.ts';
import { listRegisterPage } from './register.ts';
import { listRejectedPage } from './rejected.ts';
import { type Hierarchy, limitGrouping, limitToScope, maySeeAgency } from './scope.ts';
import type { Viewer } from './session.ts';
import type { FiguresSource, RelayHealth, ViewerSource } from './source.ts';
import { listContradictionsPage, listLatePage } from './statements.ts';

export interface SourceParts {
  readonly figures: RelayFigures;
  readonly queries: Pick<
    RelayQueries,
    | 'search'
    | 'listPublications'
    | 'publication'
    | 'listRejected'
    | 'listContradictions'
    | 'listLate'
    | 'listRegister'
  >;
  readonly hierarchy: Hierarchy;
  /** Alerts that `maySee` lets through. */
  readonly alerts: (
    request: AlertsRequest,
    maySee: (agency: string | null) => boolean,
  ) => Page<AlertRow>;
  readonly health: () => Promise<RelayHealth>;
  /** `undefined`: nobody here has the relay's key. */
  readonly evidence: MakeEvidence | undefined;
}

/** Binds everything that can be asked to one viewer's scope. */
export function createFiguresSource(parts: SourceParts): FiguresSource {
  return { for: (viewer) => sourceFor(viewer, parts) };
}

function sourceFor(viewer: Viewer, parts: SourceParts): ViewerSource {
  const { figures, queries, hierarchy } = parts;
  const narrow = <T extends FiguresScope>(request: T): T =>
    limitToScope(viewer, request, hierarchy);
  const maySee = rememberSight(viewer, hierarchy);
  return {
    viewer,
    maySee,
    asOf: () => figures.asOf(),
    figures: (request) => figures.figures(narrow(request)),
    breakdown: (request) =>
      figures.breakdown({ ...narrow(request), by: limitGrouping(viewer, request.by) }),
    deliveries: (request) => figures.deliveries(narrow(request)),
    gaps: (request) => figures.gaps(narrow(request)),
    agencies: (request) => figures.agencies(narrow(request)),
    documents: (idOrNumber, narrowing) => {
      const concerns: Concerns = (sender, to) => maySee(sender) || to().some(maySee);
      const { documents, hasMore } = queries.search(idOrNumber, narrowing, concerns);
      return { documents: documents.flatMap((one) => limitDocument(one, maySee)), hasMore };
    },
    evidence: async (idOrNumber, narrowing) => {
      const { documents: found, hasMore } = queries.search(idOrNumber, narrowing, maySee);
      const [one] = found;
      if (one === undefined && !hasMore) throw notFound();
      if (
        one === undefined ||
        hasMore ||
        found.some(({ from, documentId }) => from !== one.from || documentId !== one.documentId)
      ) {
        throw new Problem(
          'parameter-invalid',
          'several documents are called so: name the sender and the year',
          { parameter: 'from' },
        );
      }
      if (parts.evidence === undefined) {
        throw new Problem('not-available', 'evidence is signed by the relay, which does not run');
      }
      return await parts.evidence(one.documentId, one.from);
    },
    publications: () => queries.listPublications().toReversed(),
    publication: (month, revision) => describeSigned(queries.publication(month, revision)),
    publicationSection: (request) =>
      readSection(queries.publication(request.month, request.revision), request, viewer, maySee),
    publicationFile: (month, revision) => {
      if (!seesWhole(viewer)) throw notFound();
      return packPublication(queries.publication(month, revision));
    },
    alerts: (request) => {
      if (request.agency !== undefined && !maySee(request.agency)) throw notFound();
      return parts.alerts(request, maySee);
    },
    contradictions: (request) =>
      listContradictionsPage(queries, figures.asOf(), narrow(request), maySee),
    late: (request) => listLatePage(queries, figures.asOf(), narrow(request), maySee),
    register: (request) => {
      if (!maySee(request.agency)) throw notFound();
      return listRegisterPage((query) => queries.listRegister(query), figures.asOf(), request);
    },
    health: async () => {
      if (viewer.role !== 'operator') throw notFound();
      return await parts.health();
    },
    rejected: (request) => {
      if (viewer.role !== 'operator') throw notFound();
      return listRejectedPage(queries, figures.asOf(), request, maySee);
    },
  };
}

/** For one request: of a number that all have given, each agency is met many times. */
function rememberSight(viewer: Viewer, hierarchy: Hierarchy): (agency: string | null) => boolean {
  const known = new Map<string | null, boolean>();
  return (agency) => {
    const seen = known.get(agency) ?? maySeeAgency(viewer, agency, hierarchy);
    known.set(agency, seen);
    return seen;
  };
}

/**
 * A document as one viewer may see it: its sender sees all, a recipient its own delivery only, and
 * anybody else that there is nothing.
 */
function limitDocument(
  document: TrackedDispatch,
  maySee: (agency: string | null) => boolean,
): TrackedDispatch[] {
  if (maySee(document.from)) return [document];
  const deliveries = document.deliveries.filter(({ to }) => maySee(to));
  if (deliveries.length === 0) return [];
  const contradictory = document.contradictory.filter(({ from }) => maySee(from));
  const limited = { deliveries, contradictory, contradictoryLeftOut: null, paperRecipients: [] };
  return [{ ...document, ...limited }];
}
