import { emitKeypressEvents, type Key } from 'node:readline';
import { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** What a person pastes, each text whole. */
export interface Pastes extends AsyncIterable<string>, Disposable {
  /** Begins to read, until the disposal. To be called before anybody is asked to paste: a terminal shows what is typed until then. */
  open(): void;
}

/** Beyond any answer; the rest is thrown away. */
const MAX_LENGTH = 64 * 1024;

/** How long it must be quiet after a line break until a text is whole: a terminal may have broken an address into lines. */
const QUIET_MS = 150;
/** The same without a line break, for a program that writes none and leaves its pipe open. */
const UNENDED_MS = 1_000;

/** Bracketed paste (xterm, “ctlseqs”): the terminal marks where a paste begins and ends. */
const BRACKETS_ON = '\u001b[?2004h';
const BRACKETS_OFF = '\u001b[?2004l';

export interface TypedOptions {
  readonly input: Readable & { setRawMode?(raw: boolean): unknown };
  /** Writes what the terminal shows nothing of. */
  readonly control: (sequence: string) => void;
  /** Told how many characters stand there now, whenever that changes. */
  readonly onTyped: (count: number) => void;
  readonly onInterrupt: () => void;
  /** Stops the process as Ctrl-Z does. The function is called when it goes on. */
  readonly onSuspend: (resumed: () => void) => void;
}

/**
 * What is typed into a terminal, up to Enter. It is read raw, because a terminal's own lines end after 1,024 or 4,096 bytes, and
 * never echoed: a long address would scroll away, with the code in it, where nothing can take it back.
 */
export function typedPastes({ input, control, onTyped, onInterrupt, onSuspend }: TypedOptions): Pastes {
  return pastes((give) => {
    let typed = '';
    let inBrackets = false;
    let timer: NodeJS.Timeout | undefined;
    let told: NodeJS.Immediate | undefined;
    const edit = (text: string) => {
      typed = text.slice(0, MAX_LENGTH);
      // Once for all the keys of a paste.
      told ??= setImmediate(() => {
        told = undefined;
        onTyped(typed.length);
      });
    };
    const submit = () => {
      // What stands after the last line break has not been ended yet: a paste of several lines, whose last one waits for Enter.
      if (!typed.endsWith('\n')) return;
      const text = typed;
      edit('');
      give(text);
    };
    const enter = () => {
      edit(`${typed}\n`);
      if (inBrackets) return;
      clearTimeout(timer);
      timer = setTimeout(submit, QUIET_MS);
    };
    const enterRaw = () => {
      input.setRawMode?.(true);
      control(BRACKETS_ON);
    };
    const leaveRaw = () => {
      control(BRACKETS_OFF);
      input.setRawMode?.(false);
    };
    const keys: Readonly<Record<string, () => void>> = {
      return: enter,
      enter,
      backspace: () => edit(typed.slice(0, -1)),
      'paste-start': () => {
        inBrackets = true;
      },
      'paste-end': () => {
        inBrackets = false;
      },
      'ctrl-c': onInterrupt,
      // Ctrl-\\, which has no name.
      '\u001c': onInterrupt,
      'ctrl-u': () => edit(''),
      'ctrl-w': () => edit(''),
      'ctrl-z': () => {
        leaveRaw();
        onSuspend(enterRaw);
      },
    };
    const onKey = (character = '', { name = '', ctrl, meta }: Key) => {
      const act = keys[ctrl === true ? `ctrl-${name}` : name || character];
      if (act !== undefined) act();
      else if (character >= ' ' && ctrl !== true && meta !== true) edit(typed + character);
    };
    emitKeypressEvents(input);
    input.on('keypress', onKey);
    enterRaw();
    input.resume();
    return () => {
      clearTimeout(timer);
      clearImmediate(told);
      input.off('keypress', onKey);
      input.pause();
      leaveRaw();
    };
  });
}

/** What comes through a pipe, a FIFO or a file, in texts that a pause parts. */
export function pipedPastes(input: Readable): Pastes {
  return pastes((give, end) => {
    const decoder = new StringDecoder('utf8');
    let text = '';
    let timer: NodeJS.Timeout | undefined;
    const flush = () => {
      const whole = text;
      text = '';
      if (whole !== '') give(whole);
    };
    const onData = (chunk: Buffer) => {
      text = (text + decoder.write(chunk)).slice(0, MAX_LENGTH);
      clearTimeout(timer);
      timer = setTimeout(flush, text.endsWith('\n') ? QUIET_MS : UNENDED_MS);
    };
    const onEnd = () => {
      clearTimeout(timer);
      flush();
      end();
    };
    input.on('data', onData).once('end', onEnd).once('error', onEnd);
    return () => {
      clearTimeout(timer);
      input.off('data', onData).off('end', onEnd).off('error', onEnd);
      input.pause();
    };
  });
}

/** @param begin begins to read; the function that it gives back ends that */
function pastes(begin: (give: (text: string) => void, end: () => void) => () => void): Pastes {
  let isOver = false;
  let stop = () => {};
  const leave = () => {
    isOver = true;
    stop();
    stop = () => {};
  };
  const texts = new Readable({
    objectMode: true,
    read() {},
    destroy: (error, done) => {
      leave();
      done(error);
    },
  });
  const close = () => {
    if (!isOver) texts.push(null);
    leave();
  };
  return {
    open: () => {
      if (!isOver) stop = begin((text) => texts.push(text), close);
    },
    [Symbol.asyncIterator]: () => texts[Symbol.asyncIterator](),
    [Symbol.dispose]: close,
  };
}
