import type { View } from './view.ts';

/** The language of everything below, and of the views that are handed in. */
export const LANGUAGE = 'en';

export const PRODUCT = 'fitbit-login';

/** What stands above the title, so that neither colour nor shape has to be seen. */
export const TONES: Readonly<Record<View['tone'], string>> = {
  success: 'Done',
  warning: 'Done, but please read on',
  failure: 'Not done',
  waiting: 'Still waiting',
};

export const LABELS = {
  facts: 'Details',
  notes: 'Good to know',
  next: 'What to do next',
  footer: 'This page comes from fitbit-login on this computer and has loaded nothing from anywhere else.',
} as const;

const waiting = { tone: 'waiting', facts: [], notes: [], next: [] } as const;

/** What a visitor is told who did not bring the awaited answer. Nothing of the request is repeated. */
export const VIEWS = {
  nothingHere: {
    ...waiting,
    title: 'Nothing is here',
    lead: 'This address only waits for the answer to a sign-in. Go on in the tab that asks you for your consent.',
  },
  malformed: {
    ...waiting,
    title: 'This answer could not be read',
    lead: 'The address that led here is damaged or too long. Nothing was changed, and the sign-in goes on waiting.',
  },
  over: {
    ...waiting,
    tone: 'failure',
    title: 'This sign-in is over',
    lead: 'It has been answered already, by another address than this one. Nothing was changed.',
  },
  broken: {
    ...waiting,
    tone: 'failure',
    title: 'This request could not be answered',
    lead: 'Something unexpected happened. Your terminal says whether the sign-in goes on.',
  },
} as const satisfies Record<string, View>;
