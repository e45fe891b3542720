/** The pages of the local site that a person can be led to. */
export type PageName = 'setup' | 'status';

/** The result of the last button, in a sentence. */
export interface Notice {
  readonly tone: 'success' | 'warning' | 'failure';
  readonly text: string;
}

/** A scope, in the provider's spelling and in plain words. */
export interface ScopeChoice {
  readonly name: string;
  readonly words: string;
  readonly ticked: boolean;
}

export interface ProviderChoice {
  readonly id: string;
  readonly name: string;
  /** Source of a regular expression that recognises this provider's client ids, whole, in server and browser alike. Empty: none can be. */
  readonly clientIdPattern: string;
  readonly scopes: readonly ScopeChoice[];
  /** How an app is registered there, a sentence each. */
  readonly registration: readonly string[];
}

/** The part of the setup form that an error belongs to; `form` is all of it. */
export type SetupField = 'clientId' | 'clientSecret' | 'clientFile' | 'provider' | 'scopes' | 'redirectUri' | 'form';

export interface SetupError {
  readonly field: SetupField;
  readonly text: string;
}

/** What the setup page shows. It has no field that a secret could be in. */
export interface SetupView {
  /** To be registered, byte for byte. */
  readonly redirectUris: readonly string[];
  readonly clientId: string;
  /** A secret is known and is used where none is typed. */
  readonly hasSecret: boolean;
  /** The id of the provider that is chosen or recognised. */
  readonly provider?: string;
  readonly providers: readonly ProviderChoice[];
  /** As typed; empty for the first of `redirectUris`. */
  readonly redirectUri: string;
  readonly errors: readonly SetupError[];
  readonly notices: readonly string[];
}

/** The setup form as it was filled in: nothing checked, blanks at both ends removed. */
export interface SetupForm {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The text of a downloaded file: JSON or dotenv. */
  readonly clientFile: string;
  /** Empty: to be recognised from the client id. */
  readonly provider: string;
  /** The ticked scopes of each provider that the page offered, whichever will be the one. */
  readonly scopes: ReadonlyMap<string, readonly string[]>;
  /** Empty: the first of those that the page named. */
  readonly redirectUri: string;
}

/** What a button of the status page asks for; `add` is for no profile. */
export type Action = 'refresh' | 'check' | 'sign-in' | 'sign-out' | 'add';

export interface StatusView {
  readonly profiles: readonly ProfileCard[];
}

export interface ProfileCard {
  readonly name: string;
  readonly provider: string;
  readonly account?: string;
  /** The app's client id. */
  readonly app: string;
  /** The origin of the sandbox that plays the provider, where one does. */
  readonly sandbox?: string;
  readonly scopes: readonly { readonly name: string; readonly words?: string }[];
  /** Asked for, but not granted. */
  readonly missingScopes: readonly string[];
  readonly tone: 'success' | 'warning' | 'failure';
  /** How it stands, in a few words: "Signed in". */
  readonly state: string;
  /** What is wrong, in plain words, and the one button that mends it. */
  readonly problem?: { readonly text: string; readonly action?: Action };
  /** The access token's. */
  readonly life?: { readonly obtainedAt: Date; readonly expiresAt: Date };
  /** When the grant itself ends. */
  readonly grantEnds?: Date;
  /** The last sign-ins and refreshes, failures included, newest first. */
  readonly history: readonly { readonly at: Date; readonly words: string; readonly ok: boolean }[];
  /** Where it is stored. */
  readonly file: string;
  /** As `ls` writes it in octal: "0600". */
  readonly fileMode?: string;
  /** There is something to refresh with. */
  readonly refreshable: boolean;
  /** What else is known, such as rate limits. */
  readonly facts?: readonly { readonly label: string; readonly value: string }[];
}
