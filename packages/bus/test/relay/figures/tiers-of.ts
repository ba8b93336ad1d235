import { TIERS, type Tier } from '../../../src/index.ts';
import type {
  Figures,
  FiguresAnswer,
  FiguresRequest,
  RelayFigures,
} from '../../../src/relay/figures/types.ts';

type Row = Figures & Pick<FiguresAnswer, 'agencies' | 'agencies_silent'>;

/** The figures of each tier, and of all together. */
export function tiersOf(
  source: RelayFigures,
  request: FiguresRequest,
): Readonly<Record<Tier | 'all', Row>> {
  const rows = TIERS.map((tier) => [tier, rowOf(source, { ...request, tier })] as const);
  const [central, province, district, commune] = rows.map(([, row]) => row);
  const all = rowOf(source, request);
  return {
    central: central ?? all,
    province: province ?? all,
    district: district ?? all,
    commune: commune ?? all,
    all,
  };
}

function rowOf(source: RelayFigures, request: FiguresRequest): Row {
  const { figures, agencies, agencies_silent } = source.figures(request);
  return { ...figures, agencies, agencies_silent };
}
