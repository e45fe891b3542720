import { type BrowserFacts, judgeBrowser } from './browser.ts';
import { CHECKS, type Check, type CheckId, type Finding } from './check.ts';
import { type ClockFacts, judgeClock } from './clock.ts';
import {
  type DirectoryFacts,
  judgeDirectory,
  judgeLog,
  judgeProfile,
  type PlaceFacts,
  type ProfileFacts,
} from './files.ts';
import { judgeLoopback, judgePorts, type LoopbackFacts, type PortFacts } from './loopback.ts';
import {
  type CertificateFacts,
  judgeCertificates,
  judgeProvider,
  judgeProxy,
  type ProviderFacts,
  type ProxyFacts,
} from './network.ts';
import { judgeRegistration, type RegistrationFacts } from './registration.ts';

/** Everything that was looked at. */
export interface Facts {
  readonly registration: RegistrationFacts;
  readonly directory: DirectoryFacts;
  readonly profile: ProfileFacts;
  readonly log: PlaceFacts;
  readonly ipv4: LoopbackFacts;
  readonly ipv6: LoopbackFacts;
  readonly ports: readonly PortFacts[];
  readonly browser: BrowserFacts;
  readonly proxy: ProxyFacts;
  readonly certificates: CertificateFacts;
  readonly clock: ClockFacts;
  /** Absent where the network was not asked. */
  readonly provider?: ProviderFacts | undefined;
}

/** Judges what was found, check by check. Pure: asks nobody, changes nothing. */
export function diagnose({ provider, ...facts }: Facts): readonly Check[] {
  const findings: Readonly<Record<CheckId, Finding | undefined>> = {
    registration: judgeRegistration(facts.registration),
    directory: judgeDirectory(facts.directory),
    profile: judgeProfile(facts.profile),
    log: judgeLog(facts.log),
    'loopback-ipv4': judgeLoopback(facts.ipv4),
    'loopback-ipv6': judgeLoopback(facts.ipv6),
    port: judgePorts(facts.ports),
    browser: judgeBrowser(facts.browser),
    proxy: judgeProxy(facts.proxy),
    certificates: judgeCertificates(facts.certificates),
    clock: judgeClock(facts.clock),
    provider: provider && judgeProvider(provider),
  };
  return CHECKS.flatMap((check) => {
    const finding = findings[check.id];
    return finding === undefined ? [] : [{ ...check, ...finding }];
  });
}
