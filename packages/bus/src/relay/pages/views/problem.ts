import type { Problem } from '../../http/problem.ts';
import type { Display } from '../context.ts';
import { html } from '../html.ts';
import type { PageContent } from '../layout.ts';
import { visible } from '../said.ts';

/** A problem as a page: what is wrong, and the way back. */
export function problemPage(
  { t }: Display,
  problem: Pick<Problem, 'status' | 'parameter'>,
): PageContent {
  const { errors } = t;
  const [title, text] =
    problem.status === 404
      ? [errors.notFoundTitle, errors.notFound]
      : problem.status < 500
        ? [errors.badRequestTitle, errors.badRequest(visible(problem.parameter ?? '?', 40))]
        : [errors.failedTitle, errors.failed];
  return {
    title,
    body: html`<div class="card narrow">
      <p>${text}</p>
      <p><a href="/">${errors.home}</a></p>
    </div>`,
  };
}
