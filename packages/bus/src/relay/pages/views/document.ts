import { REFUSAL_REASONS, isRefusalReason } from '../../../document-status/refusal-reason.ts';
import type { TrackedDelivery, TrackedDispatch, TrackedReceipt } from '../../queries.ts';
import { apiAddress, segment } from '../address.ts';
import type { PageContext } from '../context.ts';
import { type Markup, html } from '../html.ts';
import type { PageContent } from '../layout.ts';
import { agencyLink } from '../parts/agency-link.ts';
import { day, moment } from '../parts/value.ts';
import { said } from '../said.ts';
import { evidenceAddress, numberOf } from './documents.ts';

/** An abstract has at most 500 characters in edXML; a longer one is cut, whoever wrote it. */
const MAX_ABSTRACT_CHARACTERS = 600;

/**
 * All that is known of a document: the updates and recalls of the same id follow the document itself.
 */
export function documentPage(
  context: PageContext,
  id: string,
  from: string | undefined,
  found: readonly [TrackedDispatch, ...TrackedDispatch[]],
  hasMore: boolean,
): PageContent {
  const { t } = context;
  const title = t.document.title(numberOf(found[0]));
  const asked = apiAddress(`documents/${segment(id)}`, { from });
  return {
    title,
    section: 'documents',
    crumbs: [{ name: t.documents.title, href: '/documents' }, { name: numberOf(found[0]) }],
    body: html`${hasMore && html`<p><strong>${t.documents.more}</strong></p>`}
      <div data-api=${asked}>
        ${found.map((one, index) => oneDocument(context, one, index, found.length > 1))}
      </div>`,
  };
}

function oneDocument(
  context: PageContext,
  document: TrackedDispatch,
  index: number,
  isOneOfSeveral: boolean,
): Markup {
  const { t, f } = context;
  const kind = t.document.businessTypes[document.businessType] ?? String(document.businessType);
  const events = `events-${index}`;
  return html`<article data-row=${index}>
    ${isOneOfSeveral && html`<h2>${kind} · ${numberOf(document)}</h2>`}
    <div class="columns first">
      ${facts(context, document, kind)}
      <section class="card" aria-labelledby=${events}>
        <h2 id=${events}>${t.document.deliveries}</h2>
        <p class="quiet">
          ${t.document.dispatched} ${moment(context, document.dispatchedAt)} ·${' '}
          ${f.count(document.deliveries.length)} ${t.figures.deliveries.toLowerCase()}
        </p>
        <ul class="tracks">
          ${document.deliveries.map((delivery) => track(context, delivery))}
        </ul>
      </section>
    </div>
    ${onPaper(context, document)} ${contradictory(context, document)}
  </article>`;
}

function facts(context: PageContext, document: TrackedDispatch, kind: string): Markup {
  const { t } = context;
  const { document: names } = t;
  const { register, responseFor, from, fromName } = document;
  const priority = names.priorities[document.priority] ?? String(document.priority);
  const classes = { E: t.figures.E, EP: t.figures.EP, P: t.figures.P } as const;
  const entries: readonly (readonly [string, Markup])[] = [
    [
      t.documents.sender,
      html`${agencyLink(context, from, fromName)} <span class="code">${from}</span>`,
    ],
    [t.deliveries.number, html`${register.number}/${said(register.notation, 60)}`],
    [t.deliveries.issuedOn, day(context, register.issuedOn)],
    [t.documents.type, said(document.documentType, 100)],
    [t.deliveries.abstract, said(document.abstract, MAX_ABSTRACT_CHARACTERS)],
    [names.priority, priority],
    [names.business, html`${kind} (${names.version.toLowerCase()} ${document.documentVersion})`],
    [names.signed, document.signed ? names.yes : names.no],
    [names.shareClass, classes[document.shareClass]],
    ...(responseFor === null
      ? []
      : [
          [
            names.answers,
            html`${said(responseFor.documentId, 120)}${' '}
              <span class="code">${said(responseFor.organId, 40)}</span>`,
          ] as const,
        ]),
    [names.id, html`<code class="long">${said(document.documentId, 200)}</code>`],
    [names.digest, html`<code class="long">${document.packageDigest}</code>`],
  ];
  return html`<section class="card" aria-label=${names.facts}>
    <h2>${names.facts}</h2>
    <dl class="facts">
      ${entries.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
    ${
      context.source.maySee(from) &&
      html`<p><a class="button" href=${evidenceAddress(document)} download>${names.evidence}</a></p>
        <p class="quiet">${names.evidenceNote}</p>`
    }
  </section>`;
}

