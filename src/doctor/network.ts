import { type Finding, ok, wrong } from './check.ts';
import type { Trouble } from './trouble.ts';

/** How the provider is reached. */
export type ProxyFacts =
  | { readonly kind: 'none' }
  /** `from` is the variable that names it. */
  | { readonly kind: 'used'; readonly url: string; readonly from: string; readonly hasPassword: boolean }
  | { readonly kind: 'unusable'; readonly trouble: Trouble };

export function judgeProxy(facts: ProxyFacts): Finding {
  switch (facts.kind) {
    case 'none':
      return ok('No proxy is named for the provider.', 'Requests go straight to it.');
    case 'used':
      return ok(
        `${facts.from} names ${facts.url}, ${facts.hasPassword ? 'with' : 'without'} a password.`,
        'Requests go to the provider through it; those to this machine never do.',
      );
    case 'unusable':
      return wrong(facts.trouble.message, 'The provider cannot be reached.', facts.trouble.hint);
  }
}

/** Whose certificates are believed. */
export interface CertificateFacts {
  readonly store: 'bundled' | 'system' | 'openssl';
  readonly extra:
    | { readonly kind: 'unset' }
    | { readonly kind: 'read'; readonly file: string; readonly certificates: number }
    | { readonly kind: 'unusable'; readonly file: string; readonly why: string };
  /** Whether no certificate is looked at. */
  readonly unchecked: boolean;
}

const STORES: Readonly<Record<CertificateFacts['store'], string>> = {
  bundled: 'Believed are the authorities that come with Node',
  system: 'Believed are the authorities of this system and those that come with Node',
  openssl: 'Believed are the authorities of OpenSSL',
};

export function judgeCertificates({ store, extra, unchecked }: CertificateFacts): Finding {
  if (unchecked) {
    return wrong(
      'NODE_TLS_REJECT_UNAUTHORIZED is 0, so that no certificate is looked at.',
      'Anybody on the way to the provider can read the tokens.',
      'Unset NODE_TLS_REJECT_UNAUTHORIZED. For a proxy that reads along, name its CA in NODE_EXTRA_CA_CERTS.',
    );
  }
  if (extra.kind === 'unusable') {
    return wrong(
      `NODE_EXTRA_CA_CERTS names ${extra.file}, and ${extra.why}.`,
      'Node goes on without it, and a proxy that reads along is refused.',
      'Name a readable file of certificates in PEM form, or unset NODE_EXTRA_CA_CERTS.',
    );
  }
  const also =
    extra.kind === 'read'
      ? `, and ${extra.certificates === 1 ? 'the one' : `the ${extra.certificates}`} in ${extra.file} (NODE_EXTRA_CA_CERTS)`
      : '';
  return ok(
    `${STORES[store]}${also}.`,
    'A provider whose certificate none of them signed is refused, and nothing is sent.',
  );
}

/** Whether the provider answers. Only where the network was asked. */
export interface ProviderFacts {
  readonly name: string;
  readonly host: string;
  readonly trouble?: Trouble | undefined;
}

export function judgeProvider({ name, host, trouble }: ProviderFacts): Finding {
  return trouble === undefined
    ? ok(`${name} answers at ${host}.`, 'Signing in and refreshing can reach it.')
    : wrong(trouble.message, 'Neither a sign-in nor a refresh is possible now. Stored tokens stay.', trouble.hint);
}
