import type { AlertRow, AlertsRequest } from '../alerts/types.ts';
import type { PublicationRow } from '../audit/publications.ts';
import type { Page, PageRequest, RelayFigures } from '../figures/types.ts';
import type { FoundDocuments } from '../queries.ts';
import type { Narrowing } from '../storage/document-search.ts';
import type {
  PublicationFile,
  SectionPage,
  SectionRequest,
  SignedPublication,
} from './publications.ts';
import type { MadeEvidence } from './link.ts';
import type { RejectedRow } from './rejected.ts';
import type { RegisterEntry, RegisterRequest } from './register.ts';
import type { Viewer } from './session.ts';
import type {
  ContradictionsRequest,
  ContradictoryStatement,
  LateStatement,
  StatementsRequest,
} from './statements.ts';

/** How the relay's own process is, as its operator sees it. */
export interface RelayHealth {
  /** False: figures are served out of the folder, nothing new is taken in. */
  readonly running: boolean;
  readonly broker: 'connected' | 'disconnected' | null;
  readonly sites: readonly string[];
  readonly directory_entries: number | null;
  readonly storage_failing: { readonly since: string; readonly error: string } | null;
}

/**
 * All that one viewer may ask for: API and pages read through it, so nothing can leak past them.
 *
 * Every method throws {@link Problem} `not-found` for what lies outside the viewer's scope.
 */
export interface ViewerSource extends RelayFigures {
  readonly viewer: Viewer;
  /** Whether what concerns this agency is shown to the viewer. */
  maySee(agency: string): boolean;
  /** As `RelayQueries.search`, without what other agencies did with the document. */
  documents(idOrNumber: string, narrowing?: Narrowing): FoundDocuments;
  /** Closed months and corrections, newest first: which there are, not what they say of whom. */
  publications(): readonly PublicationRow[];
  /** The signed head of one; the newest revision unless told. */
  publication(month: string, revision?: number): SignedPublication;
  /** Rows of a section that concern who may be seen; those of groups only without a scope. */
  publicationSection(request: SectionRequest): SectionPage;
  /** The whole file, for who sees every agency. */
  publicationFile(month: string, revision?: number): PublicationFile;
  /** The evidence file of a document, for who sees all of it: its sender, and auditors of the sender. */
  evidence(idOrNumber: string, narrowing?: Narrowing): Promise<MadeEvidence>;
  alerts(request: AlertsRequest): Page<AlertRow>;
  /** Statements that contradict earlier ones, newest first; an agency its own. */
  contradictions(request: ContradictionsRequest): Page<ContradictoryStatement>;
  /** Reports that came more than a day after the time they state, newest first; an agency its own. */
  late(request: StatementsRequest): Page<LateStatement>;
  /** The numbers of one agency's outgoing register, with what became of each. */
  register(request: RegisterRequest): Page<RegisterEntry>;
  /** For operators alone. */
  health(): Promise<RelayHealth>;
  /** For operators alone: records that failed the check, newest first. */
  rejected(request: PageRequest): Page<RejectedRow>;
}

/** Gives each viewer a source of its own. */
export interface FiguresSource {
  for(viewer: Viewer): ViewerSource;
}