function track(context: PageContext, delivery: TrackedDelivery): Markup {
  const { t } = context;
  const { to, toName, mode, state, receipts, receiptsLeftOut, withdrawn } = delivery;
  const unanswered = receipts.length === 0;
  return html`<li class="track">
    <h3>${agencyLink(context, to, toName)} <span class="code">${to}</span></h3>
    <p class="quiet">
      ${t.document.modes[mode]} ·${' '}
      <span class=${`state state-${state}`}>${t.deliveries.states[state]}</span>
    </p>
    <ol class="receipts" aria-label=${t.document.receipts}>
      ${receipts.map((one) => receipt(context, one))}
      ${receiptsLeftOut > 0 && html`<li class="event detail">${t.document.leftOut(context.f.count(receiptsLeftOut))}</li>`}
      ${
        withdrawn !== null &&
        html`<li class="event withdrawn">
          <strong>${t.document.withdrawn}</strong> ${moment(context, withdrawn.at)}${': '}
          ${causeText(context, withdrawn.cause)}${
            withdrawn.reason !== null && html`; ${said(withdrawn.reason)}`
          }
        </li>`
      }
      ${unanswered && withdrawn === null && html`<li class="event none">${t.document.noReceipt}</li>`}
    </ol>
  </li>`;
}

function receipt(context: PageContext, one: TrackedReceipt): Markup {
  const { t, language } = context;
  const { status, at, incoming, reason, reasonCode } = one;
  const code =
    reasonCode !== null && isRefusalReason(reasonCode)
      ? REFUSAL_REASONS[reasonCode][language]
      : reasonCode;
  return html`<li class=${`event status-${/^\d\d$/u.test(status) ? status : 'other'}`}>
    <strong>${statusName(context, status)}</strong>${' '}
    <span class="code">${said(status, 8)}</span>${' '} ${moment(context, at)}
    ${incoming !== null && html`${' · '}${t.document.incoming(String(incoming.number), String(incoming.year))}`}
    ${code !== null && html`${' · '}${said(code, 100)}`}${reason !== null && html`${' · '}${said(reason)}`}
  </li>`;
}

function statusName({ t }: PageContext, status: string): string {
  const known = Object.entries(t.document.statuses).find(([code]) => code === status);
  return known?.[1] ?? t.document.otherStatus(status.slice(0, 8));
}

function causeText({ t }: PageContext, cause: string): string {
  return Object.entries(t.document.causes).find(([code]) => code === cause)?.[1] ?? cause;
}

function onPaper(context: PageContext, { paperRecipients }: TrackedDispatch): Markup {
  const { t } = context;
  if (paperRecipients.length === 0) return null;
  const known: readonly (readonly [string, string])[] = Object.entries(t.document.paperReasons);
  return html`<section class="card">
    <h2>${t.document.paper}</h2>
    <ul>
      ${paperRecipients.map(({ name, reason }) => {
        const text = known.find(([code]) => code === reason)?.[1] ?? reason;
        return html`<li>${said(name)} <span class="quiet">(${said(text, 80)})</span></li>`;
      })}
    </ul>
  </section>`;
}

function contradictory(context: PageContext, document: TrackedDispatch): Markup {
  const { t } = context;
  if (document.contradictory.length === 0) return null;
  const leftOut = document.contradictoryLeftOut ?? 0;
  return html`<section class="card warned">
    <h2>${t.document.contradictory}</h2>
    <p class="quiet">${t.document.contradictoryNote}</p>
    <ol class="receipts">
      ${document.contradictory.map(
        (one) =>
          html`${receipt(context, one)}
            <li class="event detail">
              <span class="code">${one.from}</span>${
                one.packageDigest !== null &&
                html` · ${t.document.contradictoryDigest}${': '}<code class="long"
                    >${one.packageDigest}</code
                  >`
              }
            </li>`,
      )}
      ${leftOut > 0 && html`<li class="event detail">${t.document.leftOut(context.f.count(leftOut))}</li>`}
    </ol>
  </section>`;
}
