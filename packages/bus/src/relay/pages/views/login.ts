import { address } from '../address.ts';
import type { Display } from '../context.ts';
import { html } from '../html.ts';
import type { PageContent } from '../layout.ts';

export interface LoginView {
  /** Where to go afterwards: a path on this server. */
  readonly next: string;
  readonly fault?: 'failed' | 'locked' | undefined;
  /** Where the log-in of the identity provider starts. */
  readonly identityProvider: string | undefined;
}

export function loginPage({ t }: Display, view: LoginView): PageContent {
  const { login } = t;
  const { next, fault } = view;
  return {
    title: login.title,
    body: html`<div class="card narrow">
      <p class="quiet">${login.intro}</p>
      ${fault !== undefined && html`<p class="fault" role="alert">${login[fault]}</p>`}
      <form method="post" action="/login">
        <input type="hidden" name="next" value=${next} />
        <p class="field">
          <label for="name">${login.name}</label>
          <input
            id="name"
            name="name"
            required
            autocomplete="username"
            autocapitalize="none"
            spellcheck="false"
            maxlength="100"
          />
        </p>
        <p class="field">
          <label for="password">${login.password}</label>
          <input
            id="password"
            name="password"
            type="password"
            required
            autocomplete="current-password"
            maxlength="1000"
          />
        </p>
        <button type="submit">${login.submit}</button>
      </form>
      ${
        view.identityProvider !== undefined &&
        html`<p>
          <a class="button second" href=${address(view.identityProvider, { next })}
            >${login.oidc}</a
          >
        </p>`
      }
    </div>`,
  };
}
